"""The API for the batches of a project: make, read, import, export."""

from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Any

from flask import Response, current_app

from ops import answers_wanted, batches, exports, intake
from ops.db import transaction
from ops.formats import csv, jsonl
from ops.models import Batch
from ops.web.identity import db, user
from scheduling import hard
from scheduling.projects import api_messages as messages
from scheduling.projects import overlap, reads
from scheduling.projects.api import blueprint, mine
from scheduling.projects.intake import import_with_gold

FORMATS = {"jsonl": jsonl, "csv": csv}


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

    All or nothing, and safe to repeat: what is there already is counted, not doubled.
    """
    batch = batches.find(db(), user(), batch_id)
    faults = intake.Faults()
    report = import_with_gold(
        db(),
        batch,
        _rows(asked.rows, faults),
        by=user(),
        settings=current_app.extensions["settings"],
        faults=faults,
        keep_existing=asked.keep_existing,
    )
    return {**vars(report), "gold": len(report.gold)}


def _rows(values: list[dict[str, Any]], faults: intake.Faults) -> Iterator[intake.Row]:
    for line, value in enumerate(values, start=1):
        row = intake.row_of(line, value, faults, gold_column="gold")
        if row is not None:
            yield row


@blueprint.get("/batches/<int:batch_id>/labels")
@blueprint.input(messages.ExportQuery, location="query", arg_name="asked")
@blueprint.doc(responses={200: "One label a line"})
def export_labels(batch_id: int, asked: messages.ExportQuery) -> Response:
    """Export the labels in force

    JSON lines or CSV, streamed.
    """
    found = batches.find(db(), user(), batch_id)
    form = FORMATS[asked.format]
    answer = Response(_stream(found.id, form), mimetype=form.MIMETYPE)
    answer.headers["Content-Disposition"] = (
        f'attachment; filename="batch-{found.id}.{asked.format}"'
    )
    return answer


def _stream(batch_id: int, form: Any) -> Iterator[str]:
    # The transaction of the request is over when the body is sent.
    sessions = current_app.extensions["sessions"]

    def lines() -> Iterator[str]:
        with transaction(sessions) as session:
            yield from form.lines(exports.of_batch(session, batch_id))

    return lines()
