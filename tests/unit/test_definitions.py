"""Figures from sums: defined once, undefined where nothing stands behind them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, median_abs_deviation

from metrics import definitions

times = st.lists(st.integers(130, 8_000_000), min_size=1, max_size=200)


def test_the_bins_are_a_rising_ladder_of_whole_milliseconds():
    edges = np.asarray(definitions.TIME_BINS)
    assert len(edges) + 1 == definitions.N_TIME_BINS == 128
    assert (np.diff(edges) > 0).all()
    ratio = edges[1:] / edges[:-1]
    assert np.allclose(ratio, 2 ** (1 / definitions.BINS_PER_OCTAVE), rtol=0.01)


@given(times)
def test_the_median_is_as_near_as_the_stated_resolution(active_ms):
    found = definitions.active_time(definitions.time_histogram(active_ms))
    truth = math.exp(float(np.median(np.log(np.asarray(active_ms) / 1000))))
    assert found.n == len(active_ms)
    # Rounded edges may move an answer by half a millisecond.
    assert abs(math.log(found.median_seconds / truth)) <= math.log1p(
        definitions.TIME_RESOLUTION
    ) + 0.5 / min(active_ms)


@given(times)
def test_the_mad_is_within_two_half_bins(active_ms):
    found = definitions.active_time(definitions.time_histogram(active_ms))
    truth = float(median_abs_deviation(np.log(np.asarray(active_ms) / 1000)))
    assert found.mad_log == pytest.approx(
        truth, abs=2.01 * math.log1p(definitions.TIME_RESOLUTION) + 1 / min(active_ms)
    )


@given(times, times)
def test_histograms_add_up(one, other):
    parts = definitions.add_histograms(
        [definitions.time_histogram(one).tolist(), definitions.time_histogram(other).tolist(), []]
    )
    assert (parts == definitions.time_histogram(one + other)).all()


def test_answers_without_active_time_have_no_median():
    histogram = definitions.time_histogram([0, 0])
    assert histogram.sum() == 0
    assert definitions.active_time(histogram) == (None, None, 0)


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_shares_carry_wilsons_interval(pair):
    hits, n = pair
    found = definitions.share(hits, n)
    oracle = binomtest(hits, n).proportion_ci(0.95, method="wilson")
    assert found.value == hits / n
    assert found.low == pytest.approx(oracle.low, abs=1e-9)
    assert found.high == pytest.approx(oracle.high, abs=1e-9)


def test_undefined_is_none_and_never_zero():
    nothing = (None, 0, None, None)
    assert definitions.gold_accuracy(0, 0) == nothing
    assert definitions.agreement(0, 0) == nothing
    assert definitions.first_pass_acceptance(0, 0) == nothing
    assert definitions.skip_rate(0, 0) == nothing
    assert definitions.expiry_rate(0, 0) == nothing
    assert definitions.efficiency(12, 0) is None
    assert definitions.cost_per_label(0, 3_600_000, 20.0) is None
    assert definitions.cost_per_label(10, 0, 20.0) is None
    assert definitions.cost_per_label(10, 3_600_000, None) is None
    assert definitions.utilisation(3_600_000, 0) is None


def test_figures_of_one_hour():
    assert definitions.active_hours(1_800_000) == 0.5
    assert definitions.efficiency(30, 1_800_000) == 60
    assert definitions.cost_per_label(30, 1_800_000, 24.0) == pytest.approx(0.4)
    assert definitions.labels(5, 2) == 7
    assert definitions.skip_rate(1, 3).value == 0.25
    assert definitions.expiry_rate(3, 2).value == 1.0
    assert definitions.utilisation(1_800_000, 2) == 0.25


@given(
    st.lists(st.integers(200, 600_000), min_size=8, max_size=40),
    st.lists(st.integers(200, 600_000), min_size=8, max_size=40),
)
def test_time_saved_is_the_middle_of_all_differences_and_its_interval_inverts_the_rank_test(a, b):
    found = definitions.time_saved([*a, 0], b)  # 0: nothing was heard of that one
    shifts = sorted(math.log(x / y) for x in a for y in b)
    assert math.log(1 - found.saved) == pytest.approx(float(np.median(shifts)))
    assert (found.n_with, found.n_without) == (len(a), len(b))
    assert found.with_seconds == pytest.approx(float(np.median(a)) / 1000)
    assert found.low <= found.saved <= found.high
    # A shift beyond the interval is one that the rank sum test refuses.
    wide = 1e-9
    for end, way in ((found.low, 1), (found.high, -1)):
        moved = np.log(a) - (math.log(1 - end) + way * wide)
        u = float((moved[:, None] > np.log(b)[None, :]).sum())
        m, n = len(a), len(b)
        z = (u - m * n / 2) / math.sqrt(m * n * (m + n + 1) / 12)
        assert -way * z >= definitions.Z95 - 2 / math.sqrt(m * n * (m + n + 1) / 12) - 1e-6


def test_of_a_few_times_nothing_is_said_but_the_medians():
    found = definitions.time_saved([1000] * 7, [2000] * 30)
    assert found == (1.0, 2.0, None, None, None, 7, 30)
    assert definitions.time_saved([], [2000] * 30).with_seconds is None


@given(st.integers(0, 30), st.integers(1, 30), st.integers(0, 30), st.integers(1, 30))
def test_the_pull_of_wrong_drafts_has_newcombes_interval(k, n, j, m):
    from statsmodels.stats.proportion import confint_proportions_2indep

    k, j = min(k, n), min(j, m)
    found = definitions.anchoring(k, n, j, m)
    assert found.pull == pytest.approx(k / n - j / m)
    expected = confint_proportions_2indep(k, n, j, m, method="newcomb", compare="diff")
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-6)
    assert definitions.anchoring(k, n, 0, 0)[2:] == (None, None, None)


def test_drafts_kept_is_a_share_of_all_that_was_proposed():
    assert definitions.drafts_kept(6, 3, 1) == definitions.share(6, 10)
    assert definitions.drafts_kept(0, 0, 0).value is None
