"""Attempts that are right on questions which were often asked before, and wrong on the others.

Whoever was told the answers knows those that went round, and not the fresh ones. For each attempt
with enough of both kinds it is asked, by Fisher's exact test to one side (R. A. Fisher, Statistical
Methods for Research Workers, 1934), whether being right hangs together with having been asked
before; of the attempts flagged at most a stated share is so by chance, on average (Benjamini and
Hochberg). Easy questions that happen to be the old ones would look the same: a flag proves nothing.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Bools, Floats, Ints
from quality.measures.flags import FALSE_DISCOVERY_RATE, discoveries

FEWEST_EACH = 5  # questions often asked, and others
RIGHT = 0.5  # credit from which on an answer is right rather than wrong


class Foreknowledge(NamedTuple):
    """Arrays by attempt: questions that were often `seen` before and `fresh` ones, how many of each
    were right, the chance `p` of so much more right among the former (nan: too few to tell), and
    whether it is `flagged`."""

    seen: Ints
    seen_right: Ints
    fresh: Ints
    fresh_right: Ints
    p: Floats
    flagged: Bools


def foreknowledge(
    attempt: ArrayLike,
    seen: ArrayLike,
    credit: ArrayLike,
    n_attempts: int,
    rate: float = FALSE_DISCOVERY_RATE,
) -> Foreknowledge:
    """`attempt` codes from 0, whether the question was often `seen` before, and the `credit` of the
    answer, 0 to 1 (parallel arrays)."""
    from scipy.stats import hypergeom

    who, old = np.asarray(attempt, int), np.asarray(seen, bool)
    right = np.asarray(credit, float) >= RIGHT

    def count(chosen: Bools) -> Ints:
        return np.bincount(who[chosen], minlength=n_attempts)

    n_old, n_new = count(old), count(~old)
    right_old, right_new = count(old & right), count(~old & right)
    enough = (n_old >= FEWEST_EACH) & (n_new >= FEWEST_EACH)
    tail = hypergeom.sf(right_old - 1, n_old + n_new, right_old + right_new, n_old)
    p = np.where(enough, tail, np.nan)
    return Foreknowledge(n_old, right_old, n_new, right_new, p, discoveries(p, rate))
