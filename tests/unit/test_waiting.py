"""How long people wait: the median and its interval."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from quality.measures.waiting import _rank, waiting

WAITS = st.lists(st.floats(0, 1e6), min_size=1, max_size=60)


def test_too_few_say_less():
    assert waiting([]) == (None, 0, None, None)
    assert waiting([3.0, 1.0]) == (2.0, 2, None, None)
    assert waiting(range(1, 7)) == (3.5, 6, 1.0, 6.0)


@given(WAITS)
def test_the_interval_holds_the_median_and_the_order_does_not_matter(seconds):
    found = waiting(seconds)
    assert found.median == np.median(seconds)
    assert found == waiting(seconds[::-1])
    if found.low is not None:
        assert found.low <= found.median <= found.high


@given(st.integers(1, 3000))
def test_the_rank_is_that_of_the_binomial(n):
    oracle = int(binom.ppf(0.025, n, 0.5))
    # ppf is the least k whose chance reaches 2.5 %; fewer than rank must stay at or below it.
    assert _rank(n) in (oracle, oracle + 1)
    assert binom.cdf(_rank(n) - 1, n, 0.5) <= 0.025 + 1e-12
    assert binom.cdf(_rank(n), n, 0.5) > 0.025 - 1e-12


@pytest.mark.parametrize("seconds", [[-1.0], [float("nan")], [float("inf")]])
def test_what_is_no_wait_is_refused(seconds):
    with pytest.raises(ValueError, match="seconds"):
        waiting(seconds)
