"""How many items a client looks at, and what they show, against the hypergeometric distribution."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from quality.measures import audits


@given(st.integers(1, 400), st.floats(0.5, 0.99), st.floats(0.6, 0.99))
def test_the_size_is_the_smallest_that_shows_the_accuracy(items, accuracy, confidence):
    """All right among n: too few right items are ruled out, and with one item less they are not."""
    size = audits.by_bound(items, accuracy, confidence)

    def shows(n):
        # The most items right with which the delivery would still fall short of what is asked.
        short = int(np.ceil(accuracy * items - 1e-9)) - 1
        return n > 0 and (short < n or hypergeom.pmf(n, items, short, n) <= 1 - confidence)

    assert shows(size.n)
    assert size.n == 1 or not shows(size.n - 1)


def test_the_sentence_says_what_was_agreed():
    assert audits.by_bound(100_000, 0.95, 0.95).words == (
        "59 items: if none is wrong, at least 95\u00a0% are right with 95\u00a0% confidence."
    )
    assert audits.by_bound(1, 0.95, 0.95).words.startswith("All 1 item")
    with pytest.raises(ValueError, match="items"):
        audits.by_bound(0, 0.95, 0.95)


def test_a_larger_sample_goes_on_in_the_same_order():
    order = audits.order(50, 7)
    assert sorted(order) == list(range(50))
    assert order == list(np.random.default_rng(7).permutation(50))


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_what_is_found_is_met_missed_or_open(pair):
    right, n = pair
    found = audits.found(right, n, 500, 0.9, 0.95)
    # One-sided tests of both sides at the same risk: never both.
    fewest = hypergeom.sf(right - 1, 500, 449, n)  # 449 right would fall short of 450
    most = hypergeom.cdf(right, 500, 450, n)
    assert (found.shows == "met") == (fewest <= 0.05)
    assert (found.shows == "missed") == (most <= 0.05)
    assert found.low <= found.value <= found.high


def test_nothing_looked_at_shows_nothing():
    assert audits.found(0, 0, 10, 0.9, 0.95).shows == "nothing"
