"""`touchstone audit`: judge a work history from a CSV file."""

from pathlib import Path

import click


@click.command()
@click.argument("answers", type=click.Path(path_type=Path))
@click.option("--truth", type=click.Path(path_type=Path), help="CSV of asset,label known right.")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Folder for the report."
)
def audit(answers: Path, truth: Path | None, out: Path) -> None:
    """Judge the answers in a CSV file: consensus, labellers, hard assets, times.

    ANSWERS holds asset,labeller,label[,seconds][,submitted_at]; where a labeller answered an asset
    more than once, the last row counts. No database is needed. Writes summary.json,
    consensus.csv, labellers.csv, assets.csv and report.html into the --out folder.
    """
    from quality.audit.run import run

    found = run(answers, truth, out)
    click.echo(
        f"{found.answers.rows:,} answers: {found.labeller_flags.flagged.sum():,} labellers and "
        f"{found.asset_flags.flagged.sum():,} assets to look at. Open {out / 'report.html'}"
    )
