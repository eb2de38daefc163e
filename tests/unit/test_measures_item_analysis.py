"""Item analysis and paces against plain code, and a simulation."""

import itertools

import numpy as np
import pytest

from quality.measures import attempt_pace, item_analysis


@pytest.mark.parametrize("k", range(6))
def test_the_tail_of_unequal_coins_is_the_sum_over_all_outcomes(k):
    chance = np.array([0.05, 0.3, 0.3, 0.72, 0.9])
    outcomes = itertools.product((0, 1), repeat=5)
    brute = sum(
        np.prod(np.where(np.array(o) == 1, chance, 1 - chance)) for o in outcomes if sum(o) >= k
    )
    assert item_analysis.at_least(chance, k) == pytest.approx(brute)


def floors(rng, attempts, items, per, spread, wrong):
    able = np.clip(rng.normal(0.8, spread, attempts), 0.3, 0.98)
    asked = np.argsort(rng.random((attempts, items)), axis=1)[:, :per]
    who = np.repeat(np.arange(attempts), per)
    item = asked.ravel()
    # Of four classes: whoever errs seldom happens to say what is accepted wrongly.
    right = np.where(item == 0, (1 - able[who]) / 3, able[who]) if wrong else able[who]
    return item, who, (rng.random(who.size) < right).astype(float)


def test_seldom_a_right_question_is_flagged_and_mostly_a_wrong_one():
    rng = np.random.default_rng(4)
    false, found = [], []
    for spread in (0.0, 0.1):
        for _ in range(25):
            none, _ = item_analysis.analyse(*floors(rng, 40, 20, 12, spread, wrong=False))
            false.append(none.flagged.any())
            one, _ = item_analysis.analyse(*floors(rng, 40, 20, 12, spread, wrong=True))
            found.append(bool(one.flagged[0]))
    assert np.mean(false) <= 0.1
    assert np.mean(found) >= 0.7


def test_thirds_are_by_the_other_answers():
    # The fourth misses only this question: by the others they are as good as the first.
    credit = np.array([[1, 1, 1], [1, 0, 1], [1, 0, 0], [0, 1, 1]], float)
    who, item = np.divmod(np.arange(12), 3)
    found, thirds = item_analysis.analyse(item, who, credit.ravel())
    first = item == 0
    assert thirds.rest[first].tolist() == [1, 0.5, 0, 1]
    assert thirds.best[first].tolist() == [True, False, False, True]
    assert thirds.weakest[first].tolist() == [False, False, True, False]
    assert found.n.tolist() == [4, 4, 4] and found.right[0] == 0.75
    assert found.missed[0] == 1 and np.isnan(found.p[0])


def test_nothing_answered_is_nothing_analysed():
    found, thirds = item_analysis.analyse([], [], [])
    assert found.n.size == thirds.rest.size == 0
    with pytest.raises(ValueError, match="credit"):
        item_analysis.analyse([0], [0], [2.0])


def test_one_attempt_in_a_fifth_of_the_time_is_too_fast():
    rng = np.random.default_rng(1)
    who, item = np.divmod(np.arange(200), 20)
    seconds = rng.lognormal(2 + item / 20, 0.2) * np.where(who == 3, 0.2, 1)
    found = attempt_pace.paces(item, who, seconds, 10)
    assert np.flatnonzero(found.flagged).tolist() == [3]
    by_hand = [
        np.median([
            np.log(seconds[20 * a + i]) - np.median(np.log(seconds[(item == i) & (who != a)]))
            for i in range(20)
        ])
        for a in range(10)
    ]  # fmt: skip
    assert found.ratio[3] == pytest.approx(np.exp(by_hand[3] - np.median(by_hand)))
    assert not attempt_pace.paces(item[:100], who[:100], seconds[:100], 5).flagged.any()
