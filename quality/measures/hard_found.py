"""How well hard assets are found from only a few of their answers, where the truth is known.

An asset is hard when its error rate over all its answers is at least the 85th-percentile value,
ties included. Only k of its answers are kept, drawn at random; the figure is the AUC, the chance
that a hard asset scores above another, as a mean over fixed draws.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality import timing
from quality.measures.agreement import label_counts
from quality.measures.arrays import Bools, Floats, Ints, codes
from quality.measures.difficulty import difficulty
from quality.timing.robust import group_median

KEPT = (1, 2, 3, 5)
HARD_PERCENTILE = 85
CLUES = ("mean time", "median time", "disagreement", "adjusted log time")
BY_RANKS, DIFFICULTY = "adjusted time + disagreement, by ranks", "difficulty"


class HardFound(NamedTuple):
    """AUC by score and by answers kept, over `draws` draws; `hard` of `assets` are hard."""

    auc: dict[str, dict[int, float]]
    draws: int
    hard: int
    assets: int


def hard_found(
    asset: ArrayLike,
    labeller: ArrayLike,
    label: ArrayLike,
    seconds: ArrayLike,
    truth: ArrayLike,
    sizes: tuple[int, int, int],
    *,
    draws: int = 100,
    kept: tuple[int, ...] = KEPT,
    report: Callable[[float], None] = lambda _: None,
) -> HardFound | None:
    """Hold each clue of difficulty, and difficulty itself, against the errors of all answers.

    `truth` is a class code per asset, -1 unknown; `sizes` how many assets, labellers and classes
    there are; `seconds` nan where unknown or not to be used. `report` is told the share done. None
    where no asset can be called hard, or there are too few answers to leave any out.
    """
    n_assets, n_labellers, n_classes = sizes
    where, known = codes("asset", asset, n_assets), np.asarray(truth)
    by_asset = np.argsort(where, kind="stable")
    where = where[by_asset]
    who, what = np.asarray(labeller)[by_asset], np.asarray(label)[by_asset]
    time = np.asarray(seconds, float)[by_asset]
    hard, judged = _hard(where, what != known[where], known >= 0, n_assets)
    most = int(np.median(np.bincount(where)[judged])) if judged.any() else 0
    steps = [k for k in kept if k < most]
    if not steps or not hard.any() or hard[judged].all():
        return None
    table: dict[str, dict[int, float]] = {}
    for done, k in enumerate(steps):
        found: dict[str, list[float]] = {}
        for seed in range(draws):
            some = _drawn(where, k, seed)
            told = scores(
                where[some], who[some], what[some], time[some], (n_assets, n_labellers, n_classes)
            )
            for name, score in told.items():
                found.setdefault(name, []).append(auc(score[judged], hard[judged]))
            report((done + (seed + 1) / draws) / len(steps))
        for name, values in found.items():
            table.setdefault(name, {})[k] = round(float(np.mean(values)), 4)
    return HardFound(table, draws, int(hard.sum()), int(judged.sum()))


def scores(
    asset: Ints, labeller: Ints, label: Ints, seconds: Floats, sizes: tuple[int, int, int]
) -> dict[str, Floats]:
    """The single clues, their sum of ranks, and the difficulty; without times, no clue of time."""
    from scipy.stats import rankdata

    n_assets, n_labellers, n_classes = sizes
    counts = label_counts(asset, label, n_assets, n_classes)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    entropy = -(shares * np.log(np.where(shares > 0, shares, 1))).sum(axis=1)
    if not np.isfinite(seconds).any():
        plain = difficulty(asset, label, n_assets, n_classes).score
        return {"disagreement": entropy, DIFFICULTY: np.nan_to_num(plain)}
    timed = np.isfinite(seconds)
    n = np.maximum(np.bincount(asset[timed], minlength=n_assets), 1)
    fit = timing.fit(labeller, asset, seconds, n_labellers, n_assets)
    adjusted = np.nan_to_num(timing.asset_effects(asset, fit, n_assets).effect)
    mean = np.bincount(asset[timed], seconds[timed], n_assets) / n
    median = np.nan_to_num(group_median(asset[timed], seconds[timed], n_assets))
    ranks: Floats = rankdata(adjusted) + rankdata(entropy)
    told = difficulty(asset, label, n_assets, n_classes, fit.z).score
    return {
        **dict(zip(CLUES, (mean, median, entropy, adjusted), strict=True)),
        BY_RANKS: ranks,
        DIFFICULTY: np.nan_to_num(told),
    }


def auc(score: Floats, hard: Bools) -> float:
    """Chance that a hard asset scores above another, ties counting half (Mann-Whitney)."""
    from scipy.stats import rankdata

    n = int(hard.sum())
    return float((rankdata(score)[hard].sum() - n * (n + 1) / 2) / (n * (hard.size - n)))


def _hard(asset: Ints, wrong: Bools, known: Bools, n_assets: int) -> tuple[Bools, Bools]:
    """(hard assets, assets judged)."""
    n = np.bincount(asset, minlength=n_assets)
    judged: Bools = known & (n > 0)
    error = np.bincount(asset, wrong, n_assets) / np.maximum(n, 1)
    if not judged.any():
        return judged, judged
    return judged & (error >= np.percentile(error[judged], HARD_PERCENTILE)), judged


def _drawn(asset: Ints, k: int, seed: int) -> Ints:
    """Positions of k answers an asset, drawn with this seed; `asset` is in order."""
    lots = np.random.default_rng(seed).random(asset.size)
    order = np.lexsort((lots, asset))
    n = np.bincount(asset)
    rank = np.arange(asset.size) - np.repeat(np.cumsum(n) - n, n)
    return np.sort(order[rank < k])
