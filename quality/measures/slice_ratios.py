"""How much longer the assets of a slice take than the others, and how much more often answers to
them are wrong.

Assets are the units: answers to one asset stand and fall together. Of time it is the difference of
mean adjusted log times, with the variance of a ratio over clusters (W. Cochran, *Sampling
Techniques*, 1977) and Welch's degrees of freedom (B. Welch, Biometrika 34, 1947). Of wrong answers
it is the ratio of observed to expected on either side, in logarithms with ½ added to each count so
that none is a matter of division by nothing (S. Walter, Biometrics 31, 1975), and its variance is
widened by how much answers to one asset go together.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Bools, Floats, Ints, codes
from quality.measures.classes import Z95
from quality.measures.flags import FALSE_DISCOVERY_RATE, discoveries
from quality.measures.slices import Slice, membership

LARGE = 1.25  # from this ratio on a clear difference is red
FEWEST_CLUSTERS = 5
_CLIP = 4.0  # robust deviations at which one answer's time is cut
_WORTH = 30.0  # assets that the common widening counts as, beside a slice's own
_HALF = 0.5


class Ratios(NamedTuple):
    """Of each slice, against all other assets: the ratio with its 95 % interval, and the chance of
    one as large where there is no difference; nan where it cannot be told."""

    value: Floats
    low: Floats
    high: Floats
    p: Floats


class Compared(NamedTuple):
    """Of each slice: how many `assets`, timed `answers` and `judged` answers it has, its ratios, a
    p-value of both together and its colour. `red`: clearly harder, at the stated rate of false
    discoveries over all slices, by a quarter or more; `yellow`: clearly harder, by less."""

    assets: Ints
    answers: Ints
    judged: Ints
    time: Ratios
    wrong: Ratios
    p: Floats
    colour: list[str]


def compare(
    slices: Sequence[Slice],
    asset: ArrayLike,
    time: ArrayLike,
    wrong: ArrayLike,
    n_assets: int,
    expected: ArrayLike | None = None,
    rate: float = FALSE_DISCOVERY_RATE,
) -> Compared:
    """Compare slices with the rest.

    For each answer: its `asset`; `time`, log time less what labeller and stage explain (nan:
    unknown); `wrong`, from 0 to 1 (nan: not judged); `expected`, how much of it was to be expected
    of its labeller, so that a slice is not blamed for who worked on it (None: the same of all).
    """
    where = codes("asset", asset, n_assets)
    log, missed = np.asarray(time, float), np.asarray(wrong, float)
    usual = np.ones(where.size) if expected is None else np.asarray(expected, float)
    members = membership(slices)
    n = len(slices)
    timed, judged = np.isfinite(log), np.isfinite(missed) & np.isfinite(usual)
    counts = np.stack([np.bincount(where[of], minlength=n_assets) for of in (timed, judged)])
    found_time = _time(where[timed], log[timed], n_assets, n, members)
    found_wrong = _wrong(where[judged], missed[judged], usual[judged], n_assets, n, members)
    p = _either(found_time.p, found_wrong.p)
    clear = discoveries(p, rate)
    large = _large(found_time) | _large(found_wrong)
    return Compared(
        np.bincount(members[0], minlength=n),
        _sum(counts[0], members, n).astype(np.int64),
        _sum(counts[1], members, n).astype(np.int64),
        found_time,
        found_wrong,
        p,
        ["red" if c and big else "yellow" if c else "green"
         for c, big in zip(clear, large, strict=True)],
    )  # fmt: skip


def _sum(values: ArrayLike, members: tuple[Ints, Ints], n: int) -> Floats:
    return np.bincount(members[0], np.asarray(values, float)[members[1]], n).astype(float)


def _both_sides(
    pieces: Sequence[ArrayLike], members: tuple[Ints, Ints], n: int
) -> tuple[list[Floats], list[Floats]]:
    """Sums per asset summed over each slice, and over all that is outside of it."""
    inside = [_sum(piece, members, n) for piece in pieces]
    outside = [float(np.sum(piece)) - got for piece, got in zip(pieces, inside, strict=True)]
    return inside, outside


def _time(
    asset: Ints, log: Floats, n_assets: int, n_slices: int, members: tuple[Ints, Ints]
) -> Ratios:
    from scipy.stats import t

    if not asset.size:
        return _unknown(n_slices)
    middle = np.median(log)
    reach = _CLIP * max(1.4826 * float(np.median(np.abs(log - middle))), 1e-9)
    log = np.clip(log - middle, -reach, reach)
    answers = np.bincount(asset, minlength=n_assets).astype(float)
    sums = np.bincount(asset, log, n_assets)
    # Sums over a slice, and over all else: what a mean over clusters and its variance are made of.
    parts = (sums, answers, answers > 0, sums**2, sums * answers, answers**2)
    inside, outside = _both_sides(parts, members, n_slices)
    (mean, var, free), (mean_out, var_out, free_out) = _mean(*inside), _mean(*outside)
    gap, variance = mean - mean_out, np.maximum(var + var_out, 1e-18)
    freedom = variance**2 / (var**2 / free + var_out**2 / free_out + 1e-300)
    spread, reach_95 = np.sqrt(variance), t.ppf(0.975, freedom)
    p = t.sf(gap / spread, freedom)
    return _known(
        (free >= FEWEST_CLUSTERS - 1) & (free_out >= FEWEST_CLUSTERS - 1),
        gap, reach_95 * spread, p,
    )  # fmt: skip


def _mean(
    total: Floats, n: Floats, clusters: Floats, squares: Floats, cross: Floats, sizes: Floats
) -> tuple[Floats, Floats, Floats]:
    """Mean over answers, its variance over clusters, and degrees of freedom."""
    mean = total / np.maximum(n, 1)
    left = np.maximum(squares - 2 * mean * cross + mean**2 * sizes, 0)
    free = np.maximum(clusters - 1, 1)
    return mean, left / np.maximum(n, 1) ** 2 * (free + 1) / free, np.where(clusters > 1, free, 0.5)


def _wrong(
    asset: Ints, missed: Floats, usual: Floats, n_assets: int, n_slices: int,
    members: tuple[Ints, Ints],
) -> Ratios:  # fmt: skip
    from scipy.special import ndtr

    if not asset.size or missed.sum() <= 0 or usual.sum() <= 0:
        return _unknown(n_slices)
    n = np.bincount(asset, minlength=n_assets).astype(float)
    seen = np.bincount(asset, missed, n_assets).astype(float)
    due = np.bincount(asset, usual, n_assets) * (missed.sum() / usual.sum())
    inside, outside = _both_sides((seen, due, n, n > 0), members, n_slices)
    common = _widening(float(((seen - due) ** 2).sum()), float(seen.sum()), float(n.sum()))
    gap = np.log((inside[0] + _HALF) / (inside[1] + _HALF))
    gap -= np.log((outside[0] + _HALF) / (outside[1] + _HALF))
    spread = np.sqrt(
        _log_variance(inside, common, seen, due, members, n_slices)
        + _log_variance(outside, common)
    )  # fmt: skip
    enough = (inside[3] >= FEWEST_CLUSTERS) & (outside[3] >= FEWEST_CLUSTERS)
    return _known(enough, gap, Z95 * spread, ndtr(-gap / spread))


def _log_variance(
    sums: Sequence[Floats],
    common: float,
    seen: Floats | None = None,
    due: Floats | None = None,
    members: tuple[Ints, Ints] | None = None,
    n_slices: int = 0,
) -> Floats:
    """Variance of the log of observed ÷ expected: that of a binomial count, widened."""
    wrong, n, clusters = sums[0], sums[2], sums[3]
    wide: Floats = np.full(wrong.shape, max(common, 1.0))
    if seen is not None and due is not None and members is not None:
        level = (wrong + _HALF) / (sums[1] + _HALF)
        left = (seen[members[1]] - level[members[0]] * due[members[1]]) ** 2
        own = np.bincount(members[0], left, n_slices) / np.maximum(
            wrong * (1 - wrong / np.maximum(n, 1)), _HALF
        )
        wide = np.maximum((clusters * own + _WORTH * common) / (clusters + _WORTH), 1.0)
    variance: Floats = wide / (wrong + _HALF) - wide / (n + _HALF) * (n > wrong)
    return np.maximum(variance, 1e-9)


def _widening(squares: float, wrong: float, n: float) -> float:
    """How many times the variance of a binomial count answers to one asset together have."""
    return squares / max(wrong * (1 - wrong / np.maximum(n, 1)), _HALF)


def _either(one: Floats, other: Floats) -> Floats:
    """The chance of the smaller of two p-values (Bonferroni); one alone stands as it is."""
    both = np.minimum(1.0, 2 * np.fmin(one, other))
    return np.where(np.isnan(one), other, np.where(np.isnan(other), one, both))


def _large(ratios: Ratios) -> Bools:
    with np.errstate(invalid="ignore"):
        found: Bools = (ratios.value >= LARGE) & (ratios.low > 1)
    return found


def _known(enough: Bools, gap: Floats, reach: Floats, p: Floats) -> Ratios:
    with np.errstate(over="ignore"):
        found = [np.exp(gap), np.exp(gap - reach), np.exp(gap + reach), p]
    return Ratios(*(np.where(enough, values, np.nan) for values in found))


def _unknown(n: int) -> Ratios:
    nothing = np.full(n, np.nan)
    return Ratios(nothing, nothing, nothing, nothing)


def said(title: str, compared: Compared, i: int) -> str:
    """What stands out about slice `i`, in one sentence; empty where nothing does."""
    if compared.colour[i] == "green":
        return ""
    parts = []
    for ratios, words, n, of in (
        (compared.time, "take {:.2g} × the time of the others", compared.answers, "timed"),
        (compared.wrong, "are answered wrongly {:.2g} × as often", compared.judged, "judged"),
    ):
        if ratios.low[i] > 1:
            parts.append(
                f"{words.format(ratios.value[i])} (95 %: {ratios.low[i]:.2g} to "
                f"{ratios.high[i]:.2g}; {n[i]:,} answers {of})"
            )
    # At a lenient rate a slice may stand out of which neither interval excludes 1.
    told = " and ".join(parts) or "take longer or are answered wrongly more often"
    return f"Assets of {title} {told}."
