"""What is known of an asset beside its own disagreement: time, class, skips and questions."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Bools, Floats, Ints
from quality.timing.robust import variance_parts

CLASS_WORTH = 8.0  # comparisons credited to the overall rate when a class's rate is estimated
WORTH = 5.0
ORDINARY = 0.3  # rate of disagreement where little can be compared


class Effort(NamedTuple):
    """Time effect per asset in deviations (0: usual or unknown), which assets have a time, and what
    it takes to tell another asset's: the mean of all times, that of each class over it, variances
    between assets and between answers, and the spread of the effects."""

    effect: Floats
    timed: Bools
    mean: float
    of_class: Floats
    between: float
    within: float
    spread: float


def effort(asset: Ints, label: Ints, n_assets: int, n_classes: int, z: ArrayLike | None) -> Effort:
    """Best linear prediction of each asset's time from its class and its own answers' times.

    C. R. Henderson, Biometrics 31 (1975): class, asset and answer as nested random effects.
    """
    times = np.full(len(asset), np.nan) if z is None else np.asarray(z, dtype=float)
    kept = np.isfinite(times)
    n = np.bincount(asset[kept], minlength=n_assets)
    if not kept.any():
        none = np.zeros(n_classes)
        return Effort(np.zeros(n_assets), n > 0, 0.0, none, 1.0, 1.0, 1.0)
    middle = float(times[kept].mean())
    where, what, left = asset[kept], label[kept], times[kept] - middle
    mean = np.bincount(where, left, n_assets) / np.maximum(n, 1)
    of_class = _class_effect(what, left, n_classes)
    by_class = np.bincount(where, of_class[what], n_assets) / np.maximum(n, 1)
    between, within = variance_parts(where, left, mean, n)
    share = n * between / (n * between + within)
    effect = by_class + share * (mean - by_class)
    spread = float(effect[n > 0].std())
    spread = spread if spread > 1e-9 else 1.0
    scaled = np.where(n > 0, effect / spread, 0.0)
    return Effort(scaled, n > 0, middle, of_class, between, within, spread)


def differing(counts: Ints, answers: Ints) -> tuple[Floats, Floats]:
    """Share of differing pairs per asset, and the independent comparisons it is worth (m - 1)."""
    same = np.einsum("ac,ac->a", counts, counts) - answers
    pairs = np.maximum(answers * (answers - 1.0), 1)
    return np.where(answers > 1, 1 - same / pairs, 0.0), np.maximum(answers - 1.0, 0)


def overall(seen: Floats, comparisons: Floats) -> float:
    """Rate of disagreement over all assets, drawn to ORDINARY where little can be compared."""
    rate = ((seen * comparisons).sum() + ORDINARY * WORTH) / (comparisons.sum() + WORTH)
    return float(np.clip(rate, 0.02, 0.98))


def class_dispute(leading: Floats, seen: Floats, comparisons: Floats) -> tuple[Floats, Floats]:
    """How disputed an asset's leading class is on *other* assets, as log odds against all; and the
    same of each class on all assets.

    `leading` (assets × classes) splits each asset over its most frequent labels. The mix of labels
    on the asset itself would give its own disagreement away, and is not used.
    """
    usual = overall(seen, comparisons)
    own = leading * comparisons[:, None]
    disputed, compared = (own * seen[:, None]).sum(axis=0), own.sum(axis=0)
    others = _odds(disputed - own * seen[:, None], compared - own, usual)
    return np.einsum("ac,ac->a", leading, others), _odds(disputed, compared, usual)


def _odds(disputed: Floats, compared: Floats, usual: float) -> Floats:
    rate = (disputed + CLASS_WORTH * usual) / (compared + CLASS_WORTH)
    rate = np.clip(rate, 0.01, 0.99)
    odds: Floats = np.log(rate / (1 - rate)) - np.log(usual / (1 - usual))
    return odds


def _class_effect(label: Ints, left: Floats, n_classes: int) -> Floats:
    n = np.bincount(label, minlength=n_classes)
    mean = np.bincount(label, left, n_classes) / np.maximum(n, 1)
    noise = float(left.var())
    between = max(float((n * mean**2 - noise * (n > 0)).sum()) / n.sum(), 1e-4)
    effect: Floats = mean * n * between / (n * between + max(noise, 1e-12))
    return effect
