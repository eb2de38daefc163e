"""Assets come in through the page: pictures, a table, a folder on the server, or lines of text."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from flask import flash, redirect, request, url_for
from werkzeug.datastructures import FileStorage

from ops import batches, intake, storage
from ops.errors import Conflict, Frozen, InvalidInput
from ops.formats import catalogue
from ops.formats.sources import opened
from ops.intake.rows import LABELS
from ops.models import Batch, Project
from ops.web.fields import identity
from ops.web.identity import db, installation, user
from scheduling.projects import reads
from scheduling.projects.batch_pages import batch_of
from scheduling.projects.blueprint import blueprint, page, project_of
from scheduling.projects.intake import Terms, import_source, import_with_gold
from scheduling.projects.sent import folder_within, import_sent

NEW_BATCH = "new"
MOST_LOSSES = 10
LABEL_USES = (
    ("none", "nothing: only the assets are taken"),
    ("labels", "the label in force, without any work"),
    ("gold", "gold: known answers, hidden in the work"),
    ("predictions", "predictions of a reference model"),
)


@blueprint.get("/projects/<int:project_id>/import")
def import_form(project_id: int) -> Any:
    """The forms of an import."""
    return _form(project_of(project_id))


@blueprint.post("/projects/<int:project_id>/import")
def import_assets(project_id: int) -> Any:
    """Import what the form brings; everything or nothing, the batch included."""
    project = project_of(project_id)
    try:
        with db().begin_nested():
            batch = _batch(project)
            report = _import(batch)
    except InvalidInput as error:
        return _form(project, error.errors)
    except (Conflict, Frozen) as error:
        return _form(project, [{"field": error.field or "batch", "message": error.message}])
    flash(f"{batch.name}: {report}.", "success")
    for loss in report.losses[:MOST_LOSSES]:
        flash(f"Not taken over: {loss}.", "info")
    url = url_for("projects.assets", project_id=project.id, batch=batch.id)
    if request.files.get("uploaded"):
        # Our browser code asks: it would follow a redirect unseen, and the message with it.
        return "", 201, {"Location": url}
    return redirect(url, 303)


def _form(project: Project, errors: list[dict[str, Any]] | None = None) -> Any:
    shown = [b for b in reads.batches_of(db(), [project.id]) if b.state != "delivered"]
    roots = [str(root) for root in installation().roots[:-1]]  # the last one holds uploads
    return page(
        "import.html",
        project,
        "assets",
        422 if errors else 200,
        batches=shown,
        next_name=f"Batch {len(reads.batches_of(db(), [project.id])) + 1}",
        chosen=request.form.get("batch") or request.args.get("batch") or "",
        values=request.form,
        roots=roots,
        megabytes=installation().max_upload_mb,
        formats=[
            one for one in catalogue.for_type(project.label_type) if one.NAME in catalogue.SPEAKING
        ],
        errors=errors or [],
        faults=[e for e in errors or [] if "line" in e or e["field"] in ("file", "folder")],
        label_uses=LABEL_USES,
    )


def _batch(project: Project) -> Batch:
    chosen = request.form.get("batch", NEW_BATCH)
    known = identity(chosen)
    if known is not None:
        return batch_of(project.id, known)
    return batches.create(db(), project, name=request.form.get("batch_name", ""), by=user())


def _import(batch: Batch) -> intake.Report:
    table = request.files.get("table")
    if table and table.filename:
        return import_sent(batch, table, _terms(), request.files.get("known"))
    faults = intake.Faults()
    where = request.form.get("folder", "").strip()
    if where and not request.form.get("lines", "").strip() and not request.files.get("uploaded"):
        with opened(folder_within(where)) as source:
            return import_source(
                db(), batch, source, _terms(), by=user(), settings=installation(), faults=faults
            )
    return import_with_gold(
        db(),
        batch,
        _rows(faults),
        by=user(),
        settings=installation(),
        faults=faults,
        keep_existing=bool(request.form.get("keep_existing")),
    )


def _terms() -> Terms:
    """What the form asks. Raises InvalidInput."""
    form = request.form
    labels = form.get("labels", "none")
    if labels not in LABELS:
        raise InvalidInput(f"must be one of {', '.join(LABELS)}", field="labels")
    if form.get("format", "") not in ("", *catalogue.READ):
        raise InvalidInput("there is no such format", field="format")
    return Terms(
        format=form.get("format", ""),
        labels=labels,
        model=form.get("model", ""),
        gold_column=form.get("gold_column", "").strip() or None,
        pictures=form.get("picture_place", "").strip(),
        keep_existing=bool(form.get("keep_existing")),
        add_classes=bool(form.get("add_classes")),
    )


def _rows(faults: intake.Faults) -> Iterable[intake.Row]:
    pictures = [f for f in request.files.getlist("pictures") if f.filename]
    if pictures:
        return _pictures(pictures, faults)
    uploaded = request.files.get("uploaded")
    if uploaded:
        return _uploaded(uploaded, faults)
    if request.form.get("lines", "").strip():
        return _typed(request.form["lines"])
    raise InvalidInput("choose what to import", field="source")


def _pictures(files: list[FileStorage], faults: intake.Faults) -> Iterator[intake.Row]:
    for n, file in enumerate(files, start=1):
        name = file.filename or ""
        try:
            uri = storage.keep_upload(file.stream.read(), installation())
        except InvalidInput as error:
            faults.add(n, "file", f"{name} {error.message}", name)
        else:
            yield intake.Row(line=n, external_id=name, uri=uri)


def _uploaded(file: FileStorage, faults: intake.Faults) -> Iterator[intake.Row]:
    """Rows of pictures that the browser sent before, as the answers to its uploads named them."""
    try:
        values = json.loads(file.stream.read())
    except (ValueError, RecursionError):
        raise InvalidInput("is not JSON", field="uploaded") from None
    if not isinstance(values, list):
        raise InvalidInput("expected a list", field="uploaded")
    for n, value in enumerate(values, start=1):
        row = intake.row_of(n, value, faults)
        if row is not None:
            yield row


def _typed(text: str) -> Iterator[intake.Row]:
    lines = (line.strip() for line in text.splitlines())
    for n, line in enumerate((line for line in lines if line), start=1):
        yield intake.Row(line=n, external_id=intake.text_id(line), text=line)
