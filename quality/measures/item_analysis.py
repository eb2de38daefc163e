"""The questions of a test, from what was answered: how hard, how telling, and which the best miss.

Everybody is held against their *other* answers, so that no question helps to judge who was good at
it (the corrected item-total correlation; P. Peters and W. Van Voorhis, Statistical Procedures,
1940). The best and the weakest at a question are thirds by those other answers.

A question stands out when the best miss it more often than their other answers would let one
expect. The chance of so many misses is that of a sum of unequal coins, one for each of the best,
falling as their other answers do; a share of few answers is drawn towards the mean of all by as
much as shares vary by chance alone (empirical Bayes; B. Efron and C. Morris, JASA 70, 1975), for
the best of few are always also the lucky ones. Of the questions that are flagged, on average at
most a stated share is so by chance (Benjamini and Hochberg). A question may stand out because its
answer is wrong, or because it is hard: what the best answered instead tells which.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Bools, Floats, Ints
from quality.measures.classes import Z95, wilson
from quality.measures.flags import FALSE_DISCOVERY_RATE, discoveries

MISSED = 0.5  # an answer worth less is a miss
FEWEST_BEST = 3  # of fewer, misses of the best are not tested
FEWEST_TELLING = 4  # answers for an interval of a correlation
TIE = 1e-6
SPREAD_MOST = 1e4  # answers that the mean of all counts for at most


class Items(NamedTuple):
    """Arrays by question. `n` answers, `right` their mean credit with `low` and `high`; `telling`,
    the correlation of credit with the share right of the other answers, with its interval (nan
    where undefined); of `best` answers by the best third `missed` were wrong where `expected` would
    be usual, the chance `p` of so many, and whether the question is `flagged`."""

    n: Ints
    right: Floats
    low: Floats
    high: Floats
    telling: Floats
    telling_low: Floats
    telling_high: Floats
    best: Ints
    missed: Ints
    expected: Floats
    p: Floats
    flagged: Bools


class Thirds(NamedTuple):
    """Beside each answer: the share right of the `rest` of its attempt (nan where there is none),
    and whether it is one of the `best` or of the `weakest` third at its question: as near to a
    third as can be without parting who ties, so that one answer may be both."""

    rest: Floats
    best: Bools
    weakest: Bools


def analyse(
    item: ArrayLike, attempt: ArrayLike, credit: ArrayLike, rate: float = FALSE_DISCOVERY_RATE
) -> tuple[Items, Thirds]:
    """`item` and `attempt` are codes from 0, `credit` what each answer was worth, 0 to 1 (parallel
    arrays; no attempt answers a question twice). Raises ValueError."""
    code, who, worth = np.asarray(item, int), np.asarray(attempt, int), np.asarray(credit, float)
    if not code.shape == who.shape == worth.shape or code.ndim != 1:
        raise ValueError("credit: expected one for each answer")
    if worth.size and not (worth.min() >= 0 and worth.max() <= 1):
        raise ValueError("credit: expected numbers from 0 to 1")
    thirds = _thirds(code, who, worth)
    chance = _chance_of_a_miss(who, worth)
    rows = [_item(np.flatnonzero(code == i), worth, thirds, chance) for i in range(_count(code))]
    n, right, telling, low, high, best, missed, expected, p = np.array(rows).reshape(-1, 9).T
    bounds = wilson(np.clip(np.where(n > 0, right * n, 0), 0, n), n)
    found = Items(
        n.astype(np.int64), right, *bounds, telling, low, high, best.astype(np.int64),
        missed.astype(np.int64), expected, p, discoveries(p, rate),
    )  # fmt: skip
    return found, thirds


def _count(codes: Ints) -> int:
    return int(codes.max()) + 1 if codes.size else 0


def _thirds(code: Ints, who: Ints, worth: Floats) -> Thirds:
    n = np.bincount(who, minlength=_count(who))
    total = np.bincount(who, worth, _count(who))
    with np.errstate(divide="ignore", invalid="ignore"):
        rest = (total[who] - worth) / (n[who] - 1)
    best, weakest = np.zeros(worth.size, bool), np.zeros(worth.size, bool)
    for i in range(_count(code)):
        here = np.flatnonzero((code == i) & np.isfinite(rest))
        if not here.size:
            continue
        best[here] = rest[here] >= -_cut(-rest[here]) - TIE
        weakest[here] = rest[here] <= _cut(rest[here]) + TIE
    return Thirds(rest, best, weakest)


def _cut(shares: Floats) -> float:
    """The share up to which about a third of them lie: whoever ties goes with the others."""
    values, n = np.unique(np.round(shares, 9), return_counts=True)
    return float(values[np.argmin(np.abs(np.cumsum(n) - shares.size / 3))])


def _chance_of_a_miss(who: Ints, worth: Floats) -> Floats:
    """For each answer, how likely its author misses a question, going by their other answers."""
    miss = worth < MISSED
    n = np.bincount(who, minlength=_count(who))
    missed: Floats = np.bincount(who, miss, _count(who)).astype(float)
    mean = miss.mean() if miss.size else 0.0
    pull = _pull(missed, n, float(mean))
    # Half a miss in one answer more keeps whoever missed nothing from being sure to miss nothing.
    chance: Floats = (missed[who] - miss + pull * mean + 0.5) / (n[who] - 1 + pull + 1)
    return chance


def _pull(missed: Floats, n: Ints, mean: float) -> float:
    """How many answers the mean of all counts for: the fewer, the more the shares differ beyond
    what chance alone makes of them (a beta-binomial by its moments)."""
    asked = n > 0
    if asked.sum() < 2 or not 0 < mean < 1:
        return 0.0
    share, noise = missed[asked] / n[asked], mean * (1 - mean) / n[asked]
    between = float(np.mean((share - mean) ** 2 - noise))
    if between <= 0:
        return SPREAD_MOST
    return float(np.clip(mean * (1 - mean) / between - 1, 1, SPREAD_MOST))


def _item(here: Ints, worth: Floats, thirds: Thirds, chance: Floats) -> tuple[float, ...]:
    right = float(worth[here].mean()) if here.size else float("nan")
    best = here[thirds.best[here]]
    missed = int((worth[best] < MISSED).sum())
    p = at_least(chance[best], missed) if best.size >= FEWEST_BEST else float("nan")
    telling = _telling(worth[here], thirds.rest[here])
    return (here.size, right, *telling, best.size, missed, float(chance[best].sum()), p)


def _telling(worth: Floats, rest: Floats) -> tuple[float, float, float]:
    """Pearson's correlation with its 95 % interval (R. A. Fisher's z, Metron 1, 1921)."""
    known = np.isfinite(rest)
    x, y = worth[known], rest[known]
    if x.size < FEWEST_TELLING or np.ptp(x) == 0 or np.ptp(y) == 0:
        return (float("nan"),) * 3
    r = float(np.clip(np.corrcoef(x, y)[0, 1], -0.9999, 0.9999))
    turned, spread = np.arctanh(r), Z95 / np.sqrt(x.size - 3)
    return r, float(np.tanh(turned - spread)), float(np.tanh(turned + spread))


def at_least(chance: Floats, k: int) -> float:
    """Probability that k or more of independent events of these chances happen, exactly."""
    of = np.zeros(chance.size + 1)
    of[0] = 1.0
    for p in chance:
        of[1:] = of[1:] * (1 - p) + of[:-1] * p
        of[0] *= 1 - p
    return float(of[k:].sum())
