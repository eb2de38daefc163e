"""Figures in words, and what an address asks for."""

from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards import asked, phrases
from metrics import definitions

NAN = float("nan")
TODAY = date(2026, 3, 14)


def row(now: tuple[int, int], before: tuple[int, int]) -> SimpleNamespace:
    """A share of the overview from (hits, n) now and before."""
    a, b = definitions.share(*now), definitions.share(*before)
    numbers = {
        "now": a.value, "low": a.low, "high": a.high, "n": a.n,
        "before": b.value, "before_low": b.low, "before_high": b.high, "before_n": b.n,
    }  # fmt: skip
    given_ = {k: NAN if v is None else float(v) for k, v in numbers.items()}
    return SimpleNamespace(key="gold", unit="share", better=1, **given_)


def test_what_is_undefined_says_so():
    nothing = row((0, 0), (9, 10))
    assert phrases.value("gold", "share", nothing.now) == "undefined"
    assert phrases.interval(nothing) == phrases.support(nothing) == ""
    assert phrases.change(nothing, 14) == phrases.Change(
        "nothing to compare with in the 14 days before", 0
    )


def test_a_clear_change_is_good_or_bad_and_a_small_one_is_neither():
    assert phrases.change(row((950, 1000), (800, 1000)), 7) == phrases.Change(
        "+15.0 points on the 7 days before", 1
    )
    assert phrases.change(row((800, 1000), (950, 1000)), 7).sense == -1
    assert phrases.change(row((9, 10), (8, 10)), 7) == phrases.Change(
        "no clear change (+10.0 points)", 0
    )


def test_a_change_is_rarely_clear_where_nothing_changed():
    """With the same truth in both periods about 5 in 100 comparisons are called clear."""
    random = np.random.default_rng(3)
    hits = random.binomial(200, 0.9, (1000, 2))
    clear = sum(
        not phrases.change(row((int(a), 200), (int(b), 200)), 7).text.startswith("no clear")
        for a, b in hits
    )
    assert clear / 1000 < 0.075


def test_counts_need_no_interval():
    labels = SimpleNamespace(
        key="labels", unit="labels", better=1, now=120.0, before=100.0, low=NAN, high=NAN, n=NAN,
        before_low=NAN, before_high=NAN, before_days=5.0,
    )  # fmt: skip
    assert phrases.change(labels, 7) == phrases.Change("+20 % on the 7 days before", 1)
    labels.before_days = 1.0
    assert phrases.change(labels, 7) == phrases.Change(
        "+20 % on the 7 days before, with work on 1 of them", 0
    )
    labels.before = 0.0
    assert phrases.change(labels, 7) == phrases.Change("none in the 7 days before", 0)
    assert phrases.support(labels) == "a full count, no estimate"


def test_support_says_what_was_counted():
    assert phrases.support(row((950, 1000), (1, 2))) == "n = 1,000 answers"


def test_every_figure_of_the_overview_has_its_words():
    from dashboards.pages.overview import BIG, UNITS
    from metrics.reads import FIGURES

    known = {figure.key: figure.unit for figure in FIGURES}
    assert set(BIG) <= set(known)
    assert set(BIG) == set(UNITS) == set(phrases.NEEDS)
    assert {key for key in BIG if known[key] not in ("labels", "hours")} <= set(phrases.OF)


def test_values_are_written_as_people_write_them():
    assert phrases.value("labels", "labels", 12345.0) == "12,345"
    assert phrases.value("active_hours", "hours", 0.5) == "30 min"
    assert phrases.value("active_hours", "hours", 12.34) == "12.3 h"
    assert phrases.value("gold", "share", 0.9563) == "95.6 %"
    assert phrases.value("efficiency", "labels per active hour", 631.2) == "631"


def test_an_address_says_what_is_asked():
    found = asked.parse("?days=30&project=7&class=cat&colour=red&own=x", TODAY, ("colour",))
    assert (found.days, found.project_id, found.label) == (30, 7, "cat")
    assert found.own == {"colour": "red"}
    assert found.until - found.since == timedelta(days=30)
    assert found.until == TODAY + timedelta(days=1)
    assert found.address("/dashboards/", days=7) == "/dashboards/?days=7&project=7&class=cat"


@pytest.mark.parametrize("search", [None, "", "?days=9999", "?days=x&project=-1", "?project=1e9"])
def test_what_makes_no_sense_is_ignored(search: str | None):
    assert asked.parse(search, TODAY) == asked.Asked(TODAY)


@given(st.text())
def test_no_address_breaks_it(search: str):
    found = asked.parse(search, TODAY)
    assert found.days in asked.PERIODS
    assert found.project_id is None or found.project_id < 2**63
