"""Rank correlation of two series: Spearman's ρ and Kendall's τ-b, ties included."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Floats, Ints, compiled
from quality.measures.classes import Z95


class Correlation(NamedTuple):
    """From -1 to 1 with its 95 % interval and the number of pairs; nan where it is undefined: fewer
    than two pairs, or a series without differences."""

    value: float
    low: float
    high: float
    n: int


def spearman(one: ArrayLike, other: ArrayLike) -> Correlation:
    """Pearson's correlation of the ranks, ties sharing their mean rank (Spearman 1904).

    Interval by Fisher's z with the variance of D. Bonett and T. Wright, Psychometrika 65 (2000).
    Raises ValueError for series of two lengths or values that are not finite.
    """
    a, b = (_mean_ranks(x) for x in _checked(one, other))
    n = a.size
    a, b = a - a.mean() if n else a, b - b.mean() if n else b
    spread = float(np.sqrt((a @ a) * (b @ b)))
    value = float(np.clip((a @ b) / spread, -1, 1)) if spread > 0 else float("nan")
    return _with_interval(value, n, (1 + value * value / 2) / (n - 3) if n > 3 else np.inf)


def kendall(one: ArrayLike, other: ArrayLike) -> Correlation:
    """Pairs in one order less pairs in two, over the geometric mean of the pairs that either series
    tells apart: τ-b (Kendall 1945), in n log n steps (W. Knight, JASA 61 (1966)).

    Interval by Fisher's z with variance 0.437 / (n - 4) (Fieller, Hartley and Pearson 1957). Raises
    ValueError as `spearman`.
    """
    a, b = (np.unique(x, return_inverse=True)[1] for x in _checked(one, other))
    n = a.size
    pairs = n * (n - 1) // 2
    tied_a, tied_b = _tied(a), _tied(b)
    tied_both = _tied(a * (int(b.max(initial=0)) + 1) + b)
    order = np.lexsort((b, a))
    # Sorted by one series and then the other, what stands before a smaller value is a disordered
    # pair; ties in the first are in order already.
    disordered = _inversions(b[order].astype(np.int64))
    ordered_less = pairs - tied_a - tied_b + tied_both - 2 * disordered
    spread = float(np.sqrt(float(pairs - tied_a) * float(pairs - tied_b)))
    value = float(np.clip(ordered_less / spread, -1, 1)) if spread > 0 else float("nan")
    return _with_interval(value, n, 0.437 / (n - 4) if n > 4 else np.inf)


def _checked(one: ArrayLike, other: ArrayLike) -> tuple[Floats, Floats]:
    a, b = np.asarray(one, float), np.asarray(other, float)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError("other: expected two series of one length")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("one, other: expected finite values")
    return a, b


def _mean_ranks(values: Floats) -> Floats:
    _, inverse, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    ranks: Floats = (last - (count - 1) / 2)[inverse]
    return ranks


def _tied(code: Ints) -> int:
    count = np.unique(code, return_counts=True)[1].astype(np.int64)
    return int((count * (count - 1) // 2).sum())


@compiled
def _inversions(values: Ints) -> int:
    """Pairs that stand in falling order, counted while they are merged."""
    n, found = len(values), 0
    now, then = values.copy(), np.empty_like(values)
    width = 1
    while width < n:
        for low in range(0, n, 2 * width):
            middle, high = min(low + width, n), min(low + 2 * width, n)
            i, j = low, middle
            for k in range(low, high):
                if i < middle and (j >= high or now[i] <= now[j]):
                    then[k] = now[i]
                    i += 1
                else:
                    then[k] = now[j]
                    found += middle - i
                    j += 1
        now, then = then, now
        width *= 2
    return found


def _with_interval(value: float, n: int, variance: float) -> Correlation:
    if np.isnan(value):
        return Correlation(value, value, value, n)
    if abs(value) == 1 or not np.isfinite(variance):
        # Of a perfect or a tiny sample the approximation says nothing.
        return Correlation(value, -1.0, 1.0, n)
    z, spread = np.arctanh(value), Z95 * np.sqrt(variance)
    return Correlation(value, float(np.tanh(z - spread)), float(np.tanh(z + spread)), n)
