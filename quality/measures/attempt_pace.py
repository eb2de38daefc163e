"""Attempts that were answered faster than others answered the same questions.

An answer's pace is its time over the median time that *others* took for the same question, in log;
an attempt's is the median over its answers. It is too fast when it lies further below the pace of
all attempts than any honest one is likely to (distance in robust standard deviations, from median
and MAD) and takes less than half as long: somebody may know the questions, or not read them.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Bools, Floats, Ints

FEWEST_OTHERS = 3  # who took time for the same question
FEWEST_ANSWERS = 5  # of an attempt that can be compared
FEWEST_ATTEMPTS = 8  # of fewer it is not known what is usual
FARTHEST = -3.5  # robust standard deviations (B. Iglewicz and D. Hoaglin, 1993)
FASTEST = 0.5  # of the usual time
LEAST_SPREAD = 0.1  # in log time: people are not more alike than that


class Paces(NamedTuple):
    """By attempt: time taken over what is usual (nan where unknown), distance in robust standard
    deviations, over how many answers, and whether it is too fast."""

    ratio: Floats
    distance: Floats
    n: Ints
    flagged: Bools


def paces(item: ArrayLike, attempt: ArrayLike, seconds: ArrayLike, n_attempts: int) -> Paces:
    """`item` and `attempt` codes from 0 and the `seconds` each answer took (parallel arrays)."""
    code, who = np.asarray(item, int), np.asarray(attempt, int)
    log = np.log(np.maximum(np.asarray(seconds, float), 0.1))
    beside = np.full(log.size, np.nan)
    for i in np.unique(code):
        here = np.flatnonzero(code == i)
        for one in here:
            others = here[who[here] != who[one]]
            if others.size >= FEWEST_OTHERS:
                beside[one] = log[one] - np.median(log[others])
    known = np.isfinite(beside)
    n = np.bincount(who[known], minlength=n_attempts)
    of = np.full(n_attempts, np.nan)
    for one in np.flatnonzero(n >= FEWEST_ANSWERS):
        of[one] = np.median(beside[known & (who == one)])
    compared = np.isfinite(of)
    if compared.sum() < FEWEST_ATTEMPTS:
        unknown = np.full(n_attempts, np.nan)
        return Paces(np.exp(of), unknown, n, np.zeros(n_attempts, bool))
    middle = np.median(of[compared])
    spread = max(1.4826 * float(np.median(np.abs(of[compared] - middle))), LEAST_SPREAD)
    distance, ratio = (of - middle) / spread, np.exp(of - middle)
    return Paces(ratio, distance, n, compared & (distance <= FARTHEST) & (ratio <= FASTEST))
