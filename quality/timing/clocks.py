"""Whether recorded times describe single answers at all."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Bools, Floats, Ints
from quality.timing.robust import FEWEST_TIMES, checked

GROWING = 0.9  # share of answers longer than the one before, from which a clock was not set back
CUT_OFF = 0.2  # share of answers at the longest time, from which times are cut off
_BLOCKS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600)


class Usable(NamedTuple):
    """Whether times can be read answer by answer and, if not, `why`, in plain words."""

    usable: bool
    why: str


def usable(
    labeller: ArrayLike, seconds: ArrayLike, n_labellers: int, order: ArrayLike | None = None
) -> Usable:
    """Say whether times describe single answers.

    They do not when they are missing or too few, when all of a labeller's times are the same, when
    neighbouring answers share a time far more often than chance gives (one time for a batch), when
    they only grow from one answer to the next (a clock never set back), when many stand at the
    longest of all (cut off there), or when they are rounded to blocks as coarse as themselves.
    `order` sorts a labeller's answers in time; by default they stand in order.
    """
    who, time = checked(labeller, seconds, n_labellers)
    timed = np.isfinite(time)
    if not timed.any():
        return Usable(False, "no answer carries a time")
    if timed.sum() < FEWEST_TIMES:
        return Usable(False, f"only {timed.sum()} answers carry a time; {FEWEST_TIMES} are needed")
    who, time = who[timed], time[timed]
    rank = np.arange(timed.sum()) if order is None else np.asarray(order)[timed]
    ordered = np.lexsort((rank, who))
    reason = (
        _one_time_each(who, time, n_labellers)
        or _repeats(who[ordered], time[ordered])
        or _running(who[ordered], time[ordered])
        or _blocks(time)
        or _cut_off(time)
    )
    return Usable(not reason, reason)


def _one_time_each(who: Ints, time: Floats, n_labellers: int) -> str:
    n = np.bincount(who, minlength=n_labellers)
    low, high = np.full(n_labellers, np.inf), np.full(n_labellers, -np.inf)
    np.minimum.at(low, who, time)
    np.maximum.at(high, who, time)
    constant: Bools = (n >= 3) & (low == high)
    if n[constant].sum() <= 0.5 * n.sum():
        return ""
    return (
        f"{constant.sum()} of {(n > 0).sum()} labellers have the same time on every answer: "
        "these look like one time for a whole batch"
    )


def _repeats(w: Ints, t: Floats) -> str:
    """Neighbouring answers of a labeller with the same time, against what their mix would give."""
    neighbours = w[1:] == w[:-1]
    if neighbours.sum() < FEWEST_TIMES:
        return ""
    same = float((t[1:] == t[:-1])[neighbours].mean())
    _, counts = np.unique(t, return_counts=True)
    chance = float((counts * (counts - 1.0)).sum() / (len(t) * (len(t) - 1.0)))
    if same < 0.25 or (same - chance) / (1 - chance + 1e-12) < 0.2:
        return ""
    return (
        f"{same:.0%} of answers repeat the exact time of the labeller's answer before, where "
        f"chance would give {chance:.0%}: these look like one time shared by a batch"
    )


def _running(w: Ints, t: Floats) -> str:
    """Times that grow from answer to answer, where half of them should."""
    neighbours = (w[1:] == w[:-1]) & (t[1:] != t[:-1])
    if neighbours.sum() < FEWEST_TIMES:
        return ""
    grown = float((t[1:] > t[:-1])[neighbours].mean())
    if grown < GROWING:
        return ""
    return (
        f"{grown:.0%} of answers took longer than the labeller's answer before: "
        "these look like a clock that is never set back"
    )


def _cut_off(time: Floats) -> str:
    """Times that stand at the longest of all: nobody knows how long these took."""
    longest = float(time.max())
    at_end = float(np.mean(time == longest))
    if at_end < CUT_OFF or np.median(time) == longest:
        return ""
    return (
        f"{at_end:.0%} of answers took exactly {longest:g} s, the longest: times are cut off there"
    )


def _blocks(time: Floats) -> str:
    median = float(np.median(time))
    for block in reversed(_BLOCKS):
        off = np.abs(time / block - np.round(time / block))
        if block > median / 2 and np.mean(off < 1e-6) >= 0.95:
            return (
                f"times are rounded to blocks of {block} s, "
                f"too coarse for a median time of {median:g} s"
            )
    return ""
