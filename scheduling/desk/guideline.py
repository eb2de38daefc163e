"""The guideline at the desk: as it is now, what changed since one read it, and saying that one has.

Whoever must read it before the next task gets nothing new of the project until then; work that is
held already may be looked at and handed in.
"""

from datetime import datetime
from typing import Any

from apiflask import APIBlueprint
from flask import flash, get_template_attribute, redirect, render_template, request, url_for
from pydantic import BaseModel, Field

from ops import guideline_changes, guideline_readers, guidelines, projects
from ops.errors import NotFound
from ops.models import GuidelineVersion, Project
from ops.web.api_types import Id, Strict
from ops.web.identity import db, user
from ops.web.layout import markdown
from scheduling.desk.messages import ProjectOut
from scheduling.desk.page import blueprint as pages

blueprint = APIBlueprint("guideline_api", __name__, url_prefix="/api/v1/desk", tag="Desk")


class GuidelineNowOut(BaseModel):
    """A guideline, and what is new in it for you."""

    project: ProjectOut
    version: int
    since: datetime
    html: str = Field(description="As it is now")
    read: int = Field(description="The newest version you said you have read; 0: none")
    must_read: bool = Field(description="Whether you get no new task before you have read it")
    compared_with: int = Field(
        description="The version that you know: read, or in force when you last took work; 0: none"
    )
    changes: str | None = Field(
        description="As HTML, what changed since then marked with ins and del; null: nothing did"
    )


class ReadIn(Strict):
    """I have read it."""

    project: Id
    version: int = Field(ge=1, le=2**31 - 1)


class ReadOut(BaseModel):
    """What you have read, and whether that is enough for the next task."""

    read: int
    must_read: bool


def view(project: Project) -> dict[str, Any]:
    """The guideline in force as the labeller who asks may know it. Raises NotFound."""
    now = guidelines.current(db(), project.id)
    if now is None:
        raise NotFound("This project has no guideline yet.")
    read = guideline_readers.has_read(db(), user(), project.id)
    known = guideline_readers.knows(db(), user(), project.id)
    return {
        "project": {"id": project.id, "name": project.name, "purpose": project.purpose},
        "version": now.version,
        "since": now.created_at,
        "html": str(markdown(now.markdown)),
        "read": read,
        "must_read": read < project.guideline_due,
        "compared_with": known,
        "changes": _changes(project, known, now) if 0 < known < now.version else None,
    }


def _changes(project: Project, known: int, now: GuidelineVersion) -> str:
    before = guidelines.find(db(), project.id, known)
    found = guideline_changes.changes(before.markdown, now.markdown)
    shown: str = get_template_attribute("_changes.html", "changes")(found)
    return shown


@blueprint.get("/guideline/<int:project_id>")
@blueprint.output(GuidelineNowOut)
def show_guideline(project_id: int) -> dict[str, Any]:
    """Get the guideline of a project, and what changed since you read it"""
    return view(projects.find(db(), user(), project_id))


@blueprint.post("/guideline")
@blueprint.input(ReadIn, arg_name="said")
@blueprint.output(ReadOut)
def read_guideline(said: ReadIn) -> dict[str, Any]:
    """Say that you have read a guideline

    Saying it of an older version than you have read changes nothing.
    """
    project = projects.find(db(), user(), said.project)
    read = guideline_readers.read(db(), user(), project, said.version)
    return {"read": read, "must_read": read < project.guideline_due}


@pages.get("/desk/guideline/<int:project_id>")
def guideline(project_id: int) -> Any:
    """The guideline of one of my projects, with what changed since I read it."""
    found = view(projects.find(db(), user(), project_id))
    return render_template("desk/guideline.html", found=found)


@pages.post("/desk/guideline/<int:project_id>")
def read(project_id: int) -> Any:
    """Say that I have read it."""
    project = projects.find(db(), user(), project_id)
    version = request.form.get("version", 0, type=int)
    guideline_readers.read(db(), user(), project, version)
    flash(f"You have read version {version} of the guideline of {project.name}.", "success")
    return redirect(url_for("desk.page"), 303)
