"""Service levels: shares with Wilson's interval, days as order statistics."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from metrics import definitions


@given(st.integers(1, 100).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_how_often_it_was_kept(pair):
    met, n = pair
    found = definitions.service_met(met, n)
    wilson = binomtest(met, n).proportion_ci(method="wilson")
    assert (found.value, found.n) == (met / n, n)
    assert (found.low, found.high) == pytest.approx((wilson.low, wilson.high), abs=1e-6)


@given(st.lists(st.floats(0, 1000), min_size=2, max_size=60))
def test_turnaround_is_the_median_and_nine_in_ten(days):
    found = definitions.turnaround(days)
    assert found.median == pytest.approx(statistics.median(days))
    tenths = statistics.quantiles(days, n=10, method="inclusive")
    assert found.p90 == pytest.approx(tenths[-1])


def test_nothing_settled_is_undefined():
    assert definitions.service_met(0, 0).value is None
    assert definitions.turnaround([]) == (None, None, 0)
