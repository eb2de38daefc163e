"""The plan of a team's week: looked at, made from people's hours, copied, moved, cancelled."""

from datetime import timedelta
from typing import Any

from apiflask import APIBlueprint
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from metrics.web import team_forms as forms
from metrics.web import team_grid
from ops import projects, teams
from ops.access import WORKERS
from ops.errors import Conflict, InvalidInput
from ops.local_time import zone_named
from ops.models import Team, User
from ops.shifts import drafting, planned, planning
from ops.shifts.drafting import Draft
from ops.web import fields
from ops.web.identity import db, user

blueprint = APIBlueprint("team_plan", __name__, enable_openapi=False, template_folder="templates")


@blueprint.get("/teams/<int:team_id>/plan")
def show(team_id: int) -> ResponseReturnValue:
    """A week of the team; with `shift` in the address, that shift beside it."""
    return _page(teams.find(db(), user(), team_id))


@blueprint.post("/teams/<int:team_id>/plan")
def plan(team_id: int) -> ResponseReturnValue:
    """What would be planned and what stands in its way; with `confirmed`, plan it."""
    team = teams.find(db(), user(), team_id)
    try:
        with db().begin_nested():
            draft = _draft(team)
            if request.form.get("confirmed") != "1":
                return _page(team, draft=draft)
            made = planning.make(db(), draft, team=team, by=user())
    except (InvalidInput, Conflict) as error:
        return _page(team, errors=fields.faults(error)), 422
    left = f"; left out: {len(draft.conflicts)}" if draft.conflicts else ""
    flash(f"{_shifts(len(made))} planned for {_people(draft.people)}{left}.", "success")
    return redirect(_back(team), 303)


def _draft(team: Team) -> Draft:
    form, members = request.form, _workers(team)
    chosen = forms.ticked(form, members)
    week = forms.week(form, user().timezone)
    if form.get("action") == "copy":
        return drafting.as_before(db(), chosen or members, week)
    project = forms.project(db(), form, user())
    if form.get("action") == "hours":
        return drafting.from_hours(db(), chosen or members, week, project)
    if form.get("action") != "shift":
        raise InvalidInput("say what to plan", field="action")
    if not chosen:
        raise InvalidInput("tick in the table for whom", field="people")
    day = fields.day(form.get("day", ""), "day")
    begins, ends = (forms.minute(form.get(name, ""), name) for name in ("begins", "ends"))
    shown = forms.zone(form, user().timezone) if form.get("clock") == "shown" else ""
    return drafting.one_each(db(), chosen, day, begins, ends, zone=shown, project=project)


@blueprint.post("/teams/<int:team_id>/shifts/<int:shift_id>")
def change(team_id: int, shift_id: int) -> ResponseReturnValue:
    """Move a shift, or cancel it; its person is told."""
    team = teams.find(db(), user(), team_id)
    shift = planned.find(db(), team, shift_id)
    form = request.form
    try:
        with db().begin_nested():
            if form.get("action") == "cancel":
                planning.cancel(db(), shift, by=user())
            elif form.get("action") == "move":
                begins, ends = (forms.minute(form.get(n, ""), n) for n in ("begins", "ends"))
                day = fields.day(form.get("day", ""), "day")
                planning.move(db(), shift, day, begins, ends, by=user())
            else:
                raise InvalidInput("move or cancel", field="action")
    except (InvalidInput, Conflict) as error:
        return _page(team, errors=fields.faults(error), chosen=shift_id), 422
    done = "cancelled" if form["action"] == "cancel" else "moved"
    flash(f"The shift of {shift.user.name} is {done}; they are told.", "success")
    return redirect(_back(team), 303)


def _page(team: Team, *, draft: Draft | None = None, errors: object = None, chosen: int = 0) -> str:
    asked = request.values
    zone = forms.zone(asked, user().timezone)
    week = forms.week(asked, zone)
    members = _workers(team)
    chosen = chosen or fields.identity(asked.get("shift")) or 0
    shift = next(
        (s for s in planned.live(db(), [p.id for p in members],
                                 planned.around(week, week + timedelta(days=7)))
         if s.id == chosen), None,
    )  # fmt: skip
    return render_template(
        "teams/plan.html",
        tab="Plan",
        team=team,
        week=week,
        zone=zone,
        zones=sorted({"UTC", zone, user().timezone, *(p.timezone for p in members)}),
        grid=team_grid.grid(db(), members, week, zone, draft),
        draft=draft,
        shift=shift,
        planner=db().get_one(User, shift.planned_by).name if shift else "",
        clock=zone_named(shift.user.timezone) if shift else None,
        ticked={p.id for p in forms.ticked(request.form, members)},
        projects=projects.not_closed(db(), user()),
        values=request.form,
        errors=errors,
        earlier=week - timedelta(days=7),
        later=week + timedelta(days=7),
    )


def _workers(team: Team) -> list[User]:
    return [person for person in teams.members(db(), team) if person.role in WORKERS]


def _back(team: Team) -> str:
    asked: dict[str, Any] = {
        name: request.form[name] for name in ("week", "zone") if request.form.get(name)
    }
    return url_for("team_plan.show", team_id=team.id, **asked)


def _shifts(n: int) -> str:
    return f"{n} shift is" if n == 1 else f"{n} shifts are"


def _people(n: int) -> str:
    return "one person" if n == 1 else f"{n} people"
