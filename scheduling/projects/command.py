"""`touchstone import`: a source in any format becomes a batch, or tells of one that is there."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from ops import batches, config, intake, storage
from ops.cli.database import acting, unit_of_work
from ops.errors import InvalidInput, NotFound
from ops.formats import catalogue, folder
from ops.formats.sources import FolderSource, Source, opened
from ops.intake.rows import LABELS
from ops.models import Batch, Organisation, Project, User
from scheduling.projects.intake import Terms, import_source

SHOWN_FAULTS = 20
REPORT_BYTES = 1 << 18


@click.command("import")
@click.argument("project")
@click.argument("batch")
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--format",
    "form",
    type=click.Choice(catalogue.READ),
    help="What PATH is; recognised when it is left out.",
)
@click.option(
    "--labels",
    type=click.Choice(LABELS),
    default="none",
    show_default=True,
    help="What the labels in it become: the label in force, gold, or predictions of a model.",
)
@click.option("--model", default="", help="With --labels predictions: the name of the model.")
@click.option(
    "--known",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The COCO file whose images and categories a file of results refers to.",
)
@click.option("--pictures", default="", help="Folder or URI before the names of pictures.")
@click.option("--add-classes", is_flag=True, help="Add the classes that the project lacks.")
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
    form: str | None,
    labels: str,
    model: str,
    known: Path | None,
    pictures: str,
    add_classes: bool,
    gold_column: str | None,
    keep_existing: bool,
    copy: bool,
    allow_root: Path | None,
    who: str | None,
) -> None:
    """Import what lies at PATH into BATCH of PROJECT (names or numbers).

    PATH is a folder of pictures or text files, a .csv with external_id and uri or text, a .jsonl
    with the same keys, or labels as COCO, YOLO, Pascal VOC, CVAT or Label Studio export them (a
    file, a folder or a zip). Assets that are there already get the labels. The batch is made when
    it is missing. The same import again adds nothing.
    """
    terms = Terms(
        format=form or "",
        labels=labels,
        model=model,
        gold_column=gold_column,
        pictures=_absolute(pictures),
        keep_existing=keep_existing,
        add_classes=add_classes,
    )
    settings = config.load()
    allowed = _with_root(settings, allow_root)
    with unit_of_work(settings) as session:
        by = acting(session, who)
        target = _batch(session, _project(session, project), batch, by)
        try:
            keep_in = settings if copy else None
            report = _import(session, target, path, known, terms, by, allowed, keep_in)
        except InvalidInput as error:
            _show(error)
            raise
        click.echo(f"{target.project.name}, batch {target.name} ({target.id}): {report}.")
        for loss in report.losses:
            click.echo(f"Not taken over: {loss}", err=True)


def _absolute(pictures: str) -> str:
    """A folder with its whole path; a URI as it is."""
    return str(Path(pictures).resolve()) if pictures and "://" not in pictures else pictures


def _import(
    session: Session,
    target: Batch,
    path: Path,
    known: Path | None,
    terms: Terms,
    by: User,
    settings: config.Settings,
    keep_in: config.Settings | None,
) -> intake.Report:
    faults = intake.Faults()
    with ExitStack() as stack:
        size = path.stat().st_size if path.is_file() else 0
        bar = stack.enter_context(
            click.progressbar(length=size or 1, label="Reading", file=sys.stderr)
        )
        source = stack.enter_context(opened(path, watch=_reporting(bar.update)))
        if known is not None:
            terms = replace(terms, known=stack.enter_context(opened(known)))
        if not source.single or size == 0:
            bar.length = _expected(source, target.project.medium)

        def through(rows: Iterable[intake.Row]) -> Iterator[intake.Row]:
            for row in rows:
                if not source.single:
                    bar.update(1)
                yield _kept(row, faults, keep_in)
            bar.finish()
            bar.render_progress()
            # What follows is a few statements, without a bar.
            if sys.stderr.isatty():
                click.echo("\nComparing and storing …", err=True)

        return import_source(
            session,
            target,
            source,
            terms,
            by=by,
            settings=settings,
            faults=faults,
            beside=path.resolve().parent,
            through=through,
        )


def _expected(source: Source, medium: str) -> int:
    """About how many rows a folder or zip has."""
    if isinstance(source, FolderSource):
        return len(folder.files(source.folder, medium)) or len(source.names())
    return len(source.pictures()) or len(source.names())


def _reporting(tell: Callable[[int], None]) -> Callable[[int], None]:
    """Tells of bytes only as often as a bar need be drawn."""
    unsaid = 0

    def watch(n: int) -> None:
        nonlocal unsaid
        unsaid += n
        if unsaid > REPORT_BYTES or n == 0:
            tell(unsaid)
            unsaid = 0

    return watch


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


def _kept(row: intake.Row, faults: intake.Faults, keep_in: config.Settings | None) -> intake.Row:
    """The row itself, or, to keep a copy, the row of that copy."""
    if keep_in is not None and row.uri and "://" not in row.uri and row.uri[:7] != "upload:":
        try:
            row.uri = storage.keep_upload(Path(row.uri).read_bytes(), keep_in)
        except InvalidInput as error:
            faults.add(row.line, "uri", error.message, row.external_id)
    return row


def _show(error: InvalidInput) -> None:
    """The faults after the first, which the one line of the error already tells."""
    for fault in error.errors[1:SHOWN_FAULTS]:
        line = f"{fault.get('unit', 'line')} {fault['line']}: " if fault.get("line") else ""
        click.echo(f"  {line}{fault['field']}: {fault['message']}", err=True)
    if len(error.errors) > SHOWN_FAULTS:
        click.echo(f"  … and {len(error.errors) - SHOWN_FAULTS} more", err=True)
