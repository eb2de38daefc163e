"""What times tell: how fast each labeller works, and which assets take longer than they should.

Everything is done on the logarithm of active seconds, with medians and MAD: real times have a tail
in which the mean drowns (median 9 s, maximum 2,397 s). A labeller's own pace and the learning of
the trade are taken out before an asset is called slow.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Bools, Floats, Ints, codes

MAD_TO_SD = 1.4826  # for a normal distribution
MEDIAN_SE = 1.2533  # standard error of a median over that of a mean, likewise
FEWEST_TIMES = 30
FEWEST_PACES = 3
_BLOCKS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600)


class Usable(NamedTuple):
    """Whether times can be read answer by answer and, if not, `why`, in plain words."""

    usable: bool
    why: str


class Pace(NamedTuple):
    """Pace of L labellers and what is left of N answers' times once it is taken out.

    typical: median seconds of all answers. deviation: each labeller's median log time less the
    typical one, shrunk towards 0 where answers are few; `se` its standard error before shrinking;
    `spread` the deviation between labellers (robust). median: each labeller's median seconds (nan
    without a time); n: timed answers. slope: change of log time per natural-log unit of experience
    (0 when not asked for or not clear), with `slope_se`. residual: log time left over; `z` the same
    over the labeller's own spread, clipped. Both are nan where the time is missing.
    """

    typical: float
    deviation: Floats
    se: Floats
    spread: float
    median: Floats
    n: Ints
    slope: float
    slope_se: float
    residual: Floats
    z: Floats

    def ratio(self) -> Floats:
        """Each labeller's time as a multiple of the usual (0.5 = half the time); nan if untimed."""
        return np.where(self.n > 0, np.exp(self.deviation), np.nan)


class AssetTimes(NamedTuple):
    """Per asset: shrunken effect on log time (0 = usual), its standard error, and timed answers."""

    effect: Floats
    se: Floats
    n: Ints


def usable(
    labeller: ArrayLike, seconds: ArrayLike, n_labellers: int, order: ArrayLike | None = None
) -> Usable:
    """Say whether times describe single answers.

    They do not when they are missing or too few, when all of a labeller's times are the same, when
    neighbouring answers share a time far more often than chance gives (one time for a batch), or
    when they are rounded to blocks as coarse as themselves. `order` sorts a labeller's answers in
    time; by default they stand in order.
    """
    who, time = _checked(labeller, seconds, n_labellers)
    timed = np.isfinite(time)
    if not timed.any():
        return Usable(False, "no answer carries a time")
    if timed.sum() < FEWEST_TIMES:
        return Usable(False, f"only {timed.sum()} answers carry a time; {FEWEST_TIMES} are needed")
    who, time = who[timed], time[timed]
    rank = np.arange(timed.sum()) if order is None else np.asarray(order)[timed]
    reason = _one_time_each(who, time, n_labellers) or _repeats(who, time, rank) or _blocks(time)
    return Usable(not reason, reason)


def pace(
    labeller: ArrayLike, seconds: ArrayLike, n_labellers: int, order: ArrayLike | None = None
) -> Pace:
    """Fit each labeller's pace and, where `order` (any sortable time of submission) is given, the
    common learning trend over the logarithm of experience.

    Raises ValueError for a negative or infinite time. A time of 0 counts as half the shortest
    positive one: the clock was too coarse to see it.
    """
    who, time = _checked(labeller, seconds, n_labellers)
    timed = np.isfinite(time)
    residual, z = np.full(time.size, np.nan), np.full(time.size, np.nan)
    n = np.bincount(who[timed], minlength=n_labellers)
    if not timed.any():
        nothing = np.full(n_labellers, np.nan)
        return Pace(np.nan, nothing * 0, nothing, np.nan, nothing, n, 0.0, np.nan, residual, z)
    who, log = who[timed], _log(time[timed])
    typical, slope, slope_se = float(np.median(log)), 0.0, float("nan")
    medians = group_median(who, log, n_labellers)
    if order is not None:
        practice = _practice(who, np.asarray(order)[timed], n_labellers)
        slope, slope_se = _trend(who, log - medians[who], practice, n)
        log = log - slope * practice
        medians = group_median(who, log, n_labellers)
    raw = medians - float(np.median(log))
    sigma = _robust_sd(log - medians[who])
    se = MEDIAN_SE * sigma / np.sqrt(np.maximum(n, 1))
    spread, deviation = _shrink(raw, se, n)
    rest = log - np.median(log) - deviation[who]
    residual[timed] = rest
    z[timed] = _standardise(who, rest, n)
    median = np.where(n > 0, np.exp(group_median(who, _log(time[timed]), n_labellers)), np.nan)
    return Pace(
        float(np.exp(typical)), deviation, se, spread, median, n, slope, slope_se, residual, z
    )


def asset_times(asset: ArrayLike, residual: ArrayLike, n_assets: int) -> AssetTimes:
    """Pool residual log times per asset, shrunk towards 0 by the share of variance that is noise.

    Residuals are clipped at four robust deviations, so that one pause does not make an asset slow.
    """
    left = np.asarray(residual, dtype=float)
    where = codes("asset", asset, n_assets, left.size)[np.isfinite(left)]
    left = left[np.isfinite(left)]
    n = np.bincount(where, minlength=n_assets)
    if not left.size:
        return AssetTimes(np.full(n_assets, np.nan), np.full(n_assets, np.nan), n)
    sigma = max(_robust_sd(left), 1e-9)
    left = np.clip(left, -4 * sigma, 4 * sigma)
    left = left - left.mean()
    mean = np.bincount(where, left, n_assets) / np.maximum(n, 1)
    between, within = variance_parts(where, left, mean, n)
    share = n * between / (n * between + within)
    effect = np.where(n > 0, share * mean, np.nan)
    return AssetTimes(
        effect, np.where(n > 0, np.sqrt(share * within / np.maximum(n, 1)), np.nan), n
    )


def variance_parts(
    group: Ints, values: Floats, mean: Floats, n: Ints, *, ratio: float = 0.25, worth: float = 30.0
) -> tuple[float, float]:
    """Split the variance of `values` into (between groups, within groups) by moments.

    With one value a group the two cannot be told apart: `worth` degrees of freedom are credited to
    between ÷ within = `ratio`, so a few repeats move the split and many decide it.
    """
    total = max(float(values.var()), 1e-12)
    squares = float(((values - mean[group]) ** 2).sum())
    freedom = float(np.maximum(n - 1, 0).sum())
    within = (squares + worth * total / (1 + ratio)) / (freedom + worth)
    return max(total - within, 0.02 * total), max(within, 1e-12)


def group_median(group: Ints, values: Floats, n_groups: int) -> Floats:
    """Median of `values` in each group (length n_groups); nan where a group is empty."""
    n = np.bincount(group, minlength=n_groups)
    # numpy sorts 16-bit keys by radix: many times faster for the usual number of labellers
    key = group.astype(np.uint16) if n_groups <= np.iinfo(np.uint16).max else group
    ordered = values[np.argsort(key, kind="stable")]
    median = np.full(n_groups, np.nan)
    ends = np.cumsum(n)
    for g in np.flatnonzero(n):
        median[g] = np.median(ordered[ends[g] - n[g] : ends[g]])
    return median


def _checked(labeller: ArrayLike, seconds: ArrayLike, n_labellers: int) -> tuple[Ints, Floats]:
    time = np.asarray(seconds, dtype=float)
    who: Ints = codes("labeller", labeller, n_labellers, time.size)
    if np.any(time < 0) or np.any(np.isinf(time)):
        raise ValueError("seconds: expected finite times of at least 0, or nan where missing")
    return who, time


def _log(time: Floats) -> Floats:
    positive = time[time > 0]
    floor = max(positive.min() / 2, np.finfo(float).tiny) if positive.size else 1.0
    return np.log(np.maximum(time, floor))


def _robust_sd(centred: Floats) -> float:
    return float(MAD_TO_SD * np.median(np.abs(centred)))


def _shrink(raw: Floats, se: Floats, n: Ints) -> tuple[float, Floats]:
    """Robust spread between labellers, and their deviations shrunk by the share that is noise."""
    seen = n > 0
    centre = raw[seen] - np.median(raw[seen])
    noise = float(np.median(se[seen] ** 2))
    between = max(_robust_sd(centre) ** 2 - noise, 0.01)
    deviation = np.where(seen, raw, 0.0) * between / (between + se**2)
    return float(np.sqrt(between)), deviation


def _standardise(who: Ints, rest: Floats, n: Ints, worth: float = 10.0) -> Floats:
    """Residuals over the labeller's own robust spread, itself pooled with everybody's."""
    common = max(_robust_sd(rest), 1e-9)
    own = MAD_TO_SD * group_median(who, np.abs(rest), len(n))
    own = np.where(n > 0, own, common)
    scale = np.sqrt((n * own**2 + worth * common**2) / (n + worth))
    return np.clip(rest / scale[who], -3.0, 5.0)


def fastest_plausible(median_seconds: ArrayLike, mad_log: ArrayLike) -> float:
    """Seconds below which hardly an answer of anybody who looks is to be expected; nan for too few.

    `median_seconds` and `mad_log` (MAD of log seconds) are those of each labeller. Three standard
    deviations, within and between labellers, below the usual time; each labeller weighs the same,
    so those who hurry do not move it until they are half of all.
    """
    log, within = np.log(np.asarray(median_seconds, float)), np.asarray(mad_log, float)
    if log.size < FEWEST_PACES:
        return float("nan")
    between = np.median(np.abs(log - np.median(log)))
    spread = MAD_TO_SD * np.hypot(np.median(within), between)
    return float(np.exp(np.median(log) - 3 * spread))


def _practice(who: Ints, order: ArrayLike, n_labellers: int) -> Floats:
    """Log of the number of each labeller's answers so far, centred within the labeller."""
    ranked = np.lexsort((np.asarray(order), who))
    n = np.bincount(who, minlength=n_labellers)
    position = np.empty(len(who))
    position[ranked] = np.arange(len(who)) - np.repeat(np.cumsum(n) - n, n)
    log = np.log1p(position)
    mean = np.bincount(who, log, n_labellers) / np.maximum(n, 1)
    centred: Floats = log - mean[who]
    return centred


def _trend(who: Ints, rest: Floats, practice: Floats, n: Ints) -> tuple[float, float]:
    """Common slope of time on practice, fitted on clipped residuals; 0 unless it is clear."""
    limit = 3 * max(_robust_sd(rest), 1e-9)
    clipped = np.clip(rest, -limit, limit)
    clipped = clipped - (np.bincount(who, clipped, len(n)) / np.maximum(n, 1))[who]
    leverage = float((practice**2).sum())
    if leverage <= 0 or len(who) < FEWEST_TIMES:
        return 0.0, float("nan")
    slope = float((practice * clipped).sum() / leverage)
    error = clipped - slope * practice
    se = float(np.sqrt((error**2).sum() / max(len(who) - 2, 1) / leverage))
    return (slope if abs(slope) > 2 * se else 0.0), se


def _one_time_each(who: Ints, time: Floats, n_labellers: int) -> str:
    n = np.bincount(who, minlength=n_labellers)
    low, high = np.full(n_labellers, np.inf), np.full(n_labellers, -np.inf)
    np.minimum.at(low, who, time)
    np.maximum.at(high, who, time)
    constant: Bools = (n >= 3) & (low == high)
    if n[constant].sum() <= 0.5 * n.sum():
        return ""
    return (
        f"{constant.sum()} of {(n > 0).sum()} labellers have the same time on every answer: "
        "these look like one time for a whole batch"
    )


def _repeats(who: Ints, time: Floats, rank: ArrayLike) -> str:
    """Neighbouring answers of a labeller with the same time, against what their mix would give."""
    ordered = np.lexsort((np.asarray(rank), who))
    w, t = who[ordered], time[ordered]
    neighbours = w[1:] == w[:-1]
    if neighbours.sum() < FEWEST_TIMES:
        return ""
    same = float((t[1:] == t[:-1])[neighbours].mean())
    _, counts = np.unique(time, return_counts=True)
    chance = float((counts * (counts - 1.0)).sum() / (len(time) * (len(time) - 1.0)))
    if same < 0.25 or (same - chance) / (1 - chance + 1e-12) < 0.2:
        return ""
    return (
        f"{same:.0%} of answers repeat the exact time of the labeller's answer before, where "
        f"chance would give {chance:.0%}: these look like one time shared by a batch"
    )


def _blocks(time: Floats) -> str:
    median = float(np.median(time))
    for block in reversed(_BLOCKS):
        off = np.abs(time / block - np.round(time / block))
        if block > median / 2 and np.mean(off < 1e-6) >= 0.95:
            return (
                f"times are rounded to blocks of {block} s, "
                f"too coarse for a median time of {median:g} s"
            )
    return ""
