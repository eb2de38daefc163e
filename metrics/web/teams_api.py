"""The API for those who lead teams, and of one's own hours."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from apiflask import APIBlueprint
from werkzeug.datastructures import MultiDict

from metrics.reads import planned as reads
from metrics.web import team_forms as forms
from metrics.web import teams_api_messages as messages
from metrics.web.teams import of_team
from ops import clock_time, teams
from ops.access import WORKERS
from ops.errors import InvalidInput, NotFound
from ops.local_time import monday, zone_named
from ops.models import Absence, Shift, Team, User
from ops.shifts import absences, drafting, planned, planning, weekly
from ops.shifts.drafting import Draft
from ops.web.identity import db, user

blueprint = APIBlueprint("teams_api", __name__, url_prefix="/api/v1", tag="Teams and hours")

LONGEST = timedelta(days=92)


@blueprint.get("/teams")
@blueprint.output(messages.TeamsOut)
def list_teams() -> dict[str, Any]:
    """List teams

    Those you lead; administrators and onboarding managers see all.
    """
    rows = teams.listed(db(), user())
    return {
        "teams": [
            {"id": row.team.id, "name": row.team.name, "people": row.members,
             "led_by": [lead.name for lead in row.leads]}
            for row in rows
        ]
    }  # fmt: skip


@blueprint.post("/teams")
@blueprint.input(messages.TeamIn, arg_name="asked")
@blueprint.output(messages.TeamPeopleOut, status_code=201)
@blueprint.doc(responses=[409])
def make_team(asked: messages.TeamIn) -> dict[str, Any]:
    """Make a team

    With those who belong to it, from now on, and those who lead it.
    """
    team = teams.create(db(), asked.name, by=user())
    for user_id in dict.fromkeys(asked.people):
        teams.join(db(), _person(user_id, "people"), team, by=user())
    for user_id in dict.fromkeys(asked.led_by):
        teams.appoint(db(), team, _person(user_id, "led_by"), by=user())
    return _team(team)


def _person(user_id: int, field: str) -> User:
    person = db().get(User, user_id)
    if person is None or person.role == "client":
        raise InvalidInput(f"nobody who works here has the number {user_id}", field=field)
    return person


@blueprint.get("/teams/<int:team_id>")
@blueprint.output(messages.TeamPeopleOut)
def show_team(team_id: int) -> dict[str, Any]:
    """Get a team with its people"""
    return _team(teams.find(db(), user(), team_id))


def _team(team: Team) -> dict[str, Any]:
    people = [
        {"id": one.id, "name": one.name, "role": one.role, "timezone": one.timezone}
        for one in teams.members(db(), team)
    ]
    return {"id": team.id, "name": team.name, "people": people}


@blueprint.get("/teams/<int:team_id>/shifts")
@blueprint.input(messages.ShiftsQuery, location="query", arg_name="asked")
@blueprint.output(messages.ShiftsOut)
def list_shifts(team_id: int, asked: messages.ShiftsQuery) -> dict[str, Any]:
    """List the shifts of a team

    Those of its people that meet the days and are not cancelled.
    """
    team = teams.find(db(), user(), team_id)
    since = asked.since or clock_time.now().date()
    until = asked.until or since + timedelta(days=27)
    if not since <= until <= since + LONGEST:
        raise InvalidInput(f"choose a day up to {LONGEST.days} days after since", field="until")
    whole = planned.around(since + timedelta(days=1), until)
    ids = [person.id for person in teams.members(db(), team)]
    return {"shifts": _shifts(planned.live(db(), ids, whole))}


@blueprint.post("/teams/<int:team_id>/shifts")
@blueprint.input(messages.ShiftsIn, arg_name="asked")
@blueprint.output(messages.PlannedOut, status_code=201)
def plan_shifts(team_id: int, asked: messages.ShiftsIn) -> dict[str, Any]:
    """Plan shifts

    A week from the hours that people gave, or one shift each. What stands in the way is left out
    and named; with `dry` nothing is planned.
    """
    team = teams.find(db(), user(), team_id)
    draft = _draft(team, asked)
    ids = [] if asked.dry else planning.make(db(), draft, team=team, by=user())
    return {
        "planned": len(draft.planned),
        "hours": round(draft.hours, 4),
        "people": draft.people,
        "shifts": ids,
        "conflicts": [{"person": who.id, "words": words} for who, words in draft.conflicts],
    }


def _draft(team: Team, asked: messages.ShiftsIn) -> Draft:
    members = [one for one in teams.members(db(), team) if one.role in WORKERS]
    known = {one.id: one for one in members}
    if unknown := [i for i in asked.people if i not in known]:
        raise InvalidInput(f"nobody in this team has the number {unknown[0]}", field="people")
    people: Sequence[User] = [known[i] for i in dict.fromkeys(asked.people)] or members
    form: MultiDict[str, str] = MultiDict({"project": str(asked.project or "")})
    project = forms.project(db(), form, user())
    if asked.week is not None and asked.day is None:
        return drafting.from_hours(db(), people, monday(asked.week), project)
    if asked.week is not None or asked.day is None:
        raise InvalidInput("give either a week or a day", field="week")
    begins = forms.minute(asked.begins or "", "begins")
    ends = forms.minute(asked.ends or "", "ends")
    return drafting.one_each(db(), people, asked.day, begins, ends, project=project)


@blueprint.delete("/teams/<int:team_id>/shifts/<int:shift_id>")
@blueprint.output({}, status_code=204)
@blueprint.doc(responses=[409])
def cancel_shift(team_id: int, shift_id: int) -> str:
    """Cancel a shift that has not begun"""
    team = teams.find(db(), user(), team_id)
    planning.cancel(db(), planned.find(db(), team, shift_id), by=user())
    return ""


@blueprint.get("/teams/<int:team_id>/absences")
@blueprint.output(messages.AbsencesOut)
def list_absences(team_id: int) -> dict[str, Any]:
    """List absences of a team

    Those asked for or granted that end today or later.
    """
    team = teams.find(db(), user(), team_id)
    ids = [person.id for person in teams.members(db(), team)]
    found = absences.of(db(), ids, clock_time.now().date())
    return {"absences": [_absence(one) for one in found]}


@blueprint.post("/teams/<int:team_id>/absences")
@blueprint.input(messages.AbsenceOfIn, arg_name="asked")
@blueprint.output(messages.AbsenceOut, status_code=201)
@blueprint.doc(responses=[409])
def enter_absence(team_id: int, asked: messages.AbsenceOfIn) -> dict[str, Any]:
    """Enter that somebody is away

    Granted at once; one's own is asked for under /hours/absences.
    """
    team = teams.find(db(), user(), team_id)
    person = teams.member(db(), team, asked.person)
    if person.id == user().id:
        raise InvalidInput("ask for your own under /hours/absences", field="person")
    return _absence(_ask(person, asked))


@blueprint.post("/teams/<int:team_id>/absences/<int:absence_id>/decision")
@blueprint.input(messages.AbsenceDecisionIn, arg_name="asked")
@blueprint.output(messages.AbsenceOut)
@blueprint.doc(responses=[409])
def decide_absence(
    team_id: int, absence_id: int, asked: messages.AbsenceDecisionIn
) -> dict[str, Any]:
    """Grant or refuse an absence"""
    absence = of_team(teams.find(db(), user(), team_id), absence_id)
    absences.decide(db(), absence, grant=asked.grant, by=user())
    return _absence(absence)


@blueprint.get("/hours")
@blueprint.output(messages.OwnHoursOut)
def own_hours() -> dict[str, Any]:
    """Get your own hours

    When you can work, your shifts of the next four weeks, planned and active hours of this week.
    """
    return _own(user())


@blueprint.put("/hours")
@blueprint.input(messages.HoursIn, arg_name="asked")
@blueprint.output(messages.OwnHoursOut)
def set_hours(asked: messages.HoursIn) -> dict[str, Any]:
    """Say when you can work, from a day on"""
    try:
        week = {n: weekly.read(text, n) for n, text in enumerate(asked.week)}
        weekly.put(db(), user(), week, asked.valid_from, by=user())
    except InvalidInput as error:
        raise _of_week(error) from None
    return _own(user())


def _of_week(error: InvalidInput) -> InvalidInput:
    """The same fault, of the list of a week's days."""
    if error.field is None or not error.field.startswith("day"):
        return error
    day = weekly.WEEKDAYS[int(error.field[3:])]
    return InvalidInput(f"{day}: {error.message}", field="week")


def _own(me: User) -> dict[str, Any]:
    today = clock_time.now().astimezone(zone_named(me.timezone)).date()
    rows = [h for h in weekly.of(db(), [me.id], today)[me.id] if h.in_force(today)]
    week = [weekly.said([(h.begins, h.ends) for h in rows if h.weekday == n]) for n in range(7)]
    sheet = reads.of_one(db(), me, monday(today), monday(today) + timedelta(days=7))
    whole = planned.around(today + timedelta(days=1), today + timedelta(days=28))
    return {
        "timezone": me.timezone,
        "week": week,
        "shifts": _shifts(planned.live(db(), [me.id], whole)),
        "planned_hours": round(sheet.total.planned, 4),
        "active_hours": round(sheet.total.active, 4),
    }


@blueprint.get("/hours/absences")
@blueprint.output(messages.AbsencesOut)
def own_absences() -> dict[str, Any]:
    """List your absences that end today or later"""
    found = absences.of(db(), [user().id], clock_time.now().date())
    return {"absences": [_absence(one) for one in found]}


@blueprint.post("/hours/absences")
@blueprint.input(messages.AbsenceIn, arg_name="asked")
@blueprint.output(messages.AbsenceOut, status_code=201)
@blueprint.doc(responses=[409])
def ask_absence(asked: messages.AbsenceIn) -> dict[str, Any]:
    """Ask to be away

    Whoever leads your team is told and decides.
    """
    return _absence(_ask(user(), asked))


@blueprint.delete("/hours/absences/<int:absence_id>")
@blueprint.output({}, status_code=204)
@blueprint.doc(responses=[409])
def withdraw_absence(absence_id: int) -> str:
    """Withdraw what you asked"""
    absence = db().get(Absence, absence_id)
    if absence is None or absence.user_id != user().id:
        raise NotFound("There is no such absence.")
    absences.withdraw(db(), absence, by=user())
    return ""


def _ask(person: User, asked: messages.AbsenceIn) -> Absence:
    return absences.ask(
        db(), person, kind=asked.kind, first=asked.first_day, last=asked.last_day, note=asked.note,
        by=user(),
    )  # fmt: skip


def _absence(one: Absence) -> dict[str, Any]:
    return {
        "id": one.id, "person": one.user_id, "kind": one.kind, "first_day": one.first_day,
        "last_day": one.last_day, "state": one.state, "note": one.note,
    }  # fmt: skip


def _shifts(found: Sequence[Shift]) -> list[dict[str, Any]]:
    return [
        {"id": s.id, "person": s.user_id, "project": s.project_id, "starts_at": s.starts_at,
         "ends_at": s.ends_at}
        for s in found
    ]  # fmt: skip
