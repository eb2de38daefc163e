"""What every figure is made of: shares, ratios of totals, products of them, each with its interval.

All take sums over any set of roll-up rows, so a figure of a week is made from the sums of its days,
never from the mean of daily figures. What is not defined (nothing in its denominator) is None,
never 0.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quality.measures.classes import wilson

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

Z95 = 1.959964  # of the normal distribution, two-sided


class Share(NamedTuple):
    """A proportion with its support `n` and its 95 % interval; all None when n is 0."""

    value: float | None
    n: int
    low: float | None
    high: float | None


class Ratio(NamedTuple):
    """A ratio of totals with its 95 % interval; `n` clusters (labellers, days) stand behind it.

    The interval is None with fewer than two, the value where there is nothing to divide by.
    """

    value: float | None
    n: int
    low: float | None
    high: float | None


class Difference(NamedTuple):
    """A share less another with its 95 % interval, and how many stand behind each."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    n_before: int

    @property
    def moved(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


UNKNOWN = Ratio(None, 0, None, None)


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


def ratio(tops: ArrayLike, bottoms: ArrayLike) -> Ratio:
    """Sum of tops ÷ sum of bottoms, one of each for every cluster, with its 95 % interval.

    The variance of a ratio of totals by linearisation (W. G. Cochran, Sampling Techniques, 1977,
    §2.11 and §6.3), and Student's t with one degree less than there are clusters with anything in
    them: one person's answers resemble one another more than those of two people.
    """
    from scipy.special import stdtrit

    top, bottom = np.asarray(tops, float), np.asarray(bottoms, float)
    k, below = int(((top != 0) | (bottom != 0)).sum()), float(bottom.sum())
    if below <= 0:
        return Ratio(None, k, None, None)
    value = float(top.sum()) / below
    if k < 2:
        return Ratio(value, k, None, None)
    variance = k / (k - 1) * float(np.square(top - value * bottom).sum()) / below**2
    margin = float(stdtrit(k - 1, 0.975)) * math.sqrt(variance)
    return Ratio(value, k, max(0.0, value - margin), value + margin)


def difference(now: Share, before: Share) -> Difference:
    """now - before, with the interval of Newcombe's method 10 (Statistics in Medicine 17, 1998).

    It holds for any two independent figures with intervals of their own.
    """
    if None in (*now, *before):
        return Difference(None, None, None, now.n, before.n)
    (p, n, p_low, p_high), (q, m, q_low, q_high) = now, before
    assert p is not None and p_low is not None and p_high is not None
    assert q is not None and q_low is not None and q_high is not None
    low = p - q - math.hypot(p - p_low, q_high - q)
    high = p - q + math.hypot(p_high - p, q - q_low)
    return Difference(p - q, low, high, n, m)


def product(parts: Sequence[Share | Ratio], powers: Sequence[int] = ()) -> Ratio:
    """The product of independent figures, each to the power 1 or -1, with its 95 % interval.

    On the log scale the margins of the parts add up as squares (MOVER: G. Y. Zou and A. Donner,
    Statistics in Medicine 27, 2008); `n` is the smallest of the parts'. None where a part is, or
    where one to divide by is 0.
    """
    signs = list(powers) or [1] * len(parts)
    n = min((part.n for part in parts), default=0)
    values = [part.value for part in parts]
    if not parts or any(
        v is None or (v == 0 and s < 0) for v, s in zip(values, signs, strict=True)
    ):
        return Ratio(None, n, None, None)
    value = math.prod(v**s for v, s in zip(values, signs, strict=True) if v is not None)
    if any(part.low is None or part.high is None for part in parts):
        return Ratio(value, n, None, None)
    down = up = 0.0
    for part, sign in zip(parts, signs, strict=True):
        below, above = _margins(part)
        down += (below if sign > 0 else above) ** 2
        up += (above if sign > 0 else below) ** 2
    if value == 0:
        return Ratio(0.0, n, 0.0, math.prod(part.high or 0.0 for part in parts))
    return Ratio(value, n, value * math.exp(-math.sqrt(down)), value * math.exp(math.sqrt(up)))


def _margins(part: Share | Ratio) -> tuple[float, float]:
    """How far the interval reaches down and up on the log scale; without end below 0."""
    value, low, high = part.value or 0.0, part.low or 0.0, part.high or 0.0
    if value == 0:
        return math.inf, math.inf
    return (math.log(value / low) if low > 0 else math.inf), math.log(high / value)
