"""How good the labels of each class are, from reviewed labels that need not weigh the same.

F1 of a class = 2·hits ÷ (2·hits + extra + missed) rises with hits ÷ (hits + extra + missed), which
is a plain share: its interval is Wilson's, carried over. Several classes together have the interval
that their own allow (G. Y. Zou and A. Donner, Statistics in Medicine 27 (2008): MOVER).
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Floats, codes
from quality.measures.classes import Rate, wilson


class Counts(NamedTuple):
    """Weighted counts of each class, and the sum of squared weights behind them; all (k,)."""

    hits: Floats
    extra: Floats
    missed: Floats
    squares: Floats


def count(
    hits: ArrayLike, extra: ArrayLike, missed: ArrayLike, weights: ArrayLike, n_classes: int
) -> Counts:
    """Counts from single objects. `hits`, `extra`, `missed` are (n, 2) of (class, reviewed label).

    `weights` holds one weight a reviewed label: of how many labels of the batch it speaks.
    """
    weight = np.asarray(weights, float)
    sums: list[Floats] = []
    squares = np.zeros(n_classes)
    for name, pairs in (("hits", hits), ("extra", extra), ("missed", missed)):
        table = np.asarray(pairs, np.int64).reshape(-1, 2)
        of = codes(name, table[:, 0], n_classes)
        share = weight[codes(name, table[:, 1], weight.size)]
        sums.append(np.bincount(of, share, n_classes).astype(float))
        squares += np.bincount(of, share**2, n_classes)
    return Counts(sums[0], sums[1], sums[2], squares)


def f1(counts: Counts) -> list[Rate]:
    """F1 of each class with its 95 % interval. `n` is how many equally weighted objects would say
    as much (Kish 1965), rounded down; nan and 0 where nothing was reviewed."""
    total = counts.hits + counts.extra + counts.missed
    with np.errstate(divide="ignore", invalid="ignore"):
        support = np.where(total > 0, total**2 / counts.squares, 0.0)
        share = counts.hits / total
    low, high = wilson(np.nan_to_num(share) * support, support)
    found = 2 * np.stack([share, low, high]) / (1 + np.stack([share, low, high]))
    values, lows, highs = found.tolist()
    n = (support + 1e-9).astype(int).tolist()
    return [Rate(*one) for one in zip(values, lows, highs, n, strict=True)]


def weighted(rates: Sequence[Rate], weights: Iterable[float]) -> Rate:
    """The mean of rates by importance, over those that are defined; `n` is all that stands behind.

    Undefined (nan) when none is, or when all that are have no weight.
    """
    known = [(r, w) for r, w in zip(rates, weights, strict=True) if r.n and w > 0]
    total = sum(w for _, w in known)
    nan = float("nan")
    if not known:
        return Rate(nan, nan, nan, 0)
    value = sum(w * r.value for r, w in known) / total
    down = sum((w / total * (r.value - r.low)) ** 2 for r, w in known) ** 0.5
    up = sum((w / total * (r.high - r.value)) ** 2 for r, w in known) ** 0.5
    return Rate(value, max(0.0, value - down), min(1.0, value + up), sum(r.n for r, _ in known))
