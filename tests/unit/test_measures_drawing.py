"""Drawing by share: every prefix exact, every chance right, and not to be foreseen."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.measures.drawing import drawn_next, due_after

SHARES = st.lists(st.sampled_from([0.05, 0.1, 0.2, 1 / 3, 0.5, 0.8, 0.95, 1.0]), max_size=60)


def drawn(shares, rng):
    """Which of them are drawn, one after the other."""
    due, n, found = 0.0, 0, []
    for share in shares:
        found.append(drawn_next(due, n, share, rng.random()))
        due, n = due_after(due, share), n + found[-1]
    return np.array(found, bool)


@given(SHARES, st.integers(0, 2**32))
def test_every_prefix_is_met_as_exactly_as_whole_numbers_allow(shares, seed):
    counts = drawn(shares, np.random.default_rng(seed)).cumsum()
    due = 0.0
    for count, share in zip(counts, shares, strict=True):
        due = due_after(due, share)
        assert math.floor(due) <= count <= math.ceil(due)


def inclusion(shares):
    """Chance of each by walking through every course it may take: the oracle, in fractions."""
    courses = {0: Fraction(1)}
    due, chances = 0.0, []
    for share in shares:
        after, included = {}, Fraction(0)
        for n, weight in courses.items():
            # The least lot with which it is no longer drawn, found by halving.
            low, high = 0.0, 1.0
            for _ in range(60):
                middle = (low + high) / 2
                low, high = (middle, high) if drawn_next(due, n, share, middle) else (low, middle)
            p = Fraction(round(low, 9)).limit_denominator(10**9)
            included += weight * p
            for step, chance in ((1, p), (0, 1 - p)):
                if chance:
                    after[n + step] = after.get(n + step, Fraction(0)) + weight * chance
        courses, due = after, due_after(due, share)
        chances.append(float(included))
    return chances


@pytest.mark.parametrize("shares", [[0.2] * 23, [0.3] * 17, [0.9] * 12, [0.2, 1.0, 0.05, 0.7] * 5])
def test_each_has_exactly_its_share_as_its_chance(shares):
    assert inclusion(shares) == pytest.approx(shares, abs=1e-6)


def test_who_knows_what_was_drawn_before_cannot_tell_what_comes():
    rng = np.random.default_rng(1)
    runs = np.array([drawn([0.2] * 40, rng) for _ in range(3000)])
    gaps = np.concatenate([np.diff(np.flatnonzero(run)) for run in runs])
    assert set(gaps) >= set(range(1, 9))
    assert np.bincount(gaps)[5] / gaps.size < 0.3  # every fifth would always be five apart
    assert abs(runs.mean(axis=0) - 0.2).max() < 4 * math.sqrt(0.2 * 0.8 / 3000)
