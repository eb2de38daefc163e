"""`touchstone rescore BATCH`: ask for a run and watch it, or do it here; compare two runs."""

import json
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from ops.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

    from ops.models import Batch, ReferenceModel


@click.command()
@click.argument("batch_id", metavar="[BATCH]", type=int, required=False)
@click.option("--model", help="Reference model: its name (newest version) or id.")
@click.option("--name", default="", help="What the run is called; else its number.")
@click.option("--folds", default=5, show_default=True, type=click.IntRange(2, 10))
@click.option(
    "--order",
    default="weighed",
    show_default=True,
    type=click.Choice(["weighed", "kfold", "entropy", "precision"]),
    help="Which labels go to review first: weighed, all errors by their weight; kfold, where a "
    "model that never saw the label contradicts it, the surest first; entropy, what lies on the "
    "boundary of classes; precision, labels of one class that look like another.",
)
@click.option("--of-class", metavar="KEY", help="The class whose labels --order precision cleans.")
@click.option(
    "--most-suspects",
    type=click.IntRange(1),
    help="So many go to review, the first; all of them, or 100 with the orders entropy and "
    "precision, which rank every label.",
)
@click.option(
    "--below",
    default=0.5,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Labels held for less right than this are suspects.",
)
@click.option(
    "--chunk",
    default=2000,
    show_default=True,
    type=click.IntRange(20, 100_000),
    help="Labels scored at once, at most.",
)
@click.option(
    "--memory-mb",
    default=1024,
    show_default=True,
    type=click.IntRange(64),
    help="Memory for labels and predictions, roughly.",
)
@click.option("--as", "acting_for", help="Who asks for it, by e-mail; else the house itself.")
@click.option("--here", is_flag=True, help="Do the work in this process instead of a worker's.")
@click.option("--wait/--no-wait", default=True, help="Watch the run until it ends.")
@click.option("--compare", nargs=2, type=int, metavar="RUN RUN", help="Compare two runs by id.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def rescore(
    batch_id: int | None,
    model: str | None,
    name: str,
    acting_for: str | None,
    here: bool,
    wait: bool,
    compare: tuple[int, int] | None,
    as_json: bool,
    **settings: Any,
) -> None:
    """Re-score every label of BATCH against known answers, the other labellers and a reference
    model, or a model that learns from the other labels; suspects go to review.

    With --compare, two runs of one batch are set side by side.
    """  # fmt: skip
    from ops.cli.database import opened

    with opened() as sessions:
        if compare:
            _compare(sessions, compare, as_json)
            return
        if batch_id is None:
            raise InvalidInput("name a batch by its id, or two runs with --compare", field="BATCH")
        run_id = _request(sessions, batch_id, model, name, acting_for, settings)
        if here:
            from quality.rescoring import job

            job.run(sessions, run_id)
        if wait or here:
            _watch(sessions, run_id, as_json)
        else:
            click.echo(f"Run {run_id} waits for a worker of the queue 'gpu'.")


def _request(
    sessions: "sessionmaker[Session]",
    batch_id: int,
    model: str | None,
    name: str,
    acting_for: str | None,
    settings: dict[str, Any],
) -> int:
    from ops.cli.database import acting
    from ops.db import transaction
    from ops.models import Batch
    from quality.rescoring import runs

    with transaction(sessions) as session:
        batch = session.get(Batch, batch_id)
        if batch is None:
            raise NotFound(f"there is no batch {batch_id}", field="BATCH")
        chosen = _model(session, batch, model) if model else None
        by = acting(session, acting_for) if acting_for else None
        run = runs.request(session, batch, by, settings=settings, model=chosen, name=name)
        return run.id


def _model(session: "Session", batch: "Batch", asked: str) -> "ReferenceModel":
    from ops import references

    listed = references.listed(session, batch.project_id)
    for model in sorted(listed, key=lambda one: -one.version):
        if asked in (model.name, str(model.id)):
            return model
    known = ", ".join(sorted({model.name for model in listed})) or "none"
    raise NotFound(
        f"the project has no reference model {asked} (there are: {known})", field="--model"
    )


def _watch(sessions: "sessionmaker[Session]", run_id: int, as_json: bool) -> None:
    from ops.db import transaction
    from quality.models import RescoreRun
    from quality.rescoring import runs

    bar: Any = None
    while True:
        with transaction(sessions) as session:
            run = session.get_one(RescoreRun, run_id)
            seen = runs.progress(session, run)
        if run.state in ("done", "failed"):
            break
        if run.chunks:
            bar = bar or _bar(run.chunks)
            bar.label = _label(seen)
            bar.length = run.chunks
            bar.update(seen["done"] - bar.pos)
        time.sleep(0.5)
    if bar:
        bar.render_finish()
    if run.state == "failed":
        raise click.ClickException(run.error)
    click.echo(
        json.dumps({"run": run.id, **run.summary}) if as_json else _told(run.id, run.summary)
    )


def _bar(chunks: int) -> Any:
    # On stderr: what is printed at the end may be piped on.
    return click.progressbar(length=chunks, show_pos=True, file=sys.stderr)


def _label(seen: dict[str, Any]) -> str:
    what = "network looks" if seen["stage"] == "predicting" else "labels scored"
    return what + (f", {seen['per_second']:,.0f}/s" if seen["per_second"] else "")


def _told(run_id: int, summary: dict[str, Any]) -> str:
    lines = [f"Run {run_id}: {summary['labels']:,} labels scored."]
    if summary["error_rate"] is not None:
        low, high = 100 * summary["low"], 100 * summary["high"]
        rate = f"{100 * summary['error_rate']:.1f} %, 95 % interval {low:.1f} to {high:.1f} %"
        lines.append(f"Estimated error rate: {rate} ({summary['basis']}).")
    for source, said in summary["sources"].items():
        if said["weak"]:
            lines.append(f"The source {source} is too weak to judge these labels: {said['why']}.")
    kinds = ", ".join(f"{n:,} {kind}" for kind, n in summary["errors"].items())
    suspects = f"{summary['suspects']:,} suspects sent to review"
    lines.append(suspects + (f": {kinds}." if kinds else "."))
    return "\n".join(lines)


def _compare(sessions: "sessionmaker[Session]", asked: tuple[int, int], as_json: bool) -> None:
    from ops.db import transaction
    from quality.models import RescoreRun
    from quality.rescoring import compare

    with transaction(sessions) as session:
        found = [session.get(RescoreRun, run_id) for run_id in asked]
        for run_id, run in zip(asked, found, strict=True):
            if run is None:
                raise NotFound(f"there is no run {run_id}", field="--compare")
        result = compare.compare(session, *found)  # type: ignore[arg-type]
    if as_json:
        click.echo(json.dumps(result))
        return
    suspects, rho = result["suspects"], result["rank_correlation"]
    click.echo(
        f"{result['both']:,} labels in both, {result['labels_changed']:,} of them changed.\n"
        f"Suspects: {suspects['both']:,} of both, {suspects['only_first']:,} only of the first, "
        f"{suspects['only_second']:,} only of the second.\n"
        f"Rank correlation of the qualities: {'undefined' if rho is None else f'{rho:.3f}'}."
    )
    for moved in result["moved"]:
        click.echo(f"  {moved['external_id']}: {moved['first']:.2f} → {moved['second']:.2f}")
