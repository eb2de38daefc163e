"""Tests that may be looked at after every answer, and still err no more often than stated.

Evidence against "this labeller is right at least `good` of the time" is a wager at odds that a good
labeller finds fair or worse: each observation multiplies the stake by a number whose mean is at
most 1 while the labeller is good. Such a product is an e-process; the chance that it *ever* reaches
1/α is at most α, however often one looks and whenever one stops (J. Ville, Étude critique de la
notion de collectif, 1939). The wager is the likelihood ratio of a bad accuracy to the least
favourable good one (A. Wald, Annals of Mathematical Statistics 16, 1945), averaged over several bad
ones (S. R. Howard, A. Ramdas, J. McAuliffe, J. Sekhon, Annals of Statistics 49, 2021; A. Ramdas,
P. Grünwald, V. Vovk, G. Shafer, Statistical Science 38, 2023).

An observation is an answer beside something that is right with probability q: gold (q = 1), or the
consensus of the *others*. P(agree | a, q) = a·q + (1 - a)(1 - q) / (K - 1), as in `standing`. The
promise holds where q is no higher than it should be, was reckoned without the labeller's own
answer, and the path starts at a moment that was not picked for its evidence.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Floats, Ints, codes

# (place, weight): where between chance (0) and `good` (1) a bad accuracy lies, and its share of the
# stake. Most goes on plain guessing, which is to be found soon.
BAD = ((0.0, 0.6), (0.4, 0.2), (0.7, 0.2))


class Terms(NamedTuple):
    """`good`: accuracy that a good labeller surely has. `alpha`: chance at most that somebody so
    good is ever stopped. `bad`: the mixture wagered on."""

    good: float = 0.75
    alpha: float = 0.01
    bad: tuple[tuple[float, float], ...] = BAD


class Falls(NamedTuple):
    """`run_length`: observations on average, at least, until a false alarm. `falls`: by how much
    accuracy is feared to have fallen, each with the same share of the stake."""

    run_length: float = 5000.0
    falls: tuple[float, ...] = (0.1, 0.2, 0.4)


TERMS, FALLS = Terms(), Falls()


class Trail(NamedTuple):
    """`log_evidence` (n,) after each observation; `stopped_at`: index of the first that crosses."""

    log_evidence: Floats
    stopped_at: int | None


class Trails(NamedTuple):
    """The same of many labellers: `log_evidence` beside the observations, `stopped_at` and `n` (how
    many observations) by labeller; -1 where nothing crossed. Indices count a labeller's own."""

    log_evidence: Floats
    stopped_at: Ints
    n: Ints


def against(
    correct: ArrayLike, certainty: ArrayLike, n_classes: ArrayLike, terms: Terms = TERMS
) -> Trail:
    """Evidence, after each observation in the order given, that a labeller is worse than `good`.

    `correct` (n,) from 0 to 1; `certainty` (n,) the probability that what it was compared with is
    right; `n_classes` one number, or one for each observation. `stopped_at` is where the evidence
    first reaches log(1 / alpha). Raises ValueError naming the argument.
    """
    right = np.asarray(correct, dtype=float)
    found = against_many(np.zeros(right.size, np.int64), right, certainty, n_classes, 1, terms)
    return Trail(found.log_evidence, _or_none(int(found.stopped_at[0])))


def against_many(
    labeller: ArrayLike,
    correct: ArrayLike,
    certainty: ArrayLike,
    n_classes: ArrayLike,
    n_labellers: int,
    terms: Terms = TERMS,
) -> Trails:
    """The same for many labellers at once, each with observations in the order given.

    `labeller` (n,) are codes from 0 to `n_labellers` - 1; they need not be sorted.
    """
    right, chance, classes = _checked(correct, certainty, n_classes)
    who = codes("labeller", labeller, n_labellers, right.size)
    weights = _check_terms(terms, classes)
    order = np.argsort(who, kind="stable")
    n = np.bincount(who, minlength=n_labellers)
    starts = np.cumsum(n) - n
    places = np.array([place for place, _ in terms.bad])
    wagers = _log_wagers(right, chance, classes, terms.good, _bad(places, classes, terms.good))
    sums = np.concatenate([np.zeros((1, len(places))), np.cumsum(wagers[order], axis=0)])
    own = sums[1:] - np.repeat(sums[starts], n, axis=0)
    path = _log_mean(own, weights)
    evidence = np.empty_like(path)
    evidence[order] = path
    return Trails(evidence, _first(path >= math.log(1 / terms.alpha), starts, n), n)


def drift(
    correct: ArrayLike,
    certainty: ArrayLike,
    n_classes: ArrayLike,
    before: float,
    terms: Falls = FALLS,
) -> Trail:
    """Evidence, after each observation, that accuracy has at some time fallen below `before`.

    `before` is what the labeller was surely right at: a lower bound of their earlier standing. The
    detector adds up the wagers opened at every past moment (Shiryaev-Roberts; E. S. Page,
    Biometrika 41, 1954, keeps the largest). While accuracy stays at `before` or above, its mean at
    n is at most n, so the average run to a false alarm is at least `run_length` observations
    (J. Shin, A. Ramdas, A. Rinaldo, New England Journal of Statistics in Data Science, 2023).
    """
    right, chance, classes = _checked(correct, certainty, n_classes)
    if not terms.run_length > 1:
        raise ValueError("run_length: expected more than 1 observation")
    if not terms.falls or not all(0 < fall < 1 for fall in terms.falls):
        raise ValueError("falls: expected differences between 0 and 1")
    _check_good("before", before, classes)
    bad = np.maximum(before - np.array(terms.falls), 1 / classes[:, None])
    wagers = _log_wagers(right, chance, classes, before, bad)
    log_sum, weights = np.full(len(terms.falls), -np.inf), np.full(len(terms.falls), 1.0)
    path = np.empty(right.size)
    for i, wager in enumerate(wagers):
        log_sum = np.logaddexp(log_sum, 0.0) + wager
        path[i] = _log_mean(log_sum[None, :], weights / weights.size)[0]
    crossed = np.flatnonzero(path >= math.log(terms.run_length))
    return Trail(path, int(crossed[0]) if crossed.size else None)


def rate_above(k: int, n: int, limit: float, alpha: float) -> bool:
    """Whether k events in n trials show a rate above `limit`.

    May be asked after every trial, from a fixed start: somebody whose rate stays at `limit` or
    below is ever found to be above it with chance at most `alpha`.
    """
    if not 0 < alpha < 1:
        raise ValueError("alpha: expected a chance between 0 and 1")
    return rate_evidence(k, n, limit) >= math.log(1 / alpha)


def rate_evidence(k: int, n: int, limit: float) -> float:
    """Log of the evidence behind `rate_above`, for k events in n trials: the likelihood ratio to
    `limit` of the rates above it, averaged evenly in log odds. Raises ValueError naming what is
    wrong.
    """
    if not 0 < limit < 1:
        raise ValueError("limit: expected a rate between 0 and 1")
    if not 0 <= k <= n:
        raise ValueError("k: expected 0 ≤ k ≤ n")
    steps = np.linspace(0, 1, 34)[1:-1]
    odds = limit / (1 - limit) * (1000.0**steps)
    rates = odds / (1 + odds)
    logs = k * np.log(rates / limit) + (n - k) * np.log((1 - rates) / (1 - limit))
    return float(_log_mean(logs[None, :], np.full(rates.size, 1 / rates.size))[0])


def _checked(
    correct: ArrayLike, certainty: ArrayLike, n_classes: ArrayLike
) -> tuple[Floats, Floats, Floats]:
    right, chance = np.asarray(correct, dtype=float), np.asarray(certainty, dtype=float)
    if right.ndim != 1 or not np.all((right >= 0) & (right <= 1)):
        raise ValueError("correct: expected numbers from 0 to 1")
    if chance.shape != right.shape or not np.all((chance >= 0) & (chance <= 1)):
        raise ValueError("certainty: expected one probability for each observation")
    classes = np.asarray(n_classes, dtype=float)
    if classes.shape not in ((), right.shape) or not np.all(classes >= 2):
        raise ValueError("n_classes: expected 2 or more, once or for each observation")
    return right, chance, np.broadcast_to(classes, right.shape)


def _check_terms(terms: Terms, classes: Floats) -> Floats:
    """The weights of the mixture, summing to 1."""
    if not 0 < terms.alpha < 1:
        raise ValueError("alpha: expected a chance between 0 and 1")
    weights = np.array([weight for _, weight in terms.bad])
    if not weights.size or weights.min() <= 0 or not all(0 <= p < 1 for p, _ in terms.bad):
        raise ValueError("bad: expected places from 0 up to 1 with weights above 0")
    _check_good("good", terms.good, classes)
    shares: Floats = weights / weights.sum()
    return shares


def _check_good(name: str, good: float, classes: Floats) -> None:
    chance = float((1 / classes).max(initial=0.0))
    if not chance < good < 1:
        raise ValueError(f"{name}: expected an accuracy above chance ({chance:.2g}) and below 1")


def _bad(places: Floats, classes: Floats, good: float) -> Floats:
    """Bad accuracies (n × places) for the number of classes of each observation."""
    chance = 1 / classes[:, None]
    accuracies: Floats = chance + places * (good - chance)
    return accuracies


def _log_wagers(right: Floats, chance: Floats, classes: Floats, good: float, bad: Floats) -> Floats:
    """Log of what each observation multiplies each stake by (n × bad accuracies).

    Linear in `right`, so its mean is at most 1 for any good labeller, in parts right or not. What
    is less likely right than a guess says nothing, like a guess.
    """
    q = np.maximum(chance, 1 / classes)[:, None]
    spread = (1 - q) / (classes[:, None] - 1)
    of_good, of_bad = good * q + (1 - good) * spread, bad * q + (1 - bad) * spread
    agreed = right[:, None]
    logs: Floats = np.log(agreed * of_bad / of_good + (1 - agreed) * (1 - of_bad) / (1 - of_good))
    return logs


def _log_mean(logs: Floats, weights: Floats) -> Floats:
    """Log of the weighted mean of exp(logs) over the last axis."""
    top = logs.max(axis=1, keepdims=True, initial=-np.inf)
    mean: Floats = top[:, 0] + np.log(np.exp(logs - top) @ weights)
    return mean


def _first(crossed: ArrayLike, starts: Ints, n: Ints) -> Ints:
    """Per labeller, the first of their sorted observations that is true; -1 for none."""
    hits = np.flatnonzero(crossed)
    at = np.searchsorted(hits, starts)
    nearest = np.append(hits, np.iinfo(np.int64).max)[at]
    return np.where(nearest < starts + n, nearest - starts, -1)


def _or_none(index: int) -> int | None:
    return None if index < 0 else index
