"""How figures change: with practice, from one period to the next, and what is to come."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from metrics.definitions.shares import Difference, Floats, Share, difference

# A line through fewer points fits anything.
LEAST_POINTS = 3


class Learning(NamedTuple):
    """The factor of time at each doubling of practice with its 95 % interval, from n points."""

    per_doubling: float | None
    n: int
    low: float | None
    high: float | None


class Mix(NamedTuple):
    """How far two mixtures lie apart, from 0 to 1, and how likely so much is by chance alone."""

    distance: float | None
    p: float | None
    n: int
    n_before: int


def learning_curve(answers_before: ArrayLike, seconds: ArrayLike, weights: ArrayLike) -> Learning:
    """Learning curve: how the time of a label falls with practice.

    One entry for each day: answers given until its middle, the day's median time, its answers.

    Formula: 2 to the slope of log2(median active seconds) on log2(answers given so far), by least
    squares weighted with the answers of each day.
    Unit: factor of time at each doubling of practice (0.9: a tenth faster), with n days and
    Student's 95 % interval.
    Counted from: daily roll-up of one labeller and project.
    Undefined: with fewer than three days of answers.
    Source: the power law of practice: A. Newell and P. S. Rosenbloom (1981), in Cognitive Skills
    and their Acquisition.
    """
    from scipy.special import stdtrit

    practice, time, weight = (np.asarray(v, float) for v in (answers_before, seconds, weights))
    use = (practice > 0) & (time > 0) & (weight > 0)
    x, y, w = np.log2(practice[use]), np.log2(time[use]), weight[use]
    n = int(use.sum())
    if n < LEAST_POINTS or np.ptp(x) == 0:
        return Learning(None, n, None, None)
    x_mean, y_mean = np.average(x, weights=w), np.average(y, weights=w)
    across = float((w * np.square(x - x_mean)).sum())
    slope = float((w * (x - x_mean) * (y - y_mean)).sum()) / across
    rest = y - y_mean - slope * (x - x_mean)
    error = float(np.sqrt((w * rest**2).sum() / (n - 2) / across))
    margin = float(stdtrit(n - 2, 0.975)) * error
    return Learning(2**slope, n, 2 ** (slope - margin), 2 ** (slope + margin))


def drift(now: Share, before: Share) -> Difference:
    """Drift: whether a share (accuracy, agreement, skips) moved from one period to the next.

    Formula: share now - share of the period before; it moved when the interval leaves 0 out.
    Unit: difference of shares, with both n and Newcombe's 95 % interval.
    Counted from: daily roll-up of two periods of one length.
    Undefined: while one of the two is.
    Source: R. G. Newcombe, Statistics in Medicine 17 (1998), method 10.
    """
    return difference(now, before)


def mix_drift(now: ArrayLike, before: ArrayLike) -> Mix:
    """Drift of a mixture: whether classes, or slices, come in other proportions than before.

    `now` and `before` count the same kinds in the same order.

    Formula: ½ × the sum of |share now - share before| over all kinds; p by Pearson's test of
    homogeneity.
    Unit: total variation distance, 0 (the same) to 1 (nothing in common), with both n and p.
    Counted from: counts by class, or by slice, of two periods.
    Undefined: while one of them is empty; p with fewer than two kinds.
    Source: K. Pearson, Philosophical Magazine 50 (1900).
    """
    from scipy.special import chdtrc

    table = np.asarray([now, before], float)
    table = table[:, table.sum(axis=0) > 0]
    n, m = (int(total) for total in table.sum(axis=1))
    if n == 0 or m == 0:
        return Mix(None, None, n, m)
    distance = float(np.abs(table[0] / n - table[1] / m).sum()) / 2
    if table.shape[1] < 2:
        return Mix(distance, None, n, m)
    expected = np.outer([n, m], table.sum(axis=0)) / (n + m)
    chi2 = float((np.square(table - expected) / expected).sum())
    return Mix(distance, float(chdtrc(table.shape[1] - 1, chi2)), n, m)


def forecast(draws: ArrayLike, levels: ArrayLike = (0.5, 0.9)) -> Floats | None:
    """Forecast: when a batch will be done, and what it will have cost, with 50 % and 90 %.

    Formula: the smallest simulated outcome that at least the level of all simulated runs do not
    exceed; runs draw whole days of observed work by chance.
    Unit: date, or the project's currency, at each level.
    Counted from: roll-ups of the last weeks, what is left by stage, the people there are.
    Undefined: without observed days of work at a stage that has work left.
    Source: B. Efron and R. Tibshirani, An Introduction to the Bootstrap (1993); held against
    history, with the coverage shown.
    """
    outcomes = np.asarray(draws, float)
    if outcomes.size == 0:
        return None
    found: Floats = np.quantile(outcomes, np.asarray(levels, float), method="inverted_cdf")
    return found
