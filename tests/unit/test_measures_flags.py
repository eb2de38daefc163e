"""Flags: false discoveries kept at their rate, planted faults found, blame put where it belongs."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from quality.measures.agreement import label_counts
from quality.measures.consensus import consensus_of_others, dawid_skene
from quality.measures.flags import (
    colours,
    disagreement_tail,
    discoveries,
    flag_assets,
    flag_labellers,
)
from quality.measures.standing import bin_evidence, posteriors
from quality.timing import asset_effects, asset_times, fit, pace
from tests.unit.work_history import histories, simulate


def standings(history):
    model = dawid_skene(*history[:3], *history.sizes)
    best, q = consensus_of_others(*history[:3], model)
    evidence = bin_evidence(history.labeller, best == history.label, q, history.n_labellers)
    nothing = np.zeros(history.n_labellers)
    return posteriors(nothing, nothing, *evidence, max(history.n_classes, 2))


@given(st.lists(st.floats(0, 1), max_size=40), st.floats(0.01, 0.5))
def test_discoveries_equal_the_definition(p, rate):
    found = discoveries(p, rate)
    ordered = sorted(p)
    passed = [i for i, value in enumerate(ordered, 1) if value <= rate * i / len(p)]
    limit = ordered[passed[-1] - 1] if passed else -1.0
    assert (found == (np.array(p) <= limit)).all()


def test_discoveries_equal_scipy_and_skip_tests_not_made():
    from scipy.stats import false_discovery_control

    p = np.random.default_rng(0).random(200) ** 4
    assert (discoveries(p, 0.1) == (false_discovery_control(p) <= 0.1)).all()
    with_gaps = np.insert(p, 50, np.nan)
    assert (np.delete(discoveries(with_gaps, 0.1), 50) == discoveries(p, 0.1)).all()
    assert not discoveries(with_gaps, 0.1)[50]


@given(st.lists(st.floats(0.05, 0.95), min_size=2, max_size=6), st.data())
def test_disagreement_tail_equals_the_sum_over_all_outcomes(accuracy, data):
    least = data.draw(st.integers(0, len(accuracy)))
    exact = 0.0
    for outcome in itertools.product((True, False), repeat=len(accuracy)):
        if outcome.count(False) >= least:
            exact += np.prod([a if ok else 1 - a for ok, a in zip(outcome, accuracy, strict=True)])
    n = len(accuracy)
    tail, expected = disagreement_tail(np.zeros(n, int), np.arange(n), accuracy, [least])
    np.testing.assert_allclose(tail, exact, atol=1e-9)
    np.testing.assert_allclose(expected, sum(1 - a for a in accuracy))


@given(histories())
def test_any_history_can_be_flagged(history):
    found = flag_labellers(standings(history), None)
    votes = label_counts(history.asset, history.label, history.n_assets, history.n_classes)
    assets = flag_assets(
        history.asset, history.labeller, votes, np.full(history.n_labellers, 0.9), None
    )
    assert not found.hasty.any()
    assert (assets.flagged <= (assets.p <= 0.05)).all()


def test_alike_labellers_and_ordinary_assets_are_seldom_flagged():
    labellers = assets = 0
    for seed in range(20):
        history, _ = simulate(400, 15, 5, np.full(15, 0.85), 4, seed)
        seconds = np.exp(np.random.default_rng(seed).normal(2, 0.5, history.asset.size))
        found, times = standings(history), pace(history.labeller, seconds, 15)
        labellers += flag_labellers(found, times).flagged.sum()
        votes = label_counts(history.asset, history.label, 400, 4)
        effect = asset_times(history.asset, times.residual, 400)
        assets += flag_assets(
            history.asset, history.labeller, votes, found.mean, effect
        ).flagged.any()
    assert labellers <= 3  # of 300 labellers
    assert assets <= 3  # of 20 floors, with any flag at all


def test_the_fast_and_wrong_labeller_is_flagged_and_not_the_assets():
    accuracy = np.array([0.92] * 11 + [0.35])
    history, _ = simulate(600, 12, 4, accuracy, 4, seed=3)
    generator = np.random.default_rng(3)
    own = np.where(np.arange(12) == 11, 0.25, 1.0)
    seconds = own[history.labeller] * np.exp(generator.normal(2, 0.4, history.asset.size))
    found = flag_labellers(standings(history), pace(history.labeller, seconds, 12))
    assert np.flatnonzero(found.flagged).tolist() == [11]
    assert found.hasty[11]
    kept = ~found.flagged[history.labeller]
    votes = label_counts(history.asset[kept], history.label[kept], 600, 4)
    flagged = flag_assets(
        history.asset[kept], history.labeller[kept], votes, standings(history).mean, None
    ).flagged
    assert flagged.mean() < 0.02


def test_fast_and_right_is_no_fault():
    history, _ = simulate(600, 12, 4, np.full(12, 0.92), 4, seed=4)
    own = np.where(np.arange(12) == 11, 0.25, 1.0)
    generator = np.random.default_rng(4)
    seconds = own[history.labeller] * np.exp(generator.normal(2, 0.4, history.asset.size))
    found = flag_labellers(standings(history), pace(history.labeller, seconds, 12))
    assert not found.flagged.any()


def test_planted_hard_assets_are_found():
    history, _ = simulate(500, 20, 9, np.full(20, 0.95), 4, seed=6)
    hard = np.arange(500) < 40
    generator = np.random.default_rng(6)
    guess = hard[history.asset] & (generator.random(history.asset.size) < 0.8)
    label = np.where(guess, generator.integers(0, 4, history.asset.size), history.label)
    votes = label_counts(history.asset, label, 500, 4)
    found = flag_assets(history.asset, history.labeller, votes, np.full(20, 0.95), None)
    assert found.flagged[hard].mean() > 0.8
    false = found.flagged[~hard].sum() / max(found.flagged.sum(), 1)
    assert false <= 0.1


def test_sure_but_hardly_slower_is_not_flagged_and_colours_say_so():
    """Three assets of 200 answers each: usual, a tenth slower, and half as slow again."""
    r = np.random.default_rng(8)
    asset, labeller = np.repeat(np.arange(60), 200), np.tile(np.arange(20), 600)
    effect = np.zeros(60)
    effect[1], effect[2] = np.log(1.1), np.log(1.5)
    seconds = np.exp(2 + effect[asset] + r.normal(0, 0.3, asset.size))
    times = asset_effects(asset, fit(labeller, asset, seconds, 20, 60), 60)
    votes = np.full((60, 1), 200)
    found = flag_assets(asset, labeller, votes, np.full(20, 0.95), times)
    assert times.p[1] < 1e-4
    assert found.flagged.nonzero()[0].tolist() == [2]
    assert colours(found)[1:3] == ["yellow", "red"]
    assert colours(found).count("green") >= 52
