"""What gold tells is learnt from the answers: against a known truth, brute force and bounds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import spearmanr

from quality.measures import items


def logit(p):
    return np.log(p / (1 - p))


def sure(hard, slope, able):
    return 1 / (1 + np.exp(-(items.USUAL + slope * (able - items.USUAL) - hard)))


def a_pool(seed, n_gold=40, n_labellers=150):
    """(item, labeller, right) where every labeller answers all, the truth, and who they are."""
    rng = np.random.default_rng(seed)
    accuracy = rng.beta(8, 2, n_labellers).clip(0.3, 0.97)
    slope, hard = rng.uniform(0.1, 2.2, n_gold), rng.normal(0, 1, n_gold)
    item, who = (axis.ravel() for axis in np.indices((n_gold, n_labellers)))
    right = rng.random(item.size) < sure(hard[item], slope[item], logit(accuracy)[who])
    return item, who, right.astype(float), slope, hard, accuracy


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_discrimination_and_difficulty_is_recovered(seed):
    item, who, right, slope, hard, accuracy = a_pool(seed)
    # What is known of the labellers is their score on the same gold, as on the floor.
    n = np.bincount(who)
    mean = (np.bincount(who, right) + 3) / (n + 4)
    able = items.ability(mean[who], n[who], right)
    found = items.analyse(item, able, right, slope.size)
    assert spearmanr(found.discrimination, slope).statistic > 0.7
    assert spearmanr(found.difficulty, hard).statistic > 0.9
    assert found.n.tolist() == [accuracy.size] * slope.size


def test_it_is_the_mode_of_the_posterior():
    item, who, right, _, _, accuracy = a_pool(3, n_gold=4, n_labellers=30)
    able = logit(accuracy)[who]
    found = items.analyse(item, able, right, 4)

    def badness(both, mine):
        slope, hard = both
        p = sure(hard, slope, able[mine])
        y = right[mine]
        return -(
            (y * np.log(p) + (1 - y) * np.log(1 - p)).sum()
            - (slope - 1) ** 2 / (2 * items.SPREAD_OF_DISCRIMINATION**2)
            - hard**2 / (2 * items.SPREAD_OF_DIFFICULTY**2)
        )

    for i in range(4):
        best = minimize(badness, [1, 0], args=(item == i,), tol=1e-10).x
        assert [found.discrimination[i], found.difficulty[i]] == pytest.approx(best, abs=1e-3)


def test_without_answers_gold_is_as_usual():
    found = items.analyse([], [], [], 3)
    assert found.discrimination.tolist() == [1] * 3 and found.difficulty.tolist() == [0] * 3


@given(st.lists(st.tuples(st.floats(-3, 4), st.floats(0, 1)), min_size=1, max_size=60))
def test_it_converges_and_is_finite_whatever_the_answers(answers):
    able, right = np.array(answers).T
    found = items.analyse(np.zeros(len(right), int), able, right, 1)
    assert np.isfinite([*found.discrimination, *found.difficulty]).all()
    code = np.zeros(len(right), int)
    step = items._step(code, able - items.USUAL, right, found.discrimination, found.difficulty)
    assert np.abs(step).max() < 1e-3


def test_leaving_an_answer_out_undoes_what_it_added():
    # Beta(3, 1) and 7 right of 9, the last of them right: without it 6 of 8.
    assert items.ability(10 / 13, 9, 1.0) == pytest.approx(logit(9 / 12))


def test_information_is_the_curvature_of_the_likelihood():
    hard, slope, able, step = 0.4, 1.7, 0.9, 1e-4

    def expected(at):
        p, q = sure(hard, slope, able), sure(hard, slope, at)
        return p * np.log(q) + (1 - p) * np.log(1 - q)

    curve = (expected(able + step) - 2 * expected(able) + expected(able - step)) / step**2
    assert items.information(hard, slope, able) == pytest.approx(-curve, rel=1e-4)
    assert items.information(0.0, -0.5, 1.0) == 0


@pytest.mark.parametrize(("item", "able", "right"), [([0], [1, 2], [1]), ([0], [1], [2])])
def test_refuses_what_is_no_answer(item, able, right):
    with pytest.raises(ValueError, match="correct"):
        items.analyse(item, able, right, 1)
