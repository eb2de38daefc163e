"""Times on the logarithmic scale, and what is robust of them: medians, MAD, variance in parts."""

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Bools, Floats, Ints, codes

MAD_TO_SD = 1.4826  # for a normal distribution
MEDIAN_SE = 1.2533  # standard error of a median over that of a mean, likewise
FEWEST_TIMES = 30
_FEW = 20_000  # values


def checked(labeller: ArrayLike, seconds: ArrayLike, n_labellers: int) -> tuple[Ints, Floats]:
    time = np.asarray(seconds, dtype=float)
    who: Ints = codes("labeller", labeller, n_labellers, time.size)
    if np.any(time < 0) or np.any(np.isinf(time)):
        raise ValueError("seconds: expected finite times of at least 0, or nan where missing")
    return who, time


def log_seconds(time: Floats) -> Floats:
    positive = time[time > 0]
    floor = max(positive.min() / 2, np.finfo(float).tiny) if positive.size else 1.0
    return np.log(np.maximum(time, floor))


def robust_sd(centred: Floats) -> float:
    return float(MAD_TO_SD * np.median(np.abs(centred)))


def middle(values: Floats, clip: float = 1.5) -> float:
    """Huber's mean: values further than `clip` robust deviations off count as just so far off."""
    found = float(np.median(values))
    limit = clip * max(robust_sd(values - found), 1e-9)
    for _ in range(20):
        step = np.clip(values - found, -limit, limit)
        found += float(step.mean()) / max(float(np.mean(np.abs(values - found) < limit)), 0.2)
    return found


def rejected(p: Floats, rate: float) -> Bools:
    """Which hypotheses to reject so that at most `rate` of those rejected are true, on average.

    Y. Benjamini and Y. Hochberg, JRSS B 57 (1995). nan is a test not made, and counts for nothing.
    """
    tested = np.flatnonzero(~np.isnan(p))
    ordered = tested[np.argsort(p[tested], kind="stable")]
    limit = rate * np.arange(1, ordered.size + 1) / max(ordered.size, 1)
    below = np.flatnonzero(p[ordered] <= limit)
    found = np.zeros(p.shape, dtype=bool)
    if below.size:
        found[ordered[: below[-1] + 1]] = True
    return found


def group_median(group: Ints, values: Floats, n_groups: int) -> Floats:
    """Median of `values` in each group (length n_groups); nan where a group is empty."""
    n = np.bincount(group, minlength=n_groups)
    if len(group) < _FEW:
        return _few_medians(group, values, n)
    # numpy sorts 16-bit keys by radix: many times faster for the usual number of labellers
    key = group.astype(np.uint16) if n_groups <= np.iinfo(np.uint16).max else group
    ordered = values[np.argsort(key, kind="stable")]
    median = np.full(n_groups, np.nan)
    ends = np.cumsum(n)
    for g in np.flatnonzero(n):
        median[g] = np.median(ordered[ends[g] - n[g] : ends[g]])
    return median


def _few_medians(group: Ints, values: Floats, n: Ints) -> Floats:
    """The same by one sort of everything: quicker where groups are small."""
    ordered = values[np.lexsort((values, group))]
    if not ordered.size:
        return np.full(len(n), np.nan)
    starts = np.cumsum(n) - n
    low = ordered[np.minimum(starts + np.maximum(n - 1, 0) // 2, ordered.size - 1)]
    high = ordered[np.minimum(starts + n // 2, ordered.size - 1)]
    return np.where(n > 0, low + (high - low) / 2, np.nan)


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
