"""Openings: what people may apply for, under which link, and until when."""

from datetime import UTC, datetime, time
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import or_, select

from ops import scope, skills
from ops.applicants import openings, visible
from ops.errors import InvalidInput
from ops.models import Opening, Project
from ops.web.apply import absolute
from ops.web.fields import day, identity
from ops.web.identity import db, user
from quality.web.pipeline.blueprint import blueprint, field

NAMES = ("title", "markdown", "consent", "languages", "skill", "project", "closes")


@blueprint.get("/openings")
def opening_list() -> ResponseReturnValue:
    """Every opening, and how many applied."""
    rows = openings.listed(db(), user())
    return render_template("onboarding/pipeline/openings.html", rows=rows, takes=openings.takes)


@blueprint.get("/openings/new")
def new_opening() -> ResponseReturnValue:
    """The form for another one."""
    return _form(None, {"consent": openings.CONSENT}, None)


@blueprint.post("/openings/new")
def make_opening() -> ResponseReturnValue:
    """Make it, with a link of its own."""
    try:
        with db().begin_nested():
            made = openings.create(db(), _terms(), by=user())
    except InvalidInput as error:
        return _form(None, request.form, error.errors), 422
    flash(f"{made.title} takes applications now. Give its link to people.", "success")
    return redirect(url_for("pipeline.opening", opening_id=made.id), 303)


@blueprint.get("/openings/<int:opening_id>")
def opening(opening_id: int) -> ResponseReturnValue:
    """One opening: its link, its words, and closing it."""
    found = visible.opening(db(), user(), opening_id)
    return _form(found, _values(found), None)


@blueprint.post("/openings/<int:opening_id>")
def change_opening(opening_id: int) -> ResponseReturnValue:
    """Other words, or another closing date."""
    found = visible.opening(db(), user(), opening_id)
    try:
        with db().begin_nested():
            openings.change(db(), found, _terms(), by=user())
    except InvalidInput as error:
        return _form(found, request.form, error.errors), 422
    flash("Saved.", "success")
    return redirect(url_for("pipeline.opening", opening_id=found.id), 303)


@blueprint.post("/openings/<int:opening_id>/open")
def set_opening_open(opening_id: int) -> ResponseReturnValue:
    """Close it to new applications, or open it again."""
    found = visible.opening(db(), user(), opening_id)
    openings.set_open(db(), found, field("open") == "1", by=user())
    return redirect(url_for("pipeline.opening", opening_id=found.id), 303)


def _terms() -> openings.Terms:
    return openings.Terms(
        title=field("title"),
        markdown=field("markdown").replace("\r\n", "\n"),
        consent=field("consent").replace("\r\n", "\n"),
        languages=field("languages").split(","),
        skill_id=identity(field("skill")),
        project_id=identity(field("project")),
        closes_at=_end_of(field("closes")),
    )


def _end_of(text: str) -> datetime | None:
    if not text.strip():
        return None
    return datetime.combine(day(text.strip(), "closes"), time.max, UTC)


def _values(found: Opening) -> dict[str, Any]:
    return {
        "title": found.title,
        "markdown": found.markdown,
        "consent": found.consent,
        "languages": ", ".join(found.languages),
        "skill": found.skill_id or "",
        "project": found.project_id or "",
        "closes": found.closes_at.astimezone(UTC).date() if found.closes_at else "",
    }


def _form(found: Opening | None, values: Any, errors: Any) -> str:
    # A closed project stays that of its opening, or saving would show its applicants to all.
    own = Project.id == (found.project_id if found else None)
    mine = select(Project).where(
        Project.id.in_(scope.projects(user())), or_(Project.state != "closed", own)
    )
    projects = db().scalars(mine.order_by(Project.name))
    known = skills.everything(db())
    return render_template(
        "onboarding/pipeline/opening.html",
        opening=found,
        takes=openings.takes(found) if found else False,
        path=url_for("apply.form", link=found.token) if found else "",
        absolute=absolute,
        values=values,
        errors=errors,
        skills=[("", "That of the project, or any"), *((s.id, s.name) for s in known)],
        projects=[("", "None"), *((p.id, p.name) for p in projects)],
    )
