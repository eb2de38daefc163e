"""From out-of-sample probabilities to suspects: confident learning (Northcutt et al. 2021)."""

from dataclasses import dataclass

import numpy as np

from quality.rescoring.weighing import WEAK_BALANCED_ACCURACY

Array = np.ndarray
MOST_DRAWN = 200_000_000  # probabilities looked at by all draws of a bootstrap together


@dataclass(frozen=True)
class Verdict:
    """What the probabilities say of the labels.

    quality: (n,) self-confidence, the probability of the given class; ranked: indices of the
    suspects, worst first; error_rate with its 95 % bootstrap interval; balanced_accuracy of the
    model on held-out items; weak: the model cannot judge.
    """

    quality: Array
    predicted: Array
    ranked: Array
    error_rate: float | None
    low: float | None
    high: float | None
    balanced_accuracy: float | None
    weak: bool


def judge(labels: Array, probabilities: Array, *, seed: int = 0) -> Verdict:
    """Judge `labels` (n,) codes by `probabilities` (n, k).

    Raises ValueError on shapes that do not fit.
    """
    if probabilities.ndim != 2 or len(labels) != len(probabilities):
        raise ValueError("probabilities must be (n, k) for n labels")
    quality = probabilities[np.arange(len(labels)), labels]
    predicted = probabilities.argmax(axis=1)
    balanced = _balanced_accuracy(labels, predicted)
    # A class that nobody used has no threshold of its own: judge among the classes that are there.
    present, codes = np.unique(labels, return_inverse=True)
    if len(present) < 2:
        return Verdict(quality, predicted, np.empty(0, int), None, None, None, balanced, weak=True)
    among = probabilities[:, present]
    among = among / np.maximum(among.sum(axis=1, keepdims=True), 1e-12)
    rate, low, high = _error_rate(codes, among, seed)
    weak = balanced < WEAK_BALANCED_ACCURACY
    return Verdict(quality, predicted, _ranked(codes, among), rate, low, high, balanced, weak)


def _balanced_accuracy(labels: Array, predicted: Array) -> float:
    recalls = [(predicted[labels == c] == c).mean() for c in np.unique(labels)]
    return float(np.mean(recalls))


def _ranked(codes: Array, among: Array) -> Array:
    from cleanlab.filter import find_label_issues

    found = find_label_issues(
        codes,
        among,
        filter_by="prune_by_class",
        return_indices_ranked_by="self_confidence",
        n_jobs=1,
    )
    return np.asarray(found, dtype=int)


def _error_rate(codes: Array, among: Array, seed: int) -> tuple[float, float, float]:
    rng = np.random.default_rng(seed)
    point = off_diagonal(codes, among)
    times = int(np.clip(MOST_DRAWN // among.size, 20, 200))
    draws = []
    for _ in range(times):
        drawn = rng.integers(0, len(codes), len(codes))
        draws.append(off_diagonal(codes[drawn], among[drawn]))
    low, high = np.quantile(draws, [0.025, 0.975])
    return point, min(float(low), point), max(float(high), point)


def off_diagonal(codes: Array, among: Array) -> float:
    """Share of the calibrated confident joint off its diagonal: the estimated rate of wrong labels.

    An item counts for class j when its probability of j reaches the mean probability of j among
    the items given j (the class's threshold); among several, the likeliest. Rows are calibrated to
    the counts of the given labels, as in equation 3 of the paper.
    """
    k = among.shape[1]
    given = np.bincount(codes, minlength=k)
    sums = np.bincount(codes, weights=among[np.arange(len(codes)), codes], minlength=k)
    thresholds = np.where(given > 0, sums / np.maximum(given, 1), np.inf)
    over = np.where(among >= thresholds - 1e-12, among, -1.0)
    best = over.argmax(axis=1)
    confident = over[np.arange(len(codes)), best] >= 0
    joint = np.bincount(codes[confident] * k + best[confident], minlength=k * k).reshape(k, k)
    rows = joint.sum(axis=1)
    kept = np.where(rows > 0, np.diag(joint) / np.maximum(rows, 1), 1.0)
    return float(1.0 - (kept * given).sum() / max(given.sum(), 1))
