"""The simulated floor in small: its labellers are as stated, its rules hold, its goals nearly."""

from collections import Counter

import numpy as np
import pytest

from benchmarks import floor
from benchmarks.simulation.engine import Plan, _Floor, simulate
from benchmarks.simulation.people import Setting, hire
from quality.measures.sequential import Terms

SMALL = Setting(labellers=80, answers_each=120)
SEEDS = (0, 1)


@pytest.fixture(scope="module")
def runs():
    """(under fixed overlap 5, the same assets under dynamic overlap) by seed."""
    found = []
    for seed in SEEDS:
        fixed = simulate(SMALL, Plan(floor.overlap(5, 5)), seed)
        plan = Plan(floor.overlap(*floor.DYNAMIC[4]), assets=fixed.correct.size)
        found.append((fixed, simulate(SMALL, plan, seed)))
    return found


@pytest.mark.parametrize("bad", ["random", "same"])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_labellers_are_as_accurate_as_drawn(bad, n_classes):
    setting = Setting(labellers=400, n_classes=n_classes, good=(0.8, 0.9), bad=bad)
    people = hire(setting, np.random.default_rng(0))
    assert people.confusion.sum(axis=2) == pytest.approx(np.ones((400, n_classes)))
    assert people.confusion.min() >= 0
    assert people.bad.sum() == 20
    assert people.accuracy[people.bad] == pytest.approx(np.full(20, 1 / n_classes))
    good = people.accuracy[~people.bad]
    assert 0.8 <= good.min() < 0.81
    assert 0.89 < good.max() <= 0.9
    # Classes differ, and so do the errors made in them: no coin, but a matrix.
    own = people.confusion[~people.bad].diagonal(axis1=1, axis2=2)
    assert own.std(axis=1).mean() > 0.02


@pytest.mark.parametrize("terms", [floor.overlap(3, 3), floor.overlap(2, 5, 0.97)])
def test_nobody_answers_twice_and_no_asset_gets_more_than_it_wants(terms):
    run = _Floor(SMALL, Plan(terms, assets=900), 3)
    while run.step():
        assert (run.got <= run.wanted)[: run.n_assets].all()
        assert (run.wanted <= terms.maximum).all()
    given = Counter(zip(run.who[: run.n].tolist(), run.asset[: run.n].tolist(), strict=True))
    assert max(given.values()) == 1
    counted = np.bincount(run.asset[: run.n], minlength=run.got.size)
    assert (counted == run.got)[: run.n_assets].all()
    assert (run.answers[: run.n_assets] >= 0).sum() == run.got[: run.n_assets].sum()
    # No evidence is counted twice, and all of it lies in what was answered.
    assert np.unique(run.observed).size == run.observed.size
    assert run.observed.max() < run.n


def test_spammers_are_stopped_early_and_good_labellers_hardly_ever(runs):
    for outcomes in zip(*runs, strict=True):
        bad = np.concatenate([run.stopped_at[run.people.bad] for run in outcomes])
        good = np.concatenate([run.stopped_at[~run.people.bad] for run in outcomes])
        assert (bad > 0).mean() == 1
        assert 4 <= np.median(bad) <= 15
        assert (good >= 0).mean() <= 0.03


def test_who_is_stopped_works_no_more_and_nobody_is_without_the_test(runs):
    fixed = runs[0][0]
    halted = fixed.stopped_at >= 0
    assert fixed.answers[halted].max() < fixed.answers[~halted].min()
    free = simulate(SMALL, Plan(floor.overlap(5, 5), terms=None), SEEDS[0])
    assert (free.stopped_at == -1).all()
    # Unstopped, they cost accuracy.
    assert free.answers[free.people.bad].min() > fixed.answers[halted].max()


def test_a_lax_test_stops_more_good_labellers(runs):
    lax = simulate(SMALL, Plan(floor.overlap(5, 5), terms=Terms(0.9, 0.3)), SEEDS[0])
    strict = runs[0][0]
    good = ~strict.people.bad
    assert (lax.stopped_at[good] >= 0).sum() > 10 > (strict.stopped_at[good] >= 0).sum()


def test_dynamic_overlap_is_as_accurate_with_far_fewer_answers(runs):
    for fixed, dynamic in runs:
        assert dynamic.correct.size == fixed.correct.size
        assert dynamic.answers_used <= 0.7 * fixed.answers_used
        assert dynamic.correct.mean() >= fixed.correct.mean() - 0.008
        assert fixed.correct.mean() > fixed.majority_correct.mean()


def test_hard_assets_cost_accuracy_and_nobody_good_their_place(runs):
    """One in ten assets is hard; all labellers stay above the accuracy that is asked for."""
    hard = SMALL._replace(good=(0.85, 0.98), hard=0.1)
    run = simulate(hard, Plan(floor.overlap(5, 5)), SEEDS[0])
    assert run.correct.mean() < runs[0][0].correct.mean() - 0.01
    assert (run.stopped_at[~run.people.bad] >= 0).mean() <= 0.03


def test_what_a_consensus_says_of_itself_is_about_right(runs):
    for run in (outcome for pair in runs for outcome in pair):
        assert abs(run.said.mean() - run.correct.mean()) <= 0.012


def test_the_report_counts_what_the_runs_show():
    case = floor.Case(Setting(labellers=60, answers_each=60), compare=True)
    runs = [floor.one(case, seed) for seed in SEEDS]
    shown = floor.report(case, runs)
    fixed = shown["fixed 5"]
    assert fixed["spammers"] == 6
    assert fixed["good_labellers"] == 114
    seen = sorted(x for run in runs for x in run["stopped"]["observations"])
    assert fixed["observations_until_stopped"]["50 %"] == seen[2]
    low, high = fixed["median_interval"]
    assert low <= seen[2] <= high
    low, high = fixed["wrongly_stopped_interval"]
    assert low <= fixed["wrongly_stopped_share"] < high
    low, high = shown["overlap"]["accuracy_gained_interval"]
    assert low <= shown["overlap"]["accuracy_gained"] <= high
