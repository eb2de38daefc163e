"""How far somebody is from showing what is asked: how many more answers it would about take."""

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Floats

# Further away than this is not foreseen.
FARTHEST = 2000
# The end of a 95 % interval.
TAIL = 0.025
_STEPS = 40


def answers_to_go(mean: ArrayLike, low: ArrayLike, target: float) -> Floats:
    """How many more judged answers, right as often as so far, bring a lower bound to `target`.

    `mean` and `low` (n,): what is believed of each accuracy, and the lower end of its 95 %
    interval. Each belief is taken for the beta distribution with that mean and that end; m more
    answers at its mean add m to its weight. nan where it is not foreseen: not within `FARTHEST`, or
    ever, where the mean is no higher than the target. An estimate, not a promise. Raises
    ValueError.
    """
    middle, end = np.asarray(mean, float), np.asarray(low, float)
    if middle.shape != end.shape or middle.ndim != 1 or not np.all((end < middle) & (middle < 1)):
        raise ValueError("low: expected one below each mean, and means below 1")
    if not 0 < target < 1:
        raise ValueError("target: expected a share between 0 and 1")
    has = _weight(middle, end)
    # Where the mean is no higher than the bound, none is enough.
    needs = _weight(middle, np.full(middle.shape, target))
    more = np.where((middle > target) & (end < target), np.ceil(needs - has), 0.0)
    out = (middle <= target) & (end < target) | (more > FARTHEST)
    return np.where(out, np.nan, np.maximum(more, 0.0))


def _weight(mean: Floats, low: Floats) -> Floats:
    """The weight (a + b) of the beta distributions with these means and lower ends, up to a bit
    beyond what is foreseen; found by halving, because the end rises with the weight."""
    from scipy.special import betaincinv

    few, many = np.full(mean.shape, 0.1), np.full(mean.shape, 20.0 * FARTHEST)
    for _ in range(_STEPS):
        tried = np.sqrt(few * many)
        below = betaincinv(mean * tried, (1 - mean) * tried, TAIL) < low
        few, many = np.where(below, tried, few), np.where(below, many, tried)
    found: Floats = many
    return found
