"""GLAD against its EM written out, crowd-kit where installed, and what is published."""

import csv

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.measures.consensus import expected_hits, majority, one_coin, winners
from quality.measures.glad import glad
from tests.unit.work_history import History, histories, simulate


def written_out(history, rounds):
    """Whitehill's EM with whole arrays, and scipy to maximise."""
    from scipy.optimize import minimize
    from scipy.special import expit, log_expit

    asset, labeller, label, n_assets, n_labellers, n_classes = history
    hit = label[:, None] == np.arange(n_classes)
    point = np.ones(n_labellers + n_assets)

    def posterior(at):
        x = at[labeller] * np.exp(at[n_labellers + asset])
        wrong = log_expit(-x) - np.log(max(n_classes - 1, 1))
        log = np.zeros((n_assets, n_classes))
        np.add.at(log, asset, np.where(hit, log_expit(x)[:, None], wrong[:, None]))
        share = np.exp(log - log.max(axis=1, keepdims=True))
        return share / share.sum(axis=1, keepdims=True)

    def loss(at, right):
        ease = np.exp(at[n_labellers + asset])
        x = at[labeller] * ease
        value = -(right * log_expit(x) + (1 - right) * log_expit(-x)).sum()
        surplus = right - expit(x)
        slope = at - 1
        np.subtract.at(slope, labeller, surplus * ease)
        np.subtract.at(slope, n_labellers + asset, surplus * x)
        return value + ((at - 1) ** 2).sum() / 2, slope

    for _ in range(rounds):
        right = posterior(point)[asset, label]
        point = minimize(loss, point, args=(right,), jac=True, method="L-BFGS-B", tol=1e-12).x
    return posterior(point), point[:n_labellers], np.exp(point[n_labellers:])


@given(histories())
@settings(max_examples=60)
def test_glad_equals_its_em_written_out(history):
    found = glad(*history, rounds=3, steps=500, tolerance=0)
    posterior, ability, ease = written_out(history, 3)
    np.testing.assert_allclose(found.posterior, posterior, atol=2e-3)
    np.testing.assert_allclose(found.ability, ability, atol=5e-3)
    np.testing.assert_allclose(found.ease, ease, atol=2e-2)


@given(histories(), st.randoms(use_true_random=False))
def test_glad_is_a_distribution_and_ignores_names_and_order(history, random):
    found = glad(*history)
    np.testing.assert_allclose(found.posterior.sum(axis=1), 1)
    assert (found.ease > 0).all()
    order = list(range(len(history.asset)))
    random.shuffle(order)
    names = list(range(history.n_labellers))
    random.shuffle(names)
    again = glad(
        history.asset[order], np.array(names)[history.labeller][order], history.label[order],
        *history.sizes,
    )  # fmt: skip
    np.testing.assert_allclose(found.posterior, again.posterior, atol=1e-4)
    np.testing.assert_allclose(found.ability, again.ability[names], atol=1e-3)


def test_labellers_are_ranked_and_hard_assets_found():
    generator = np.random.default_rng(4)
    n_assets, n_labellers, classes = 800, 25, 3
    ability, ease = generator.normal(0.8, 1, n_labellers), np.exp(generator.normal(0.3, 1, 800))
    history, truth = simulate(n_assets, n_labellers, 7, np.ones(n_labellers), classes, seed=4)
    chance = 1 / (1 + np.exp(-ability[history.labeller] * ease[history.asset]))
    wrong = (truth[history.asset] + generator.integers(1, classes, chance.size)) % classes
    label = np.where(generator.random(chance.size) < chance, truth[history.asset], wrong)
    found = glad(history.asset, history.labeller, label, *history.sizes)
    plain = majority(history.asset, label, n_assets, classes)
    right = np.mean(winners(found.posterior).label == truth)
    assert right > np.mean(plain.label == truth) + 0.01
    assert np.corrcoef(found.ability, ability)[0, 1] > 0.95
    assert np.corrcoef(np.log(found.ease), np.log(ease))[0, 1] > 0.5


def test_weights_count_as_repeated_answers():
    asset, labeller, label = np.array([0, 0, 0, 1]), np.array([0, 1, 2, 0]), np.array([0, 1, 1, 0])
    weight = np.array([3.0, 1.0, 1.0, 2.0])
    twice = np.repeat(np.arange(4), weight.astype(int))
    weighted = glad(asset, labeller, label, 2, 3, 2, weights=weight)
    repeated = glad(asset[twice], labeller[twice], label[twice], 2, 3, 2)
    np.testing.assert_allclose(weighted.posterior, repeated.posterior, atol=1e-6)


def test_the_smallest_histories_have_an_answer():
    none = glad([], [], [], 2, 3, 4)
    np.testing.assert_allclose(none.posterior, 0.25)
    np.testing.assert_allclose(glad([0], [0], [0], 1, 1, 1).posterior, 1)
    assert glad([], [], [], 0, 0, 2).posterior.shape == (0, 2)
    given_prior = glad([], [], [], 1, 1, 2, prior=[3, 1])
    np.testing.assert_allclose(given_prior.posterior, [[0.75, 0.25]])
    # Thousands of answers that agree do not run away.
    alike = glad(np.repeat(np.arange(50), 100), np.tile(np.arange(100), 50), [0] * 5000, 50, 100, 2)
    assert np.isfinite(alike.ability).all()
    assert np.isfinite(alike.ease).all()


def test_a_wrong_prior_is_refused():
    with pytest.raises(ValueError, match="prior: expected 2 numbers above 0"):
        glad([0], [0], [1], 1, 1, 2, prior=[1, 0])


def real(folder):
    answers = {}
    with (folder / "answers.csv").open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            answers[row["asset"], row["labeller"]] = row["label"]  # the last one counts
    with (folder / "truth.csv").open(encoding="utf-8-sig") as file:
        truth = {row["asset"]: row["label"] for row in csv.DictReader(file)}
    assets, asset = np.unique([a for a, _ in answers], return_inverse=True)
    labellers, labeller = np.unique([w for _, w in answers], return_inverse=True)
    classes, label = np.unique(list(answers.values()), return_inverse=True)
    history = History(asset, labeller, label, len(assets), len(labellers), len(classes))
    return history, np.searchsorted(classes, [truth[a] for a in assets])


@pytest.mark.parametrize("folder", ["weather_tweets", "products", "dog_breeds", "dog_photos_brief"])
def test_on_real_work_glad_and_one_coin_are_as_good_as_votes_or_better(shared_data, folder):
    history, truth = real(shared_data / folder)
    plain = majority(history.asset, history.label, history.n_assets, history.n_classes)
    votes = expected_hits(plain.posterior, truth).mean()
    for model in (glad, one_coin):
        assert expected_hits(model(*history).posterior, truth).mean() >= votes - 0.005
    if folder == "products":  # where labellers differ most
        assert expected_hits(glad(*history).posterior, truth).mean() >= votes + 0.02


@pytest.mark.filterwarnings("ignore")  # of pandas, at what crowd-kit does
@pytest.mark.parametrize("folder", ["weather_tweets", "dog_photos_brief"])
def test_on_real_work_glad_equals_crowd_kit(shared_data, folder):
    aggregation = pytest.importorskip("crowdkit.aggregation")
    import pandas as pd

    history, _ = real(shared_data / folder)
    frame = pd.DataFrame(
        {"task": history.asset, "worker": history.labeller, "label": history.label}
    )
    theirs = aggregation.GLAD(n_iter=5).fit_predict_proba(frame)
    theirs = theirs.reindex(index=range(history.n_assets), columns=range(history.n_classes))
    ours = glad(*history, rounds=5, tolerance=0).posterior
    # crowd-kit ends each round at a looser optimum.
    np.testing.assert_allclose(ours, theirs.to_numpy(), atol=0.01)
