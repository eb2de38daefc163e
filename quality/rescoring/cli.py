"""`touchstone rescore BATCH`: ask for a run and watch it, or carry it out here and now."""

import time

import click

from ops.errors import NotFound


@click.command()
@click.argument("batch_id", metavar="BATCH", type=int)
@click.option("--folds", default=5, show_default=True, type=click.IntRange(2, 10))
@click.option("--here", is_flag=True, help="Do the work in this process instead of a worker's.")
@click.option("--wait/--no-wait", default=True, help="Watch the run until it ends.")
def rescore(batch_id: int, folds: int, here: bool, wait: bool) -> None:
    """Re-score every label of BATCH with a model that never saw it; suspects go to review."""
    from ops.cli.database import opened
    from ops.db import transaction
    from ops.models import Batch
    from quality.rescoring import runs

    with opened() as sessions:
        with transaction(sessions) as session:
            batch = session.get(Batch, batch_id)
            if batch is None:
                raise NotFound(f"there is no batch {batch_id}", field="BATCH")
            run_id = runs.request(session, batch, None, settings={"folds": folds}).id
        if here:
            from quality.rescoring import job

            job.run(sessions, run_id)
        if wait or here:
            _watch(sessions, run_id)
        else:
            click.echo(f"Run {run_id} waits for a worker of the queue 'gpu'.")


def _watch(sessions, run_id: int) -> None:  # type: ignore[no-untyped-def]  # light start
    from ops.db import transaction
    from quality.models import RescoreRun
    from quality.rescoring import runs

    bar = None
    while True:
        with transaction(sessions) as session:
            run = session.get_one(RescoreRun, run_id)
            seen = runs.progress(session, run)
        if run.state in ("done", "failed"):
            break
        if run.chunks:
            bar = bar or click.progressbar(length=run.chunks, label="folds scored")
            bar.update(seen["done"] - bar.pos)
        time.sleep(0.5)
    if run.state == "failed":
        raise click.ClickException(run.error)
    summary = run.summary
    click.echo(
        f"{summary['labels']} labels scored, {summary['suspects']} suspects sent to review."
        + (" The model is too weak to judge these labels." if summary["weak"] else "")
    )
