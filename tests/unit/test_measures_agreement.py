"""Agreement against its definition by pairs, and what must not change it."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from quality.measures.agreement import (
    alpha_estimate,
    asset_agreement,
    confusion_pairs,
    consensus_scores,
    fleiss_kappa,
    krippendorff_alpha,
    label_counts,
    pairwise_agreement,
    percent_agreement,
)
from tests.unit.work_history import histories, simulate


def by_pairs(history, level):
    """α by its definition: mean distance within assets over mean distance of all pairs."""
    answers = [history.label[history.asset == a] for a in range(history.n_assets)]
    answers = [labels for labels in answers if len(labels) > 1]
    pool = [label for labels in answers for label in labels]
    totals = np.bincount(pool, minlength=history.n_classes) if pool else np.zeros(1)

    def distance(c, k):
        if level == "nominal":
            return float(c != k)
        if level == "interval":
            return float(c - k) ** 2
        low, high = min(c, k), max(c, k)
        return float(totals[low : high + 1].sum() - (totals[c] + totals[k]) / 2) ** 2

    within = sum(
        distance(c, k) / (len(labels) - 1)
        for labels in answers
        for c, k in itertools.permutations(labels, 2)
    )
    among = sum(distance(c, k) for c, k in itertools.permutations(pool, 2))
    return 1 - within * (len(pool) - 1) / among if among else float("nan")


def counts(history):
    return label_counts(history.asset, history.label, history.n_assets, history.n_classes)


@given(histories(), st.sampled_from(["nominal", "ordinal", "interval"]))
def test_alpha_equals_its_definition_by_pairs(history, level):
    ours = krippendorff_alpha(counts(history), level=level)
    np.testing.assert_allclose(ours, by_pairs(history, level), atol=1e-9)


@given(histories(), st.randoms(use_true_random=False))
def test_agreement_ignores_names_of_labellers_and_order_of_rows(history, random):
    order = list(range(len(history.asset)))
    random.shuffle(order)
    names = list(range(history.n_labellers))
    random.shuffle(names)
    renamed = np.array(names)[history.labeller][order]
    pairs = pairwise_agreement(history.asset, history.labeller, history.label, history.n_labellers)
    again = pairwise_agreement(
        history.asset[order], renamed, history.label[order], history.n_labellers
    )
    np.testing.assert_array_equal(pairs.shared, again.shared[np.ix_(names, names)])
    np.testing.assert_array_equal(pairs.agreement, again.agreement[np.ix_(names, names)])
    shuffled = label_counts(
        history.asset[order], history.label[order], history.n_assets, history.n_classes
    )
    np.testing.assert_array_equal(krippendorff_alpha(counts(history)), krippendorff_alpha(shuffled))


@given(histories())
def test_pairwise_matrix_counts_shared_assets(history):
    found = pairwise_agreement(history.asset, history.labeller, history.label, history.n_labellers)
    answer = {(a, w): y for a, w, y in zip(*history[:3], strict=True)}
    for i in range(history.n_labellers):
        for j in range(history.n_labellers):
            both = [a for a in range(history.n_assets) if (a, i) in answer and (a, j) in answer]
            assert found.shared[i, j] == len(both)
            if both:
                same = np.mean([answer[a, i] == answer[a, j] for a in both])
                assert found.agreement[i, j] == pytest.approx(same)
            else:
                assert np.isnan(found.agreement[i, j])


@given(st.integers(2, 5), st.data())
def test_fleiss_kappa_equals_statsmodels_where_all_assets_have_as_many_answers(answers, data):
    theirs = pytest.importorskip("statsmodels.stats.inter_rater").fleiss_kappa

    rows = data.draw(
        st.lists(
            st.lists(st.integers(0, 2), min_size=answers, max_size=answers), min_size=2, max_size=10
        )
    )
    table = np.array([np.bincount(row, minlength=3) for row in rows])
    assume(np.count_nonzero(table.sum(axis=0)) > 1)
    assert fleiss_kappa(table) == pytest.approx(theirs(table, method="fleiss"))


def test_interval_of_alpha_holds_the_true_value():
    accuracy = np.full(12, 0.8)
    whole = simulate(60_000, 12, 3, accuracy, 4, seed=1)[0]
    true_value = krippendorff_alpha(counts(whole))
    held = 0
    for seed in range(200):
        found = alpha_estimate(counts(simulate(150, 12, 3, accuracy, 4, seed=seed + 2)[0]))
        held += found.low <= true_value <= found.high
    assert 180 <= held <= 199


@pytest.mark.parametrize("level", ["ordinal", "interval"])
def test_interval_of_graded_alpha_is_the_jackknife(level):
    history = simulate(40, 6, 6, np.full(6, 0.7), 4, seed=3)[0]
    table = counts(history)
    found = alpha_estimate(table, level=level)
    without = [krippendorff_alpha(np.delete(table, i, axis=0), level=level) for i in range(40)]
    spread = 1.959964 * np.sqrt(39 / 40 * np.square(without - np.mean(without)).sum())
    assert found.value == krippendorff_alpha(table, level=level)
    assert found.value - found.low == pytest.approx(spread, rel=1e-5)
    assert found.n == 40


@given(histories())
def test_confusions_and_scores_equal_brute_force(history):
    expected = np.zeros((history.n_classes, history.n_classes), int)
    scores = consensus_scores(counts(history))
    for a in range(history.n_assets):
        labels = history.label[history.asset == a].tolist()
        for c, k in itertools.combinations(labels, 2):
            expected[c, k] += 1
            if c != k:
                expected[k, c] += 1
        if labels:
            assert scores[a] == max(labels.count(c) for c in labels) / len(labels)
        else:
            assert np.isnan(scores[a])
    np.testing.assert_array_equal(confusion_pairs(counts(history)), expected)


def test_agreement_equals_crowd_kit():
    metrics = pytest.importorskip("crowdkit.metrics.data")
    import pandas as pd

    history = simulate(300, 12, 4, np.linspace(0.4, 0.9, 12), 3, seed=8)[0]
    frame = pd.DataFrame(
        {"task": history.asset, "worker": history.labeller, "label": history.label}
    )
    theirs = metrics.alpha_krippendorff(frame)
    assert krippendorff_alpha(counts(history)) == pytest.approx(theirs)


def test_undefined_is_nan():
    single = label_counts([0, 1, 2], [0, 1, 0], 3, 2)
    assert np.isnan(krippendorff_alpha(single))
    assert np.isnan(percent_agreement(single)[:3]).all()
    assert np.isnan(fleiss_kappa(single))
    assert np.isnan(asset_agreement(single)).all()
    alike = label_counts([0, 0, 1, 1], [1, 1, 1, 1], 2, 2)
    assert np.isnan(krippendorff_alpha(alike))
    assert np.isnan(alpha_estimate(alike).value)
    assert percent_agreement(alike) == (1, 1, 1, 2)


def test_unknown_level_and_wrong_number_of_values_are_refused():
    table = [[2, 1], [0, 2]]
    with pytest.raises(ValueError, match="level: expected"):
        krippendorff_alpha(table, level="ratio")
    with pytest.raises(ValueError, match="values: expected 2 numbers"):
        krippendorff_alpha(table, level="interval", values=[1, 2, 3])
