"""Every figure that is counted, defined once: formula, unit, source.

All of them take sums over any set of roll-up rows, so a figure of a week is made from the sums of
its days, never from the mean of daily figures. A figure that is not defined (nothing in its
denominator) is None, never 0.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quality.measures.classes import wilson
from quality.measures.waiting import Waiting, waiting

BINS_PER_OCTAVE = 8
SHORTEST_MS, OCTAVES = 125, 16
# Edges between the bins of active time, in whole milliseconds, so that the database and numpy put
# every answer into the same bin. The first bin holds all that is shorter, the last all longer.
TIME_BINS: tuple[int, ...] = tuple(
    round(SHORTEST_MS * 2 ** (i / BINS_PER_OCTAVE)) for i in range(1, BINS_PER_OCTAVE * OCTAVES)
)
N_TIME_BINS = len(TIME_BINS) + 1
# A time read from a bin is at most half a bin off: a factor of 2^(1/16), 4.4 %, between 0.125 s
# and 2.3 h.
TIME_RESOLUTION = 2 ** (1 / (2 * BINS_PER_OCTAVE)) - 1

_CENTRES = np.log(SHORTEST_MS / 1000) + (np.arange(N_TIME_BINS) + 0.5) * (
    np.log(2) / BINS_PER_OCTAVE
)

Z95 = 1.959964  # of the normal distribution, two-sided
# Fewer times in a group say nothing of the time that is saved: below, the rank sum test is no
# longer near its large-sample form.
LEAST_TIMES = 8

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


class Share(NamedTuple):
    """A proportion with its support `n` and its 95 % interval; all None when n is 0."""

    value: float | None
    n: int
    low: float | None
    high: float | None


class ActiveTime(NamedTuple):
    """Median in seconds and MAD of log active time (natural log) of n answers; None when n is 0.

    `exp(mad)` is the factor within which half of the answers lie around the median.
    """

    median_seconds: float | None
    mad_log: float | None
    n: int


class TimeSaved(NamedTuple):
    """Median active time in seconds with a model's draft and without, of `n_with` and `n_without`
    answers; `saved` is the share of the time that a draft saves (below 0: it costs), with its 95 %
    interval. None where there are too few."""

    with_seconds: float | None
    without_seconds: float | None
    saved: float | None
    low: float | None
    high: float | None
    n_with: int
    n_without: int


class Anchoring(NamedTuple):
    """Mistakes of a model that labels repeat, with its draft and without; `pull` is the difference
    of the shares with its 95 % interval, None where one of them has no support."""

    shown: Share
    withheld: Share
    pull: float | None
    low: float | None
    high: float | None


def share(hits: float, n: int) -> Share:
    """Hits ÷ n with Wilson's 95 % interval (E. B. Wilson, JASA 22, 1927).

    `hits` may be fractional, where an answer can be partly right. Raises ValueError unless
    0 ≤ hits ≤ n.
    """
    if n == 0:
        return Share(None, 0, None, None)
    low, high = wilson(hits, n)
    return Share(hits / n, int(n), float(low), float(high))


def shares(hits: ArrayLike, n: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """`share` for columns: value, low, high as arrays, nan where n is 0 (a frame's undefined)."""
    low, high = wilson(hits, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.divide(np.asarray(hits, float), np.asarray(n, float)), low, high


def gold_accuracy(correct: float, n: int) -> Share:
    """Right answers to gold ÷ answers to gold."""
    return share(correct, n)


def agreement(agreed: float, n: int) -> Share:
    """Answers equal to the consensus of their asset ÷ answers that have a consensus."""
    return share(agreed, n)


def first_pass_acceptance(accepted: float, n: int) -> Share:
    """First answers that a reviewer accepted without a change ÷ first answers reviewed.

    One that is sent back is not accepted, whatever becomes of it, unless an expert says that it was
    right; rework is a second pass and does not count.
    """
    return share(accepted, n)


def drafts_kept(kept: int, changed: int, thrown: int) -> Share:
    """Proposed objects that labellers left as they were ÷ proposed objects.

    The shares that were changed and thrown away are `share` of the same n.
    """
    return share(kept, kept + changed + thrown)


def time_saved(with_ms: ArrayLike, without_ms: ArrayLike) -> TimeSaved:
    """How much of the active time a draft saves: 1 - exp(shift of log active time).

    Which answers get a draft is by lot, so the two groups differ in nothing else. The shift is
    Hodges and Lehmann's, the median of all differences between the groups (J. L. Hodges and E. L.
    Lehmann, Annals of Mathematical Statistics 34, 1963), with the interval that inverts the rank
    sum test in large samples (M. Hollander and D. A. Wolfe, Nonparametric Statistical Methods,
    1999, §4.3). Times without a logarithm (0: no heartbeat came) are left out. With fewer than
    `LEAST_TIMES` in a group nothing is said of what is saved.
    """
    some, others = (np.asarray(ms, float) for ms in (with_ms, without_ms))
    some, others = some[some > 0], others[others > 0]
    medians = [float(np.median(ms)) / 1000 if ms.size else None for ms in (some, others)]
    m, n = some.size, others.size
    if min(m, n) < LEAST_TIMES:
        return TimeSaved(medians[0], medians[1], None, None, None, m, n)
    shifts = np.sort(np.subtract.outer(np.log(some), np.log(others)), axis=None)
    within = m * n / 2 - Z95 * math.sqrt(m * n * (m + n + 1) / 12)
    rank = max(int(within), 1)
    shift, low, high = float(np.median(shifts)), float(shifts[rank - 1]), float(shifts[-rank])
    saved, least, most = (1 - math.exp(x) for x in (shift, high, low))
    return TimeSaved(medians[0], medians[1], saved, least, most, m, n)


def anchoring(repeated: int, wrong: int, repeated_without: int, wrong_without: int) -> Anchoring:
    """How much more often a model's mistake gets into a label that began with it.

    The share of a model's mistakes that labels repeat, where the draft was shown, less the same
    share where it was withheld; interval by Newcombe's method 10 (R. G. Newcombe, Statistics in
    Medicine 17, 1998). None while a group has no mistake of the model. Raises ValueError as
    `share` does.
    """
    shown, withheld = share(repeated, wrong), share(repeated_without, wrong_without)
    if not wrong or not wrong_without:
        return Anchoring(shown, withheld, None, None, None)
    (p, _, p_low, p_high), (q, _, q_low, q_high) = shown, withheld
    assert p is not None and p_low is not None and p_high is not None
    assert q is not None and q_low is not None and q_high is not None
    low = p - q - math.hypot(p - p_low, q_high - q)
    high = p - q + math.hypot(p_high - p, q - q_low)
    return Anchoring(shown, withheld, p - q, low, high)


def labels(submitted: int, surplus: int = 0) -> int:
    """Throughput: labels submitted in the period.

    Gold is among them and so is surplus (a label that came after its task was full): both are work.
    """
    return int(submitted) + int(surplus)


def skip_rate(skipped: int, labels_: int) -> Share:
    """Skipped ÷ (skipped + submitted): of what was decided on, the share that was passed over."""
    return share(skipped, skipped + labels_)


def expiry_rate(expired: int, leased: int) -> Share:
    """Leases that ran out ÷ leases given out in the period.

    A lease may run out on the day after it was given out; the count is bounded by the leases.
    """
    return share(min(expired, leased), leased)


def time_to_answer(seconds: ArrayLike) -> Waiting:
    """From a question to its first answer by somebody else: the median, with its 95 % interval.

    A median, because one question over a weekend outweighs a week's mean; of answered ones only.
    """
    return waiting(seconds)


def active_hours(active_ms: int) -> float:
    """Time in which heartbeats came, idle time cut off, in hours."""
    return float(active_ms) / 3_600_000


def efficiency(labels_: int, active_ms: int) -> float | None:
    """Labels per active hour; None without active time."""
    return labels_ / active_hours(active_ms) if active_ms > 0 else None


def efficiency_interval(
    labels_: ArrayLike, active_ms: ArrayLike
) -> tuple[float, float] | tuple[None, None]:
    """95 % interval of labels per active hour, from the labels and active time of each labeller.

    The variance of a ratio of totals by linearisation, with labellers as the clusters: one person's
    answers resemble one another more than those of two people (W. G. Cochran, Sampling Techniques,
    1977, §2.11 and §6.3), and Student's t with one degree less than there are labellers. None with
    fewer than two labellers.
    """
    from scipy.special import stdtrit

    n, hours = np.asarray(labels_, float), np.asarray(active_ms, float) / 3_600_000
    k = int((hours > 0).sum())
    if k < 2:
        return None, None
    ratio = n.sum() / hours.sum()
    variance = k / (k - 1) * np.square(n - ratio * hours).sum() / hours.sum() ** 2
    margin = float(stdtrit(k - 1, 0.975) * math.sqrt(variance))
    return max(0.0, float(ratio) - margin), float(ratio) + margin


def cost(active_ms: int, cost_per_hour: float | None) -> float | None:
    """Active hours × the project's cost per hour, in its currency; None when no cost is set."""
    return None if cost_per_hour is None else active_hours(active_ms) * cost_per_hour


def cost_per_label(labels_: int, active_ms: int, cost_per_hour: float | None) -> float | None:
    """Cost of the active time ÷ labels; None without labels, without time or without a price.

    Without any active time a label would seem to cost nothing, which nobody measured.
    """
    spent = cost(active_ms, cost_per_hour)
    return None if spent is None or labels_ == 0 or active_ms <= 0 else spent / labels_


def utilisation(active_ms: int, available_hours: float | None) -> float | None:
    """Active hours ÷ hours available; None without available hours."""
    return active_hours(active_ms) / available_hours if available_hours else None


def time_histogram(active_ms: ArrayLike) -> Counts:
    """How many answers fall into each bin of active time (length N_TIME_BINS).

    Answers without active time (0: no heartbeat came) have no logarithm and are left out.
    """
    times = np.asarray(active_ms, dtype=np.int64)
    bins = np.searchsorted(np.asarray(TIME_BINS), times[times > 0], side="right")
    counted: Counts = np.bincount(bins, minlength=N_TIME_BINS).astype(np.int64)
    return counted


def time_bin_edges() -> Floats:
    """Edges of the bins in seconds (length N_TIME_BINS + 1), for an axis; the ends are nominal."""
    ends = SHORTEST_MS, SHORTEST_MS * 2**OCTAVES
    return np.asarray([ends[0], *TIME_BINS, ends[1]], float) / 1000


def add_histograms(histograms: Sequence[Sequence[int]]) -> Counts:
    """Sum of histograms; an empty list of counts counts as no answers."""
    total = np.zeros(N_TIME_BINS, np.int64)
    for counts in histograms:
        if len(counts):
            total += np.asarray(counts, np.int64)
    return total


def active_time(histogram: ArrayLike) -> ActiveTime:
    """Median and MAD of log active time from a histogram of it, to `TIME_RESOLUTION`.

    Times are spread over several orders of magnitude, and one forgotten window outweighs a day's
    mean: hence the median, and on the log the median absolute deviation (F. R. Hampel, JASA 69,
    1974).
    """
    counts = np.asarray(histogram, dtype=np.int64)
    n = int(counts.sum())
    if n == 0:
        return ActiveTime(None, None, 0)
    median = _weighted_median(_CENTRES, counts)
    spread = _weighted_median(np.abs(_CENTRES - median), counts)
    return ActiveTime(math.exp(median), spread, n)


def _weighted_median(values: Floats, weights: Counts) -> float:
    """The middle value of `values` repeated `weights` times, the mean of two where n is even."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    n = int(reached[-1])
    lower = values[order][np.searchsorted(reached, (n - 1) // 2, side="right")]
    upper = values[order][np.searchsorted(reached, n // 2, side="right")]
    return float(lower + upper) / 2
