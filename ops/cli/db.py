"""`touchstone db`: upgrade, check, back up, restore."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from ops import config, migrate
from ops.cli.serve import database


@contextmanager
def _owner() -> Iterator[str]:
    """The URL of the role that owns the tables, whether or not they are migrated."""
    settings = config.load()
    if settings.database_url:
        yield settings.owner_url or settings.database_url
        return
    from ops.db_server import running

    with running(settings.home) as server:
        yield server.owner_url


@click.group()
def db() -> None:
    """The database: upgrade, check, back up, restore."""


@db.command()
@click.option("--server", "server_too", is_flag=True, help="Move the data to this major version.")
@click.option(
    "--old-bin",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with the programs of the old PostgreSQL version.",
)
def upgrade(server_too: bool, old_bin: Path | None) -> None:
    """Bring the tables to the newest revision."""
    settings = config.load()
    if server_too:
        from ops import db_server

        kept = db_server.upgrade(settings.home, old_bin=old_bin)
        if kept:
            click.echo(f"The data was moved; the old folder is kept at {kept}.")
    with database(settings):  # migrates on the way in
        click.echo("The database is at the newest revision.")


@db.command()
def check() -> None:
    """Say whether the tables are what the code expects."""
    with _owner() as url:
        migrate.check(url)
    click.echo("The database is what the code expects.")


@db.command()
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
def backup(path: Path) -> None:
    """Write a backup to PATH."""
    from ops.db_backup import backup as write

    with _owner() as url:
        write(url, path)
    click.echo(f"Backed up to {path}.")


@db.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--overwrite", is_flag=True, help="Replace what the database holds now.")
def restore(path: Path, overwrite: bool) -> None:
    """Restore the backup at PATH."""
    from ops.db_backup import restore as read
    from ops.transaction_numbers import catch_up

    with _owner() as url:
        read(url, path, replace=overwrite)
        migrate.upgrade(url)  # a backup may be older than the code
        catch_up(url)
    click.echo(f"Restored from {path}.")


@db.command()
def trail() -> None:
    """Recompute the seals of the audit trail; exit status 1 when one does not hold."""
    from ops import sealer
    from ops.cli.database import opened
    from ops.db import transaction

    with opened() as sessions, transaction(sessions) as session:
        found = sealer.verify(session)
    click.echo(f"{found.seals} seals over {found.entries} entries; {found.unsealed} to be sealed.")
    if found.broken:
        raise click.ClickException(f"Seal {found.broken.seal_id} does not hold: {found.broken.why}")
