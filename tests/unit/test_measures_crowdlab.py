"""CROWDLAB: cleanlab's own figures, and what cleanlab does not answer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.measures import crowdlab as module
from quality.measures.crowdlab import crowdlab
from tests.unit.work_history import histories, simulate


def chances(generator, truth, classes, sure):
    found = generator.dirichlet(np.ones(classes), truth.size) * (1 - sure)
    found[np.arange(truth.size), truth] += sure
    return found


@given(histories(), st.integers(0, 2**32 - 1))
@settings(max_examples=80, deadline=None)
def test_any_history_gives_a_distribution(history, seed):
    probabilities = np.random.default_rng(seed).dirichlet(
        np.ones(history.n_classes), history.n_assets
    )
    found = crowdlab(*history[:3], history.n_assets, history.n_labellers, probabilities)
    np.testing.assert_allclose(found.posterior.sum(axis=1), 1)
    best = found.posterior[np.arange(history.n_assets), found.label]
    np.testing.assert_array_equal(found.probability, best)
    silent = np.setdiff1d(np.arange(history.n_assets), history.asset)
    np.testing.assert_allclose(found.posterior[silent], probabilities[silent])
    unseen = np.setdiff1d(np.arange(history.n_labellers), history.labeller)
    assert np.isnan(found.quality[unseen]).all()


def test_the_posterior_of_the_best_is_cleanlabs_quality():
    from cleanlab.multiannotator import get_label_quality_multiannotator

    accuracy = np.linspace(0.5, 0.95, 9)
    history, truth = simulate(300, 9, 3, accuracy, 4, seed=2)
    probabilities = chances(np.random.default_rng(0), truth, 4, 0.4)
    found = crowdlab(*history[:3], 300, 9, probabilities)
    table = np.full((300, 9), np.nan)
    table[history.asset, history.labeller] = history.label
    theirs = get_label_quality_multiannotator(table, probabilities, verbose=False)
    np.testing.assert_array_equal(found.label, theirs["label_quality"]["consensus_label"])
    quality = theirs["label_quality"]["consensus_quality_score"]
    np.testing.assert_allclose(found.probability, quality, atol=1e-6)
    stats = theirs["annotator_stats"]["annotator_quality"].sort_index()
    np.testing.assert_allclose(found.quality, stats)


def test_a_good_model_and_few_answers_do_better_together():
    history, truth = simulate(600, 12, 2, np.full(12, 0.7), 4, seed=3)
    probabilities = chances(np.random.default_rng(1), truth, 4, 0.25)
    found = crowdlab(*history[:3], 600, 12, probabilities)
    together = np.mean(found.label == truth)
    assert together > np.mean(probabilities.argmax(axis=1) == truth)
    assert together > np.mean(history.label == truth[history.asset]) + 0.05


def test_with_one_answer_each_nobody_is_weighed():
    found = crowdlab([0, 1], [0, 1], [1, 0], 3, 2, [[0.9, 0.1], [0.8, 0.2], [0.4, 0.6]])
    assert found.label.tolist() == [1, 0, 1]
    assert found.probability.tolist() == [0.1, 0.8, 0.6]
    assert np.isnan(found.weight).all()
    assert np.isnan(found.model_weight)
    assert crowdlab([0, 0], [0, 1], [0, 0], 1, 2, [[1.0]]).probability.tolist() == [1]
    assert crowdlab([], [], [], 0, 0, np.zeros((0, 2))).label.size == 0


def test_the_last_of_repeated_answers_counts():
    probabilities = [[0.5, 0.5]] * 3
    once = crowdlab([0, 0, 1, 1, 2], [0, 1, 0, 1, 0], [1, 1, 0, 1, 0], 3, 2, probabilities)
    twice = crowdlab(
        [0, 0, 0, 1, 1, 2], [0, 0, 1, 0, 1, 0], [0, 1, 1, 0, 1, 0], 3, 2, probabilities
    )
    np.testing.assert_array_equal(once.posterior, twice.posterior)


def test_what_are_no_probabilities_is_refused(monkeypatch):
    for wrong in ([[0.5, 0.4]], [[1.5, -0.5]], [[np.nan, 1]], [0.5, 0.5], [[0.5, 0.5]] * 2):
        with pytest.raises(ValueError, match="probabilities: expected"):
            crowdlab([0], [0], [1], 1, 1, wrong)
    with pytest.raises(ValueError, match="label: expected codes from 0 to 1"):
        crowdlab([0], [0], [2], 1, 1, [[0.5, 0.5]])
    monkeypatch.setattr(module, "MOST_CELLS", 1)
    with pytest.raises(ValueError, match="answers: expected at most 1 assets"):
        crowdlab([0, 1], [0, 0], [1, 1], 2, 1, [[0.5, 0.5]] * 2)
