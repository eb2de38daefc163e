"""`touchstone events`: what there is of work events, sealing, and how long they are kept."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from ops import config
from ops.errors import InvalidInput

if TYPE_CHECKING:
    from ops.event_status import MonthStatus

MB = 2**20


@contextmanager
def _bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr that appears with the first news."""
    from ops.db_server.progress import Patience

    with Patience(label) as patience:
        yield lambda done, of: patience.tick(f"{done:,} of {of:,}", done / of if of else 1.0)


@click.group()
def events() -> None:
    """Work events: what there is, sealing days, keeping months."""


@events.command()
@click.option("--check", is_flag=True, help="Compare all digests; write damaged files again.")
def seal(check: bool) -> None:
    """Write the days that are over to files; those with late events anew."""
    from ops import event_sealing
    from ops.cli.database import opened

    settings = config.load()
    with opened(settings) as sessions, _bar("Sealing events") as progress:
        days = event_sealing.seal(sessions, settings, progress, check=check)
    click.echo(f"{days} {'day' if days == 1 else 'days'} sealed.")


@events.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--check", is_flag=True, help="Compare the digest of every file.")
def status(as_json: bool, check: bool) -> None:
    """Months of events: in the database and in files."""
    from ops import event_archive, event_status
    from ops.cli.database import opened
    from ops.db import transaction

    settings = config.load()
    with opened(settings) as sessions, transaction(sessions) as session:
        months = event_status.by_month(session)
        if check:
            event_archive.look(session, settings.home).files()
    if as_json:
        json.dump({"months": [month.as_json() for month in months]}, sys.stdout, indent=1)
        click.echo()
        return
    click.echo("month     in the database       MB  sealed days      in files       MB")
    for month in months:
        click.echo(_line(month))


def _line(month: "MonthStatus") -> str:
    name = f"{month.first:%Y-%m}" if month.first else "others"
    kept = f"{month.rows:15,} {month.bytes / MB:8,.1f}" if month.in_database else f"{'-':>24}"
    sealed = f"{month.sealed_days:11} {month.sealed_rows:13,} {month.sealed_bytes / MB:8,.1f}"
    return f"{name:<9} {kept}  {sealed}"


@events.command()
@click.option("--months", type=int, required=True, help="Whole months that stay in the database.")
@click.option("--dry-run", is_flag=True, help="Only say what would be dropped.")
def retain(months: int, dry_run: bool) -> None:
    """Drop older months from the database; their files stay.

    Refused unless files hold every event of a month.
    """
    from ops import event_retention
    from ops.cli.database import opened
    from ops.db import transaction

    if months < event_retention.LEAST:
        raise InvalidInput(f"must be {event_retention.LEAST} or more", field="--months")
    settings = config.load()
    with opened(settings) as sessions:
        if dry_run:
            with transaction(sessions) as session:
                found = event_retention.past(session, months, settings)
            for first, why_not in found:
                what = f"stays: {why_not}" if why_not else "would be dropped"
                click.echo(f"{first:%Y-%m}  {what}")
            if not found:
                click.echo("Nothing is old enough to be dropped.")
            return
        with _bar("Dropping months") as progress:
            dropped = event_retention.retain(sessions, months, settings, progress)
    for first, rows in dropped.items():
        click.echo(f"{first:%Y-%m}  dropped, {rows:,} events; they stay in files")
    if not dropped:
        click.echo("Nothing is old enough to be dropped.")
