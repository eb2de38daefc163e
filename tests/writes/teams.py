"""Teams, shifts, hours, absences, moves."""

from datetime import timedelta

from ops import clock_time, moves, teams
from ops.shifts import absences, drafting, planning


def _team(path="", act="", **data):
    """A team of the labeller, next week, with a shift planned and an absence asked for."""

    def case(w):
        team = teams.create(w.session, "Dawn", by=w.admin)
        w.labeller.team_id = team.id
        day = clock_time.now().date() + timedelta(days=10)
        draft = drafting.one_each(w.session, [w.labeller], day, 600, 660)
        (shift,) = planning.make(w.session, draft, team=team, by=w.admin)
        asked = {"kind": "holiday", "first": day, "last": day, "note": "Ada Private knows"}
        off = absences.ask(w.session, w.labeller, **asked, by=w.labeller)
        named = {"team": team.id, "shift": shift, "off": off.id, "day": day, "me": w.labeller.id,
                 "today": clock_time.now().date()}  # fmt: skip
        if path.startswith(("/hours", "/api/v1/hours")):
            w.caller = w.labeller
        filled = {k: _filled(v, named) for k, v in data.items()}
        more = {"json": filled} if path.startswith("/api") else {"data": filled}
        where = path.format(**named) or f"/teams/{team.id}"
        return lambda client: getattr(client, act or "post")(where, **more)

    return case


def _filled(value, named):
    if value is int:
        return named["me"]
    return value.format(**named) if isinstance(value, str) else value


TODAY = {"first_day": "{today}", "last_day": "{today}"}


def _to_come(w):
    day = clock_time.now().date() + timedelta(days=3)
    there = {"team": None, "organisation": None, "timezone": "Asia/Tokyo"}
    moves.plan(w.session, w.labeller, **there, from_day=day, by=w.admin)
    return w.post(f"/people/{w.labeller.id}/stay")


def _move(w):
    form = {"timezone": "Asia/Kolkata", "from_day": clock_time.now().date()}
    return w.post(f"/people/{w.labeller.id}/move", data=form)


CASES = {
    "teams.add": lambda w: w.post("/teams", data={"name": "Dawn"}),
    "teams.change": _team(action="rename", name="Dusk"),
    "teams.away": _team("/teams/{team}/absences", person="{me}", kind="sick", **TODAY),
    "teams.decide": _team("/teams/{team}/absences/{off}", action="grant"),
    "team_plan.plan": _team(
        "/teams/{team}/plan", action="shift", day="{day}", begins="20:00", ends="21:00",
        people="{me}", confirmed="1",
    ),
    "team_plan.change": _team("/teams/{team}/shifts/{shift}", action="cancel"),
    "hours.put": _team("/hours", day0="9-17", valid_from="{day}"),
    "hours.ask": _team("/hours/absences", kind="sick", **TODAY),
    "hours.withdraw": _team("/hours/absences/{off}"),
    "people.move": _move,
    "people.stay": _to_come,
    "teams_api.make_team": lambda w: w.post("/api/v1/teams", json={"name": "Dawn"}),
    "teams_api.plan_shifts": _team(
        "/api/v1/teams/{team}/shifts", day="{day}", begins="20:00", ends="21:00"
    ),
    "teams_api.cancel_shift": _team("/api/v1/teams/{team}/shifts/{shift}", "delete"),
    "teams_api.enter_absence": _team(
        "/api/v1/teams/{team}/absences", person=int, kind="sick", **TODAY
    ),
    "teams_api.decide_absence": _team(
        "/api/v1/teams/{team}/absences/{off}/decision", grant=True
    ),
    "teams_api.set_hours": _team(
        "/api/v1/hours", "put", week=["9-17"] + [""] * 6, valid_from="{day}"
    ),
    "teams_api.ask_absence": _team("/api/v1/hours/absences", kind="sick", **TODAY),
    "teams_api.withdraw_absence": _team("/api/v1/hours/absences/{off}", "delete"),
}  # fmt: skip
