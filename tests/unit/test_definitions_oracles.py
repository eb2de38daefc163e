"""Figures against other people's code: ratios, products, curves, mixtures, queues."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.regression.linear_model import WLS
from statsmodels.stats.proportion import confint_proportions_2indep

from metrics import definitions as d

clusters = st.lists(
    st.tuples(st.integers(0, 400), st.floats(0.1, 40)), min_size=2, max_size=15, unique=True
)


@given(clusters)
@settings(max_examples=40)
def test_a_ratio_is_a_weighted_line_through_the_origin_with_robust_errors(pairs):
    tops, bottoms = np.asarray(pairs, float).T
    found = d.ratio(tops, bottoms)
    fit = WLS(tops, bottoms, weights=1 / bottoms).fit(cov_type="HC1")
    margin = stats.t.ppf(0.975, len(tops) - 1) * fit.bse[0]
    assert found.value == pytest.approx(fit.params[0])
    assert found.high == pytest.approx(fit.params[0] + margin, abs=1e-6)
    assert found.low == pytest.approx(max(0, fit.params[0] - margin), abs=1e-6)
    assert found.n == len(tops)


def test_a_ratio_needs_something_to_divide_by_and_two_for_an_interval():
    assert d.ratio([3, 4], [0, 0]) == (None, 2, None, None)
    assert d.ratio([3], [2]) == (1.5, 1, None, None)
    assert d.ratio([3, 0], [2, 0]).n == 1


counts = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts, counts)
@settings(max_examples=40)
def test_drift_has_newcombes_interval(now, before):
    found = d.drift(d.share(*now), d.share(*before))
    assert found.value == pytest.approx(now[0] / now[1] - before[0] / before[1])
    expected = confint_proportions_2indep(*now, *before, method="newcomb", compare="diff")
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-6)
    assert found.moved == (not found.low <= 0 <= found.high)
    assert d.drift(d.share(0, 0), d.share(*before)).value is None


def test_intervals_of_a_rolled_yield_hold_the_truth_as_often_as_they_say():
    random, held = np.random.default_rng(5), 0
    sizes, truth = (400, 120, 60), (0.97, 0.85, 0.92)
    for _ in range(1500):
        found = d.rolled_throughput_yield(
            [d.share(int(random.binomial(n, p)), n) for n, p in zip(sizes, truth, strict=True)]
        )
        held += found.low <= math.prod(truth) <= found.high
    assert 0.93 < held / 1500 < 0.975


def test_a_product_of_one_is_itself_and_a_stage_without_yield_is_left_out():
    one = d.stage_yield(47, 50)
    assert d.product([one])[2:] == pytest.approx(one[2:])
    assert d.rolled_throughput_yield([one, d.stage_yield(0, 0)]) == d.product([one])
    assert d.rolled_throughput_yield([d.stage_yield(0, 0)]).value is None
    nothing = d.rolled_throughput_yield([d.stage_yield(0, 9), one])
    assert (nothing.value, nothing.low) == (0, 0) and 0 < nothing.high < 1


@given(clusters, counts)
@settings(max_examples=40)
def test_an_accepted_label_costs_what_a_label_costs_by_the_share_accepted(pairs, reviewed):
    labels, spent = np.asarray(pairs, float).T
    accepted = d.share(*reviewed)
    found = d.cost_per_accepted_label(labels, spent, accepted)
    whole = d.cost_of_labels(labels, spent)
    if whole.value is None or reviewed[0] == 0:
        assert found.value is None
        return
    assert found.value == pytest.approx(spent.sum() / labels.sum() / accepted.value)
    assert found.low <= found.value <= found.high
    # Nothing is added where the share is known for certain.
    sure = d.Share(1.0, 10, 1.0, 1.0)
    assert d.cost_per_accepted_label(labels, spent, sure)[2:] == pytest.approx(whole[2:])


@given(st.lists(st.tuples(st.integers(1, 5000), st.floats(1, 90), st.integers(1, 99)),
                min_size=3, max_size=12, unique_by=lambda row: row[0]))  # fmt: skip
@settings(max_examples=40)
def test_a_learning_curve_is_a_weighted_regression_of_logs(rows):
    before, seconds, weights = np.asarray(rows, float).T
    found = d.learning_curve(before, seconds, weights)
    x = np.column_stack([np.ones(len(rows)), np.log2(before)])
    fit = WLS(np.log2(seconds), x, weights=weights).fit()
    assert math.log2(found.per_doubling) == pytest.approx(fit.params[1], abs=1e-6)
    assert np.log2([found.low, found.high]) == pytest.approx(fit.conf_int()[1], abs=1e-5)
    assert d.learning_curve(before[:2], seconds[:2], weights[:2]).per_doubling is None


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=2, max_size=6))
@settings(max_examples=40)
def test_drift_of_a_mixture_is_half_the_differences_with_pearsons_p(pairs):
    now, before = np.asarray(pairs, float).T
    found = d.mix_drift(now, before)
    if not now.sum() or not before.sum():
        assert found.distance is None
        return
    assert found.distance == pytest.approx(
        np.abs(now / now.sum() - before / before.sum()).sum() / 2
    )
    kept = np.asarray([now, before])[:, now + before > 0]
    if kept.shape[1] > 1:
        assert found.p == pytest.approx(stats.chi2_contingency(kept, correction=False).pvalue)


@given(st.lists(st.integers(1000, 10**10), min_size=6, max_size=200))
@settings(max_examples=40)
def test_medians_along_the_line_are_as_near_as_a_bin_and_their_intervals_are_ranks(ms):
    found = d.cycle_time(d.line_histogram(ms))
    seconds = np.sort(np.asarray(ms)) / 1000
    near = math.log1p(d.TIME_RESOLUTION) + 1e-3
    middle = float(np.median(np.log(seconds)))
    assert abs(math.log(found.median) - middle) <= near
    k = int(stats.binom.ppf(0.025, len(ms), 0.5))
    # In its form for large n the rank is that of the exact one, or its neighbour.
    ranks = [math.log(seconds[i]) for i in (max(0, k - 2), min(len(ms) - 1, k + 1))]
    assert ranks[0] - near <= math.log(found.low) <= ranks[1] + near
    assert found.low <= found.median * (1 + 2 * near) and found.n == len(ms)
    assert d.cycle_time(d.line_histogram(ms[:5])).low is None
    assert d.lead_time([0] * d.N_LINE_BINS).median is None


@given(st.lists(st.floats(0, 100), min_size=1, max_size=50))
def test_a_forecast_is_the_least_outcome_that_so_many_runs_do_not_exceed(draws):
    for level, found in zip((0.5, 0.9), d.forecast(draws), strict=True):
        assert found == min(x for x in draws if np.mean(np.asarray(draws) <= x) >= level)
    assert d.forecast([]) is None


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12), st.integers(0, 50))
def test_work_in_progress_is_what_came_and_did_not_leave(days, before):
    came, went = ([row[i] for row in days] for i in (0, 1))
    level, levels = before, []
    for n, m in days:
        level += n - m
        levels.append(level)
    assert d.work_in_progress(came, went, before).tolist() == levels


def test_a_bottleneck_is_named_where_it_is_clear_and_not_where_it_is_not():
    slow = d.Flow("review", 300, [10, 11, 9, 10], [5, 6, 5, 4])
    quick = d.Flow("label", 20, [10, 9, 11, 10], [10, 11, 9, 10])
    assert d.bottleneck([quick, slow]).stage == "review"
    queue = d.bottleneck([quick, slow]).queues[1]
    assert queue.days.value == pytest.approx(300 / 5)
    low, high = stats.t.interval(0.95, 3, loc=5, scale=stats.sem([5, 6, 5, 4]))
    assert (queue.days.low, queue.days.high) == pytest.approx((300 / high, 300 / low))
    grown = stats.t.interval(0.95, 3, loc=5, scale=stats.sem([5, 5, 4, 6]))
    assert queue.growth[2:] == pytest.approx(grown)
    near = d.Flow("label", 280, [10, 9, 11, 10], [5, 4, 6, 5])
    unclear = d.bottleneck([near, slow])
    assert unclear.stage is None and set(unclear.near) == {"label", "review"}
    stuck = d.Flow("rework", 2, [1, 1, 0], [0, 0, 0])
    assert d.bottleneck([d.Flow("label", 5, [1, 1, 1], [9, 9, 9]), stuck]).stage == "rework"
    assert d.bottleneck([d.Flow("label", 0, [1], [1])])[:2] == (None, ())
    assert d.bottleneck([d.Flow("label", 9, [1, 2], [1, 1])])[:2] == (None, ())


def test_standing_is_the_posterior_of_all_evidence():
    from quality.measures.standing import posterior

    agree, sure = [True, True, False], [0.9, 0.8, 0.95]
    found, truth = d.standing(20, 18, 5, 5, agree, sure), posterior(20, 18, 5, 5, agree, sure)
    assert found == (truth.mean, truth.n, truth.low, truth.high)
    assert d.standing(0, 0, 0, 0, [], []).n == 0


def test_time_by_stage_and_utilisation():
    assert d.work_time(30, 120) == 0.25 and d.work_time(0, 0) is None
    use = d.utilisation_interval([3_600_000, 1_800_000], [2, 1])
    assert use[:2] == (0.5, 2) and use.high <= 1


@given(clusters)
@settings(max_examples=20)
def test_utilisation_of_planned_hours_is_a_ratio_that_may_pass_one(pairs):
    active, planned = np.asarray(pairs, float).T
    found = d.planned_utilisation_interval(active * 3_600_000, planned)
    assert found == pytest.approx(d.ratio(active, planned))
    alone = d.planned_utilisation(round(active[0] * 3_600_000), planned[0])
    assert alone == pytest.approx(active[0] / planned[0])
    assert d.planned_utilisation(3_600_000, 0) is None
    assert d.planned_utilisation_interval([3_600_000, 1], [0, 0]).value is None
