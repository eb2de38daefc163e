"""Rates of many groups at once, each with what it rests on and its 95 % interval."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Floats, Ints
from quality.measures.classes import Z95, wilson


class Rates(NamedTuple):
    """Of each group, (groups,): the rate, its interval and its n; nan where there is nothing."""

    value: Floats
    low: Floats
    high: Floats
    n: Ints


def shares(hits: Ints, n: Ints) -> Rates:
    """Hits out of n, with Wilson's interval."""
    low, high = wilson(hits, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        return Rates(hits / n, low, high, n)


def ratios(part: ArrayLike, whole: ArrayLike, most: float = 1.0) -> Rates:
    """Sum of `part` over sum of `whole`, (units, groups) each: pixels of pictures, edits of texts.

    What belongs to one unit goes together, so n counts units (with anything of the group in them),
    and the interval is that of a ratio over units (W. Cochran, *Sampling Techniques*, 1977), cut to
    [0, `most`]; of a single unit it is all of that.
    """
    parts, wholes = np.asarray(part, float), np.asarray(whole, float)
    n, total = (wholes > 0).sum(axis=0), wholes.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(total > 0, parts.sum(axis=0) / total, np.nan)
        left = np.square(parts - value * wholes).sum(axis=0)
        spread = Z95 * np.sqrt(left * n / (n - 1)) / total
    spread = np.where(n > 1, spread, np.where(n == 1, np.inf, np.nan))
    low, high = np.clip(value - spread, 0, most), np.clip(value + spread, 0, most)
    return Rates(value, low, high, n)
