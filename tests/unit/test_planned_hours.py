"""Planned hours against a count of every minute, across changes of clocks, moves and days off."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops import local_time
from ops.local_time import Span
from ops.models import Absence
from ops.shifts import planned
from ops.shifts.belonging import Belonging, Place

MINUTE = timedelta(minutes=1)
# Around the change of clocks in Berlin, Havana (at midnight), Lord Howe (by half an hour), Apia
# (which left out a day), Kathmandu (never).
BEGINS = {
    "Europe/Berlin": datetime(2026, 10, 24, tzinfo=UTC),
    "America/Havana": datetime(2026, 3, 7, 12, tzinfo=UTC),
    "Australia/Lord_Howe": datetime(2026, 4, 4, tzinfo=UTC),
    "Pacific/Apia": datetime(2011, 12, 29, tzinfo=UTC),
    "Asia/Kathmandu": datetime(2026, 5, 4, tzinfo=UTC),
}
zones = st.sampled_from(sorted(BEGINS))


def counted(spans, off, places):
    """Minute by minute: whose day it is, whether that is off, where they belonged."""
    found = {}
    for user, span in spans:
        at = span.starts
        while at < span.ends:
            place = next(p for p in places[user] if p.until is None or at < p.until)
            day = at.astimezone(place.zone).date()
            if not any(a.user_id == user and a.state == "granted"
                       and a.first_day <= day <= a.last_day for a in off):  # fmt: skip
                key = user, day, place.team_id or 0
                found[key] = found.get(key, 0) + 1
            at += MINUTE
    return {key: n / 60 for key, n in found.items()}


@st.composite
def plans(draw):
    """Two people; shifts that do not overlap, days off, and perhaps a move in between."""
    spans, off, places = [], [], {}
    for user in (1, 2):
        zone, other = draw(zones), draw(zones)
        at = begin = BEGINS[zone]
        for gap, minutes in draw(st.lists(st.tuples(st.integers(0, 900), st.integers(1, 1200)),
                                          max_size=4)):  # fmt: skip
            at += gap * MINUTE
            spans.append((user, Span(at, at + minutes * MINUTE)))
            at += minutes * MINUTE
        first = begin.date() + timedelta(days=draw(st.integers(0, 3)))
        last, state = (
            first + timedelta(days=draw(st.integers(0, 1))),
            draw(st.sampled_from(["asked", "granted"])),
        )
        off.append(Absence(user_id=user, first_day=first, last_day=last, state=state))
        moved = draw(st.none() | st.integers(0, 4000))
        places[user] = [Place(None, None, ZoneInfo(zone))]
        if moved is not None:
            places[user].insert(0, Place(begin + moved * MINUTE, 7, ZoneInfo(other)))
    return spans, off, places


@given(plans())
@settings(max_examples=40, deadline=None)
def test_planned_hours_are_those_that_counting_minutes_finds(plan):
    spans, off, places = plan
    found = planned.hours(spans, off, Belonging(places))
    expected = counted(spans, off, places)
    assert found.keys() == expected.keys()
    assert found == {key: pytest.approx(value) for key, value in expected.items()}


@given(zones, st.integers(0, 3), st.integers(0, 1440))
@settings(max_examples=60)
def test_a_minute_of_the_day_is_the_first_at_which_the_clock_shows_it_or_more(zone, day, minute):
    here, on = ZoneInfo(zone), (BEGINS[zone] + timedelta(days=day)).date()
    at = datetime.combine(on, datetime.min.time(), UTC) - timedelta(hours=15)
    while local_time.on_clock(here, on, at) < minute:
        at += MINUTE
    assert local_time.moment(here, on, minute) == at


def test_an_hour_that_is_left_out_has_no_length():
    berlin, day = ZoneInfo("Europe/Berlin"), date(2026, 3, 29)
    change = datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert {local_time.moment(berlin, day, m) for m in (120, 121, 150, 179, 180)} == {change}
    assert local_time.span(berlin, day, 125, 175) is None
    assert local_time.span(berlin, day, 60, 150).hours == 1
    assert local_time.span(berlin, day, 150, 240).hours == 1


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=8))
def test_what_is_joined_covers_the_same_minutes_once(pairs):
    start = BEGINS["Asia/Kathmandu"]
    spans = [Span(start + a * MINUTE, start + (a + n) * MINUTE) for a, n in pairs]
    found = local_time.joined(spans, timedelta(minutes=30))
    covered = {m for a, n in pairs for m in range(a, a + n)}
    minutes = [
        round((one.starts - start) / MINUTE) + i
        for one in found
        for i in range(round((one.ends - one.starts) / MINUTE))
    ]
    assert sorted(minutes) == sorted(covered) and len(set(minutes)) == len(minutes)
    assert all(one.ends - one.starts <= timedelta(minutes=30) for one in found)
