"""Whether newer data is made up otherwise than older: how far apart, and what chance would do.

Two samples of few numbers always differ. The distance (total variation: half the summed differences
of shares) stands beside the one that would be seen if both came from the same source; the p-value
is that of a permutation test given both margins (R. A. Fisher; tables drawn by W. M. Patefield,
Applied Statistics 30, 1981). Several questions asked at once are corrected by Y. Benjamini and
Y. Hochberg (JRSS B 57, 1995). PURE.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Floats, Ints

DRAWS = 2000


class Drift(NamedTuple):
    """`distance` in [0, 1]; `chance` is what no drift stays below 95 times in 100; `p` that of the
    test; `earlier` and `newer` are the numbers compared. nan where one side has nothing."""

    distance: float
    chance: float
    p: float
    earlier: int
    newer: int


def drift(earlier: ArrayLike, newer: ArrayLike, *, seed: int = 0, draws: int = DRAWS) -> Drift:
    """Compare counts (k,) of the same k groups; each thing counted is one independent draw.

    The test takes Pearson's chi-square, and asks how many of `draws` tables with the same margins
    have as much. Raises ValueError for negative counts or different lengths.
    """
    table = _table(earlier, newer)
    before, after = (int(n) for n in table.sum(axis=1))
    if not before or not after:
        return Drift(float("nan"), float("nan"), float("nan"), before, after)
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2:
        return Drift(0.0, 0.0, 1.0, before, after)
    from scipy.stats import random_table

    drawn = random_table(table.sum(axis=1), table.sum(axis=0)).rvs(draws, random_state=seed)
    seen, by_chance = _chi_square(table[None])[0], _chi_square(drawn)
    # The table itself is one of those that chance could have made.
    p = (1 + np.count_nonzero(by_chance >= seen * (1 - 1e-9))) / (1 + draws)
    chance = float(np.quantile(_distance(drawn), 0.95))
    return Drift(float(_distance(table[None])[0]), chance, float(p), before, after)


def presence(earlier: ArrayLike, of_earlier: int, newer: ArrayLike, of_newer: int) -> Floats:
    """(k,) two-sided p-values of Fisher's exact test: whether as large a share of the newer things
    has each of k properties; one thing may have several. 1 where one side has nothing."""
    from scipy.stats import fisher_exact

    table = _table(earlier, newer)
    if (table > np.array([[of_earlier], [of_newer]])).any():
        raise ValueError("counts: expected no more than there are things")
    if not of_earlier or not of_newer:
        return np.ones(table.shape[1])
    return np.array(
        [
            fisher_exact([[a, of_earlier - a], [b, of_newer - b]]).pvalue
            for a, b in table.T.tolist()
        ],
        float,
    )


def adjusted(p: ArrayLike) -> Floats:
    """(k,) p-values so corrected that those up to q hold at most a share q of false discoveries.

    nan stays nan and counts as no question.
    """
    given = np.asarray(p, float)
    found = np.full(given.shape, np.nan)
    asked = np.flatnonzero(~np.isnan(given))
    order = asked[np.argsort(given[asked], kind="stable")]
    scaled = given[order] * len(order) / np.arange(1, len(order) + 1)
    found[order] = np.minimum.accumulate(scaled[::-1])[::-1].clip(max=1)
    return found


def simes(p: ArrayLike) -> float:
    """One p-value for all of several (R. J. Simes, Biometrika 73, 1986); nan for none."""
    corrected = adjusted(p)
    return float("nan") if np.isnan(corrected).all() else float(np.nanmin(corrected))


def moved_most(
    names: Sequence[str], earlier: ArrayLike, newer: ArrayLike
) -> list[tuple[str, float, float]]:
    """(name, share before, share now) by how far the share moved, the furthest first."""
    table = _table(earlier, newer)
    if not table.sum(axis=1).all():
        return []
    before, after = table / table.sum(axis=1, keepdims=True)
    order = np.argsort(-np.abs(after - before), kind="stable")
    return [(names[i], float(before[i]), float(after[i])) for i in order]


def _table(earlier: ArrayLike, newer: ArrayLike) -> Ints:
    one, other = np.asarray(earlier, np.int64), np.asarray(newer, np.int64)
    if one.ndim != 1 or one.shape != other.shape:
        raise ValueError("newer: expected as many counts as earlier has")
    if (one < 0).any() or (other < 0).any():
        raise ValueError("counts: expected none below 0")
    return np.stack([one, other])


def _distance(tables: Ints) -> Floats:
    shares = tables / tables.sum(axis=2, keepdims=True)
    found: Floats = np.abs(shares[:, 0] - shares[:, 1]).sum(axis=1) / 2
    return found


def _chi_square(tables: Ints) -> Floats:
    total = tables[0].sum()
    expected = tables[0].sum(axis=1)[:, None] * tables[0].sum(axis=0)[None] / total
    found: Floats = ((tables - expected) ** 2 / expected).sum(axis=(1, 2))
    return found
