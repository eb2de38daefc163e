"""How hard each asset is: the chance that two labellers disagree on it, from every clue there is.

Three clues are combined, each weighed by what it turns out to be worth on the data at hand:
disagreement among the asset's own answers; the time they took, once the labellers' own pace is
taken out; and the class it leans to, since some are slower and more disputed than others. A
logistic model of disagreement learns the weight of time and class from the other assets; what it
expects of an asset is then pooled with what was seen there, the more answers the more weight.
With one answer an asset nothing can be learnt, and stated default weights stand.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.agreement import label_counts
from quality.measures.arrays import Bools, Floats, Ints, codes
from quality.measures.consensus import tied_classes
from quality.timing import variance_parts

DEFAULT_WEIGHTS = (0.5, 1.0)  # log odds per deviation of time, per log odds of the class's dispute
_CERTAINTY = (2.0, 8.0, 4.0)  # prior precision of the intercept and of the two weights
_CLASS_WORTH = 8.0  # comparisons credited to the overall rate when a class's rate is estimated
_OVERDISPERSION, _WORTH = 0.2, 5.0


class Difficulty(NamedTuple):
    """Per asset: `score`, the chance in [0, 1] that two more answers would differ (nan where there
    is neither a time nor a second answer), and `expected`, the same from time and class alone.

    `weights` are the learnt log-odds weights of (time, class); `strength` is how many comparisons
    the expectation is worth against what was seen.
    """

    score: Floats
    expected: Floats
    weights: tuple[float, float]
    strength: float


def difficulty(
    asset: ArrayLike,
    label: ArrayLike,
    n_assets: int,
    n_classes: int,
    z: ArrayLike | None = None,
    *,
    disagreement: ArrayLike | None = None,
) -> Difficulty:
    """Score the difficulty of every asset.

    `z` is the labeller-adjusted, standardised log time of each answer (`timing.pace(…).z`), nan
    where missing; None when times cannot be used. `disagreement` is the share of differing pairs of
    each asset, in [0, 1], where labels are more or less alike: then codes do not say it.
    """
    where = codes("asset", asset, n_assets)
    what = codes("label", label, n_classes, where.size)
    counts = label_counts(where, what, n_assets, n_classes)
    answers = counts.sum(axis=1)
    seen, comparisons = _disagreement(counts, answers)
    if disagreement is not None:
        seen = np.where(answers > 1, np.asarray(disagreement, float), 0.0)
    effort, timed = _effort(where, what, n_assets, n_classes, z)
    tied = tied_classes(counts)
    leading = tied / np.maximum(tied.sum(axis=1, keepdims=True), 1)
    dispute = _class_dispute(leading, seen, comparisons)
    clues = np.stack([np.ones(n_assets), effort, dispute], axis=1)
    weights = _learn(clues, seen, comparisons)
    expected = 1 / (1 + np.exp(-clues @ weights))
    strength = _strength(seen, comparisons, expected)
    score = (strength * expected + comparisons * seen) / (strength + comparisons)
    known = (answers > 1) | timed
    return Difficulty(
        np.where(known, score, np.nan),
        expected,
        (float(weights[1]) if timed.any() else float("nan"), float(weights[2])),
        strength,
    )


def _disagreement(counts: Ints, answers: Ints) -> tuple[Floats, Floats]:
    """Share of differing pairs per asset, and the independent comparisons it is worth (m - 1)."""
    same = np.einsum("ac,ac->a", counts, counts) - answers
    pairs = np.maximum(answers * (answers - 1.0), 1)
    return np.where(answers > 1, 1 - same / pairs, 0.0), np.maximum(answers - 1.0, 0)


def _effort(
    asset: Ints, label: Ints, n_assets: int, n_classes: int, z: ArrayLike | None
) -> tuple[Floats, Bools]:
    """Time effect per asset in deviations: best linear prediction from its class and its own times.

    C. R. Henderson, Biometrics 31 (1975): class, asset and answer as nested random effects.
    """
    times = np.full(len(asset), np.nan) if z is None else np.asarray(z, dtype=float)
    kept = np.isfinite(times)
    n = np.bincount(asset[kept], minlength=n_assets)
    if not kept.any():
        return np.zeros(n_assets), n > 0
    where, what, left = asset[kept], label[kept], times[kept] - times[kept].mean()
    mean = np.bincount(where, left, n_assets) / np.maximum(n, 1)
    of_class = _class_effect(what, left, n_classes)
    by_class = np.bincount(where, of_class[what], n_assets) / np.maximum(n, 1)
    between, within = variance_parts(where, left, mean, n)
    share = n * between / (n * between + within)
    effect = by_class + share * (mean - by_class)
    scale = effect[n > 0].std()
    return np.where(n > 0, effect / (scale if scale > 1e-9 else 1.0), 0.0), n > 0


def _class_effect(label: Ints, left: Floats, n_classes: int) -> Floats:
    n = np.bincount(label, minlength=n_classes)
    mean = np.bincount(label, left, n_classes) / np.maximum(n, 1)
    noise = float(left.var())
    between = max(float((n * mean**2 - noise * (n > 0)).sum()) / n.sum(), 1e-4)
    effect: Floats = mean * n * between / (n * between + max(noise, 1e-12))
    return effect


def _class_dispute(leading: Floats, seen: Floats, comparisons: Floats) -> Floats:
    """How disputed an asset's leading class is on *other* assets, as log odds against all.

    `leading` (assets × classes) splits each asset over its most frequent labels. The mix of labels
    on the asset itself would give its own disagreement away, and is not used.
    """
    overall = _overall(seen, comparisons)
    own = leading * comparisons[:, None]
    disputed, compared = (own * seen[:, None]).sum(axis=0), own.sum(axis=0)
    rate = disputed - own * seen[:, None] + _CLASS_WORTH * overall
    rate = np.clip(rate / (compared - own + _CLASS_WORTH), 0.01, 0.99)
    odds = np.log(rate / (1 - rate)) - np.log(overall / (1 - overall))
    return np.einsum("ac,ac->a", leading, odds)


def _overall(seen: Floats, comparisons: Floats) -> float:
    """Rate of disagreement over all assets, drawn to 0.3 where little can be compared."""
    rate = ((seen * comparisons).sum() + 0.3 * _WORTH) / (comparisons.sum() + _WORTH)
    return float(np.clip(rate, 0.02, 0.98))


def _learn(clues: Floats, seen: Floats, comparisons: Floats, rounds: int = 25) -> Floats:
    """Weights of the clues by penalised logistic regression (Newton), pulled to the defaults."""
    overall = _overall(seen, comparisons)
    default = np.array([np.log(overall / (1 - overall)), *DEFAULT_WEIGHTS])
    precision, weights = np.array(_CERTAINTY), default.copy()
    for _ in range(rounds):
        expected = 1 / (1 + np.exp(-np.clip(clues @ weights, -20, 20)))
        curvature = comparisons * np.maximum(expected * (1 - expected), 1e-6)
        gradient = clues.T @ (comparisons * (seen - expected)) - precision * (weights - default)
        hessian = (clues * curvature[:, None]).T @ clues + np.diag(precision)
        step = np.clip(np.linalg.solve(hessian, gradient), -2, 2)
        weights = weights + step
        if np.abs(step).max() < 1e-6:
            break
    return weights


def _strength(seen: Floats, comparisons: Floats, expected: Floats) -> float:
    """How many comparisons the expectation is worth: 1/ρ - 1 of a beta-binomial, by moments."""
    m = comparisons[comparisons > 0]
    chance = (expected * (1 - expected))[comparisons > 0]
    excess = (seen - expected)[comparisons > 0] ** 2 - chance / m
    room = float((chance * (1 - 1 / m)).sum())
    start = 0.25 * _WORTH
    rho = (float(excess.sum()) + start * _OVERDISPERSION) / (room + start)
    return 1 / float(np.clip(rho, 0.1, 0.8)) - 1
