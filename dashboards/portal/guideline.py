"""The guideline as the client reads and approves it, version by version."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboards.portal.blueprint import blueprint, page, project_of
from ops import guideline_changes, guideline_words, guidelines
from ops.errors import Conflict, InvalidInput
from ops.models import Project
from ops.web.identity import db, user


@blueprint.get("/portal/projects/<int:project_id>/guideline")
def guideline(project_id: int) -> ResponseReturnValue:
    """The version in force, what changed since the one they approved, and their word on it."""
    return _page(project_of(project_id))


def _page(project: Project, errors: list[dict[str, Any]] | None = None) -> ResponseReturnValue:
    current = guidelines.current(db(), project.id)
    words = guideline_words.of_project(db(), project.id)
    approved = guideline_words.last_approved(db(), project.id)
    found = None
    if current and approved and approved.version < current.version:
        before = guidelines.find(db(), project.id, approved.version)
        found = guideline_changes.changes(before.markdown, current.markdown)
    rendered: ResponseReturnValue = page(
        "guideline.html",
        project,
        "guideline",
        422 if errors else 200,
        current=current,
        word=words.get(current.version) if current else None,
        words=sorted(words.items(), reverse=True),
        approved=approved,
        found=found,
        errors=errors or [],
        values=request.form if errors else {},
    )
    return rendered


@blueprint.post("/portal/projects/<int:project_id>/guideline")
def say_of_guideline(project_id: int) -> ResponseReturnValue:
    """Approve the version that was read, or ask for changes."""
    project, form = project_of(project_id), request.form
    version = form.get("version", 0, type=int)
    try:
        made = guideline_words.say(
            db(), project, version, form.get("word", ""), user(), remark=form.get("remark", "")
        )
    except InvalidInput as error:
        return _page(project, error.errors)
    except Conflict as error:
        flash(error.message, "error")
    else:
        said = f"Version {version} is approved." if made.word == "approved" else "Sent."
        flash(f"{said} Those who run the project are told.", "success")
    return redirect(url_for("portal.guideline", project_id=project.id), 303)
