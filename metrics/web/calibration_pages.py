"""Calibration, for managers: who is nested, how near to being let go, how newcomers learn."""

from datetime import timedelta
from typing import Any

from apiflask import APIBlueprint
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from metrics import charts_curves
from metrics.charts_curves import Mark
from metrics.reads import cohorts, nesting
from metrics.reads.cohorts import MOST, STEP, Cohort, Point
from metrics.reads.narrow import Narrow
from metrics.web import calibration_words as words
from ops import clock_time, projects, scope, staff
from ops.errors import Conflict, InvalidInput, NotFound
from ops.models import Project
from ops.web.fields import identity
from ops.web.identity import db, user
from quality import calibration

blueprint = APIBlueprint(
    "calibration",
    __name__,
    url_prefix="/onboarding/calibration",
    enable_openapi=False,
    template_folder="templates",
)
# Whoever began longer ago is no newcomer any more.
BEGAN_WITHIN = timedelta(days=365)
# More projects than this are chosen from a list.
MOST_BUTTONS = 12


@blueprint.get("")
def index() -> ResponseReturnValue:
    """Learning curves over all projects that one may see; with a project, its own page."""
    chosen = request.args.get("project", type=int)
    if chosen is not None:
        project = projects.find(db(), user(), chosen)
        return redirect(url_for("calibration.show", project_id=project.id, by=_by()))
    return _page(None)


@blueprint.get("/<int:project_id>")
def show(project_id: int) -> ResponseReturnValue:
    """Who is nested in a project, the moves, and its newcomers' learning curves."""
    return _page(projects.find(db(), user(), project_id))


@blueprint.post("/<int:project_id>")
def move(project_id: int) -> ResponseReturnValue:
    """Let somebody go, or nest them, by hand and with a reason."""
    project = projects.find(db(), user(), project_id)
    try:
        with db().begin_nested():
            said = _move(project)
    except InvalidInput as error:
        return _page(project, values=request.form, errors=error.errors), 422
    except Conflict as refused:
        flash(refused.message, "error")
    else:
        flash(said, "success")
    return redirect(url_for("calibration.show", project_id=project.id), 303)


def _move(project: Project) -> str:
    deed, who = request.form.get("deed", ""), identity(request.form.get("who"))
    if deed not in words.DEEDS:
        raise InvalidInput("choose what to do", field="deed")
    if who is None:
        raise InvalidInput("choose somebody", field="who")
    try:
        person = staff.find(db(), who)
        verb = calibration.promote if deed == "promote" else calibration.demote
        verb(db(), project, person, by=user(), reason=request.form.get("reason", ""))
    except NotFound:
        raise InvalidInput("is no member of this project", field="who") from None
    return f"{person.name} is {words.DEEDS[deed]} in {project.name}; they are told tomorrow."


def _by() -> str:
    by = request.args.get("by", "")
    return by if by in cohorts.GROUPS else "month"


def _page(project: Project | None, **more: Any) -> str:
    by, now, seen = _by(), clock_time.now(), scope.projects(user())
    listed = projects.not_closed(db(), user())
    narrow = Narrow(project_id=project.id if project else None)
    found = cohorts.cohorts(db(), seen, (now - BEGAN_WITHIN).date(), by, narrow)
    shown: dict[str, Any] = {"values": {}, "errors": None, **more}
    return render_template(
        "calibration/show.html",
        project=project,
        projects=listed,
        many=len(listed) > MOST_BUTTONS,
        nesting={p.id for p in listed if projects.settings_of(p).nesting.on},
        terms=projects.settings_of(project).nesting if project else None,
        nested=nesting.nested(db(), project) if project else [],
        free=nesting.free(db(), project) if project else [],
        moves=nesting.moves(db(), project) if project else [],
        by=by,
        cohorts=found,
        charts=_charts(found),
        keys=[Markup(charts_curves.key(i)) for i in range(len(found))],  # noqa: S704
        steps=[f"{step * STEP + 1}–{(step + 1) * STEP}" for step in range(MOST // STEP)],
        words=words,
        **shown,
    )


def _charts(found: list[Cohort]) -> dict[str, Markup]:
    """Figure → its picture. Names are escaped where it is drawn."""
    if not any(points for cohort in found for points in cohort.curves.values()):
        return {}
    last = [p.step for c in found for points in c.curves.values() for p in points]
    most = STEP * max(4, max(last) + 1)
    drawn = {}
    for name, title in words.FIGURES.items():
        curves = [(c.name, [_mark(name, p) for p in c.curves[name]]) for c in found]
        draw = charts_curves.time_curves if name == "pace" else charts_curves.share_curves
        drawn[name] = Markup(draw(curves, most, f"{title} by answers done"))  # noqa: S704
    return drawn


def _mark(name: str, point: Point) -> Mark:
    one, unit = (1, "s") if name == "pace" else (100, "%")
    low, middle, high = (one * v for v in (point.low, point.middle, point.high))
    said = (
        f"answers {point.step * STEP + 1}–{(point.step + 1) * STEP}: {middle:.3g} {unit}, half of "
        f"{point.people} people between {low:.3g} and {high:.3g}, n {point.n}"
    )
    return Mark((point.step + 0.5) * STEP, point.low, point.middle, point.high, said, point.people)
