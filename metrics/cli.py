"""`touchstone deliver` and `touchstone verify-report`."""

from pathlib import Path

import click

from metrics.verify import Check, check_delivery, check_file
from ops import batches
from ops.access import LEADS
from ops.cli.database import acting, unit_of_work
from ops.errors import Forbidden, NotReady


@click.command()
@click.argument("batch", type=int)
@click.option("--as", "email", help="E-mail of the lead who delivers; default: the only admin.")
def deliver(batch: int, email: str | None) -> None:
    """Deliver BATCH (its number) if the gate lets it go; else say what is missing."""
    from metrics.deliver import deliver as deliver_batch

    try:
        with unit_of_work() as session:
            lead = acting(session, email)
            if lead.role not in LEADS:
                raise Forbidden("Only a lead delivers a batch.", field="--as")
            made = deliver_batch(session, batches.find(session, lead, batch), lead)
            click.echo(f"delivery {made.id}: {made.items} labels, SHA-256 {made.digest}")
    except NotReady as error:
        for reason in error.detail.get("reasons", []):
            click.echo(f"  {reason['message']}", err=True)
        raise


@click.command("verify-report")
@click.argument("what", metavar="DELIVERY|FILE")
@click.pass_context
def verify_report(context: click.Context, what: str) -> None:
    """Recompute the digests of a delivery (its number), or find the delivery that a file is."""
    with unit_of_work() as session:
        if what.isdigit() and not Path(what).exists():
            checks = check_delivery(session, int(what))
        else:
            checks = check_file(session, Path(what))
    for check in checks:
        click.echo(_line(check))
    if not all(check.holds for check in checks):
        context.exit(1)


def _line(check: Check) -> str:
    return f"{'holds ' if check.holds else 'BROKEN'}  {check.what}: {check.detail}"
