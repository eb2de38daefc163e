"""Bounds that hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, hypergeom

from quality.measures.sampling import clopper_pearson, finite_bounds

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


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="confidence"):
        clopper_pearson(1, 2, 1.0)
    with pytest.raises(ValueError, match="k: expected"):
        finite_bounds(3, 2, 10)
    with pytest.raises(ValueError, match="population"):
        finite_bounds(1, 12, 10)
    with pytest.raises(ValueError, match="side"):
        clopper_pearson(1, 2, side="middle")
