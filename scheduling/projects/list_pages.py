"""The list of projects, a new one, and the overview that leads through its first ten minutes."""

from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from ops import organisations, projects, talk_reads
from ops.errors import Conflict, InvalidInput, NotReady
from ops.labels import KINDS
from ops.models import Organisation
from ops.web.fields import faults, identity
from ops.web.identity import db, user
from scheduling import hard
from scheduling.projects import facts, readiness, reads
from scheduling.projects.blueprint import blueprint, page, project_of
from scheduling.projects.reads import Progress
from scheduling.rules import book

MANY = 300


@blueprint.get("/projects")
def index() -> Any:
    """Every project the reader may see, with what each still lacks."""
    session = db()
    shown = reads.visible(session, user())[:MANY]
    ids = [p.id for p in shown]
    batches = reads.batches_of(session, ids)
    done = reads.progress(session, [b.id for b in batches])
    found = facts.of(session, ids)
    rows = []
    for project in shown:
        own = [b for b in batches if b.project_id == project.id]
        lacking = [s for s in readiness.steps(project, found[project.id]) if readiness.blocks(s)]
        rows.append(
            {
                "project": project,
                "batches": own,
                "progress": _sum([done.get(b.id, Progress()) for b in own]),
                "labellers": found[project.id].labellers,
                "lacking": lacking,
            }
        )
    return render_template("projects/index.html", rows=rows)


def _sum(parts: list[Progress]) -> Progress:
    return Progress(sum(p.done for p in parts), sum(p.wanted for p in parts))


@blueprint.route("/projects/new", methods=["GET", "POST"])
def new() -> Any:
    """The form of a new project, and making it."""
    errors: list[dict[str, Any]] = []
    if request.method == "POST":
        try:
            with db().begin_nested():
                project = _create()
            flash("The project is made. The list below leads to its first task.", "success")
            return redirect(url_for("projects.show", project_id=project.id), 303)
        except (InvalidInput, Conflict) as error:
            errors = faults(error)
    form = render_template(
        "projects/new.html",
        organisations=db()
        .scalars(
            select(Organisation)
            .where(Organisation.kind == "client")
            .order_by(func.lower(Organisation.name))
        )
        .all(),
        values=request.form,
        kinds=KINDS,
        errors=errors,
    )
    return form, 422 if errors else 200


def _create() -> projects.Project:
    """The project of the form. Raises InvalidInput with every fault found, Conflict."""
    form = request.form
    _refuse_gaps(form)
    project = projects.create(
        db(),
        organisation=_organisation(form.get("organisation", ""), form.get("client_name", "")),
        name=form.get("name", ""),
        medium=form.get("medium", ""),
        label_type=form.get("label_type", "class"),
        purpose=form.get("purpose", ""),
        by=user(),
    )
    if form.get("certified"):
        projects.require(db(), project, "label", {project.skill_id: 1}, by=user())
    book.install_recommended(db(), project, by=user())
    return project


def _refuse_gaps(form: MultiDict[str, str]) -> None:
    """What is empty is all named at once, before anything is made."""
    faults = []
    if not form.get("name", "").strip():
        faults.append({"field": "name", "message": "give the project a name"})
    if not form.get("client_name", "").strip() and not form.get("organisation"):
        faults.append({"field": "client_name", "message": "name the client"})
    if faults:
        raise InvalidInput(faults[0]["message"], field=faults[0]["field"], errors=faults)


def _organisation(chosen: str, new_name: str) -> Organisation:
    if new_name.strip():
        try:
            return organisations.create(db(), name=new_name, kind="client", by=user())
        except (InvalidInput, Conflict) as error:
            raise InvalidInput(error.message, field="client_name") from None
    found = db().get(Organisation, identity(chosen) or 0)
    if found is None:
        raise InvalidInput("choose a client, or name a new one", field="organisation")
    return found


@blueprint.get("/projects/<int:project_id>")
def show(project_id: int) -> Any:
    """The overview: what is missing, and how far the batches are."""
    project = project_of(project_id)
    return _overview(project)


def _overview(project: projects.Project, status: int = 200, problem: str = "") -> Any:
    session = db()
    steps = readiness.checklist(session, project)
    batches = reads.batches_of(session, [project.id])
    ids = [b.id for b in batches]
    return page(
        "overview.html",
        project,
        "show",
        status,
        steps=steps,
        lacking=[s for s in steps if readiness.blocks(s)],
        batches=batches[:8],
        more_batches=max(0, len(batches) - 8),
        progress=reads.progress(session, ids),
        assets=reads.asset_counts(session, ids),
        hard=hard.of_batches(session, ids),
        questions=talk_reads.unanswered(session, project.id),
        batch_page="batches.show" in current_app.view_functions,
        assisted="assistance.show" in current_app.view_functions
        and projects.settings_of(project).assist.model is not None,
        problem=problem,
    )


@blueprint.post("/projects/<int:project_id>/start")
def start(project_id: int) -> Any:
    """Let work go out."""
    project = project_of(project_id)
    try:
        projects.start(db(), project, by=user())
    except (NotReady, Conflict) as error:
        return _overview(project, 409, error.message)
    flash("Started: work goes out to labellers who may do it.", "success")
    return redirect(url_for("projects.show", project_id=project.id), 303)


@blueprint.post("/projects/<int:project_id>/pause")
def pause(project_id: int) -> Any:
    """Let no more work go out."""
    project = project_of(project_id)
    try:
        projects.pause(db(), project, by=user())
    except Conflict as error:
        return _overview(project, 409, error.message)
    flash("Paused: no new work goes out; what is held may still be submitted.", "message")
    return redirect(url_for("projects.show", project_id=project.id), 303)
