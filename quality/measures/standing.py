"""What we believe of a labeller's accuracy: a posterior over a in (0, 1), with an interval.

Three kinds of evidence multiply. Gold and reviews are direct: k right of n is Binomial(n, a).
Agreement with the consensus of the *others*, itself right with probability q, is indirect: with K
classes and errors spread evenly, P(agree | a, q) = a·q + (1 - a)(1 - q) / (K - 1). Where q is no
better than chance it says nothing; where q is 1 it is worth a gold answer.

The posterior is summed on a grid, refined around its mass, so no approximation of its shape enters.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Floats, Ints

PRIOR = (3.0, 1.0)
GRID = 241
BINS = 50
_CHUNK = 4096


class Standing(NamedTuple):
    """Posterior mean, central interval, and the pieces of evidence behind it (`n`)."""

    mean: float
    low: float
    high: float
    n: int


class Standings(NamedTuple):
    """The same for many labellers: arrays of one length; `sd` is the posterior deviation."""

    mean: Floats
    low: Floats
    high: Floats
    sd: Floats
    n: Ints


def posterior(
    gold_n: int = 0,
    gold_k: int = 0,
    review_n: int = 0,
    review_k: int = 0,
    agree: ArrayLike = (),
    q: ArrayLike = (),
    n_classes: int = 2,
    prior: tuple[float, float] = PRIOR,
    *,
    mass: float = 0.95,
) -> Standing:
    """Standing of one labeller: k right of n on gold and in review, and `agree[i]` with a consensus
    of the others that is right with probability `q[i]`. Without evidence this is the prior.
    """
    right, chance = np.asarray(agree, dtype=bool), np.asarray(q, dtype=float)
    if right.shape != chance.shape or right.ndim != 1:
        raise ValueError("q: expected one probability for each agreement")
    agreed, disagreed, centres = bin_evidence(np.zeros(right.size, np.int64), right, chance, 1)
    found = posteriors(
        [gold_n + review_n], [gold_k + review_k], agreed, disagreed, centres, n_classes, prior,
        mass=mass,
    )  # fmt: skip
    return Standing(
        float(found.mean[0]), float(found.low[0]), float(found.high[0]), int(found.n[0])
    )


def bin_evidence(
    labeller: ArrayLike, agree: ArrayLike, q: ArrayLike, n_labellers: int, bins: int = BINS
) -> tuple[Floats, Floats, Floats]:
    """Count agreements and disagreements per labeller and bin of q: (L × B, L × B, centres B).

    A bin's centre is the mean q of what fell in it.
    """
    who, right = np.asarray(labeller), np.asarray(agree, dtype=bool)
    chance = np.asarray(q, dtype=float)
    if chance.size and not (chance.min() >= 0 and chance.max() <= 1):
        raise ValueError("q: expected probabilities from 0 to 1")
    bin_of = np.minimum((chance * bins).astype(np.int64), bins - 1)
    size = np.bincount(bin_of, minlength=bins)
    total = np.bincount(bin_of, chance, bins)
    centres = np.where(size > 0, total / np.maximum(size, 1), (np.arange(bins) + 0.5) / bins)
    cells = who.astype(np.int64) * bins + bin_of
    agreed = np.bincount(cells[right], minlength=n_labellers * bins).astype(float)
    disagreed = np.bincount(cells[~right], minlength=n_labellers * bins).astype(float)
    shape = (n_labellers, bins)
    return agreed.reshape(shape), disagreed.reshape(shape), centres


def posteriors(
    direct_n: ArrayLike,
    direct_k: ArrayLike,
    agreed: ArrayLike,
    disagreed: ArrayLike,
    q: ArrayLike,
    n_classes: int,
    prior: tuple[float, float] = PRIOR,
    *,
    mass: float = 0.95,
) -> Standings:
    """Standings of L labellers from counts.

    `direct_k` right of `direct_n` on gold and in review (length L); `agreed` and `disagreed` with
    the consensus of the others (L × B) where that is right with probability `q` (length B).
    """
    n, k = np.asarray(direct_n, float), np.asarray(direct_k, float)
    yes, no = np.asarray(agreed, float), np.asarray(disagreed, float)
    chance = np.clip(np.asarray(q, float), 0, 1)
    if np.any(k > n) or np.any(k < 0):
        raise ValueError("direct_k: expected 0 ≤ k ≤ n")
    if min(prior) <= 0 or n_classes < 2 or not 0 < mass < 1:
        raise ValueError("expected a prior above 0, two classes or more, and mass between 0 and 1")
    parts = [
        _solve(n[s], k[s], yes[s], no[s], chance, n_classes, prior, mass)
        for s in (slice(i, i + _CHUNK) for i in range(0, max(len(n), 1), _CHUNK))
    ]
    support = (n + yes.sum(axis=1) + no.sum(axis=1)).round().astype(np.int64)
    mean, low, high, sd = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Standings(mean, low, high, sd, support)


def _solve(
    n: Floats, k: Floats, yes: Floats, no: Floats, q: Floats, classes: int,
    prior: tuple[float, float], mass: float,
) -> tuple[Floats, Floats, Floats, Floats]:  # fmt: skip
    """Find where each posterior has its mass on a coarse grid, then summarise it on a fine one."""
    edges = np.tile(np.linspace(0.0, 1.0, GRID + 1), (len(n), 1))
    for _ in range(3):
        log_mass = _log_mass(edges, n, k, yes, no, q, classes, prior)
        kept = log_mass > log_mass.max(axis=1, keepdims=True) - 40
        first = kept.argmax(axis=1)
        last = GRID - 1 - kept[:, ::-1].argmax(axis=1)
        rows = np.arange(len(n))
        low = edges[rows, np.maximum(first - 1, 0)]
        high = edges[rows, np.minimum(last + 2, GRID)]
        edges = low[:, None] + (high - low)[:, None] * np.linspace(0.0, 1.0, GRID + 1)
    log_mass = _log_mass(edges, n, k, yes, no, q, classes, prior)
    weight = np.exp(log_mass - log_mass.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    middle = _accuracy((edges[:, 1:] + edges[:, :-1]) / 2)
    mean = (weight * middle).sum(axis=1)
    sd = np.sqrt((weight * (middle - mean[:, None]) ** 2).sum(axis=1))
    tail = (1 - mass) / 2
    return mean, _quantile(edges, weight, tail), _quantile(edges, weight, 1 - tail), sd


def _accuracy(u: Floats) -> Floats:
    """The grid runs evenly in u with a = sin²(πu/2): fine near 0 and 1, where posteriors crowd."""
    accuracy: Floats = np.sin(np.pi * u / 2) ** 2
    return accuracy


def _log_mass(
    edges: Floats, n: Floats, k: Floats, yes: Floats, no: Floats, q: Floats, classes: int,
    prior: tuple[float, float],
) -> Floats:  # fmt: skip
    """Log of the unnormalised posterior mass in each cell (L × GRID)."""
    u = (edges[:, 1:] + edges[:, :-1]) / 2
    a, wrong = _accuracy(u), np.sin(np.pi * (1 - u) / 2) ** 2
    # da/du = π·√(a(1-a)) turns the exponents of the Beta density from p - 1 to p - 1/2.
    log = (k[:, None] + prior[0] - 0.5) * np.log(a)
    log += ((n - k)[:, None] + prior[1] - 0.5) * np.log(wrong)
    for b in np.flatnonzero((yes + no).sum(axis=0)):
        share = (1 - q[b]) / (classes - 1)
        agree = a * q[b] + wrong * share
        differ = a * (1 - q[b]) + wrong * (1 - share)
        log += yes[:, b, None] * np.log(np.maximum(agree, 1e-300))
        log += no[:, b, None] * np.log(np.maximum(differ, 1e-300))
    return log


def _quantile(edges: Floats, weight: Floats, level: float) -> Floats:
    """Accuracy below which `level` of each posterior lies, linear within a cell."""
    below = np.cumsum(weight, axis=1)
    cell = np.minimum((below < level).sum(axis=1), weight.shape[1] - 1)
    rows = np.arange(len(edges))
    before = below[rows, cell] - weight[rows, cell]
    part = np.clip((level - before) / np.maximum(weight[rows, cell], 1e-300), 0, 1)
    return _accuracy(edges[rows, cell] + part * (edges[rows, cell + 1] - edges[rows, cell]))
