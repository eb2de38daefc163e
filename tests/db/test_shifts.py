"""Hours, absences and shifts: by the clock on each one's wall, and what was so stays known."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from ops import affiliations, clock_time, erasure, moves
from ops.errors import Conflict, Forbidden, InvalidInput
from ops.local_time import Span
from ops.models import Notice, PlannedMove, Shift, Team, TeamLead, WeeklyHours
from ops.shifts import absences, drafting, planned, planning, weekly
from ops.shifts.belonging import belonging

MONDAY = date(
    2026, 3, 23
)  # Berlin's clocks go ahead on Sunday the 29th, New York's went on the 8th
NIGHTS = {day: [(22 * 60, 6 * 60)] for day in range(7)}


@pytest.fixture
def team(make, session):
    clock_time.use(datetime(2026, 3, 16, 12, tzinfo=UTC).timestamp)
    found = Team(name="Dawn", created_at=clock_time.now())
    session.add(found)
    session.flush()
    return found


@pytest.fixture
def lead(make, session, team):
    found = make.user(role="reviewer")
    session.add(TeamLead(team_id=team.id, user_id=found.id, since=clock_time.now()))
    return found


@pytest.fixture
def person(make, team):
    def person(zone="Europe/Berlin", week=NIGHTS, **more):
        found = make.user(team_id=team.id, timezone=zone, **more)
        weekly.put(make.session, found, week, clock_time.now().date(), by=found)
        return found

    return person


def lengths(session, who):
    """Own day on which each shift begins → its true length in hours."""
    zone = ZoneInfo(who.timezone)
    shifts = session.scalars(select(Shift).where(Shift.user_id == who.id).order_by(Shift.starts_at))
    return {
        s.starts_at.astimezone(zone).day: (s.ends_at - s.starts_at) / timedelta(hours=1)
        for s in shifts
    }


def test_a_night_is_as_long_as_it_is_where_clocks_change_and_where_not(session, team, lead, person):
    berlin, york = person(), person("America/New_York")
    for week in (MONDAY, date(2026, 10, 19)):
        draft = drafting.from_hours(session, [berlin, york], week)
        assert (len(draft.planned), draft.conflicts) == (14, [])
        planning.make(session, draft, team=team, by=lead)
    spring = dict.fromkeys(range(23, 30), 8.0)
    autumn = dict.fromkeys(range(19, 26), 8.0)
    # The night that ends on the Sunday of the change begins on the Saturday.
    assert lengths(session, berlin) == spring | autumn | {28: 7.0, 24: 9.0}
    assert lengths(session, york) == spring | autumn


def test_last_week_again_is_by_the_clock_and_not_by_the_hour(session, team, lead, person):
    who = person(week={5: [(9 * 60, 17 * 60)], 6: [(1 * 60, 5 * 60)]})
    planning.make(
        session, drafting.from_hours(session, [who], date(2026, 3, 16)), team=team, by=lead
    )
    planning.make(session, drafting.as_before(session, [who], MONDAY), team=team, by=lead)
    zone = ZoneInfo("Europe/Berlin")
    found = [
        (
            s.starts_at.astimezone(zone).strftime("%d %H:%M"),
            (s.ends_at - s.starts_at).seconds // 3600,
        )
        for s in session.scalars(select(Shift).order_by(Shift.starts_at))
    ]
    assert found == [("21 09:00", 8), ("22 01:00", 4), ("28 09:00", 8), ("29 01:00", 3)]
    again = drafting.as_before(session, [who], MONDAY)
    assert not again.planned
    assert again.conflicts == [(who, "2 shifts meet what is planned")]


def test_other_hours_close_the_old_ones_and_change_nothing_that_was(session, person):
    who = person(week={0: [(540, 1020)], 1: [(22 * 60, 2 * 60)]})
    before = weekly.of(session, [who.id], date(2026, 3, 1))[who.id]
    assert [(h.weekday, h.begins, h.ends) for h in before] == [
        (0, 540, 1020),
        (1, 1320, 1440),
        (2, 0, 120),
    ]
    later = clock_time.now().date() + timedelta(days=8)
    assert weekly.put(session, who, {0: [(600, 720)]}, later, by=who)
    assert not weekly.put(session, who, {0: [(600, 720)]}, later, by=who)
    rows = weekly.of(session, [who.id], date(2026, 3, 1))[who.id]
    assert [h for h in rows if h.holds(date(2026, 3, 23))] == [
        before[0]._replace(valid_until=later)
    ]
    assert [(h.begins, h.ends) for h in rows if h.holds(date(2026, 3, 30))] == [(600, 720)]
    # A plan that never held is no more than a row that is empty.
    weekly.put(session, who, {4: [(0, 1440)]}, later, by=who)
    assert session.scalar(select(func.count()).select_from(WeeklyHours)) == 5
    assert [h.weekday for h in weekly.of(session, [who.id], later)[who.id]] == [4]


@pytest.mark.parametrize(
    ("week", "valid_from", "field"),
    [
        ({0: [(540, 600), (590, 700)]}, 0, "day0"),
        ({0: [(1320, 120)], 1: [(60, 300)]}, 0, "day1"),
        ({2: [(n * 60, n * 60 + 30) for n in range(7)]}, 0, "day2"),
        ({0: [(540, 600)]}, -1, "valid_from"),
        ({0: [(540, 600)]}, 400, "valid_from"),
    ],
)
def test_hours_that_cannot_be_are_refused(session, make, team, week, valid_from, field):
    who, day = make.user(), clock_time.now().date() + timedelta(days=valid_from)
    with pytest.raises(InvalidInput) as refused:
        weekly.put(session, who, week, day, by=who)
    assert refused.value.field == field
    assert not session.scalar(select(WeeklyHours.id))


@pytest.mark.parametrize("text", ["nine", "25-26", "9:60-10", "9", "24-25", "-5-6"])
def test_hours_are_written_as_people_write_them(text):
    assert weekly.read("9-12:30; 13:00 – 17 , 22 to 6", 0) == [(540, 750), (780, 1020), (1320, 360)]
    assert weekly.read(weekly.said([(0, 1440), (605, 660)]), 0) == [(0, 1440), (605, 660)]
    with pytest.raises(InvalidInput) as refused:
        weekly.read(text, 3)
    assert refused.value.field == "day3"


def test_what_stands_in_the_way_is_named_and_the_rest_is_planned(session, team, lead, person):
    who, none = person(week={d: [(540, 1020)] for d in range(5)}), person(week={})
    away = absences.ask(session, who, kind="holiday", first=date(2026, 3, 25),
                        last=date(2026, 3, 26), note="", by=who)  # fmt: skip
    absences.decide(session, away, grant=True, by=lead)
    first = drafting.one_each(session, [who], MONDAY, 600, 660)
    planning.make(session, first, team=team, by=lead)
    draft = drafting.from_hours(session, [who, none], MONDAY)
    assert [one.starts.day for _, one, _ in draft.planned] == [24, 27]
    assert [(p.id, words) for p, words in draft.conflicts] == [
        (none.id, "has given no hours for this week"),
        (who.id, "Wed 25 Mar 09:00–17:00: is away (holiday) from 2026-03-25 to 2026-03-26"),
        (who.id, "Thu 26 Mar 09:00–17:00: is away (holiday) from 2026-03-25 to 2026-03-26"),
        (who.id, "Mon 23 Mar 09:00–17:00 meets what is planned"),
    ]


def test_a_shift_that_has_begun_stays_and_another_is_moved_or_cancelled(
    session, team, lead, person
):
    who = person(week={0: [(540, 1020)], 1: [(540, 1020)]})
    ids = planning.make(session, drafting.from_hours(session, [who], MONDAY), team=team, by=lead)
    first, second = (session.get_one(Shift, i) for i in ids)
    with pytest.raises(Conflict, match="meets what is planned"):
        planning.move(session, first, date(2026, 3, 24), 960, 1080, by=lead)
    assert first.cancelled_at is None
    moved = session.get_one(Shift, planning.move(session, first, MONDAY, 1200, 240, by=lead))
    assert (moved.ends_at - moved.starts_at, first.cancelled_at is None) == (
        timedelta(hours=8),
        False,
    )
    with pytest.raises(Conflict, match="cancelled already"):
        planning.cancel(session, first, by=lead)
    clock_time.use((second.starts_at + timedelta(minutes=1)).timestamp)
    with pytest.raises(Conflict, match="has begun"):
        planning.cancel(session, second, by=lead)
    told = session.scalars(select(Notice.text).where(Notice.user_id == who.id).order_by(Notice.id))
    assert list(told) == [
        "2 shifts are planned for you from 2026-03-23 on.",
        "Your shift Mon 23 Mar 09:00–17:00 is moved to Mon 23 Mar 20:00–04:00.",
    ]


def test_absences_are_asked_decided_by_somebody_else_and_withdrawn(
    session, make, team, lead, person
):
    who = person()
    asked = {"kind": "holiday", "first": date(2026, 4, 1), "last": date(2026, 4, 3), "note": "  "}
    away = absences.ask(session, who, **asked, by=who)
    told = select(Notice.text).where(Notice.user_id == lead.id)
    assert session.scalar(told) == f"{who.name} asks to be away from 2026-04-01 to 2026-04-03."
    with pytest.raises(Conflict):
        absences.ask(session, who, **asked | {"first": date(2026, 4, 3)}, by=who)
    with pytest.raises(Forbidden):
        absences.decide(session, away, grant=True, by=who)
    absences.decide(session, away, grant=False, by=lead)
    with pytest.raises(Conflict, match="refused already"):
        absences.decide(session, away, grant=True, by=lead)
    again = absences.ask(session, who, **asked, by=who)  # a refusal is no obstacle
    absences.decide(session, again, grant=True, by=lead)
    absences.withdraw(session, again, by=who)
    assert (again.state, again.decided_by) == ("withdrawn", lead.id)
    ill = absences.ask(session, who, kind="sick", first=date(2026, 3, 15), last=date(2026, 3, 17),
                       note="", by=lead)  # fmt: skip
    assert ill.state == "granted"
    with pytest.raises(Conflict, match="has begun"):
        absences.withdraw(session, ill, by=who)
    for more in ({"kind": "party"}, {"first": date(2025, 1, 1)}, {"last": date(2026, 1, 1)},
                 {"note": "x" * 501}):  # fmt: skip
        with pytest.raises(InvalidInput):
            absences.ask(session, who, **asked | more, by=who)


def test_planned_hours_follow_those_who_move(session, make, team, lead, person):
    who = person("Asia/Tokyo", week={})
    there = Team(name="Dusk", created_at=clock_time.now())
    session.add(there)
    session.flush()
    at = clock_time.now()
    affiliations.move(
        session, who, team=there, organisation=None, timezone="America/New_York", by=lead
    )
    whole = Span(at - timedelta(hours=2), at + timedelta(hours=17))
    found = planned.hours([(who.id, whole)], [], belonging(session, [who.id]))
    # 21 to 23 o'clock in Tokyo, then 8 to 24 o'clock and an hour more in New York.
    assert found == {
        (who.id, date(2026, 3, 16), team.id): 2.0,
        (who.id, date(2026, 3, 16), there.id): 16.0,
        (who.id, date(2026, 3, 17), there.id): 1.0,
    }


def test_a_move_to_come_happens_when_the_own_day_begins(session, sessions, make, team, person):
    who, admin = person("Asia/Tokyo", week={}), make.user(role="admin")
    there = {"team": None, "organisation": None, "timezone": "Asia/Tokyo", "by": admin}
    with pytest.raises(InvalidInput):
        moves.plan(session, who, **there, from_day=date(2026, 3, 15))
    assert moves.plan(session, who, **there, from_day=date(2026, 3, 18))
    session.commit()
    for hour, moved in ((14, 0), (15, 1), (16, 0)):  # it is midnight in Tokyo at 15 o'clock
        clock_time.use(datetime(2026, 3, 17, hour, 30, tzinfo=UTC).timestamp)
        assert moves.apply_due(sessions) == moved
    session.expire_all()
    assert who.team_id is None and session.get(PlannedMove, who.id) is None
    assert moves.plan(session, who, **there | {"team": team}, from_day=date(2026, 3, 18))
    assert who.team_id == team.id


def test_erasing_leaves_that_somebody_was_away_and_not_why(session, make, person):
    who, admin = person(), make.user(role="admin")
    there = {"team": None, "organisation": None, "timezone": "Asia/Tokyo", "by": admin}
    moves.plan(session, who, **there, from_day=date(2026, 3, 30))
    ill = absences.ask(session, who, kind="sick", first=date(2026, 3, 15), last=date(2026, 3, 17),
                       note="My back", by=admin)  # fmt: skip
    who.active = False
    erasure.erase(session, who, by=admin)
    session.refresh(ill)
    assert (ill.kind, ill.note, ill.state) == ("other", "", "granted")
    assert session.get(PlannedMove, who.id) is None
