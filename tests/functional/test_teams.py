"""Teams, plans, hours and absences: who leads a team sees its people and nobody else's."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, insert, select

from metrics.models import DailyRollup, RollupState
from metrics.rollup import NAME
from ops import affiliations, clock_time
from ops.local_time import monday
from ops.models import (
    Absence,
    Notice,
    Organisation,
    PlannedMove,
    Shift,
    TeamLead,
    User,
    WeeklyHours,
)
from ops.shifts import absences, weekly
from tests.teamed import SELF, WORKDAYS, base, plan, table_of, two_teams


@pytest.fixture
def floor(make, session):
    return two_teams(make, session)


def test_a_week_is_looked_at_planned_copied_and_not_planned_twice(floor, client_for, session):
    client = client_for(floor.a.lead)
    look = plan(client, floor, floor.a)
    assert "15 shifts, 120 h, for 3 people" in look.text
    assert session.scalar(select(func.count()).select_from(Shift)) == 0
    assert plan(client, floor, floor.a, confirmed="1").status_code == 303
    again = plan(client, floor, floor.a, confirmed="1", people=floor.a.people[1].id)
    shown = client.get(again.location).text
    assert "0 shifts are planned for 0 people; left out: 1" in shown
    copied = {"week": floor.week + timedelta(days=7), "action": "copy", "confirmed": "1"}
    copied["people"] = floor.a.people[2].id
    client.post(f"{base(floor.a)}/plan", data=copied)
    planned = dict(
        session.execute(select(Shift.user_id, func.count()).group_by(Shift.user_id)).all()
    )
    assert planned == {p.id: 5 + 5 * (p is floor.a.people[2]) for p in floor.a.people}
    own = client_for(floor.a.people[2]).get("/hours").text
    assert own.count("09:00–17:00") == 10


def test_one_shift_is_planned_moved_and_cancelled_by_the_clock_of_its_person(
    floor, client_for, session
):
    person = session.get(User, floor.a.people[1].id)
    person.timezone = "Asia/Tokyo"
    client = client_for(floor.a.lead)
    asked = {"action": "shift", "day": floor.week, "begins": "22:00", "ends": "02:00",
             "people": person.id, "confirmed": "1", "zone": "Europe/Berlin"}  # fmt: skip
    assert plan(client, floor, floor.a, **asked).status_code == 303
    shift = session.scalars(select(Shift)).one()
    assert (shift.starts_at.hour, shift.ends_at.hour) == (13, 17)
    path = f"{base(floor.a)}/shifts/{shift.id}"
    late = {"action": "move", "day": floor.week, "begins": "25:00", "ends": "02:00"}
    refused = client.post(path, data=late)
    assert refused.status_code == 422 and "Give a time as 09:30" in refused.text
    assert client.post(path, data=late | {"begins": "20:00"}).status_code == 303
    session.expire_all()
    moved = session.scalars(select(Shift).where(Shift.cancelled_at.is_(None))).one()
    assert (moved.id != shift.id, moved.starts_at.hour) == (True, 11)
    page = client.get(f"{base(floor.a)}/plan?week={floor.week}&zone=Europe/London&shift={moved.id}")
    assert "20:00–02:00 there" in page.text and "Cancel the shift" in page.text
    cancel = client.post(f"{base(floor.a)}/shifts/{moved.id}", data={"action": "cancel"})
    assert cancel.status_code == 303
    assert client.post(path, data={"action": "cancel"}).status_code == 404
    assert session.scalar(select(func.count()).where(Notice.user_id == person.id)) == 3


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"people": ""}, "Tick in the table for whom"),
        ({"day": "soon"}, "Give a date"),
        ({"project": "7"}, "There is no such project"),
        ({"day": "2999-01-01"}, "Plan at most a year ahead"),
        ({"action": "party"}, "Say what to plan"),
    ],
)
def test_a_plan_that_cannot_be_says_why(floor, client_for, session, more, said):
    asked = {"action": "shift", "day": floor.week, "begins": "09:00", "ends": "10:00",
             "people": floor.a.people[1].id, "confirmed": "1"}  # fmt: skip
    answer = plan(client_for(floor.a.lead), floor, floor.a, **asked | more)
    assert answer.status_code == 422 and said in answer.text
    assert session.scalar(select(Shift.id)) is None


def test_a_lead_of_one_team_sees_and_changes_nobody_of_another(floor, client_for, session):
    day = floor.week
    theirs = absences.ask(session, floor.b.people[1], **SELF, first=day, last=day,
                          by=floor.b.people[1])  # fmt: skip
    admin = client_for(floor.admin)
    plan(admin, floor, floor.b, confirmed="1")
    shift = session.scalars(select(Shift)).first()
    client = client_for(floor.a.lead)
    mine = [client.get(base(floor.a) + p) for p in ("", "/plan", "/hours", "/hours.csv")]
    mine += [client.get("/teams"), client.get("/hours"), client.get("/api/v1/teams")]
    assert [page.status_code for page in mine] == [200] * len(mine)
    assert not any("Bee" in page.text or "Dusk" in page.text for page in mine)
    other = base(floor.b)
    tries = [
        *(client.get(other + p) for p in ("", "/plan", "/hours", "/hours.csv")),
        plan(client, floor, floor.b, confirmed="1"),
        client.post(f"{other}/absences/{theirs.id}", data={"action": "grant"}),
        client.post(f"{base(floor.a)}/absences/{theirs.id}", data={"action": "grant"}),
        client.post(f"{base(floor.a)}/shifts/{shift.id}", data={"action": "cancel"}),
        client.post(f"{base(floor.a)}/absences", data={"person": floor.b.people[1].id}),
        client.post(f"/hours/absences/{theirs.id}"),
    ]
    assert [answer.status_code for answer in tries] == [404] * len(tries)
    # Somebody of another team among those ticked is nobody.
    sly = {"people": [floor.b.people[2].id], "action": "shift", "day": day + timedelta(days=5),
           "begins": "09:00", "ends": "10:00", "confirmed": "1"}  # fmt: skip
    assert plan(client, floor, floor.a, **sly).status_code == 422
    for path, form in ((base(floor.a), {"action": "rename", "name": "Mine"}), ("/teams", {})):
        assert client.post(path, data=form).status_code == 403
    assert client.get("/teams/capacity").status_code == 403


def test_who_moves_is_seen_by_the_new_lead_and_the_old_days_by_the_old(floor, client_for, session):
    who, day = session.get(User, floor.b.people[1].id), monday(clock_time.now().date())
    row = {"batch_id": 0, "project_id": 0, "stage": "label", "label_class": "", "vendor_id": 0,
           "labeller_id": who.id, "day": day}  # fmt: skip
    for team, hours in ((floor.b, 2), (floor.a, 1)):
        session.execute(insert(DailyRollup).values(
            **row, team_id=team.team.id, active_ms=hours * 3_600_000))  # fmt: skip
    client_for(floor.admin).post(base(floor.a), data={"action": "join", "member": who.id})
    old, new = (table_of(client_for(t.lead), t) for t in (floor.b, floor.a))
    worked = [
        sum(float(r["active_hours"]) for r in rows if r["name"] == who.name) for rows in (old, new)
    ]
    assert worked == [2, 1]
    assert who.name not in client_for(floor.b.lead).get(f"{base(floor.b)}/plan").text
    assert who.name in client_for(floor.a.lead).get(f"{base(floor.a)}/plan").text


def test_hours_and_days_off_of_ones_own(floor, client_for, session):
    me = floor.a.people[1]
    client = client_for(me)
    form = {"valid_from": floor.week, "day0": "9-12:30, 13-17", "day1": "22-6", "day3": "noon"}
    refused = client.post("/hours", data=form)
    assert refused.status_code == 422 and 'value="22-6"' in refused.text
    assert "Write hours as" in refused.text
    assert client.post("/hours", data=form | {"day3": ""}).status_code == 303
    live = select(WeeklyHours).where(
        WeeklyHours.user_id == me.id, WeeklyHours.valid_until.is_(None)
    )
    found = sorted((h.weekday, h.begins, h.ends) for h in session.scalars(live))
    assert found == [(0, 540, 750), (0, 780, 1020), (1, 1320, 1440), (2, 0, 360)]
    assert "From " + str(floor.week) in client.get("/hours").text
    asked = {"kind": "holiday", "first_day": floor.week, "last_day": floor.week - timedelta(days=1)}
    assert client.post("/hours/absences", data=asked).status_code == 422
    client.post("/hours/absences", data=asked | {"last_day": floor.week})
    absence = session.scalars(select(Absence)).one()
    lead = client_for(floor.a.lead)
    assert f"{me.name}</strong> asks to be away" in lead.get(base(floor.a)).text
    assert "1 asks to be away" in lead.get("/teams").text
    path = f"{base(floor.a)}/absences/{absence.id}"
    assert lead.post(path, data={"action": "grant"}).status_code == 303
    assert lead.post(path, data={"action": "refuse"}).status_code == 409
    assert ">granted<" in client.get("/hours").text
    assert client.post(f"/hours/absences/{absence.id}").status_code == 303
    texts = session.scalars(select(Notice.text).where(Notice.user_id == floor.a.lead.id))
    assert any("will not be away" in text for text in texts)
    mine = absences.ask(session, floor.a.lead, **SELF, first=floor.week, last=floor.week,
                        by=floor.a.lead)  # fmt: skip
    session.commit()
    assert (
        lead.post(f"{base(floor.a)}/absences/{mine.id}", data={"action": "grant"}).status_code
        == 403
    )


def test_planned_against_actual_is_the_same_for_the_lead_and_for_oneself(
    floor, client_for, session
):
    me, today = floor.a.people[1], clock_time.now().date()
    now = clock_time.now().replace(hour=0, minute=0, second=0, microsecond=0)
    first = monday(today)
    session.execute(insert(Shift).values(
        user_id=me.id, starts_at=now - timedelta(days=today.weekday()),
        ends_at=now - timedelta(days=today.weekday()) + timedelta(hours=6),
        planned_by=floor.admin.id, planned_at=now))  # fmt: skip
    session.execute(insert(DailyRollup).values(
        batch_id=0, project_id=0, stage="label", label_class="", vendor_id=0, labeller_id=me.id,
        day=first, team_id=floor.a.team.id, active_ms=4.5 * 3_600_000, wall_ms=5 * 3_600_000,
    ))  # fmt: skip
    session.execute(insert(RollupState).values(name=NAME, as_of=now + timedelta(days=1)))
    session.commit()
    page = client_for(floor.a.lead).get(f"{base(floor.a)}/hours?{urlencode({'week': first})}")
    assert "75 %" in page.text and "-1.5" in page.text and "undefined" in page.text
    assert "No keystrokes, no screenshots" in page.text
    own = client_for(me).get("/hours").text
    assert "Utilisation 75 %" in own and "No keystrokes, no screenshots" in own
    rows = table_of(client_for(floor.a.lead), floor.a, week=first)
    mine = next(r for r in rows if r["name"] == me.name and r["day"] == str(first))
    figures = [float(mine[c]) for c in ("planned_hours", "planned_hours_so_far", "active_hours",
                                        "wall_hours", "difference_hours")]  # fmt: skip
    assert figures == [6, 6, 4.5, 5, -1.5]


def test_teams_are_made_named_and_led(floor, client_for, session, make):
    client = client_for("onboarding_manager")
    made = client.post("/teams", data={"name": " Early  birds "})
    page = client.get(made.location).text
    assert "Early birds" in page
    assert client.post("/teams", data={"name": "early birds"}).status_code == 422
    path = made.location
    lead = make.user(role="expert")
    session.commit()
    assert client.post(path, data={"action": "appoint", "lead": lead.id}).status_code == 303
    assert client.post(path, data={"action": "rename", "name": ""}).status_code == 422
    stranger = make.user(role="client")
    session.commit()
    for action in ("appoint", "join"):
        form = {"action": action, "lead": stranger.id, "member": stranger.id}
        assert client.post(path, data=form).status_code == 422
    assert client_for(lead).get(path).status_code == 200
    client.post(path, data={"action": "dismiss", "lead": lead.id})
    assert client_for(lead).get(path).status_code == 404
    kept = session.scalars(select(TeamLead).where(TeamLead.user_id == lead.id)).one()
    assert kept.until is not None


def test_a_person_moves_from_a_day_on(floor, client_for, session):
    who = floor.a.people[2]
    client, today = client_for(floor.admin), clock_time.now().date()
    form = {"team": floor.b.team.id, "organisation": "", "timezone": "Asia/Kolkata"}
    path = f"/people/{who.id}/move"
    bad = client.post(path, data=form | {"from_day": today, "timezone": "Mars"})
    assert bad.status_code == 422 and "is no time zone" in bad.text
    later = form | {"from_day": today + timedelta(days=3)}
    assert client.post(path, data=later).status_code == 303
    assert session.get(PlannedMove, who.id).team_id == floor.b.team.id
    assert "another team, vendor or time zone" in client.get(f"/people/{who.id}").text
    client.post(f"/people/{who.id}/stay")
    session.expire_all()
    assert session.get(PlannedMove, who.id) is None
    # A vendor is made by naming it, once.
    named = form | {"vendor_name": " Work  Ltd"}
    for _ in range(2):
        # Once moved, it may be tomorrow where they live.
        session.refresh(who)
        here = {"team": floor.a.team.id, "from_day": affiliations.today(who)}
        assert client.post(path, data=named | here).status_code == 303
    named |= {"from_day": affiliations.today(who)}
    assert client.post(path, data=named | {"vendor_name": "x" * 200}).status_code == 422
    vendor = session.scalars(select(Organisation).where(Organisation.kind == "vendor")).one()
    session.expire_all()
    assert (session.get(User, who.id).organisation_id, vendor.name) == (vendor.id, "Work Ltd")
    # Who does not lead the team that somebody is in leaves it as it is.
    client_for("ops_lead").post(path, data=form | {"from_day": today})
    session.expire_all()
    moved = session.get(User, who.id)
    assert (moved.team_id, moved.timezone) == (floor.a.team.id, "Asia/Kolkata")


def test_a_plan_costs_the_same_for_three_people_and_for_twelve(
    floor, client_for, make, session, count_queries
):
    client, costs = client_for(floor.a.lead), []
    for n in (0, 9):
        for _ in range(n):
            one = make.user(team_id=floor.a.team.id)
            weekly.put(session, one, WORKDAYS, clock_time.now().date(), by=one)
            absences.ask(session, one, **SELF, first=floor.week, last=floor.week, by=one)
        session.commit()
        plan(client, floor, floor.a, confirmed="1")
        pages = [f"{base(floor.a)}{p}?week={floor.week}" for p in ("", "/plan", "/hours")]
        count_queries.clear()
        assert {client.get(page).status_code for page in pages} == {200}
        costs.append(len(count_queries))
    assert costs[0] == costs[1]
