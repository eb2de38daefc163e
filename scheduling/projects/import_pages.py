"""Assets come in through the page: pictures, a table, a folder on the server, or lines of text."""

import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from flask import current_app, flash, redirect, request, url_for
from werkzeug.datastructures import FileStorage

from ops import batches, intake, storage
from ops.config import Settings
from ops.errors import Conflict, Frozen, InvalidInput
from ops.formats import csv, folder, jsonl
from ops.models import Batch, Project
from ops.web.identity import db, user
from scheduling.projects import reads
from scheduling.projects.batch_pages import batch_of
from scheduling.projects.blueprint import blueprint, page, project_of
from scheduling.projects.intake import import_with_gold

NEW_BATCH = "new"


def configured() -> Settings:
    """The settings of this installation."""
    settings: Settings = current_app.extensions["settings"]
    return settings


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
            report = _import(project, batch)
    except InvalidInput as error:
        return _form(project, error.errors)
    except (Conflict, Frozen) as error:
        return _form(project, [{"field": error.field or "batch", "message": error.message}])
    flash(f"{batch.name}: {report}.", "success")
    url = url_for("projects.assets", project_id=project.id, batch=batch.id)
    if request.files.get("uploaded"):
        # Our browser code asks: it would follow a redirect unseen, and the message with it.
        return "", 201, {"Location": url}
    return redirect(url, 303)


def _form(project: Project, errors: list[dict[str, Any]] | None = None) -> Any:
    shown = [b for b in reads.batches_of(db(), [project.id]) if b.state != "delivered"]
    roots = [str(root) for root in configured().roots[:-1]]  # the last one holds uploads
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
        megabytes=configured().max_upload_mb,
        errors=errors or [],
        faults=[e for e in errors or [] if e.get("line") or e["field"] in ("file", "folder")],
    )


def _batch(project: Project) -> Batch:
    chosen = request.form.get("batch", NEW_BATCH)
    if chosen.isdigit():
        return batch_of(project.id, int(chosen))
    return batches.create(db(), project, name=request.form.get("batch_name", ""), by=user())


def _import(project: Project, batch: Batch) -> intake.Report:
    faults = intake.Faults()
    rows, beside = _rows(project, faults)
    return import_with_gold(
        db(),
        batch,
        rows,
        by=user(),
        settings=configured(),
        faults=faults,
        beside=beside,
        keep_existing=bool(request.form.get("keep_existing")),
    )


def _rows(project: Project, faults: intake.Faults) -> tuple[Iterable[intake.Row], Path | None]:
    gold_column = request.form.get("gold_column", "").strip() or None
    pictures = [f for f in request.files.getlist("pictures") if f.filename]
    if pictures:
        return _pictures(pictures, faults), None
    uploaded = request.files.get("uploaded")
    if uploaded:
        return _uploaded(uploaded, faults), None
    table = request.files.get("table")
    if table and table.filename:
        form = jsonl if table.filename.lower().endswith((".jsonl", ".ndjson", ".json")) else csv
        return form.rows(_lines(table), faults, gold_column=gold_column), None
    if request.form.get("lines", "").strip():
        return _typed(request.form["lines"]), None
    if request.form.get("folder", "").strip():
        where = folder_within(request.form["folder"].strip())
        return folder.read(where, project.medium, faults), None
    raise InvalidInput("choose what to import", field="source")


def _lines(table: FileStorage) -> Iterator[bytes]:
    # Werkzeug's stream may lack the line protocol of a file, depending on its size.
    return iter(io.BufferedReader(table.stream))  # type: ignore[type-var]


def _pictures(files: list[FileStorage], faults: intake.Faults) -> Iterator[intake.Row]:
    for n, file in enumerate(files, start=1):
        name = file.filename or ""
        try:
            uri = storage.keep_upload(file.stream.read(), configured())
        except InvalidInput as error:
            faults.add(n, "file", f"{name} {error.message}", name)
        else:
            yield intake.Row(line=n, external_id=name, uri=uri)


def _uploaded(file: FileStorage, faults: intake.Faults) -> Iterator[intake.Row]:
    """Rows of pictures that the browser sent before, as the answers to its uploads named them."""
    try:
        values = json.loads(file.stream.read())
    except ValueError:
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


def folder_within(path: str) -> Path:
    """A folder on the server, if assets may be read from it. Raises InvalidInput."""
    try:
        real = Path(path).resolve()
    except (OSError, ValueError, RuntimeError):
        raise InvalidInput("is not a path", field="folder") from None
    if not any(real.is_relative_to(root) for root in configured().roots[:-1]):
        raise InvalidInput(
            "lies outside the folders allowed by TOUCHSTONE_ASSET_ROOTS", field="folder"
        )
    if not real.is_dir():
        raise InvalidInput("there is no such folder", field="folder")
    return real
