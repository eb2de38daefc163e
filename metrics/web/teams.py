"""Teams: a list of them, and of each who belongs to it, who leads it, who asks to be away."""

from collections.abc import Iterable
from datetime import timedelta

from apiflask import APIBlueprint
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from ops import clock_time, teams
from ops.access import OVER_TEAMS, WORKERS
from ops.errors import Conflict, Forbidden, InvalidInput, NotFound
from ops.models import ABSENCES, Absence, Team, User
from ops.shifts import absences
from ops.web import fields
from ops.web.identity import db, user

blueprint = APIBlueprint("teams", __name__, enable_openapi=False, template_folder="templates")

# Absences that are over are shown for so long.
SHOWN = timedelta(days=30)


@blueprint.get("/teams")
def index() -> ResponseReturnValue:
    """The teams one sees."""
    return _index({}, None)


def _index(values: object, errors: object) -> str:
    return render_template(
        "teams/index.html",
        rows=teams.listed(db(), user()),
        over=user().role in OVER_TEAMS,
        values=values,
        errors=errors,
    )


@blueprint.post("/teams")
def add() -> ResponseReturnValue:
    """A new team."""
    try:
        team = teams.create(db(), request.form.get("name", ""), by=user())
    except (InvalidInput, Conflict) as error:
        return _index(request.form, fields.faults(error)), 422
    flash(f"The team {team.name} exists now: say who belongs to it and who leads it.", "success")
    return redirect(url_for("teams.show", team_id=team.id), 303)


@blueprint.get("/teams/<int:team_id>")
def show(team_id: int) -> ResponseReturnValue:
    """One team."""
    return _page(teams.find(db(), user(), team_id))


def _page(team: Team, *, values: object = None, errors: object = None) -> str:
    members = teams.members(db(), team)
    today = clock_time.now().date()
    found = absences.of(db(), [one.id for one in members], today - SHOWN)
    over = user().role in OVER_TEAMS
    return render_template(
        "teams/show.html",
        tab="Team",
        team=team,
        members=members,
        leads=teams.leading(db(), team),
        decided_by=_names(one.decided_by for one in found),
        asked=[one for one in found if one.state == "asked"],
        granted=[one for one in found if one.state == "granted"],
        kinds=ABSENCES,
        over=over,
        free=_free() if over else [],
        staff=_staff() if over else [],
        today=today,
        values=values or {},
        errors=errors,
    )


def _names(ids: Iterable[int | None]) -> dict[int, str]:
    known = select(User.id, User.name).where(User.id.in_({i for i in ids if i}))
    return {row[0]: row[1] for row in db().execute(known)}


def _free() -> list[User]:
    """Who could join a team: those in none first."""
    found = select(User).where(User.role.in_(WORKERS), User.active)
    return list(db().scalars(found.order_by(User.team_id.is_not(None), User.name, User.id)))


def _staff() -> list[User]:
    found = select(User).where(User.role != "client", User.active, User.simulated.is_(False))
    return list(db().scalars(found.order_by(User.name, User.id)))


@blueprint.post("/teams/<int:team_id>")
def change(team_id: int) -> ResponseReturnValue:
    """Rename a team, appoint or dismiss a lead, let somebody join or leave."""
    team = teams.find(db(), user(), team_id)
    acts = {
        "rename": _rename, "appoint": _appoint, "dismiss": _dismiss, "join": _join, "leave": _leave,
    }  # fmt: skip
    act = acts.get(request.form.get("action", ""))
    if act is None:
        raise InvalidInput("say what to do with the team", field="action")
    try:
        with db().begin_nested():
            said = act(team)
    except (InvalidInput, Conflict) as error:
        return _page(team, values=request.form, errors=fields.faults(error)), 422
    flash(said, "success")
    return redirect(url_for("teams.show", team_id=team.id), 303)


def _rename(team: Team) -> str:
    teams.rename(db(), team, request.form.get("name", ""), by=user())
    return "Saved."


def _appoint(team: Team) -> str:
    lead = _person("lead")
    teams.appoint(db(), team, lead, by=user())
    return f"{lead.name} leads the team {team.name}."


def _dismiss(team: Team) -> str:
    lead = teams.dismiss(db(), team, fields.identity(request.form.get("lead")) or 0, by=user())
    return f"{lead.name} leads the team {team.name} no longer."


def _join(team: Team) -> str:
    person = _person("member")
    teams.join(db(), person, team, by=user())
    return f"{person.name} belongs to the team {team.name} from now on."


def _leave(team: Team) -> str:
    person = teams.member(db(), team, fields.identity(request.form.get("member")) or 0)
    teams.join(db(), person, None, by=user())
    return f"{person.name} belongs to no team from now on; what they did here stays here."


def _person(field: str) -> User:
    found = db().get(User, fields.identity(request.form.get(field)) or 0)
    if found is None or found.role == "client":
        raise InvalidInput("choose somebody who works here", field=field)
    return found


@blueprint.post("/teams/<int:team_id>/absences")
def away(team_id: int) -> ResponseReturnValue:
    """Enter that somebody of the team is away: granted at once."""
    team = teams.find(db(), user(), team_id)
    form = request.form
    try:
        with db().begin_nested():
            person = teams.member(db(), team, fields.identity(form.get("person")) or 0)
            if person.id == user().id:
                raise Forbidden("Ask for your own absence under My hours.")
            absences.ask(
                db(),
                person,
                kind=form.get("kind", ""),
                first=fields.day(form.get("first_day", ""), "first_day"),
                last=fields.day(form.get("last_day", ""), "last_day"),
                note=form.get("note", ""),
                by=user(),
            )
    except (InvalidInput, Conflict) as error:
        return _page(team, values=form, errors=fields.faults(error)), 422
    flash(f"{person.name} is entered as away.", "success")
    return redirect(url_for("teams.show", team_id=team.id), 303)


@blueprint.post("/teams/<int:team_id>/absences/<int:absence_id>")
def decide(team_id: int, absence_id: int) -> ResponseReturnValue:
    """Grant or refuse what somebody of the team asks."""
    team = teams.find(db(), user(), team_id)
    absence = of_team(team, absence_id)
    action = request.form.get("action", "")
    if action not in ("grant", "refuse"):
        raise InvalidInput("grant or refuse", field="action")
    absences.decide(db(), absence, grant=action == "grant", by=user())
    flash(f"{absence.user.name}, {absences.days(absence)}: {absence.state}.", "success")
    return redirect(url_for("teams.show", team_id=team.id), 303)


def of_team(team: Team, absence_id: int) -> Absence:
    """An absence of somebody who belongs to the team. Raises NotFound."""
    absence = db().get(Absence, absence_id)
    if absence is None or absence.user.team_id != team.id:
        raise NotFound("There is no such absence.")
    return absence
