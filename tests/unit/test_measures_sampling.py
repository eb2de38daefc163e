"""Bounds that hold, plans that suffice, draws that are fair."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, hypergeom

from quality.measures.sampling import (
    beta_bounds,
    clopper_pearson,
    finite_bounds,
    reviews_needed,
    stratified_draw,
)

shares = st.tuples(st.integers(0, 200), st.integers(0, 200)).map(lambda p: (p[0], p[0] + p[1]))


@given(shares)
def test_clopper_pearson_equals_scipy(pair):
    k, n = pair
    if n == 0:
        assert np.isnan(clopper_pearson(k, n)).all()
        return
    theirs = binomtest(k, n).proportion_ci(0.95, method="exact")
    assert clopper_pearson(k, n) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
    one_sided = binomtest(k, n, alternative="greater").proportion_ci(0.95, method="exact")
    assert clopper_pearson(k, n, side="lower") == pytest.approx((one_sided.low, 1), abs=1e-9)


@given(shares, st.sampled_from(["both", "lower", "upper"]))
def test_bounds_lie_around_the_share(pair, side):
    k, n = pair
    if n:
        low, high = clopper_pearson(k, n, 0.9, side)
        assert 0 <= low <= k / n <= high <= 1
        low, high = beta_bounds(k, n, 0.9, side)
        assert 0 <= low < (k + 0.5) / (n + 1) < high <= 1


@pytest.mark.parametrize("population", [1, 7, 40])
def test_finite_bounds_hold_for_every_population_they_could_come_from(population):
    """Exact coverage, summed over all samples, of both one-sided bounds and the interval."""
    for n in range(1, population + 1):
        for good in range(population + 1):
            chance = {"both": 0.0, "lower": 0.0, "upper": 0.0}
            for k in range(max(0, n - (population - good)), min(n, good) + 1):
                for side in chance:
                    low, high = _bounds(k, n, population, side)
                    if low <= good / population <= high:
                        chance[side] += hypergeom.pmf(k, population, good, n)
            assert min(chance.values()) >= 0.9 - 1e-9


_cache = {}


def _bounds(k, n, population, side):
    key = k, n, population, side
    if key not in _cache:
        _cache[key] = finite_bounds(k, n, population, 0.9, side)
    return _cache[key]


def test_reviewing_everything_leaves_no_doubt():
    assert finite_bounds(93, 100, 100) == (0.93, 0.93)


@given(
    st.integers(1, 5000),
    st.sampled_from([0.5, 0.9, 0.95, 0.99]),
    st.sampled_from([0.8, 0.95, 0.99]),
    st.floats(0, 1),
)
def test_plan_shows_the_target_and_one_review_less_would_not(population, target, level, part):
    expected = target + part * (1 - target)
    plan = reviews_needed(population, target, level, expected)
    assert 1 <= plan.n <= population
    assert plan.n * (1 - expected) <= plan.allowed_errors + 1e-6 or plan.n == population
    if plan.n < population:
        good = plan.n - plan.allowed_errors
        assert finite_bounds(good, plan.n, population, level, "lower")[0] >= target - 1e-9
        short = finite_bounds(good - 1, plan.n - 1, population, level, "lower")[0]
        assert short < target


def test_a_small_batch_needs_fewer_reviews_than_a_large_one():
    sizes = [reviews_needed(n, 0.95).n for n in (50, 200, 1000, 1_000_000)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1] == 59  # 0.95 ** 59 < 0.05, the textbook case


@given(st.lists(st.integers(0, 4), max_size=80), st.integers(0, 100), st.integers(0, 1000))
def test_draw_is_seeded_proportional_and_leaves_no_stratum_out(stratum, n, seed):
    drawn = stratified_draw(stratum, n, seed)
    assert (drawn == stratified_draw(stratum, n, seed)).all()
    assert len(set(drawn.tolist())) == len(drawn)
    strata = np.array(stratum, dtype=int)
    sizes = np.bincount(strata, minlength=5)
    assert len(drawn) == min(len(stratum), max(n, np.count_nonzero(sizes)))
    got = np.bincount(strata[drawn], minlength=5)
    assert (got[sizes > 0] >= 1).all()
    if n >= 5 * np.count_nonzero(sizes) and n < len(stratum):
        assert np.abs(got - n * sizes / len(stratum)).max() <= 5


def test_every_item_of_a_stratum_has_the_same_chance():
    stratum = [0] * 30 + [1] * 10
    hits = np.zeros(40)
    for seed in range(2000):
        hits[stratified_draw(stratum, 8, seed)] += 1
    assert np.abs(hits[:30] / 2000 - hits[:30].mean() / 2000).max() < 0.05
    assert hits.sum() == 16_000


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="confidence"):
        clopper_pearson(1, 2, 1.0)
    with pytest.raises(ValueError, match="k: expected"):
        finite_bounds(3, 2, 10)
    with pytest.raises(ValueError, match="population"):
        finite_bounds(1, 12, 10)
    with pytest.raises(ValueError, match="expected: an accuracy"):
        reviews_needed(100, 0.95, expected=0.9)
    with pytest.raises(ValueError, match="side"):
        clopper_pearson(1, 2, side="middle")
