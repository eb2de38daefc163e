"""Times as histograms on a ladder of logarithms, so that medians over any rows come from sums."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from metrics.definitions.shares import Z95, Counts, Floats

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

# The same along the line, where things take from a second to half a year.
LINE_SHORTEST_MS, LINE_OCTAVES = 1000, 24
LINE_BINS: tuple[int, ...] = tuple(
    round(LINE_SHORTEST_MS * 2 ** (i / BINS_PER_OCTAVE))
    for i in range(1, BINS_PER_OCTAVE * LINE_OCTAVES)
)
N_LINE_BINS = len(LINE_BINS) + 1


def _centres(shortest_ms: int, n: int) -> Floats:
    return np.log(shortest_ms / 1000) + (np.arange(n) + 0.5) * (np.log(2) / BINS_PER_OCTAVE)


_TIME_CENTRES = _centres(SHORTEST_MS, N_TIME_BINS)
_LINE_CENTRES = _centres(LINE_SHORTEST_MS, N_LINE_BINS)


class ActiveTime(NamedTuple):
    """Median in seconds and MAD of log active time (natural log) of n answers; None when n is 0.

    `exp(mad)` is the factor within which half of the answers lie around the median.
    """

    median_seconds: float | None
    mad_log: float | None
    n: int


class Spread(NamedTuple):
    """Median in seconds of n times with its 95 % interval, and the quarter below and above which
    a quarter of them lie; None when n is 0, the interval when n is below 6."""

    median: float | None
    n: int
    low: float | None
    high: float | None
    quarter: float | None
    three_quarters: float | None


def time_histogram(active_ms: ArrayLike) -> Counts:
    """How many answers fall into each bin of active time (length N_TIME_BINS).

    Answers without active time (0: no heartbeat came) have no logarithm and are left out.
    """
    times = np.asarray(active_ms, dtype=np.int64)
    return _histogram(times[times > 0], TIME_BINS)


def line_histogram(ms: ArrayLike) -> Counts:
    """How many times along the line fall into each bin (length N_LINE_BINS); 0 is in the first."""
    return _histogram(np.asarray(ms, dtype=np.int64), LINE_BINS)


def _histogram(times: Counts, edges: tuple[int, ...]) -> Counts:
    bins = np.searchsorted(np.asarray(edges), times, side="right")
    counted: Counts = np.bincount(bins, minlength=len(edges) + 1).astype(np.int64)
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
    """Active time of a label: how long one takes, and how far apart they are.

    Times are spread over several orders of magnitude, and one forgotten window outweighs a day's
    mean: hence the median, and on the log the median absolute deviation.

    Formula: exp(median of log active seconds); MAD = median of |log seconds - its median|.
    Unit: s, to 4.4 %, and a factor (exp of the MAD), with n answers.
    Counted from: heartbeats, idle time cut off; daily and hourly roll-ups (`time_bins`).
    Undefined: without an answer that has active time.
    Source: F. R. Hampel, JASA 69 (1974).
    """
    counts = np.asarray(histogram, dtype=np.int64)
    n = int(counts.sum())
    if n == 0:
        return ActiveTime(None, None, 0)
    median = _weighted_median(_TIME_CENTRES, counts)
    spread = _weighted_median(np.abs(_TIME_CENTRES - median), counts)
    return ActiveTime(math.exp(median), spread, n)


def spread(histogram: ArrayLike) -> Spread:
    """Median, quarters and the median's 95 % interval from a histogram of times along the line.

    The interval is that of order statistics, whatever the shape (W. R. Thompson, Annals of
    Mathematical Statistics 7, 1936), in its form for large n.
    """
    counts = np.asarray(histogram, dtype=np.int64)
    n = int(counts.sum())
    if n == 0:
        return Spread(None, 0, None, None, None, None)
    median = math.exp(_weighted_median(_LINE_CENTRES, counts))
    quarter, three = (_at(counts, math.ceil(n * q) - 1) for q in (0.25, 0.75))
    if n < 6:
        return Spread(median, n, None, None, quarter, three)
    rank = max(0, math.floor((n - Z95 * math.sqrt(n)) / 2) - 1)
    return Spread(median, n, _at(counts, rank), _at(counts, n - 1 - rank), quarter, three)


def _at(counts: Counts, rank: int) -> float:
    """The time in seconds of the rank-th smallest, from 0."""
    place = int(np.searchsorted(np.cumsum(counts), rank, side="right"))
    return math.exp(float(_LINE_CENTRES[place]))


def _weighted_median(values: Floats, weights: Counts) -> float:
    """The middle value of `values` repeated `weights` times, the mean of two where n is even."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    n = int(reached[-1])
    lower = values[order][np.searchsorted(reached, (n - 1) // 2, side="right")]
    upper = values[order][np.searchsorted(reached, n // 2, side="right")]
    return float(lower + upper) / 2
