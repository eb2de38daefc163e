"""How far labellers agree with one another, beyond chance, in closed form from counts.

Everything but the pairwise matrix is computed from one table of counts (assets × classes), so a
missing answer costs nothing and ten million answers take a fraction of a second.
"""

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quality.measures.arrays import Floats, Ints, codes, compiled
from quality.measures.classes import Z95

Level = Literal["nominal", "ordinal", "interval"]


class Estimate(NamedTuple):
    """A measure with a 95 % interval and the number of assets behind it; nan when undefined."""

    value: float
    low: float
    high: float
    n: int


class Pairwise(NamedTuple):
    """For each pair of labellers (L × L): the share of shared assets on which they agree (nan where
    they share none), and how many they share. The diagonal counts a labeller's own assets."""

    agreement: Floats
    shared: Ints


def label_counts(asset: ArrayLike, label: ArrayLike, n_assets: int, n_classes: int) -> Ints:
    """Table (n_assets × n_classes) of how often each label was given to each asset."""
    where = codes("asset", asset, n_assets)
    what = codes("label", label, n_classes, where.size)
    cells = where.astype(np.int64) * n_classes + what
    counts: Ints = np.bincount(cells, minlength=n_assets * n_classes)
    return counts.reshape(n_assets, n_classes)


def asset_agreement(counts: ArrayLike) -> Floats:
    """Share of pairs of answers that agree, per asset (length n_assets); nan below two answers."""
    table = np.asarray(counts)
    answers = table.sum(axis=1)
    agreeing = np.einsum("ac,ac->a", table, table) - answers
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(answers > 1, agreeing / (answers * (answers - 1.0)), np.nan)


def percent_agreement(counts: ArrayLike) -> Estimate:
    """Mean over assets with two or more answers of the share of agreeing pairs, with the normal
    95 % interval of a mean over assets (nan below two such assets)."""
    return mean_estimate(asset_agreement(counts))


def mean_estimate(each: ArrayLike) -> Estimate:
    """Mean of shares in [0, 1] over the assets that have one (not nan), with the normal 95 %
    interval of a mean (nan below two)."""
    values = np.asarray(each, float)
    judged = values[~np.isnan(values)]
    n, nan = judged.size, float("nan")
    value = float(judged.mean()) if n else nan
    if n < 2:
        return Estimate(value, nan, nan, n)
    spread = Z95 * float(judged.std(ddof=1)) / np.sqrt(n)
    return Estimate(value, max(0.0, value - spread), min(1.0, value + spread), n)


def fleiss_kappa(counts: ArrayLike) -> float:
    """Fleiss' κ over assets with two or more answers; nan when one class holds every answer.

    J. L. Fleiss, Psychological Bulletin 76 (1971). Assets may have different numbers of answers:
    each asset then counts once in the observed agreement, each answer once in the chance agreement.
    """
    table = np.asarray(counts)
    table = table[table.sum(axis=1) > 1]
    if not table.size:
        return float("nan")
    shares = table.sum(axis=0) / table.sum()
    chance = float((shares**2).sum())
    if chance >= 1:
        return float("nan")
    return (percent_agreement(table).value - chance) / (1 - chance)


def krippendorff_alpha(
    counts: ArrayLike, *, level: Level = "nominal", values: ArrayLike | None = None
) -> float:
    """Krippendorff's α from a table of counts (assets × classes); nan when undefined.

    1 is perfect agreement, 0 is what chance would give. `values` are the classes' numbers for
    level="interval" (default 0, 1, 2, …); classes are in order for level="ordinal". Undefined when
    no asset has two answers, or all answers are of one class.
    K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011).
    """
    table = np.asarray(counts)
    if level == "nominal":
        disagreement, totals = _nominal_parts(table)
        return float(_alpha(disagreement.sum(), totals.sum(axis=0)))
    pairable = table[table.sum(axis=1) > 1].astype(float)
    return _graded_alpha(_coincidences(pairable), pairable.sum(axis=0), level, values)


def alpha_estimate(
    counts: ArrayLike,
    *,
    level: Level = "nominal",
    values: ArrayLike | None = None,
    blocks: int = 200,
    within: ArrayLike | None = None,
) -> Estimate:
    """α (see `krippendorff_alpha`) with a 95 % interval by the grouped jackknife over assets, in at
    most `blocks` groups; n is the rows of the table that have two answers.

    `within` holds a code for each row: rows of one code stay together, as the things on one image
    do, which are no independent witnesses. B. Efron, The Jackknife, the Bootstrap and Other
    Resampling Plans (1982). The interval is nan when fewer than two groups have two answers.
    """
    table = np.asarray(counts)
    value = krippendorff_alpha(table, level=level, values=values)
    several = table.sum(axis=1) > 1
    pairable = table[several]
    n, nan = len(pairable), float("nan")
    _, unit = np.unique(
        np.arange(n) if within is None else np.asarray(within)[several], return_inverse=True
    )
    groups = min(blocks, int(unit.max(initial=-1)) + 1)
    if groups < 2 or np.isnan(value):
        return Estimate(value, nan, nan, n)
    without = _without_each(pairable, unit % groups, groups, level, values)
    spread = np.sqrt((groups - 1) / groups * np.nansum((without - np.nanmean(without)) ** 2))
    return Estimate(value, value - Z95 * spread, min(1.0, value + Z95 * spread), n)


def consensus_scores(counts: ArrayLike) -> Floats:
    """Agreeing labels ÷ labels of each asset: the share of its most frequent label; nan without."""
    table = np.asarray(counts)
    answers = table.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(answers > 0, table.max(axis=1, initial=0) / answers, np.nan)


def confusion_pairs(counts: ArrayLike) -> Ints:
    """How often one answer says c and another on the same asset k: (classes × classes), symmetric.

    Each pair of answers counts once; the diagonal counts the pairs that agree.
    """
    table = np.asarray(counts).astype(np.int64)
    pairs = table.T @ table
    diagonal = np.einsum("ac,ac->c", table, table - 1) // 2
    np.fill_diagonal(pairs, diagonal)
    found: Ints = pairs
    return found


def pairwise_agreement(
    asset: ArrayLike, labeller: ArrayLike, label: ArrayLike, n_labellers: int
) -> Pairwise:
    """Agreement of every pair of labellers on the assets they share (at most one answer each)."""
    who = codes("labeller", labeller, n_labellers)
    assets = np.asarray(asset)
    order = np.argsort(assets, kind="stable")
    agree = np.zeros((n_labellers, n_labellers), np.int64)
    shared = np.zeros((n_labellers, n_labellers), np.int64)
    _count_pairs(assets[order], who[order], np.asarray(label)[order], agree, shared)
    with np.errstate(divide="ignore", invalid="ignore"):
        return Pairwise(np.divide(agree, shared), shared)


def _nominal_parts(table: NDArray[Any]) -> tuple[Floats, Floats]:
    """Each pairable asset's observed disagreement, Σ over its pairs ÷ (m-1), and its counts."""
    answers = table.sum(axis=1)
    pairable = table[answers > 1]
    m = answers[answers > 1].astype(float)
    squares = np.einsum("ac,ac->a", pairable, pairable).astype(float)
    return (m * m - squares) / (m - 1), pairable


def _alpha(disagreement: Floats, totals: Floats) -> Floats:
    """Nominal α from summed disagreement and class totals (last axis); nan when undefined."""
    n = totals.sum(axis=-1).astype(float)
    expected = n * n - (totals.astype(float) ** 2).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        alpha = 1 - (n - 1) * disagreement / expected
    return np.where(expected > 0, alpha, np.nan)


def _coincidences(pairable: Floats) -> Floats:
    """Krippendorff's table of coincidences of assets with two answers or more, (K × K)."""
    weights = 1 / (pairable.sum(axis=1) - 1)
    found: Floats = (pairable * weights[:, None]).T @ pairable
    return found


def _graded_alpha(
    coincidences: Floats, totals: Floats, level: Level, values: ArrayLike | None
) -> float:
    distance = _distance(level, totals, values)
    observed = float((coincidences * distance).sum())
    expected = float(totals @ distance @ totals)
    return 1 - (totals.sum() - 1) * observed / expected if expected > 0 else float("nan")


def _without_each(
    pairable: NDArray[Any], block: Ints, groups: int, level: Level, values: ArrayLike | None
) -> Floats:
    """α of all assets but those of each block; (groups,)."""
    if level == "nominal":
        disagreement, totals = _nominal_parts(pairable)
        block_disagreement = np.bincount(block, disagreement, groups)
        block_totals = np.stack([np.bincount(block, c, groups) for c in totals.T], axis=1)
        return _alpha(disagreement.sum() - block_disagreement, totals.sum(axis=0) - block_totals)
    given = pairable.astype(float)
    whole, totals = _coincidences(given), given.sum(axis=0)
    found = np.empty(groups)
    for g in range(groups):
        left_out = given[block == g]
        rest = whole - _coincidences(left_out)
        found[g] = _graded_alpha(rest, totals - left_out.sum(axis=0), level, values)
    return found


def _distance(level: Level, totals: Floats, values: ArrayLike | None) -> Floats:
    """Squared distances between classes (K × K) at an ordinal or interval level."""
    if level == "ordinal":
        # δ = Σ of the totals from c to k, less half of both ends: the distance of mid-ranks.
        position = np.cumsum(totals) - totals / 2
    elif level == "interval":
        position = (
            np.arange(len(totals), dtype=float) if values is None else np.asarray(values, float)
        )
    else:
        raise ValueError("level: expected nominal, ordinal or interval")
    if len(position) != len(totals):
        raise ValueError(f"values: expected {len(totals)} numbers, one for each class")
    gaps: Floats = np.subtract.outer(position, position).astype(float) ** 2
    return gaps


@compiled
def _count_pairs(asset: Ints, labeller: Ints, label: Ints, agree: Ints, shared: Ints) -> None:
    start = 0
    for end in range(1, len(asset) + 1):
        if end < len(asset) and asset[end] == asset[start]:
            continue
        for i in range(start, end):
            for j in range(start, end):
                shared[labeller[i], labeller[j]] += 1
                if label[i] == label[j]:
                    agree[labeller[i], labeller[j]] += 1
        start = end
