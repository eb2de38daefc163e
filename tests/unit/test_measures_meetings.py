"""Which shapes meet: against trying every pair, and in bounded time and memory."""

import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from quality.measures import boxes, meetings


def drawn(rng, n, side=60):
    """Frames on whole pixels, so that many touch; some without area, some very wide."""
    low = rng.integers(0, side, (n, 2))
    high = low + rng.integers(0, 12, (n, 2)) * rng.integers(0, 2, (n, 1))
    high[rng.random(n) < 0.1] += side
    return np.concatenate([low, high], axis=1).astype(float)


@given(st.integers(0, 2**32), st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1))
def test_pairs_are_those_of_trying_every_one(seed, sizes):
    rng = np.random.default_rng(seed)
    given_start = np.cumsum([0, *(n for n, _ in sizes)])
    truth_start = np.cumsum([0, *(m for _, m in sizes)])
    some, others = drawn(rng, given_start[-1]), drawn(rng, truth_start[-1])
    i, j = meetings.meeting(some, others, given_start, truth_start)
    expected = [
        (g, t)
        for k in range(len(sizes))
        for g in range(given_start[k], given_start[k + 1])
        for t in range(truth_start[k], truth_start[k + 1])
        if (some[g, :2] <= others[t, 2:]).all() and (others[t, :2] <= some[g, 2:]).all()
    ]
    assert list(zip(i.tolist(), j.tolist(), strict=True)) == expected


def test_of_too_many_the_nearest_are_kept():
    rng = np.random.default_rng(1)
    some = np.tile([0.0, 0, 10, 10], (3, 1))
    others = np.concatenate([drawn(rng, 40, 10), some])
    starts = np.array([0, 3]), np.array([0, 43])
    i, j = meetings.meeting(some, others, *starts, most=3)
    assert i.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    # The three that are equal; a drawn one is equal by chance at most.
    shared = boxes.shared_areas(some[i], others[j])
    assert (shared == 100).all()


def test_ten_thousand_on_one_image_take_no_time():
    rng = np.random.default_rng(2)
    low = rng.random((10_000, 2)) * 4000
    some = np.concatenate([low, low + rng.random((10_000, 2)) * 60], axis=1)
    other = some + rng.normal(0, 2, some.shape)
    starts = np.array([0, 10_000])
    meetings.meeting(some[:1], other[:1], np.array([0, 1]), np.array([0, 1]))  # compiles
    began = time.perf_counter()
    i, _ = meetings.meeting(some, other, starts, starts)
    assert time.perf_counter() - began < 2
    assert len(i) < 500_000


def test_ten_thousand_on_top_of_each_other_stay_within_bounds():
    same = np.tile([5.0, 5, 15, 15], (10_000, 1))
    starts = np.array([0, 10_000])
    i, j = meetings.meeting(same, same, starts, starts, most=20)
    assert len(i) == 200_000
    assert set(zip(range(10_000), range(10_000), strict=True)) <= set(
        zip(i.tolist(), j.tolist(), strict=True)
    )
