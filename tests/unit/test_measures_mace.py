"""MACE against its rounds written out, crowd-kit where installed, and who only fills in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.measures.consensus import expected_hits, majority, winners
from quality.measures.mace import mace
from tests.unit.test_measures_glad import real
from tests.unit.work_history import histories, simulate


def written_out(history, rounds):
    """Variational Bayes with whole arrays, as in the paper."""
    from scipy.special import digamma

    asset, labeller, label, n_assets, n_labellers, classes = history
    right = label[:, None] == np.arange(classes)
    posterior = np.zeros((n_assets, classes))
    np.add.at(posterior, (asset, label), 1)
    posterior[np.bincount(asset, minlength=n_assets) == 0] = 1
    posterior /= posterior.sum(axis=1, keepdims=True)
    knew = posterior[asset, label] / 2
    for _ in range(rounds):
        known, guessed = np.zeros(n_labellers), np.zeros((n_labellers, classes))
        np.add.at(known, labeller, knew)
        np.add.at(guessed, (labeller, label), 1 - knew)
        whole = digamma(known + guessed.sum(axis=1) + 1)
        knows = np.exp(digamma(known + 0.5) - whole)[labeller]
        guess = np.exp(digamma(guessed.sum(axis=1) + 0.5) - whole)[labeller]
        habit = np.exp(
            digamma(guessed + 10) - digamma(guessed.sum(axis=1) + 10 * classes)[:, None]
        )[labeller, label]
        log = np.zeros((n_assets, classes))
        np.add.at(log, asset, np.log((guess * habit)[:, None] + knows[:, None] * right))
        posterior = np.exp(log - log.max(axis=1, keepdims=True))
        posterior /= posterior.sum(axis=1, keepdims=True)
        knew = posterior[asset, label] * knows / (knows + guess * habit)
    return posterior


@given(histories())
def test_mace_equals_its_rounds_written_out(history):
    found = mace(*history, rounds=4, tolerance=0)
    np.testing.assert_allclose(found.posterior, written_out(history, 4), atol=1e-9)
    assert ((found.competence > 0) & (found.competence < 1)).all()
    np.testing.assert_allclose(found.habit.sum(axis=1), 1)


@given(histories(), st.randoms(use_true_random=False))
def test_mace_ignores_names_and_order(history, random):
    order = list(range(len(history.asset)))
    random.shuffle(order)
    names = list(range(history.n_labellers))
    random.shuffle(names)
    again = mace(
        history.asset[order], np.array(names)[history.labeller][order], history.label[order],
        *history.sizes,
    )  # fmt: skip
    np.testing.assert_allclose(mace(*history).posterior, again.posterior, atol=1e-8)


def test_who_only_fills_in_is_found_with_their_habit():
    accuracy = np.array([0.9, 0.85, 0.8, 0.75, 0.2, 0.2])
    history, truth = simulate(900, 6, 6, accuracy, 5, seed=6)
    lazy = history.labeller == 5  # always says the same
    label = np.where(lazy, 3, history.label)
    found = mace(history.asset, history.labeller, label, *history.sizes)
    assert found.competence[5] < 0.05
    assert found.habit[5, 3] > 0.9
    assert (np.diff(found.competence[:5]) < 0).all()
    plain = majority(history.asset, label, 900, 5).label
    assert np.mean(winners(found.posterior).label == truth) > np.mean(plain == truth) + 0.02


def test_the_smallest_histories_have_an_answer():
    np.testing.assert_allclose(mace([], [], [], 2, 3, 4).posterior, 0.25)
    np.testing.assert_allclose(mace([0], [0], [0], 1, 1, 1).posterior, 1)


@pytest.mark.parametrize("folder", ["weather_tweets", "dog_breeds", "dog_photos_brief"])
def test_on_real_work_of_many_classes_it_is_as_good_as_votes_or_better(shared_data, folder):
    history, truth = real(shared_data / folder)
    plain = majority(history.asset, history.label, history.n_assets, history.n_classes)
    votes = expected_hits(plain.posterior, truth).mean()
    assert expected_hits(mace(*history).posterior, truth).mean() >= votes - 0.005


@pytest.mark.filterwarnings("ignore")  # of pandas, at what crowd-kit does
@pytest.mark.parametrize("folder", ["weather_tweets", "dog_photos_brief"])
def test_on_real_work_it_equals_crowd_kit(shared_data, folder):
    aggregation = pytest.importorskip("crowdkit.aggregation")
    import pandas as pd

    history, _ = real(shared_data / folder)
    frame = pd.DataFrame(
        {"task": history.asset, "worker": history.labeller, "label": history.label}
    )
    # crowd-kit takes the habits of labellers in order of their names for those in order of
    # appearance: give it rows in which both are one.
    frame = frame.sort_values("label", kind="stable").sort_values("worker", kind="stable")
    theirs = aggregation.MACE(n_restarts=1, n_iter=50).fit_predict_proba(frame)
    theirs = theirs.reindex(index=range(history.n_assets), columns=range(history.n_classes))
    ours = mace(*history, rounds=50, tolerance=0).posterior
    np.testing.assert_allclose(ours, theirs.to_numpy(), atol=1e-6)
