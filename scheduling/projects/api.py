"""The API for projects and their batches: make, read, define, import, export."""

from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Any

from apiflask import APIBlueprint
from flask import Response, current_app, request
from sqlalchemy import func, select

from ops import (
    batches,
    exports,
    guidelines,
    intake,
    ontologies,
    organisations,
    projects,
    storage,
)
from ops.db import transaction
from ops.errors import InvalidInput, NotFound
from ops.formats import csv, jsonl
from ops.models import Batch, Organisation, Project, User
from ops.web.identity import db, user
from scheduling.projects import api_messages as messages
from scheduling.projects import readiness, reads
from scheduling.projects.intake import import_with_gold

blueprint = APIBlueprint("api_projects", __name__, url_prefix="/api/v1", tag="Projects")
FORMATS = {"jsonl": jsonl, "csv": csv}


@blueprint.get("/projects")
@blueprint.output(messages.ProjectsOut)
def list_projects() -> dict[str, Any]:
    """List projects

    Those you are a member of; an administrator sees all.
    """
    return {"projects": [_project(one) for one in reads.visible(db(), user())]}


@blueprint.post("/projects")
@blueprint.input(messages.ProjectIn, arg_name="asked")
@blueprint.output(messages.ProjectDetailOut, status_code=201)
def create_project(asked: messages.ProjectIn) -> dict[str, Any]:
    """Make a project

    It starts as a draft; `missing` says what is needed until work goes out.
    """
    made = projects.create(
        db(),
        organisation=_client(asked.client),
        name=asked.name,
        medium=asked.medium,
        purpose=asked.purpose,
        settings=asked.settings,
        by=user(),
    )
    return _detail(made)


def _client(name: str) -> Organisation:
    known = select(Organisation).where(func.lower(Organisation.name) == name.strip().lower())
    found = db().scalar(known)
    return found or organisations.create(db(), name=name, kind="client", by=user())


def _project(one: Project) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "client": one.organisation.name,
        "medium": one.medium,
        "state": one.state,
        "purpose": one.purpose,
        "skill": one.skill.name,
        "settings": projects.settings_of(one).model_dump(mode="json"),
    }


def _detail(one: Project) -> dict[str, Any]:
    return {**_project(one), "missing": [vars(m) for m in readiness.missing(db(), one)]}


def _mine(project_id: int) -> Project:
    return projects.find(db(), user(), project_id)


@blueprint.get("/projects/<int:project_id>")
@blueprint.output(messages.ProjectDetailOut)
def show_project(project_id: int) -> dict[str, Any]:
    """Get a project, and what keeps its work from going out"""
    return _detail(_mine(project_id))


@blueprint.post("/projects/<int:project_id>/start")
@blueprint.output(messages.ProjectDetailOut)
def start_project(project_id: int) -> dict[str, Any]:
    """Start a project, so that work goes out"""
    found = _mine(project_id)
    projects.start(db(), found, by=user())
    return _detail(found)


@blueprint.post("/projects/<int:project_id>/pause")
@blueprint.output(messages.ProjectDetailOut)
def pause_project(project_id: int) -> dict[str, Any]:
    """Pause a project

    No new work goes out; what is held may still be submitted.
    """
    found = _mine(project_id)
    projects.pause(db(), found, by=user())
    return _detail(found)


@blueprint.post("/projects/<int:project_id>/members")
@blueprint.input(messages.MemberIn, arg_name="asked")
@blueprint.output(messages.ProjectDetailOut)
def add_member(project_id: int, asked: messages.MemberIn) -> dict[str, Any]:
    """Add a member to a project"""
    found = _mine(project_id)
    person = db().get(User, asked.user)
    if person is None:
        raise InvalidInput("there is no such account", field="user")
    projects.add_member(db(), found, person, by=user())
    return _detail(found)


@blueprint.get("/projects/<int:project_id>/ontology")
@blueprint.output(messages.OntologyOut)
def show_ontology(project_id: int) -> dict[str, Any]:
    """Get the classes in force"""
    found = ontologies.current(db(), _mine(project_id).id)
    if found is None:
        raise NotFound("This project has no classes yet.")
    return {"version": found.version, "classes": found.classes}


@blueprint.put("/projects/<int:project_id>/ontology")
@blueprint.input(messages.OntologyIn, arg_name="asked")
@blueprint.output(messages.OntologyOut)
def publish_ontology(project_id: int, asked: messages.OntologyIn) -> dict[str, Any]:
    """Publish classes

    A new version, unless nothing changed. Faults name their field as `classes.3.hotkey`.
    """
    classes = [one.model_dump() for one in asked.classes]
    made = ontologies.publish(db(), _mine(project_id), classes, user())
    return {"version": made.version, "classes": made.classes}


@blueprint.get("/projects/<int:project_id>/guideline")
@blueprint.output(messages.GuidelineOut)
def show_guideline(project_id: int) -> dict[str, Any]:
    """Get the guideline in force"""
    found = guidelines.current(db(), _mine(project_id).id)
    if found is None:
        raise NotFound("This project has no guideline yet.")
    return {"version": found.version, "markdown": found.markdown}


@blueprint.put("/projects/<int:project_id>/guideline")
@blueprint.input(messages.GuidelineIn, arg_name="asked")
@blueprint.output(messages.GuidelineOut)
def publish_guideline(project_id: int, asked: messages.GuidelineIn) -> dict[str, Any]:
    """Publish the guideline

    A new version, unless nothing changed.
    """
    made = guidelines.publish(db(), _mine(project_id), asked.markdown, user())
    return {"version": made.version, "markdown": made.markdown}


@blueprint.post("/projects/<int:project_id>/uploads")
@blueprint.doc(
    responses={200: "What was kept, and what was not a picture"},
)
@blueprint.output(messages.UploadsOut)
def upload(project_id: int) -> dict[str, Any]:
    """Upload pictures

    multipart/form-data with any number of parts named `files`. Each comes back with a `uri`, which
    `POST /batches/{id}/assets` then imports.
    """
    _mine(project_id)
    kept: list[dict[str, str]] = []
    faults: list[dict[str, str]] = []
    for file in request.files.getlist("files"):
        name = file.filename or ""
        try:
            uri = storage.keep_upload(file.stream.read(), current_app.extensions["settings"])
            kept.append({"name": name, "uri": uri})
        except InvalidInput as error:
            faults.append({"name": name, "message": error.message})
    return {"uploads": kept, "faults": faults}


@blueprint.get("/projects/<int:project_id>/batches")
@blueprint.output(messages.BatchesOut)
def list_batches(project_id: int) -> dict[str, Any]:
    """List the batches of a project"""
    return {"batches": _batches(list(reads.batches_of(db(), [_mine(project_id).id])))}


@blueprint.post("/projects/<int:project_id>/batches")
@blueprint.input(messages.BatchIn, arg_name="asked")
@blueprint.output(messages.BatchOut, status_code=201)
def create_batch(project_id: int, asked: messages.BatchIn) -> dict[str, Any]:
    """Make a batch"""
    due = datetime.combine(asked.due, time(23, 59, 59), UTC) if asked.due else None
    made = batches.create(
        db(),
        _mine(project_id),
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
        }
        for batch in found
    ]


@blueprint.get("/batches/<int:batch_id>")
@blueprint.output(messages.BatchOut)
def show_batch(batch_id: int) -> dict[str, Any]:
    """Get a batch and its progress"""
    return _batches([batches.find(db(), user(), batch_id)])[0]


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
            yield from form.write(exports.of_batch(session, batch_id))

    return lines()
