"""How a labeller changes: over a shift, over the weeks, with experience.

A trend is the slope of some quantity of each answer (adjusted log time; wrong or not) on the hours
of the shift so far, the weeks so far or the doublings of experience. Answers of one stretch of work
go together, so stretches are the witnesses: the interval is that of leaving out one stretch at a
time (B. Efron, *The Jackknife, the Bootstrap and Other Resampling Plans*, 1982), with as many
degrees of freedom as stretches less one.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Floats, Ints, codes

GAP = 30 * 60.0  # seconds without an answer after which another shift begins
FEWEST_STRETCHES = 4
FEWEST_ANSWERS = 30
LONGEST_STRETCH = 50  # answers that count as one stretch of learning


class Shifts(NamedTuple):
    """For each answer: the code of its shift, `hours` since that began, and `weeks` since its
    labeller's first answer. `n` shifts in all."""

    shift: Ints
    hours: Floats
    weeks: Floats
    n: int


class Slopes(NamedTuple):
    """Per labeller: slope with its 95 % interval, the chance of one as high where there is none
    (`p`), answers and `stretches` behind it, and the `span` of what it goes along. All nan but n
    where there is too little: fewer than 30 answers or 4 stretches."""

    value: Floats
    low: Floats
    high: Floats
    p: Floats
    n: Ints
    stretches: Ints
    span: Floats


def shifts(labeller: ArrayLike, at: ArrayLike, n_labellers: int, gap: float = GAP) -> Shifts:
    """Cut each labeller's answers, handed in `at` (seconds), into shifts: runs without a gap of
    more than `gap` seconds. The first answer of a shift was handed in at hour 0."""
    who = codes("labeller", labeller, n_labellers)
    when = np.asarray(at, float)
    order = np.lexsort((when, who))
    w, t = who[order], when[order]
    begins = np.ones(w.size, bool)
    begins[1:] = (w[1:] != w[:-1]) | (t[1:] - t[:-1] > gap)
    number = np.cumsum(begins) - 1
    first = np.full(n_labellers, np.inf)
    np.minimum.at(first, who, when)
    shift, hours = np.empty(w.size, np.int64), np.empty(w.size)
    shift[order] = number
    hours[order] = (t - t[begins][number]) / 3600
    return Shifts(shift, hours, (when - first[who]) / (7 * 86400), int(begins.sum()))


def stretches(labeller: ArrayLike, at: ArrayLike, shift: Ints) -> Ints:
    """A code for each run of at most 50 answers of one shift: the witnesses of learning, of which
    a single shift may show much."""
    order = np.lexsort((np.asarray(at, float), np.asarray(labeller)))
    sorted_shift = shift[order]
    starts = np.flatnonzero(np.r_[True, sorted_shift[1:] != sorted_shift[:-1]])
    sizes = np.diff(np.r_[starts, sorted_shift.size])
    place = np.arange(sorted_shift.size) - np.repeat(starts, sizes)
    found = np.empty(sorted_shift.size, np.int64)
    found[order] = np.cumsum((place % LONGEST_STRETCH) == 0) - 1
    return found


def slopes(
    labeller: ArrayLike,
    stretch: ArrayLike,
    along: ArrayLike,
    value: ArrayLike,
    n_labellers: int,
    *,
    within: bool = False,
) -> Slopes:
    """Slope of `value` (nan: unknown) on `along`, for each labeller.

    `stretch` is a code for each answer, of one labeller each. With `within`, answers are compared
    with those of the same stretch only: what differs between stretches says nothing.
    """
    from scipy.stats import t

    x, y = np.asarray(along, float), np.asarray(value, float)
    known = np.isfinite(y) & np.isfinite(x)
    who, x, y = codes("labeller", labeller, n_labellers)[known], x[known], y[known]
    _, first, where = np.unique(np.asarray(stretch)[known], return_index=True, return_inverse=True)
    owner, n_stretches = who[first], len(first)
    x, y = x - _mean(who, x, n_labellers)[who], y - _mean(who, y, n_labellers)[who]
    pieces = (np.ones_like(x), x, y, x * x, x * y)
    sums = _by(where, np.stack(pieces), n_stretches)
    if within:
        each = np.maximum(sums[0], 1)
        sums[3] -= sums[1] ** 2 / each
        sums[4] -= sums[1] * sums[2] / each
        sums[1:3] = 0.0
    total = _by(owner, sums, n_labellers)
    telling = np.bincount(owner, sums[3] > 1e-12 if within else sums[0] > 0, n_labellers)
    slope = _slope(total)
    left_out = _slope(total[:, owner] - sums) - slope[owner]
    k = np.maximum(telling, 2)
    variance = (k - 1) / k * np.bincount(owner, left_out**2, n_labellers)
    enough = (telling >= FEWEST_STRETCHES) & (total[0] >= FEWEST_ANSWERS) & np.isfinite(variance)
    spread = np.where(enough, np.sqrt(np.maximum(variance, 1e-18)), np.nan)
    slope = np.where(enough, slope, np.nan)
    freedom = _freedom(owner, sums, n_labellers)
    reach = t.ppf(0.975, freedom) * spread
    return Slopes(
        slope, slope - reach, slope + reach, t.sf(slope / spread, freedom),
        total[0].astype(np.int64), telling.astype(np.int64), _span(who, x, n_labellers),
    )  # fmt: skip


def _freedom(owner: Ints, sums: Floats, n: int) -> Floats:
    """Degrees of freedom of a slope's variance: as many as stretches that weigh alike, less one.
    Those at either end of the weeks weigh most (F. Satterthwaite, Biometrics 2, 1946)."""
    weight = np.bincount(owner, sums[3], n)
    squares = np.bincount(owner, sums[3] ** 2, n)
    alike = weight**2 / np.maximum(squares, 1e-300)
    found: Floats = np.maximum(np.minimum(alike, np.bincount(owner, minlength=n) - 1.0), 1.0)
    return found


def _by(group: Ints, rows: Floats, n: int) -> Floats:
    """Each row of numbers summed by group, (rows, n)."""
    return np.stack([np.bincount(group, row, n) for row in rows]).astype(float)


def _slope(sums: Floats) -> Floats:
    """Slope from (n, Σx, Σy, Σx², Σxy) by column; nan where x does not vary."""
    n, sx, sy, sxx, sxy = sums
    n = np.maximum(n, 1)
    spread = sxx - sx * sx / n
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(spread > 1e-9, (sxy - sx * sy / n) / spread, np.nan)


def _mean(group: Ints, values: Floats, n: int) -> Floats:
    found: Floats = np.bincount(group, values, n) / np.maximum(np.bincount(group, minlength=n), 1)
    return found


def _span(who: Ints, x: Floats, n: int) -> Floats:
    low, high = np.full(n, np.inf), np.full(n, -np.inf)
    np.minimum.at(low, who, x)
    np.maximum.at(high, who, x)
    return np.where(high >= low, high - low, np.nan)


def turn(stretch: ArrayLike, along: ArrayLike, value: ArrayLike) -> tuple[float, float]:
    """Where one labeller's values changed most: (`along` at the first stretch after, difference).

    The split into an earlier and a later part, at least two stretches each, that leaves least
    unexplained. It describes a change that a trend has shown; by itself it proves none. nan with
    fewer than four stretches.
    """
    x, y = np.asarray(along, float), np.asarray(value, float)
    known = np.isfinite(y) & np.isfinite(x)
    _, where = np.unique(np.asarray(stretch)[known], return_inverse=True)
    n = np.bincount(where)
    if n.size < FEWEST_STRETCHES:
        return float("nan"), float("nan")
    begin = np.full(n.size, np.inf)
    np.minimum.at(begin, where, x[known])
    order = np.argsort(begin, kind="stable")
    count, total = np.cumsum(n[order]), np.cumsum(np.bincount(where, y[known])[order])
    before, after = total / count, (total[-1] - total) / np.maximum(count[-1] - count, 1)
    gain = (after - before) ** 2 * count * (count[-1] - count)
    at = 1 + int(np.argmax(gain[1:-2]))
    return float(begin[order][at + 1]), float(after[at] - before[at])
