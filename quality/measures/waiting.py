"""How long people wait for something: a median with an interval that assumes no shape of waits."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class Waiting(NamedTuple):
    """The median of n waits in seconds with its 95 % interval; None where n is too small."""

    median: float | None
    n: int
    low: float | None
    high: float | None


def waiting(seconds: ArrayLike) -> Waiting:
    """The median wait, and the order statistics that hold it with at least 95 % confidence.

    The number of waits below the true median is binomial (n, ½), whatever their distribution
    (W. R. Thompson, Annals of Mathematical Statistics 7, 1936). With fewer than six waits no pair
    of them reaches 95 %. Raises ValueError for a wait that is negative or no number.
    """
    waits = np.sort(np.asarray(seconds, float).ravel())
    n = int(waits.size)
    if not np.all(np.isfinite(waits)) or (n and waits[0] < 0):
        raise ValueError("seconds: expected waits of 0 s or more")
    if n == 0:
        return Waiting(None, 0, None, None)
    middle, rank = float(np.median(waits)), _rank(n)
    if rank == 0:
        return Waiting(middle, n, None, None)
    return Waiting(middle, n, float(waits[rank - 1]), float(waits[n - rank]))


def _rank(n: int) -> int:
    """The largest r for which fewer than r of n fair coins show heads with a chance of at most
    2.5 %; 0 when there is none."""
    below, rank = 0.0, 0
    log_all = -n * math.log(2)
    for k in range(n // 2 + 1):
        below += math.exp(
            log_all + math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        )
        if below > 0.025:
            return rank
        rank = k + 1
    return rank
