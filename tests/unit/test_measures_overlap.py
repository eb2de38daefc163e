"""Dynamic overlap: its bounds, and what stopping at a target promises, reckoned exactly."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.measures.overlap import ask, one_more

chances = st.floats(0, 1) | st.just(float("nan"))
counts = st.integers(0, 12)


@given(chances, counts, st.integers(1, 6), st.integers(0, 6), st.floats(0.01, 1))
def test_it_asks_below_the_minimum_never_from_the_maximum_and_between_while_unsure(
    chance, n, minimum, extra, target
):
    maximum = minimum + extra
    wanted = one_more(chance, n, minimum, maximum, target)
    if n < minimum:
        assert wanted
    elif n >= maximum:
        assert not wanted
    else:
        assert wanted == (not chance >= target)


@given(st.lists(st.tuples(chances, counts), max_size=30))
def test_many_assets_at_once_equal_one_by_one(rows):
    chance, n = np.array([r[0] for r in rows], float), np.array([r[1] for r in rows], int)
    each = [one_more(c, k, 2, 6, 0.9) for c, k in rows]
    assert ask(chance, n, 2, 6, 0.9).tolist() == each


def walk(truth, accuracy, minimum, maximum, target):
    """(mean answers, chance that it ends sure, chance that it ends sure and wrong) of one asset
    with two classes: every sequence of answers, each with its mass."""
    answers = sure = sure_wrong = 0.0
    stack = [((), 1.0)]
    while stack:
        said, mass = stack.pop()
        lead = sum(said) - (len(said) - sum(said))
        odds = (accuracy / (1 - accuracy)) ** abs(lead)
        probability = odds / (1 + odds)
        if one_more(probability, len(said), minimum, maximum, target):
            for answer in (0, 1):
                chance = accuracy if answer == truth else 1 - accuracy
                stack.append(((*said, answer), mass * chance))
            continue
        answers += mass * len(said)
        if probability >= target:
            sure += mass
            sure_wrong += mass * ((lead > 0) != bool(truth))
    return answers, sure, sure_wrong


@pytest.mark.parametrize(("accuracy", "target"), [(0.8, 0.93), (0.7, 0.9), (0.9, 0.98)])
def test_what_is_sure_enough_is_wrong_no_more_often_than_said(accuracy, target):
    for truth, maximum in itertools.product((0, 1), (5, 9)):
        answers, sure, wrong = walk(truth, accuracy, 2, maximum, target)
        assert wrong / sure <= 1 - target
        assert 2 <= answers < maximum
        assert sure > 0.5


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ((0.5, 1, 0, 3, 0.9), "minimum"),
        ((0.5, 1, 4, 3, 0.9), "minimum"),
        ((0.5, 1, 1, 3, 0.0), "target"),
        ((1.5, 1, 1, 3, 0.9), "probability"),
        ((0.5, -1, 1, 3, 0.9), "n_answers"),
    ],
)
def test_bad_input_is_named(arguments, names):
    with pytest.raises(ValueError, match=names):
        one_more(*arguments)
