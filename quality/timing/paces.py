"""How fast each labeller works, by medians of log time; what is plausible at all.

Everything is done on the logarithm of active seconds, with medians and MAD: real times have a tail
in which the mean drowns (median 9 s, maximum 2,397 s).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Floats, Ints
from quality.timing.robust import (
    FEWEST_TIMES,
    MAD_TO_SD,
    MEDIAN_SE,
    checked,
    group_median,
    log_seconds,
    robust_sd,
)

FEWEST_PACES = 3


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

    @property
    def low(self) -> Floats:
        """Lower end of the 95 % interval of each deviation."""
        return self.deviation - self._reach() * self.se

    @property
    def high(self) -> Floats:
        """Upper end of the 95 % interval of each deviation."""
        return self.deviation + self._reach() * self.se

    def _reach(self) -> float:
        """Student's t: how far paces are shrunk was learnt from so many labellers only."""
        from scipy.special import stdtrit

        return float(stdtrit(max(int((self.n > 0).sum()) - 1, 1), 0.975))

    def ratio(self) -> Floats:
        """Each labeller's time as a multiple of the usual (0.5 = half the time); nan if untimed."""
        return np.where(self.n > 0, np.exp(self.deviation), np.nan)


def unknown_pace(n_labellers: int, n_answers: int) -> Pace:
    """The pace of people none of whose answers carries a time."""
    nothing, left = np.full(n_labellers, np.nan), np.full(n_answers, np.nan)
    n = np.zeros(n_labellers, np.int64)
    return Pace(np.nan, nothing * 0, nothing, np.nan, nothing, n, 0.0, np.nan, left, left)


def pace(
    labeller: ArrayLike, seconds: ArrayLike, n_labellers: int, order: ArrayLike | None = None
) -> Pace:
    """Fit each labeller's pace and, where `order` (any sortable time of submission) is given, the
    common learning trend over the logarithm of experience.

    Raises ValueError for a negative or infinite time. A time of 0 counts as half the shortest
    positive one: the clock was too coarse to see it.
    """
    who, time = checked(labeller, seconds, n_labellers)
    timed = np.isfinite(time)
    residual, z = np.full(time.size, np.nan), np.full(time.size, np.nan)
    n = np.bincount(who[timed], minlength=n_labellers)
    if not timed.any():
        return unknown_pace(n_labellers, time.size)
    who, log = who[timed], log_seconds(time[timed])
    typical, slope, slope_se = float(np.median(log)), 0.0, float("nan")
    medians = group_median(who, log, n_labellers)
    if order is not None:
        practice = _practice(who, np.asarray(order)[timed], n_labellers)
        slope, slope_se = _trend(who, log - medians[who], practice, n)
        log = log - slope * practice
        medians = group_median(who, log, n_labellers)
    raw = medians - float(np.median(log))
    sigma = robust_sd(log - medians[who])
    se = MEDIAN_SE * sigma / np.sqrt(np.maximum(n, 1))
    spread, deviation = _shrink(raw, se, n)
    rest = log - np.median(log) - deviation[who]
    residual[timed] = rest
    z[timed] = _standardise(who, rest, n)
    median = np.where(
        n > 0, np.exp(group_median(who, log_seconds(time[timed]), n_labellers)), np.nan
    )
    return Pace(
        float(np.exp(typical)), deviation, se, spread, median, n, slope, slope_se, residual, z
    )


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


def _shrink(raw: Floats, se: Floats, n: Ints) -> tuple[float, Floats]:
    """Robust spread between labellers, and their deviations shrunk by the share that is noise."""
    seen = n > 0
    centre = raw[seen] - np.median(raw[seen])
    noise = float(np.median(se[seen] ** 2))
    between = max(robust_sd(centre) ** 2 - noise, 0.01)
    deviation = np.where(seen, raw, 0.0) * between / (between + se**2)
    return float(np.sqrt(between)), deviation


def _standardise(who: Ints, rest: Floats, n: Ints, worth: float = 10.0) -> Floats:
    """Residuals over the labeller's own robust spread, itself pooled with everybody's."""
    common = max(robust_sd(rest), 1e-9)
    own = MAD_TO_SD * group_median(who, np.abs(rest), len(n))
    own = np.where(n > 0, own, common)
    scale = np.sqrt((n * own**2 + worth * common**2) / (n + worth))
    return np.clip(rest / scale[who], -3.0, 5.0)


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
    limit = 3 * max(robust_sd(rest), 1e-9)
    clipped = np.clip(rest, -limit, limit)
    clipped = clipped - (np.bincount(who, clipped, len(n)) / np.maximum(n, 1))[who]
    leverage = float((practice**2).sum())
    if leverage <= 0 or len(who) < FEWEST_TIMES:
        return 0.0, float("nan")
    slope = float((practice * clipped).sum() / leverage)
    error = clipped - slope * practice
    se = float(np.sqrt((error**2).sum() / max(len(who) - 2, 1) / leverage))
    return (slope if abs(slope) > 2 * se else 0.0), se
