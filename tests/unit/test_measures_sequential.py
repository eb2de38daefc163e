"""Sequential tests: error rates by exact enumeration and simulation, power by exact reckoning."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from quality.measures.sequential import (
    Falls,
    Terms,
    against,
    against_many,
    drift,
    rate_above,
    rate_evidence,
)

part = st.floats(0, 1)
paths = st.lists(st.tuples(part, part), max_size=40)
fair = pytest.mark.parametrize(("n_classes", "good"), [(2, 0.75), (2, 0.8), (4, 0.75), (10, 0.5)])


def agree_chance(a, q, n_classes):
    return a * q + (1 - a) * (1 - q) / (n_classes - 1)


def stopped_by(accuracy, n_classes, terms, longest):
    """Exact chance to be stopped within so many gold observations, by a walk over (n, right)."""
    live, stopped = {0: 1.0}, 0.0
    for n in range(1, longest + 1):
        reached = {}
        for k, mass in live.items():
            for more, chance in ((1, accuracy), (0, 1 - accuracy)):
                reached[k + more] = reached.get(k + more, 0.0) + mass * chance
        live = {k: mass for k, mass in reached.items() if not _crosses(k, n, n_classes, terms)}
        stopped += sum(reached.values()) - sum(live.values())
    return stopped


def _crosses(k, n, n_classes, terms):
    """Definition: the weighted mean of likelihood ratios of k right in n reaches 1 / alpha."""
    chance = 1 / n_classes
    ratios = [
        ((chance + place * (terms.good - chance)) / terms.good) ** k
        * ((1 - chance - place * (terms.good - chance)) / (1 - terms.good)) ** (n - k)
        for place, _ in terms.bad
    ]
    weights = [weight for _, weight in terms.bad]
    return np.average(ratios, weights=weights) >= 1 / terms.alpha


@fair
@pytest.mark.parametrize("alpha", [0.01, 0.05])
def test_a_labeller_just_good_is_stopped_no_more_often_than_stated(n_classes, good, alpha):
    exact = stopped_by(good, n_classes, Terms(good, alpha), 500)
    assert alpha / 10 < exact <= alpha
    assert stopped_by((good + 1) / 2, n_classes, Terms(good, alpha), 500) < exact / 2


@fair
def test_simulated_stops_are_those_reckoned_exactly(n_classes, good):
    people, longest = 4000, 60
    rng, who = np.random.default_rng(n_classes), np.repeat(np.arange(people), longest)
    for accuracy in (1 / n_classes, (1 / n_classes + good) / 2, good):
        right = rng.random(who.size) < accuracy
        found = against_many(who, right, np.ones(who.size), n_classes, people, Terms(good, 0.05))
        exact = stopped_by(accuracy, n_classes, Terms(good, 0.05), longest)
        k = int((found.stopped_at >= 0).sum())
        interval = binomtest(k, people).proportion_ci(0.999)
        assert interval.low <= exact <= interval.high


def test_with_any_certainties_the_mean_of_the_evidence_is_at_most_one():
    """Every path of 8 answers of a good labeller, each with its chance, beside mixed certainties;
    and the chance that a path ever crosses."""
    q = np.array([1, 0.9, 0.6, 0.25, 1, 0.4, 0.8, 0.97])
    terms = Terms(0.75, 0.2)
    for accuracy in (0.75, 0.9):
        agree = agree_chance(accuracy, q, 4)
        mean, ever = 0.0, 0.0
        for path in itertools.product((0, 1), repeat=q.size):
            mass = np.prod(np.where(path, agree, 1 - agree))
            trail = against(path, q, 4, terms)
            mean += mass * math.exp(trail.log_evidence[-1])
            ever += mass * (trail.stopped_at is not None)
        assert mean <= 1 + 1e-9
        assert ever <= 0.2
        # Just good, the wager is a fair one: nothing of the stake is given away.
        assert accuracy > 0.75 or mean == pytest.approx(1)


def test_answers_right_in_part_keep_the_promise():
    """Parts right of 0, ½ and 1 with mean `good`: every path of 7."""
    masses = {0.0: 0.1, 0.5: 0.3, 1.0: 0.6}
    assert sum(part * mass for part, mass in masses.items()) == 0.75
    mean = 0.0
    for path in itertools.product(masses, repeat=7):
        trail = against(path, np.ones(7), 4)
        mean += math.exp(trail.log_evidence[-1]) * math.prod(masses[part] for part in path)
    assert mean == pytest.approx(1)


@given(paths, st.integers(2, 9))
def test_what_is_no_better_than_a_guess_says_nothing(path, n_classes):
    correct, q = [p[0] for p in path], [p[1] / n_classes for p in path]
    trail = against(correct, q, n_classes, Terms(0.8))
    assert trail.log_evidence == pytest.approx(np.zeros(len(path)), abs=1e-9)
    assert trail.stopped_at is None
    # Slipped in among others, it leaves the end of the path as it was.
    mixed = against([*correct, 0, 1, 0], [*q, 1, 1, 1], n_classes, Terms(0.8))
    alone = against([0, 1, 0], [1, 1, 1], n_classes, Terms(0.8))
    assert mixed.log_evidence[-1] == pytest.approx(alone.log_evidence[-1])


@given(paths, st.integers(2, 9), st.randoms())
def test_the_end_of_the_path_knows_no_order(path, n_classes, rng):
    def end(pairs):
        return against([p[0] for p in pairs], [p[1] for p in pairs], n_classes, Terms(0.8))

    shuffled = rng.sample(path, len(path))
    assert end(path).log_evidence[-1:] == pytest.approx(end(shuffled).log_evidence[-1:], abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 4), part, part, st.integers(2, 9)), max_size=60))
def test_many_labellers_at_once_equal_one_by_one(rows):
    who, correct, q, classes = (np.array([row[i] for row in rows]) for i in range(4))
    terms = Terms(0.7, 0.3)
    found = against_many(who.astype(int), correct, q, np.maximum(classes, 2), 5, terms)
    for i in range(5):
        mine = who == i
        one = against(correct[mine], q[mine], np.maximum(classes[mine], 2), terms)
        assert found.log_evidence[mine] == pytest.approx(one.log_evidence, abs=1e-9)
        assert found.stopped_at[i] == (-1 if one.stopped_at is None else one.stopped_at)
        assert found.n[i] == mine.sum()


@given(paths)
def test_the_stop_is_the_first_crossing(path):
    terms = Terms(0.75, 0.1)
    trail = against([p[0] for p in path], [p[1] for p in path], 4, terms)
    crossed = [i for i, e in enumerate(trail.log_evidence) if e >= math.log(10)]
    assert trail.stopped_at == (crossed[0] if crossed else None)


def test_an_error_counts_against_and_the_surer_the_more():
    ends = [against([0], [q], 4).log_evidence[-1] for q in (0.3, 0.5, 0.8, 1)]
    assert 0 < ends[0] < ends[1] < ends[2] < ends[3]
    assert against([1], [1], 4).log_evidence[-1] < 0


def alarm(accuracies, before, terms, rng, longest):
    right = rng.random(longest) < np.resize(accuracies, longest)
    return drift(right, np.ones(longest), 4, before, terms).stopped_at


def test_false_alarms_of_a_drift_are_as_far_apart_as_stated():
    """Runs are cut short at 8 × the stated length, which only lowers their mean."""
    rng, terms = np.random.default_rng(1), Falls(50.0)
    runs = [alarm([0.9], 0.9, terms, rng, 400) for _ in range(300)]
    lengths = np.array([400 if at is None else at + 1 for at in runs])
    assert lengths.mean() - 3 * lengths.std() / math.sqrt(300) > 50


def test_the_detector_grows_by_one_an_observation_at_most_on_average():
    """Every path of 9 answers of somebody who has not fallen: the mean of the detector at n is n,
    which is what the stated run length rests on."""
    for q in (1.0, 0.8):
        agree, mean = agree_chance(0.85, q, 4), 0.0
        for path in itertools.product((0, 1), repeat=9):
            mass = agree ** sum(path) * (1 - agree) ** (9 - sum(path))
            mean += mass * math.exp(drift(path, [q] * 9, 4, 0.85).log_evidence[-1])
        assert mean == pytest.approx(9)


def test_the_detector_is_the_sum_of_wagers_opened_at_every_moment():
    rng = np.random.default_rng(3)
    right, q, before, fall = rng.random(30) < 0.6, rng.uniform(0.3, 1, 30), 0.9, 0.3
    good, bad = agree_chance(before, q, 4), agree_chance(before - fall, q, 4)
    wagers = np.where(right, bad / good, (1 - bad) / (1 - good))
    summed = [sum(np.prod(wagers[j : i + 1]) for j in range(i + 1)) for i in range(30)]
    trail = drift(right, q, 4, before, Falls(5000, (fall,)))
    assert trail.log_evidence == pytest.approx(np.log(summed))


def test_a_fall_is_found_soon_after_it_happened():
    rng, found = np.random.default_rng(2), []
    for _ in range(50):
        accuracies = np.where(np.arange(400) < 200, 0.92, 0.6)
        found.append(alarm(accuracies, 0.9, Falls(), rng, 400))
    late = np.array([at - 199 for at in found if at is not None and at >= 200])
    assert late.size >= 45
    assert np.median(late) <= 30


@pytest.mark.parametrize("limit", [0.02, 0.05, 0.3])
def test_a_rate_at_its_limit_is_rarely_found_above_it(limit):
    """Exact, asked after each of 300 trials; and a rate far above is found."""

    def ever(rate, alpha=0.05):
        live, found = np.array([1.0]), 0.0
        for n in range(1, 301):
            live = np.append(live * (1 - rate), 0) + np.append(0, live * rate)
            out = np.array(
                [m > 1e-12 and rate_above(k, n, limit, alpha) for k, m in enumerate(live)]
            )
            found += live[out].sum()
            live = np.where(out, 0, live)
        return found

    assert 0 < ever(limit) <= 0.05
    assert ever(min(0.95, 4 * limit)) > 0.9


@given(st.integers(0, 50), st.integers(0, 50), st.floats(0.01, 0.9))
def test_one_more_event_is_more_evidence_and_one_more_trial_without_is_less(k, rest, limit):
    here = rate_evidence(k, k + rest, limit)
    assert rate_evidence(k + 1, k + 1 + rest, limit) > here > rate_evidence(k, k + rest + 1, limit)


def test_nothing_seen_is_no_evidence():
    assert against([], [], 4).log_evidence.size == 0
    assert against([], [], 4).stopped_at is None
    assert drift([], [], 4, 0.9).stopped_at is None
    assert rate_evidence(0, 0, 0.1) == pytest.approx(0)


@pytest.mark.parametrize(
    ("call", "names"),
    [
        (lambda: against([1.5], [1], 4), "correct"),
        (lambda: against([float("nan")], [1], 4), "correct"),
        (lambda: against([1], [1, 1], 4), "certainty"),
        (lambda: against([1], [1], 1), "n_classes"),
        (lambda: against([1], [1], 2, Terms(0.5)), "good"),
        (lambda: against([1], [1], 4, Terms(alpha=0)), "alpha"),
        (lambda: against([1], [1], 4, Terms(bad=((1.0, 1.0),))), "bad"),
        (lambda: drift([1], [1], 4, 0.2), "before"),
        (lambda: drift([1], [1], 4, 0.9, Falls(run_length=1)), "run_length"),
        (lambda: drift([1], [1], 4, 0.9, Falls(falls=())), "falls"),
        (lambda: rate_above(3, 2, 0.1, 0.01), "k: expected"),
        (lambda: rate_above(1, 2, 0, 0.01), "limit"),
        (lambda: rate_above(1, 2, 0.1, 1), "alpha"),
    ],
)
def test_bad_input_is_named(call, names):
    with pytest.raises(ValueError, match=names):
        call()
