"""Consensus: brute force, invariances, and what real work histories are known to give."""

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.measures.consensus import (
    consensus_of_others,
    dawid_skene,
    expected_hits,
    majority,
    one_coin,
    winners,
)
from quality.measures.glad import glad
from quality.measures.mace import mace
from tests.unit.work_history import histories, simulate


@given(histories())
def test_majority_equals_brute_force(history):
    found = majority(history.asset, history.label, history.n_assets, history.n_classes)
    for a in range(history.n_assets):
        given_labels = history.label[history.asset == a].tolist()
        if not given_labels:
            assert found.label[a] == -1
            assert np.isnan(found.probability[a])
            continue
        most = max(given_labels.count(c) for c in range(history.n_classes))
        assert given_labels.count(found.label[a]) == most
        assert found.probability[a] == pytest.approx(most / len(given_labels))


def test_ties_are_broken_fairly_and_the_same_at_every_run():
    votes = np.tile([2.0, 2.0, 1.0, 2.0], (30_000, 1))
    first, second = winners(votes, seed=3), winners(votes, seed=3)
    assert (first.label == second.label).all()
    picks = np.bincount(first.label, minlength=4)
    assert picks[2] == 0
    assert np.abs(picks[[0, 1, 3]] - 10_000).max() < 400  # five standard deviations
    assert (winners(votes, seed=4).label != first.label).any()


@given(histories(), st.randoms(use_true_random=False))
def test_dawid_skene_is_a_distribution_and_ignores_names_and_order(history, random):
    found = dawid_skene(*history[:3], *history.sizes)
    np.testing.assert_allclose(found.posterior.sum(axis=1), 1)
    np.testing.assert_allclose(found.confusion.sum(axis=2), 1)
    assert found.prior.sum() == pytest.approx(1)
    order = list(range(len(history.asset)))
    random.shuffle(order)
    names = list(range(history.n_labellers))
    random.shuffle(names)
    again = dawid_skene(
        history.asset[order], np.array(names)[history.labeller][order], history.label[order],
        *history.sizes,
    )  # fmt: skip
    np.testing.assert_allclose(found.posterior, again.posterior, atol=1e-8)


@given(histories())
def test_one_coin_is_a_distribution(history):
    found = one_coin(*history[:3], *history.sizes)
    np.testing.assert_allclose(found.posterior.sum(axis=1), 1)
    assert ((found.accuracy > 0) & (found.accuracy < 1)).all()


def test_models_find_able_labellers_and_beat_majority():
    accuracy = np.array([0.95, 0.9, 0.4, 0.4, 0.4, 0.4, 0.4])
    history, truth = simulate(1500, 7, 7, accuracy, 4, seed=5)
    plain = majority(history.asset, history.label, 1500, 4).label
    for model in (dawid_skene, one_coin):
        best = winners(model(*history[:3], *history.sizes).posterior).label
        assert np.mean(best == truth) > np.mean(plain == truth) + 0.03
    np.testing.assert_allclose(one_coin(*history[:3], *history.sizes).accuracy, accuracy, atol=0.05)


def test_consensus_of_others_of_one_coin_labellers():
    history, _ = simulate(40, 5, 4, np.linspace(0.5, 0.9, 5), 3, seed=1)
    model = one_coin(*history[:3], *history.sizes)
    best, chance = consensus_of_others(*history[:3], model)
    for i in range(len(history.asset)):
        odds = np.zeros(3)
        for j in np.flatnonzero(history.asset == history.asset[i]):
            if j != i:
                right = model.accuracy[history.labeller[j]]
                odds += np.log((1 - right) / 2)
                odds[history.label[j]] += np.log(right) - np.log((1 - right) / 2)
        posterior = np.exp(odds) / np.exp(odds).sum()
        assert chance[i] == pytest.approx(posterior.max())
        assert posterior[best[i]] == pytest.approx(posterior.max())


def test_consensus_of_others_of_glad():
    history, _ = simulate(40, 5, 4, np.linspace(0.5, 0.9, 5), 3, seed=1)
    model = glad(*history)
    best, chance = consensus_of_others(*history[:3], model)
    for i in range(len(history.asset)):
        log = np.zeros(3)
        for j in np.flatnonzero(history.asset == history.asset[i]):
            if j != i:
                x = model.ability[history.labeller[j]] * model.ease[history.asset[j]]
                right = 1 / (1 + np.exp(-x))
                log += np.log((1 - right) / 2)
                log[history.label[j]] += np.log(right) - np.log((1 - right) / 2)
        posterior = np.exp(log) / np.exp(log).sum()
        assert chance[i] == pytest.approx(posterior.max())
        assert posterior[best[i]] == pytest.approx(posterior.max())


def test_consensus_of_others_of_mace():
    history, _ = simulate(40, 5, 4, np.linspace(0.5, 0.9, 5), 3, seed=1)
    model = mace(*history)
    best, chance = consensus_of_others(*history[:3], model)
    for i in range(len(history.asset)):
        posterior = np.ones(3)
        for j in np.flatnonzero(history.asset == history.asset[i]):
            if j != i:
                knows = model.competence[history.labeller[j]]
                guess = (1 - knows) * model.habit[history.labeller[j], history.label[j]]
                posterior *= guess + knows * (np.arange(3) == history.label[j])
        posterior /= posterior.sum()
        assert chance[i] == pytest.approx(posterior.max())
        assert posterior[best[i]] == pytest.approx(posterior.max())


def plain_dawid_skene(history, rounds, smoothing=0.1):
    """Dawid and Skene's EM written out with whole arrays."""
    asset, labeller, label, n_assets, n_labellers, n_classes = history
    posterior = np.zeros((n_assets, n_classes))
    np.add.at(posterior, (asset, label), 1)
    posterior /= posterior.sum(axis=1, keepdims=True)
    for _ in range(rounds):
        confusion = np.full((n_labellers, n_classes, n_classes), smoothing)
        np.add.at(confusion.transpose(0, 2, 1), (labeller, label), posterior[asset])
        confusion /= confusion.sum(axis=2, keepdims=True)
        log = np.tile(np.log(posterior.mean(axis=0)), (n_assets, 1))
        np.add.at(log, asset, np.log(confusion)[labeller, :, label])
        posterior = np.exp(log - log.max(axis=1, keepdims=True))
        posterior /= posterior.sum(axis=1, keepdims=True)
    return posterior


@pytest.mark.parametrize("n_assets", [50, 15_000])  # one share, and several worked on at once
def test_dawid_skene_equals_em_written_out(n_assets):
    accuracy = np.linspace(0.4, 0.95, 8)
    history, _ = simulate(n_assets, 8, 4, accuracy, 3, seed=9)
    found = dawid_skene(*history[:3], *history.sizes, rounds=5, tolerance=0)
    assert found.rounds == 5
    np.testing.assert_allclose(found.posterior, plain_dawid_skene(history, 5), atol=1e-6)


@pytest.mark.filterwarnings("ignore")  # of pandas, at what crowd-kit does
@pytest.mark.parametrize("n_classes", [2, 5, 14])  # loops written out, and not
def test_dawid_skene_equals_crowd_kit(n_classes):
    aggregation = pytest.importorskip("crowdkit.aggregation")
    import pandas as pd

    history, _ = simulate(11_000, 8, 5, np.linspace(0.4, 0.95, 8), n_classes, seed=9)
    frame = pd.DataFrame(dict(zip(("task", "worker", "label"), history[:3], strict=True)))
    theirs = aggregation.DawidSkene(n_iter=6, tol=-1).fit(frame)
    # What was never seen is 1e-10 there, not a tenth of an answer.
    ours = dawid_skene(*history, rounds=6, tolerance=0, smoothing=1e-10)
    np.testing.assert_allclose(
        ours.posterior, theirs.probas_.sort_index()[range(n_classes)].to_numpy(), atol=1e-6
    )


def test_weights_count_as_repeated_answers():
    asset, labeller, label = np.array([0, 0, 0, 1]), np.array([0, 1, 2, 0]), np.array([0, 1, 1, 0])
    weight = np.array([3.0, 1.0, 1.0, 2.0])
    twice = np.repeat(np.arange(4), weight.astype(int))
    for model in (dawid_skene, one_coin):
        weighted = model(asset, labeller, label, 2, 3, 2, weights=weight)
        repeated = model(asset[twice], labeller[twice], label[twice], 2, 3, 2)
        np.testing.assert_allclose(weighted.posterior, repeated.posterior)
    assert majority(asset, label, 2, 2, weight).label.tolist() == [0, 0]


@given(histories(most=25))
def test_consensus_of_others_leaves_the_own_answer_out(history):
    model = dawid_skene(*history[:3], *history.sizes)
    best, chance = consensus_of_others(*history[:3], model)
    for i in range(len(history.asset)):
        others = [j for j in np.flatnonzero(history.asset == history.asset[i]) if j != i]
        log = np.log(model.prior).copy()
        for j in others:
            log += np.log(model.confusion[history.labeller[j], :, history.label[j]])
        posterior = np.exp(log - log.max())
        posterior /= posterior.sum()
        assert chance[i] == pytest.approx(posterior.max())
        assert posterior[best[i]] == pytest.approx(posterior.max())


@pytest.mark.parametrize(
    ("folder", "split_majority", "published"),
    [
        ("weather_tweets", (0.843, 0.863), 0.840),
        ("products", (0.8965, 0.8967), 0.9397),
        ("dog_breeds", (0.8215, 0.8225), 0.8426),
        ("dog_photos_brief", (0.95, 0.98), 0.968),
    ],
)
def test_real_work_histories_give_what_is_published(shared_data, folder, split_majority, published):
    answers, truth = ({}, {})
    with (shared_data / folder / "answers.csv").open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            answers[row["asset"], row["labeller"]] = row["label"]  # the last one counts
    with (shared_data / folder / "truth.csv").open(encoding="utf-8-sig") as file:
        truth = {row["asset"]: row["label"] for row in csv.DictReader(file)}
    assets, asset = np.unique([a for a, _ in answers], return_inverse=True)
    labellers, labeller = np.unique([w for _, w in answers], return_inverse=True)
    classes, label = np.unique(list(answers.values()), return_inverse=True)
    true_code = np.searchsorted(classes, [truth[a] for a in assets])
    plain = majority(asset, label, len(assets), len(classes))
    low, high = split_majority
    assert low <= expected_hits(plain.posterior, true_code).mean() <= high
    model = dawid_skene(asset, labeller, label, len(assets), len(labellers), len(classes))
    assert expected_hits(model.posterior, true_code).mean() >= published - 0.005


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="labeller: expected codes from 0 to 1"):
        dawid_skene([0, 0], [0, 2], [0, 1], 1, 2, 2)
    with pytest.raises(ValueError, match="label: expected 2 codes, got 1"):
        majority([0, 0], [1], 1, 2)
    with pytest.raises(ValueError, match="asset: expected a one-dimensional array"):
        majority([0.5], [1], 1, 2)
    with pytest.raises(ValueError, match="weights: expected 2 numbers"):
        majority([0, 0], [1, 1], 1, 2, [-1, 1])
