"""When a figure is an alert: pure."""

import math
from typing import NamedTuple

from quality.measures.classes import wilson

# An alert is looked for again and again: its interval is wider than that of a figure on a page.
Z99 = 2.575829  # of the normal distribution, two-sided


class Fall(NamedTuple):
    """An accuracy now and before, each right answers ÷ answers, and what of it is an alert.

    `fell`: the drop is surely more than the terms allow; `below`: surely under the floor.
    """

    now: float
    n: int
    before: float | None
    n_before: int
    fell: bool
    below: bool


def fall(
    right: float, n: int, right_before: float, n_before: int, *, drop: float, floor: float | None,
    least: int,
) -> Fall | None:  # fmt: skip
    """Whether an accuracy fell by more than `drop` below its own before, or lies under `floor`.

    The drop is judged by the 99 % interval of the difference of two shares (R. G. Newcombe,
    Statistics in Medicine 17, 1998, method 10), the floor by Wilson's 99 % interval. None with
    fewer than `least` answers now; nothing is said of the drop with fewer than `least` before.
    """
    if n < least or n == 0:
        return None
    now, high = right / n, float(wilson(right, n, Z99)[1])
    below = floor is not None and high < floor
    if n_before < least:
        return Fall(now, n, None, n_before, False, below)
    before = right_before / n_before
    low_before = float(wilson(right_before, n_before, Z99)[0])
    # The least that it fell by.
    surely = before - now - math.hypot(before - low_before, high - now)
    return Fall(now, n, before, n_before, surely > drop, below)


def late(finish: float | None, due: float, now: float) -> bool:
    """Whether what is due at `due` will be, or is, late: moments in seconds of the epoch.

    Without an expected finish it is late once the moment has passed.
    """
    return max(now, finish if finish is not None else now) > due


def hours_left(open_answers: int, answers: int, hours: float) -> float | None:
    """Hours until open work is gone at the pace of `answers` in `hours`; None without any pace."""
    return None if answers <= 0 or hours <= 0 else open_answers / (answers / hours)
