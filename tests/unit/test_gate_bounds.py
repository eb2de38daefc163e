"""The bound a sample gives for a whole batch, and the reviews still needed."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.measures.release import as_delivered, more_reviews
from quality.measures.sampling import finite_bounds

samples = st.integers(1, 400).flatmap(
    lambda population: st.integers(1, population).flatmap(
        lambda n: st.tuples(st.integers(0, n), st.just(n), st.just(population))
    )
)


@pytest.mark.parametrize(("population", "bad", "n"), [(300, 15, 60), (120, 20, 80), (1000, 3, 90)])
def test_the_bound_holds_as_often_as_it_says(population: int, bad: int, n: int):
    random = np.random.default_rng(population + n)
    errors = random.hypergeometric(bad, population - bad, n, size=4000)
    held = 0
    for found, times in zip(*np.unique(errors, return_counts=True), strict=True):
        delivered = (population - bad + found) / population  # the errors found were corrected
        bound = as_delivered(n - found, n, found, population, 0.95)
        held += times * (bound <= delivered + 1e-12)
    assert held / 4000 >= 0.94


@given(samples)
@settings(max_examples=60, deadline=None)
def test_reviewing_everything_leaves_no_doubt(sample):
    k, _, population = sample
    k = min(k, population)
    assert as_delivered(k, population, population - k, population, 0.95) == 1.0
    assert as_delivered(k, population, 0, population, 0.95) == pytest.approx(k / population)


@given(samples, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
@settings(max_examples=60, deadline=None)
def test_so_many_more_reviews_do_settle_it(sample, target):
    k, n, population = sample
    fixed = n - k
    more = more_reviews(k, n, fixed, population, target, 0.95)
    assert more is not None  # every error found was corrected: reviewing all of it always does
    found = math.ceil((n - k) / n * more - 1e-9)
    reached = as_delivered(k + more - found, n + more, fixed + found, population, 0.95)
    assert reached >= target - 1e-9
    if more == 0:
        assert as_delivered(k, n, fixed, population, 0.95) >= target - 1e-9


def test_errors_left_uncorrected_cannot_be_reviewed_away():
    assert more_reviews(70, 100, 0, 100, 0.95, 0.95) is None
    assert more_reviews(70, 90, 0, 100, 0.95, 0.95) is None


def test_the_classic_plan_without_errors():
    # 59 without an error show 95 % of an endless batch at 95 % confidence: 0.95 ** 59 < 0.05.
    assert more_reviews(0, 0, 0, 100_000, 0.95, 0.95) == 59
    assert as_delivered(59, 59, 0, 100_000, 0.95) >= 0.95 > as_delivered(58, 58, 0, 100_000, 0.95)


def test_nothing_reviewed_is_undefined():
    assert math.isnan(as_delivered(0, 0, 0, 50, 0.95))
    with pytest.raises(ValueError, match="fixed"):
        as_delivered(5, 6, 2, 50, 0.95)


def test_without_corrections_it_is_the_bound_of_the_sample():
    assert as_delivered(50, 60, 0, 500, 0.9) == finite_bounds(50, 60, 500, 0.9, "lower")[0]
