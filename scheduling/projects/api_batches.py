"""The API for the batches of a project: make, read, import, export."""

from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Any

from flask import Response, current_app, request, url_for

from ops import answers_wanted, batches, exports, intake
from ops.db import transaction
from ops.formats import catalogue
from ops.models import Batch
from ops.web.identity import db, installation, user
from scheduling import hard
from scheduling.projects import api_messages as messages
from scheduling.projects import overlap, reads
from scheduling.projects.api import blueprint, mine
from scheduling.projects.intake import import_with_gold
from scheduling.projects.sent import import_sent


@blueprint.get("/projects/<int:project_id>/batches")
@blueprint.output(messages.BatchesOut)
def list_batches(project_id: int) -> dict[str, Any]:
    """List the batches of a project"""
    return {"batches": _batches(list(reads.batches_of(db(), [mine(project_id).id])))}


@blueprint.post("/projects/<int:project_id>/batches")
@blueprint.input(messages.BatchIn, arg_name="asked")
@blueprint.output(messages.BatchOut, status_code=201)
def create_batch(project_id: int, asked: messages.BatchIn) -> dict[str, Any]:
    """Make a batch"""
    due = datetime.combine(asked.due, time(23, 59, 59), UTC) if asked.due else None
    made = batches.create(
        db(),
        mine(project_id),
        name=asked.name,
        by=user(),
        priority=asked.priority,
        due_at=due,
    )
    return _batches([made])[0]


def _batches(found: list[Batch]) -> list[dict[str, Any]]:
    ids = [batch.id for batch in found]
    done = reads.progress(db(), ids)
    assets = reads.asset_counts(db(), ids)
    answers = overlap.so_far(db(), ids)
    experts = hard.of_batches(db(), ids)
    none = reads.Progress()
    return [
        {
            "id": batch.id,
            "project": batch.project_id,
            "name": batch.name,
            "state": batch.state,
            "paused": batch.paused,
            "priority": batch.priority,
            "due_at": batch.due_at,
            "completed_at": batch.completed_at,
            "assets": assets.get(batch.id, 0),
            "answers_done": done.get(batch.id, none).done,
            "answers_wanted": done.get(batch.id, none).wanted,
            "answers_per_asset": vars(answers.get(batch.id, overlap.SoFar())),
            "hard": experts.get(batch.id, hard.Hard())._asdict(),
        }
        for batch in found
    ]


@blueprint.get("/batches/<int:batch_id>")
@blueprint.output(messages.BatchOut)
def show_batch(batch_id: int) -> dict[str, Any]:
    """Get a batch and its progress"""
    return _batches([batches.find(db(), user(), batch_id)])[0]


@blueprint.post("/batches/<int:batch_id>/wanted")
@blueprint.input(messages.WantedIn, arg_name="asked")
@blueprint.output(messages.WantedOut)
def set_wanted(batch_id: int, asked: messages.WantedIn) -> dict[str, Any]:
    """Set the answers that unfinished assets of a batch get

    Never fewer than are given or being given.
    """
    batch = batches.find(db(), user(), batch_id)
    return {"changed": answers_wanted.set_for_batch(db(), batch, asked.wanted, by=user())}


@blueprint.post("/batches/<int:batch_id>/assets")
@blueprint.input(messages.RowsIn, arg_name="asked")
@blueprint.output(messages.ReportOut)
def import_assets(batch_id: int, asked: messages.RowsIn) -> dict[str, Any]:
    """Import assets into a batch

    All or nothing, and safe to repeat: what is there already is counted, not doubled. Rows may
    bring labels, also of assets that are there already.
    """
    batch = batches.find(db(), user(), batch_id)
    faults = intake.Faults()
    report = import_with_gold(
        db(),
        batch,
        _rows(asked.rows, faults),
        by=user(),
        settings=installation(),
        faults=faults,
        keep_existing=asked.keep_existing,
        labels=asked.labels,
        model=asked.model,
    )
    return told(report)


def _rows(values: list[dict[str, Any]], faults: intake.Faults) -> Iterator[intake.Row]:
    for line, value in enumerate(values, start=1):
        row = intake.row_of(line, value, faults, gold_column="gold")
        if row is not None:
            yield row


def told(report: intake.Report) -> dict[str, Any]:
    """What an import did, as the API says it."""
    losses = [vars(loss) for loss in report.losses]
    return {**vars(report), "gold": len(report.gold), "losses": losses}


@blueprint.post("/batches/<int:batch_id>/files")
@blueprint.input(messages.FileTerms, location="query", arg_name="asked")
@blueprint.output(messages.ReportOut)
def import_file(batch_id: int, asked: messages.FileTerms) -> dict[str, Any]:
    """Import a file of assets or labels into a batch

    multipart/form-data with a part `file`: COCO, YOLO, Pascal VOC, CVAT, Label Studio, CSV, JSON
    lines or a zip of pictures, recognised by its content when the format is not named; and, beside
    COCO's results, a part `known` with the file that they refer to. All or nothing.
    """
    batch = batches.find(db(), user(), batch_id)
    files = request.files
    return told(import_sent(batch, files.get("file"), asked.terms(), files.get("known")))


@blueprint.get("/batches/<int:batch_id>/labels")
@blueprint.input(messages.ExportQuery, location="query", arg_name="asked")
@blueprint.doc(responses={200: "The labels as a file in the format"})
def export_labels(batch_id: int, asked: messages.ExportQuery) -> Response:
    """Export the labels in force

    Streamed. What the format cannot hold is at the address of the header Link, relation
    `describedby`; a zip holds it as losses.json.
    """
    found = batches.find(db(), user(), batch_id)
    form = catalogue.fitting(asked.format, found.project.label_type)
    answer = Response(_stream(found.id, asked), mimetype=form.MIMETYPE)
    answer.headers["Content-Disposition"] = f'attachment; filename="batch-{found.id}.{form.SUFFIX}"'
    losses = url_for(".export_losses", batch_id=batch_id, format=asked.format)
    answer.headers["Link"] = f'<{losses}>; rel="describedby"'
    return answer


def _stream(batch_id: int, asked: messages.ExportQuery) -> Iterator[bytes]:
    # The transaction of the request is over when the body is sent.
    sessions, settings = current_app.extensions["sessions"], installation()

    def pieces() -> Iterator[bytes]:
        with transaction(sessions) as session:
            batch = session.get_one(Batch, batch_id)
            file = exports.file_of_batch(
                session, batch, asked.format, settings, whole=asked.whole == "true"
            )
            yield from file.pieces

    return pieces()


@blueprint.get("/batches/<int:batch_id>/labels/losses")
@blueprint.input(messages.ExportQuery, location="query", arg_name="asked")
@blueprint.output(messages.LossesOut)
def export_losses(batch_id: int, asked: messages.ExportQuery) -> dict[str, Any]:
    """Say what an export of the labels in force would lose"""
    batch = batches.find(db(), user(), batch_id)
    file = exports.file_of_batch(
        db(), batch, asked.format, installation(), whole=asked.whole == "true"
    )
    return {"losses": [vars(loss) for loss in file.count_losses()]}
