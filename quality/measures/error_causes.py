"""Why a model errs: four kinds of cause that practitioners tell apart, each with its own evidence.

- distribution: it gives some classes more often, or less, than they occur;
- concept clarity: people confuse the same two classes, so the classes are unclear, not the model;
- class frequency: the class is rare, so there was little to learn from;
- outlier: the thing lies far from its class, by its embedding or its size.

One error may have several causes, or none of these. PURE.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quality.measures.arrays import Bools, Floats, Ints
from quality.measures.drift import adjusted

CAUSES = ("distribution", "concept clarity", "class frequency", "outlier")
LEVEL = 0.05  # false discoveries among the classes that are said to be given too often or seldom
# People's answers that name the pair, and their share of the answers to the true class, from which
# two classes are unclear.
LEAST_CONFUSED, CONFUSED_SHARE = 3, 0.05
RARE = 0.5  # of an even share of all labels
FAR = 3.5  # robust deviations (B. Iglewicz and D. Hoaglin, 1993)
BINS = 10


class Given(NamedTuple):
    """Of each class: how often it is `labelled` and `predicted` (k,), how often it was predicted
    wrongly (`extra`) and missed (`missed`), and `q`, the corrected p-value of the sign test that
    both are as likely; `over` is 1 where it is given too often, -1 too seldom, else 0."""

    labelled: Ints
    predicted: Ints
    extra: Ints
    missed: Ints
    q: Floats
    over: Ints


def given(confusion: ArrayLike) -> Given:
    """From counts (k + 1, k + 1), rows the labels and columns the predictions; the last row holds
    what is predicted where nothing is labelled, the last column what is labelled and not seen."""
    table = np.asarray(confusion, np.int64)
    hits = np.diag(table)[:-1]
    labelled, predicted = table.sum(axis=1)[:-1], table.sum(axis=0)[:-1]
    extra, missed = predicted - hits, labelled - hits
    from scipy.stats import binomtest

    p = [
        binomtest(int(a), int(a + b)).pvalue if a + b else np.nan
        for a, b in zip(extra, missed, strict=True)
    ]
    q = adjusted(np.array(p, float))
    over = np.where(np.nan_to_num(q, nan=1.0) <= LEVEL, np.sign(extra - missed), 0)
    return Given(labelled, predicted, extra, missed, q, over.astype(np.int64))


class Calibration(NamedTuple):
    """By tenths of confidence: `n`, `confidence` (mean) and how many were right; `error` is the
    expected calibration error (M. P. Naeini, AAAI 2015), nan where nothing has a confidence."""

    n: Ints
    confidence: Floats
    right: Ints
    error: float


def calibration(confidence: ArrayLike, right: ArrayLike) -> Calibration:
    """How sure the model was beside how often it was right; confidences (n,) in [0, 1]."""
    sure, hit = np.asarray(confidence, float), np.asarray(right, bool)
    step = np.minimum((sure * BINS).astype(np.int64), BINS - 1)
    n = np.bincount(step, minlength=BINS)
    total = np.bincount(step, sure, minlength=BINS)
    hits = np.bincount(step, hit, minlength=BINS).astype(np.int64)
    return calibrated(n, total, hits)


def calibrated(n: ArrayLike, total: ArrayLike, hits: ArrayLike) -> Calibration:
    """The same from sums by tenth: how many, the sum of their confidences, how many were right."""
    many, sums, right = (np.asarray(x, float) for x in (n, total, hits))
    whole = many.sum()
    error = float(np.abs(sums - right).sum() / whole) if whole else float("nan")
    mean = np.divide(sums, many, out=np.full(BINS, np.nan), where=many > 0)
    return Calibration(many.astype(np.int64), mean, right.astype(np.int64), error)


def unclear(people: ArrayLike) -> Bools:
    """(k, k) whether people confuse the two classes, either way, from their counts (k, k) of
    answers: rows what is right, columns what was answered."""
    counts = np.asarray(people, np.int64)
    total = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, total, out=np.zeros(counts.shape), where=total > 0)
    found = (counts >= LEAST_CONFUSED) & (share >= CONFUSED_SHARE)
    np.fill_diagonal(found, False)
    either: Bools = found | found.T
    return either


def rare(labelled: ArrayLike) -> Bools:
    """(k,) which classes have less than half an even share of all labels."""
    counts = np.asarray(labelled, float)
    seldom: Bools = counts < RARE * counts.sum() / max(counts.size, 1)
    return seldom


def distances(values: ArrayLike, group: ArrayLike) -> Floats:
    """(n,) how far each value lies above or below the median of its group, in robust deviations
    (1.4826 × MAD); nan where a group of fewer than five, or of one value, measures nothing."""
    x, of = np.asarray(values, float), np.asarray(group)
    found = np.full(x.shape, np.nan)
    for one in np.unique(of):
        mine = np.flatnonzero((of == one) & ~np.isnan(x))
        if mine.size < 5:
            continue
        middle = np.median(x[mine])
        spread = 1.4826 * np.median(np.abs(x[mine] - middle))
        if spread > 0:
            found[mine] = (x[mine] - middle) / spread
    return found


def causes(
    truth: Ints, predicted: Ints, distance: Floats, of: Given, confused: Bools
) -> NDArray[np.bool_]:
    """(n, 4) which of CAUSES speak for each error; codes of class, -1 for nothing."""
    over = np.append(of.over, 0)  # -1 indexes the last: nothing is neither
    seldom = np.append(rare(of.labelled), False)
    pairs = np.pad(confused, ((0, 1), (0, 1)))
    return np.stack(
        [
            (over[predicted] > 0) | (over[truth] < 0),
            pairs[truth, predicted],
            seldom[truth],
            np.nan_to_num(np.abs(distance)) > FAR,
        ],
        axis=1,
    )
