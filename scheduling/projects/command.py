"""`touchstone import`: a folder, a CSV or a JSONL becomes a batch, known answers become gold."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from ops import batches, config, intake, storage
from ops.cli.database import acting, unit_of_work
from ops.errors import InvalidInput, NotFound
from ops.formats import csv, folder, jsonl
from ops.models import Batch, Organisation, Project, User
from scheduling.projects.intake import import_with_gold

SHOWN_FAULTS = 20
REPORT_BYTES = 1 << 18


@click.command("import")
@click.argument("project")
@click.argument("batch")
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--gold-column", help="Column (or JSON key) that names a known answer: gold.")
@click.option("--keep-existing", is_flag=True, help="Leave assets that differ as they are.")
@click.option("--copy", is_flag=True, help="Keep a copy of each picture of a folder.")
@click.option(
    "--allow-root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Also take pictures from this folder (see TOUCHSTONE_ASSET_ROOTS).",
)
@click.option("--as", "who", metavar="EMAIL", help="Who imports; needed with several admins.")
def import_(
    project: str,
    batch: str,
    path: Path,
    gold_column: str | None,
    keep_existing: bool,
    copy: bool,
    allow_root: Path | None,
    who: str | None,
) -> None:
    """Import the assets at PATH into BATCH of PROJECT (names or numbers).

    PATH is a folder of pictures or text files, a .csv with external_id and uri or text, or a .jsonl
    with the same keys. The batch is made when it is missing. The same import again adds nothing.
    """
    settings = config.load()
    allowed = _with_root(settings, allow_root)
    with unit_of_work(settings) as session:
        by = acting(session, who)
        target = _batch(session, _project(session, project), batch, by)
        faults = intake.Faults()
        try:
            medium, keep_in = target.project.medium, settings if copy else None
            with _rows(path, medium, faults, gold_column, keep_in) as rows:
                report = import_with_gold(
                    session,
                    target,
                    rows,
                    by=by,
                    settings=allowed,
                    faults=faults,
                    beside=path.resolve().parent,
                    keep_existing=keep_existing,
                )
        except InvalidInput as error:
            _show(error)
            raise
        click.echo(f"{target.project.name}, batch {target.name} ({target.id}): {report}.")


def _with_root(settings: config.Settings, root: Path | None) -> config.Settings:
    """Settings that also allow `root`; says what the service needs to read from it later."""
    if root is None:
        return settings
    real = root.resolve()
    if not any(real.is_relative_to(known) for known in settings.roots):
        roots = ":".join(filter(None, [settings.asset_roots, str(real)]))
        click.echo(
            f"Note: the service shows these pictures only when it runs with "
            f"TOUCHSTONE_ASSET_ROOTS={roots}",
            err=True,
        )
        return settings.model_copy(update={"asset_roots": roots})
    return settings


def _project(session: Session, name: str) -> Project:
    """By number, by name, or by organisation/name. Raises NotFound, InvalidInput."""
    if name.isdigit():
        found = [p for p in [session.get(Project, int(name))] if p]
    else:
        found = list(session.scalars(select(Project).where(Project.name == name)))
        organisation, _, rest = name.partition("/")
        if not found and rest:
            named = select(Project).join(Organisation)
            named = named.where(Organisation.name == organisation, Project.name == rest)
            found = list(session.scalars(named))
    if not found:
        raise NotFound(f"There is no project {name}.", field="PROJECT")
    if len(found) > 1:
        numbers = ", ".join(str(p.id) for p in found)
        raise InvalidInput(f"several projects have this name: give a number of {numbers}")
    return found[0]


def _batch(session: Session, project: Project, name: str, by: User) -> Batch:
    same = select(Batch).where(Batch.project_id == project.id)
    found = session.scalar(same.where(Batch.name == name))
    if found is None and name.isdigit():
        found = session.scalar(same.where(Batch.id == int(name)))
        if found is None:
            raise NotFound(f"{project.name} has no batch {name}.", field="BATCH")
    return found or batches.create(session, project, name=name, by=by)


@contextmanager
def _rows(
    path: Path,
    medium: str,
    faults: intake.Faults,
    gold_column: str | None,
    keep_in: config.Settings | None,
) -> Iterator[Iterable[intake.Row]]:
    """The rows at `path`, with a progress bar over the files or bytes that were read."""
    if path.is_dir():
        found = folder.read(path, medium, faults)
        n = len(folder.files(path, medium))
        with click.progressbar(found, length=n, label="Reading", file=sys.stderr) as bar:
            yield _announced(_kept(row, faults, keep_in) for row in bar)
        return
    form = jsonl if path.suffix.lower() in (".jsonl", ".ndjson") else csv
    size = path.stat().st_size
    with (
        path.open("rb") as file,
        click.progressbar(length=size, label="Reading", file=sys.stderr) as bar,
    ):
        read = form.rows(_counted(file, bar.update), faults, gold_column=gold_column)
        yield _announced(read)


def _announced(rows: Iterable[intake.Row]) -> Iterator[intake.Row]:
    """The rows, and after the last a word on what is done without a bar: a few statements."""
    yield from rows
    if sys.stderr.isatty():
        click.echo("\nComparing and storing …", err=True)


def _kept(row: intake.Row, faults: intake.Faults, keep_in: config.Settings | None) -> intake.Row:
    """The row itself, or, to keep a copy, the row of that copy."""
    if keep_in is not None and row.uri:
        try:
            row.uri = storage.keep_upload(Path(row.uri).read_bytes(), keep_in)
        except InvalidInput as error:
            faults.add(row.line, "uri", error.message, row.external_id)
    return row


def _counted(lines: Iterable[bytes], tell: Callable[[int], None]) -> Iterator[bytes]:
    unsaid = 0
    for line in lines:
        unsaid += len(line)
        if unsaid > REPORT_BYTES:
            tell(unsaid)
            unsaid = 0
        yield line
    tell(unsaid)


def _show(error: InvalidInput) -> None:
    """The faults after the first, which the one line of the error already tells."""
    for fault in error.errors[1:SHOWN_FAULTS]:
        line = f"line {fault['line']}: " if fault.get("line") else ""
        click.echo(f"  {line}{fault['field']}: {fault['message']}", err=True)
    if len(error.errors) > SHOWN_FAULTS:
        click.echo(f"  … and {len(error.errors) - SHOWN_FAULTS} more", err=True)
