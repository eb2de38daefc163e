"""How numbers, moments and texts are written on every page."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.web import layout
from ops.web.identity import Viewer


def test_what_is_undefined_is_said_to_be_and_never_zero():
    assert layout.percent(None) == layout.seconds(None) == "undefined"
    assert layout.interval(None, 0.5) == layout.moment(None) == layout.day(None) == ""


@given(st.floats(0, 1))
def test_a_percentage_is_the_number_to_a_tenth(value):
    assert float(layout.percent(value).removesuffix(" %")) == pytest.approx(100 * value, abs=0.05)


def test_moments_are_in_utc():
    tokyo = timezone(timedelta(hours=9))
    moment = datetime(2026, 11, 21, 8, 30, tzinfo=tokyo)
    assert layout.moment(moment) == "2026-11-20 23:30 UTC"
    assert layout.day(moment) == "2026-11-20"
    assert layout.moment(moment.astimezone(UTC)) == layout.moment(moment)


@pytest.mark.parametrize(
    ("value", "said"), [(0, "0.0 s"), (89.96, "90.0 s"), (90, "2 min"), (5400, "1.5 h")]
)
def test_durations_read_as_people_say_them(value, said):
    assert layout.seconds(value) == said


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "[x](javascript:alert(1))", '<img src=x onerror="alert(1)">'],
)
def test_markdown_lets_no_markup_through(text):
    shown = str(layout.markdown(text))
    assert "<script" not in shown
    assert "<img" not in shown
    assert 'href="javascript' not in shown


@pytest.mark.parametrize(
    ("name", "initials"),
    [("Ada Lovelace", "AL"), ("Evelyn Boyd Granville", "EG"), ("bo", "B"), ("", "")],
)
def test_initials(name, initials):
    assert Viewer(1, name, "labeller").initials == initials
