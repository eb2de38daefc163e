"""What a page's address asks for: read, carried from page to page, and forgiving."""

from datetime import date, timedelta
from urllib.parse import parse_qs, urlencode

from hypothesis import given
from hypothesis import strategies as st

from dashboards.asked import DEFAULT, FILTERS, LONGEST_PERIOD, PERIODS, parse
from dashboards.choosing import rewritten

TODAY = date(2026, 3, 10)
NUMBERS = [name for name in FILTERS if name not in ("stage", "class")]


def test_what_is_asked_is_read():
    asked = parse(
        "?days=30&project=3&batch=4&team=0&vendor=6&stage=review&class=car&skill=8&labeller=9"
        "&compare=project:7&colour=red&iou=0.5",
        TODAY,
        own=("colour",),
    )
    assert (asked.days, asked.since, asked.until) == (30, date(2026, 2, 9), date(2026, 3, 11))
    assert (asked.project_id, asked.batch_id, asked.team_id, asked.vendor_id) == (3, 4, 0, 6)
    assert (asked.stage, asked.label, asked.skill_id, asked.labeller_id) == ("review", "car", 8, 9)
    assert asked.compare == 7 and asked.own == {"colour": "red"}
    assert (asked.narrow.team_id, asked.narrow.label) == (0, "car")


def test_a_period_by_its_dates_stays_where_it_is():
    asked = parse("?since=2026-01-05&until=2026-01-20", TODAY)
    assert (asked.since, asked.today, asked.days, asked.dated) == (
        date(2026, 1, 5), date(2026, 1, 20), 16, True
    )  # fmt: skip
    assert parse(asked.address("/x").partition("?")[2], TODAY + timedelta(days=9)) == asked
    before = asked.before()
    assert (before.until, before.days) == (asked.since, asked.days)
    assert parse(asked.address("/x", days=7).partition("?")[2], TODAY).days == 7


def test_filters_that_a_page_does_not_use_rest_and_come_back():
    asked = parse("?project=3&team=5&labeller=9", TODAY).using(("project", "team"))
    assert asked.labeller_id is None and asked.narrow.labeller_id is None
    assert parse_qs(asked.address("/x").partition("?")[2])["labeller"] == ["9"]
    assert "team" not in parse_qs(asked.address("/x", team=None).partition("?")[2])


def test_own_parameters_stay_on_their_page():
    asked = parse("?days=7&colour=red&project=2", TODAY, own=("colour",))
    assert "colour" not in asked.address("/elsewhere")
    assert parse_qs(asked.again("/here", project=4).partition("?")[2]) == {
        "days": ["7"], "colour": ["red"], "project": ["4"]
    }  # fmt: skip
    assert "colour" not in asked.again("/here", colour=None)


ODD = st.one_of(st.text(max_size=30), st.integers(-(10**30), 10**30).map(str), st.just("\0"))
NAMES = [*FILTERS, "days", "since", "until", "compare", "colour"]


@given(st.dictionaries(st.sampled_from(NAMES), ODD))
def test_what_makes_no_sense_falls_back(given_):
    asked = parse(f"?{urlencode(given_)}", TODAY, own=("colour",))
    assert asked.days in PERIODS or (asked.dated and 1 <= asked.days <= LONGEST_PERIOD)
    assert asked.since <= asked.today <= TODAY
    for name in NUMBERS:
        value = asked.filters.get(name)
        assert value is None or 0 <= value < 10**18
    # What was understood is said again just so.
    again = parse(asked.again("/x").partition("?")[2], TODAY, own=("colour",))
    assert again == asked


def test_choosing_in_the_bar_writes_the_address():
    assert rewritten("?days=7", "project", {"project": "3"}) == "?days=7&project=3"
    assert rewritten("?project=3&batch=4&iou=1", "project", {"project": "5"}) == "?project=5&iou=1"
    assert rewritten("?project=3", "project", {"project": ""}) == ""
    assert rewritten("?project=3", "project", {"project": "3"}) is None
    ends = {"since": "2026-01-05", "until": "2026-03-10"}
    assert rewritten("?days=7", "since", ends) == f"?{urlencode(ends)}"
    assert parse("", TODAY).days == DEFAULT


def test_what_no_text_of_the_database_can_hold_is_ignored():
    for told in ("a%00b", "\ud800", "a\udfffb"):
        asked = parse(f"?class={told}&truth={told}&project=3", TODAY, own=("truth",))
        assert (asked.label, asked.own, asked.project_id) == (None, {}, 3)
