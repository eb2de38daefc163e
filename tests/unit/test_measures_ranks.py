"""Rank correlation against scipy, with ties, and its interval against repeated samples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.measures import ranks

SERIES = st.integers(0, 60).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(-4, 4), min_size=n, max_size=n)] * 2)
)
BOTH = [ranks.spearman, ranks.kendall]


@given(SERIES)
def test_both_are_those_of_scipy(series):
    from scipy import stats

    one, other = series
    if len(set(one)) < 2 or len(set(other)) < 2:
        assert all(np.isnan(of(one, other).value) for of in BOTH)
        return
    for of, oracle in ((ranks.spearman, stats.spearmanr), (ranks.kendall, stats.kendalltau)):
        found = of(one, other)
        assert found.value == pytest.approx(oracle(one, other).statistic, abs=1e-12)
        assert found.low <= found.value <= found.high
        assert found.n == len(one)


@pytest.mark.parametrize("of", BOTH)
def test_order_is_all_that_counts(of):
    rng = np.random.default_rng(3)
    one, other = rng.normal(size=200), rng.normal(size=200)
    assert of(np.exp(one), other) == of(one, other)
    assert of(one, -other).value == pytest.approx(-of(one, other).value)
    assert of(one, one).value == 1


@pytest.mark.parametrize(("of", "truth"), [(ranks.spearman, 0.4826), (ranks.kendall, 1 / 3)])
def test_the_interval_holds_the_truth_about_as_often_as_it_says(of, truth):
    # Of a normal pair of correlation 0.5: Spearman 6/π·asin(0.25), Kendall 2/π·asin(0.5).
    rng = np.random.default_rng(5)
    pairs = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=(2000, 60))
    found = [of(x[:, 0], x[:, 1]) for x in pairs]
    assert 0.92 < np.mean([f.low <= truth <= f.high for f in found]) < 0.98


@pytest.mark.parametrize("of", BOTH)
def test_what_is_no_pair_of_series_is_refused(of):
    with pytest.raises(ValueError, match="one length"):
        of([1, 2], [1])
    with pytest.raises(ValueError, match="finite"):
        of([1, float("nan")], [1, 2])
