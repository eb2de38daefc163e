"""Training, for those who teach: courses made, opened, required, and where people are in them."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from ops import projects, scope
from ops.errors import Conflict, InvalidInput, NotFound
from ops.models import Project
from ops.web.csv_files import csv_file
from ops.web.identity import db, user
from quality.models import Course, Gold
from quality.onboarding import course_figures, course_requirement, courses

blueprint = APIBlueprint(
    "courses",
    __name__,
    url_prefix="/onboarding/training",
    template_folder="templates",
    enable_openapi=False,
)


@blueprint.get("")
def index() -> str:
    """Every course of my projects, and how many finished it."""
    rows = courses.listed(db(), user())
    tallies = course_figures.tallies(db(), rows)
    return render_template("training/courses.html", rows=rows, tallies=tallies)


@blueprint.get("/new")
def new() -> str:
    """The form for a new course."""
    chosen = request.args.get("project", type=int)
    return _form({"project": chosen, "pass_percent": 80}, None)


@blueprint.post("/new")
def add() -> ResponseReturnValue:
    """Make a course, or say what is wrong with it."""
    try:
        with db().begin_nested():
            made = courses.create(db(), _project(), _plan(), user())
    except InvalidInput as error:
        return _form(request.form, error.errors), 422
    flash(f"{made.title} is made. Give it steps, look at them, then open it.", "success")
    return redirect(_home(made), 303)


def _project() -> Project:
    number = request.form.get("project", type=int)
    if number is None:
        raise InvalidInput("choose a project", field="project")
    try:
        return projects.find(db(), user(), number)
    except NotFound as error:
        raise InvalidInput(error.message, field="project") from None


def _plan() -> dict[str, Any]:
    given = {name: request.form.get(name, "") for name in ("title", "purpose")}
    try:
        percent = float(request.form.get("pass_percent", ""))
    except ValueError:
        percent = -1
    if not 0 <= percent <= 100:
        raise InvalidInput("must be a number from 0 to 100", field="pass_percent")
    return {**given, "pass_mark": percent / 100}


def _form(values: Any, errors: list[dict[str, Any]] | None) -> str:
    mine = select(Project).where(Project.id.in_(scope.projects(user()))).order_by(Project.name)
    return render_template(
        "training/new.html", values=values, errors=errors, projects=db().scalars(mine).all()
    )


@blueprint.get("/<int:course_id>")
def course(course_id: int) -> str:
    """A course: its steps with what they teach, and who is where."""
    return _page(courses.find(db(), user(), course_id), None, None)


@blueprint.post("/<int:course_id>")
def change(course_id: int) -> ResponseReturnValue:
    """Another title, purpose or pass mark."""
    found = courses.find(db(), user(), course_id)
    try:
        with db().begin_nested():
            courses.change(db(), found, _plan(), user())
    except InvalidInput as error:
        return _page(found, request.form, error.errors), 422
    flash("Changed.", "success")
    return redirect(_home(found), 303)


def _page(found: Course, values: Any, errors: list[dict[str, Any]] | None) -> str:
    usual = {"title": found.title, "purpose": found.purpose}
    steps = course_figures.steps(db(), found)
    retired = select(Gold.id).where(
        Gold.id.in_([one.step.gold_id for one in steps]), Gold.state == "retired"
    )
    return render_template(
        "training/course.html",
        course=found,
        steps=steps,
        retired_gold=set(db().scalars(retired)),
        places=course_figures.places(db(), found),
        tally=course_figures.tallies(db(), [found])[found.id],
        values=values or {**usual, "pass_percent": f"{100 * found.pass_mark:g}"},
        errors=errors,
    )


def _home(found: Course) -> str:
    return url_for("courses.course", course_id=found.id)


@blueprint.post("/<int:course_id>/state")
def set_state(course_id: int) -> ResponseReturnValue:
    """Open the course to the project's labellers, or retire it."""
    found = courses.find(db(), user(), course_id)
    try:
        if request.form.get("state") == "retired":
            course_requirement.retire(db(), found, user())
            flash(f"{found.title} is retired: nobody sees it any more.", "success")
        else:
            courses.open_it(db(), found, user())
            flash(f"{found.title} is open to those who work in {found.project.name}.", "success")
    except Conflict as refused:
        flash(refused.message, "error")
    return redirect(_home(found), 303)


SAID = {
    None: "Nobody must do it: it is there for whoever wants to learn.",
    "newcomers": "Whoever joins from now on must do it before the first task.",
    "everybody": "Everybody must do it before their next task; who has still to do it was told.",
}


@blueprint.post("/<int:course_id>/required")
def set_required(course_id: int) -> ResponseReturnValue:
    """Ask the course of newcomers, of everybody or of nobody."""
    found = courses.find(db(), user(), course_id)
    of = request.form.get("required_of") or None
    try:
        with db().begin_nested():
            course_requirement.require(db(), found, of, user())
    except InvalidInput as error:
        return _page(found, None, error.errors), 422
    except Conflict as refused:
        flash(refused.message, "error")
    else:
        flash(SAID[of], "success")
    return redirect(_home(found), 303)


@blueprint.get("/<int:course_id>/people.csv")
def people_csv(course_id: int) -> Response:
    """Who is where, as a file."""
    found = courses.find(db(), user(), course_id)
    rows = course_figures.places_as_rows(course_figures.places(db(), found))
    return csv_file(f"course-{found.id}-people", course_figures.PLACES_HEAD, rows)


@blueprint.get("/<int:course_id>/steps.csv")
def steps_csv(course_id: int) -> Response:
    """The figures of the steps, as a file."""
    found = courses.find(db(), user(), course_id)
    rows = course_figures.steps_as_rows(course_figures.steps(db(), found))
    return csv_file(f"course-{found.id}-steps", course_figures.STEPS_HEAD, rows)
