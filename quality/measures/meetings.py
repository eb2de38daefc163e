"""Which shapes of two labels of one asset can overlap at all, found without trying every pair.

Every shape has a frame [left, top, right, bottom], in px. Truths are sorted by their left edge and
each given shape looks only at those whose frame can reach it, so that ten thousand shapes on an
image take milliseconds, not the hundred million pairs that a table of all of them would.
"""

from typing import NamedTuple

import numpy as np

from quality.measures.arrays import Bools, Floats, Ints, compiled

# How many truths one given shape is compared with at most: the nearest ones by their frames. It
# bounds time and memory where somebody draws ten thousand shapes on top of each other.
MOST = 1000
MOST_EXACT = 200  # of shapes that take microseconds a pair, not nanoseconds


class Near(NamedTuple):
    """Pairs that overlap, parallel arrays: positions in the given and in the true objects, and how
    much they overlap, in (0, 1]. Pairs lie in the order of `given`, then of `truth`."""

    given: Ints
    truth: Ints
    overlap: Floats


def meeting(
    given: Floats, truth: Floats, given_start: Ints, truth_start: Ints, most: int = MOST
) -> tuple[Ints, Ints]:
    """Positions (pairs,) of given and true frames, (n, 4) and (m, 4), that meet or touch.

    `*_start` say where the objects of each label begin, one entry more than there are labels; only
    objects of one label meet. At most `most` truths for each given frame.
    """
    if not len(given) or not len(truth):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    label = np.repeat(np.arange(len(truth_start) - 1), np.diff(truth_start))
    order = np.lexsort((truth[:, 0], label))
    ordered = truth[order]
    first, count = _reach(given, ordered, given_start, truth_start)
    i, j = _pairs(given, ordered, order, given_start, truth_start, first, count, most)
    by_given = np.lexsort((j, i))
    return i[by_given], j[by_given]


def ratios(
    shared: Floats, given: Floats, truth: Floats, given_crowd: Bools, truth_crowd: Bools
) -> Floats:
    """Intersection over union of pairs from their `shared` and own areas; (pairs,), in [0, 1].

    Where one of the two is a crowd it is the share of the other that lies inside, as a crowd holds
    many. Shapes without area overlap nothing.
    """
    whole = given + truth - shared
    whole = np.where(truth_crowd, given, np.where(given_crowd, truth, whole))
    found = np.divide(shared, whole, out=np.zeros_like(shared), where=whole > 0)
    return np.clip(found, 0, 1)


@compiled
def _reach(given: Floats, truth: Floats, given_start: Ints, truth_start: Ints) -> tuple[Ints, Ints]:
    """Where each given frame starts to look among truths sorted by left edge, and how many meet."""
    first, count = np.zeros(len(given), np.int64), np.zeros(len(given), np.int64)
    for k in range(len(given_start) - 1):
        t0, t1 = truth_start[k], truth_start[k + 1]
        widest = 0.0
        for t in range(t0, t1):
            widest = max(widest, truth[t, 2] - truth[t, 0])
        # A little more than the widest: rounding must not hide a frame that touches.
        widest += 1e-9 * (1 + widest)
        for g in range(given_start[k], given_start[k + 1]):
            left, top, right, bottom = given[g]
            first[g] = t0 + np.searchsorted(truth[t0:t1, 0], left - widest - 1e-9 * abs(left))
            for t in range(first[g], t1):
                if truth[t, 0] > right:
                    break
                if truth[t, 2] >= left and truth[t, 1] <= bottom and truth[t, 3] >= top:
                    count[g] += 1
    return first, count


@compiled
def _pairs(
    given: Floats,
    truth: Floats,
    order: Ints,
    given_start: Ints,
    truth_start: Ints,
    first: Ints,
    count: Ints,
    most: int,
) -> tuple[Ints, Ints]:
    """The pairs that `_reach` counted; `order` are the positions of the truths before sorting."""
    total = np.minimum(count, most).sum()
    of_given, of_truth = np.zeros(total, np.int64), np.zeros(total, np.int64)
    widest = count.max()
    candidates, apart = np.zeros(widest, np.int64), np.zeros(widest)
    at = 0
    for k in range(len(given_start) - 1):
        for g in range(given_start[k], given_start[k + 1]):
            left, top, right, bottom = given[g]
            area, n = (right - left) * (bottom - top), 0
            for t in range(first[g], truth_start[k + 1]):
                if truth[t, 0] > right:
                    break
                if truth[t, 2] < left or truth[t, 1] > bottom or truth[t, 3] < top:
                    continue
                candidates[n] = order[t]
                if count[g] > most:
                    wide = min(right, truth[t, 2]) - max(left, truth[t, 0])
                    high = min(bottom, truth[t, 3]) - max(top, truth[t, 1])
                    whole = area + (truth[t, 2] - truth[t, 0]) * (truth[t, 3] - truth[t, 1])
                    share = wide * high / whole if whole > 0 else 0.0
                    # Of equals, those at the same place in the other's list.
                    place = abs((g - given_start[k]) - (order[t] - truth_start[k]))
                    apart[n] = 1e-9 * place - share
                n += 1
            if n > most:
                candidates[:n] = candidates[:n][np.argsort(apart[:n])]
                n = most
            of_given[at : at + n], of_truth[at : at + n] = g, candidates[:n]
            at += n
    return of_given, of_truth
