"""Measures of class labels against known truth. Undefined is nan, never 0."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Floats, Ints, codes

Z95 = 1.959963984540054


class Rate(NamedTuple):
    """A proportion with its support `n` and its interval; all nan when `n` is 0."""

    value: float
    low: float
    high: float
    n: int


class PerClass(NamedTuple):
    """Per-class measures, arrays of length n_classes; `support` and `predicted` are counts."""

    precision: Floats
    precision_low: Floats
    precision_high: Floats
    recall: Floats
    recall_low: Floats
    recall_high: Floats
    f1: Floats
    support: Ints
    predicted: Ints


def wilson(k: ArrayLike, n: ArrayLike, z: float = Z95) -> tuple[Floats, Floats]:
    """Wilson's score interval of k successes in n trials, element by element; nan where n is 0.

    `k` may be fractional (a tie split fairly). E. B. Wilson, JASA 22 (1927).
    """
    hits, trials = np.broadcast_arrays(np.asarray(k, float), np.asarray(n, float))
    if np.any(hits < 0) or np.any(hits > trials):
        raise ValueError("k: expected 0 ≤ k ≤ n")
    with np.errstate(divide="ignore", invalid="ignore"):
        share = hits / trials
        centre = share + z * z / (2 * trials)
        spread = z * np.sqrt(share * (1 - share) / trials + z * z / (4 * trials**2))
        scale = 1 + z * z / trials
        low = np.where(hits == 0, 0.0, (centre - spread) / scale)
        high = np.where(hits == trials, 1.0, (centre + spread) / scale)
    undefined = trials == 0
    low = np.where(undefined, np.nan, np.clip(low, 0, 1))
    high = np.where(undefined, np.nan, np.clip(high, 0, 1))
    return low, high


def rate(k: float, n: int) -> Rate:
    """Return k of n as a rate with Wilson's 95 % interval; undefined (nan) when n is 0."""
    low, high = wilson(k, n)
    return Rate(k / n if n else float("nan"), float(low), float(high), int(n))


def accuracy(truth: ArrayLike, label: ArrayLike) -> Rate:
    """Share of labels equal to the truth, both arrays of codes of one length."""
    expected, given = np.asarray(truth), np.asarray(label)
    if expected.shape != given.shape:
        raise ValueError("label: expected as many labels as truths")
    return rate(int(np.count_nonzero(expected == given)), expected.size)


def confusion_matrix(truth: ArrayLike, label: ArrayLike, n_classes: int) -> Ints:
    """Counts (n_classes × n_classes): row = truth, column = label."""
    expected = codes("truth", truth, n_classes)
    given = codes("label", label, n_classes, expected.size)
    cells = expected.astype(np.int64) * n_classes + given
    counts = np.bincount(cells, minlength=n_classes * n_classes)
    return counts.reshape(n_classes, n_classes).astype(np.int64)


def per_class(confusion: ArrayLike) -> PerClass:
    """Precision, recall (with Wilson 95 %) and F1 of each class of a confusion matrix.

    Precision of a class nobody gave, recall of a class that never occurs, and F1 of a class that
    does neither are undefined: nan.
    """
    table = np.asarray(confusion, dtype=np.int64)
    if table.ndim != 2 or table.shape[0] != table.shape[1]:
        raise ValueError("confusion: expected a square matrix of counts")
    hits, support, predicted = np.diag(table), table.sum(axis=1), table.sum(axis=0)
    precision_low, precision_high = wilson(hits, predicted)
    recall_low, recall_high = wilson(hits, support)
    with np.errstate(divide="ignore", invalid="ignore"):
        return PerClass(
            np.divide(hits, predicted),
            precision_low,
            precision_high,
            np.divide(hits, support),
            recall_low,
            recall_high,
            np.divide(2 * hits, support + predicted),
            support,
            predicted,
        )
