"""Whether labellers who are usually right miss a gold too often for its answer to be right.

The question is asked again with every new answer, so the evidence is a likelihood ratio that may be
looked at as often as one likes: were the gold right, and as hard as work is, it would ever reach
1 / alpha with a chance of at most alpha (J. Ville 1939; G. Shafer, JRSS A 184 (2021)). It is the
mean of the ratios for two ways in which gold is wrong:

- the accepted answer is wrong: a labeller who is right with probability p gives it only by one of
  their errors, (1 - p) / (K - 1);
- another answer is as right as this one: labellers who are right give either, p / 2.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Bools, Floats

# The chance that gold which is right is ever called in question.
ALPHA = 0.01
# Fewer answers of good labellers than this settle nothing.
LEAST_ANSWERS = 3
# Surely right so much of the way from guessing to always right: a good labeller.
GOOD = 0.4
LEAST, MOST = 0.02, 0.98


class Surprise(NamedTuple):
    """`evidence` that the gold is wrong (1 says nothing) and whether it is `contended`."""

    evidence: float
    contended: bool


def good_from(n_classes: ArrayLike) -> Floats:
    """The lower bound of accuracy from which a labeller is a good one: well above guessing."""
    chance = 1 / np.maximum(np.asarray(n_classes, float), 2)
    bound: Floats = chance + GOOD * (1 - chance)
    return bound


def good(low: ArrayLike, n_classes: ArrayLike) -> Bools:
    """Whether accuracies with these lower bounds are those of good labellers."""
    surely: Bools = np.asarray(low, float) >= good_from(n_classes)
    return surely


def surprise(
    credit: ArrayLike, accuracy: ArrayLike, n_classes: int, alpha: float = ALPHA
) -> Surprise:
    """How far the answers of good labellers speak against a gold.

    `credit` (n,) what each answer was worth, from 0 to 1; `accuracy` (n,) what is believed of who
    gave it, leaving this answer out; n_classes K of at least 2. Partial credit counts as that part
    of a right answer. Raises ValueError.
    """
    right, p = np.asarray(credit, float), np.clip(np.asarray(accuracy, float), LEAST, MOST)
    if right.shape != p.shape or right.ndim != 1:
        raise ValueError("accuracy: expected one for each answer")
    if n_classes < 2:
        raise ValueError("n_classes: expected at least 2")
    wrong, shared = (1 - p) / (n_classes - 1), p / 2
    log = np.logaddexp(_log_ratio(right, wrong, p), _log_ratio(right, shared, p)) - np.log(2)
    evidence = float(np.exp(min(log, 700.0)))
    return Surprise(evidence, right.size >= LEAST_ANSWERS and evidence >= 1 / alpha)


def _log_ratio(right: Floats, other: Floats, usual: Floats) -> float:
    hit, miss = np.log(other / usual), np.log((1 - other) / (1 - usual))
    return float((right * hit + (1 - right) * miss).sum())
