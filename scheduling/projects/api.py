"""The API for projects: make, read, define, start; `api_batches` adds their batches."""

from typing import Any

from apiflask import APIBlueprint
from flask import request
from sqlalchemy import func, select

from ops import (
    ontologies,
    organisations,
    projects,
    storage,
)
from ops.errors import InvalidInput, NotFound
from ops.models import OntologyVersion, Organisation, Project, User
from ops.web.identity import db, installation, user
from scheduling.projects import api_messages as messages
from scheduling.projects import readiness, reads
from scheduling.rules import book

blueprint = APIBlueprint("api_projects", __name__, url_prefix="/api/v1", tag="Projects")


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

    It starts as a draft with the recommended rules; `missing` says what is needed until work goes
    out.
    """
    made = projects.create(
        db(),
        organisation=_client(asked.client),
        name=asked.name,
        medium=asked.medium,
        label_type=asked.label_type,
        purpose=asked.purpose,
        settings=asked.settings,
        by=user(),
    )
    book.install_recommended(db(), made, by=user())
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
        "label_type": one.label_type,
        "state": one.state,
        "purpose": one.purpose,
        "skill": one.skill.name,
        "settings": projects.settings_of(one).model_dump(mode="json"),
    }


def _detail(one: Project) -> dict[str, Any]:
    return {**_project(one), "missing": [vars(m) for m in readiness.missing(db(), one)]}


def mine(project_id: int) -> Project:
    """The project asked for, if the caller may see it. Raises NotFound."""
    return projects.find(db(), user(), project_id)


@blueprint.get("/projects/<int:project_id>")
@blueprint.output(messages.ProjectDetailOut)
def show_project(project_id: int) -> dict[str, Any]:
    """Get a project, and what keeps its work from going out"""
    return _detail(mine(project_id))


@blueprint.post("/projects/<int:project_id>/start")
@blueprint.output(messages.ProjectDetailOut)
def start_project(project_id: int) -> dict[str, Any]:
    """Start a project, so that work goes out"""
    found = mine(project_id)
    projects.start(db(), found, by=user())
    return _detail(found)


@blueprint.post("/projects/<int:project_id>/pause")
@blueprint.output(messages.ProjectDetailOut)
def pause_project(project_id: int) -> dict[str, Any]:
    """Pause a project

    No new work goes out; what is held may still be submitted.
    """
    found = mine(project_id)
    projects.pause(db(), found, by=user())
    return _detail(found)


@blueprint.post("/projects/<int:project_id>/members")
@blueprint.input(messages.MemberIn, arg_name="asked")
@blueprint.output(messages.ProjectDetailOut)
def add_member(project_id: int, asked: messages.MemberIn) -> dict[str, Any]:
    """Add a member to a project"""
    found = mine(project_id)
    person = db().get(User, asked.user)
    if person is None:
        raise InvalidInput("there is no such account", field="user")
    projects.add_member(db(), found, person, by=user())
    return _detail(found)


@blueprint.get("/projects/<int:project_id>/ontology")
@blueprint.output(messages.OntologyOut)
def show_ontology(project_id: int) -> dict[str, Any]:
    """Get the ontology in force

    Classes, attributes, scale and reasons: what labels of the project may say.
    """
    project = mine(project_id)
    found = ontologies.current(db(), project.id)
    if found is None:
        raise NotFound(f"This project has {projects.undefined(project)}.")
    return _ontology(found)


@blueprint.put("/projects/<int:project_id>/ontology")
@blueprint.input(messages.OntologyIn, arg_name="asked")
@blueprint.output(messages.OntologyOut)
def publish_ontology(project_id: int, asked: messages.OntologyIn) -> dict[str, Any]:
    """Publish an ontology

    A new version, unless nothing changed. Faults name their field as `classes.3.hotkey`.
    """
    given = asked.model_dump(exclude_none=True)
    made = ontologies.publish(
        db(),
        mine(project_id),
        given.get("classes"),
        user(),
        attributes=given.get("attributes"),
        scale=given.get("scale"),
        reasons=given.get("reasons"),
        tie=given.get("tie"),
    )
    return _ontology(made)


def _ontology(found: OntologyVersion) -> dict[str, Any]:
    parts = ("version", "classes", "attributes", "scale", "reasons", "tie")
    return {name: getattr(found, name) for name in parts}


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
    mine(project_id)
    kept: list[dict[str, str]] = []
    faults: list[dict[str, str]] = []
    for file in request.files.getlist("files"):
        name = file.filename or ""
        try:
            uri = storage.keep_upload(file.stream.read(), installation())
            kept.append({"name": name, "uri": uri})
        except InvalidInput as error:
            faults.append({"name": name, "message": error.message})
    return {"uploads": kept, "faults": faults}
