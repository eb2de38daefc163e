"""What the answers to gold tell of the gold: how hard it is, and how far it tells labellers apart.

A labeller's ability is the logit of their accuracy, so of gold as hard and as telling as usual a
labeller of accuracy 0.9 gets 90 %. Each gold departs from that in two numbers:

    logit P(right) = USUAL + discrimination · (ability - USUAL) - difficulty

This is the two-parameter logistic model (A. Birnbaum in Lord and Novick, *Statistical Theories of
Mental Test Scores*, 1968), written around a usual labeller so that both numbers stay finite where
there are few answers. The estimate is the mode of the posterior (R. Mislevy, Psychometrika 51
(1986)): with few answers it stays near usual, discrimination 1 and difficulty 0.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Floats, Ints

# The mean of the prior of accuracy, and its logit.
USUAL_ACCURACY = 0.75
USUAL = float(np.log(3.0))
# Standard deviations, over gold, of discrimination around 1 and of difficulty around 0.
SPREAD_OF_DISCRIMINATION = 0.6
SPREAD_OF_DIFFICULTY = 1.5
STEPS = 30
# Accuracies beyond are cut: nobody is always right, and a logit must be finite.
LEAST, MOST = 0.02, 0.98


class Items(NamedTuple):
    """Per gold: both numbers, in logits, and how many answers they rest on."""

    difficulty: Floats
    discrimination: Floats
    n: Ints


def accuracy(mean: ArrayLike, n: ArrayLike, correct: ArrayLike) -> Floats:
    """What is believed of whoever gave each answer, leaving that answer out.

    `mean` and `n` of their standing, which rests on this answer too; `correct` is its score. An
    item would otherwise seem to agree with the labellers because it helped to judge them (the
    corrected item-total correlation, P. Peters and W. Van Voorhis, 1940).
    """
    whole = np.asarray(n, float) + 4
    rest: Floats = (np.asarray(mean, float) * whole - np.asarray(correct, float)) / (whole - 1)
    return np.clip(rest, LEAST, MOST)


def ability(mean: ArrayLike, n: ArrayLike, correct: ArrayLike) -> Floats:
    """The same as logits."""
    rest = accuracy(mean, n, correct)
    logit: Floats = np.log(rest / (1 - rest))
    return logit


def analyse(item: ArrayLike, able: ArrayLike, correct: ArrayLike, n_items: int) -> Items:
    """Difficulty and discrimination of `n_items` gold from answers (parallel arrays).

    `item` codes from 0, `able` abilities in logits, `correct` scores from 0 to 1.
    Raises ValueError.
    """
    code, right = np.asarray(item, np.int64), np.asarray(correct, float)
    lead = np.asarray(able, float) - USUAL
    if not (code.shape == right.shape == lead.shape) or code.ndim != 1:
        raise ValueError("correct: expected one score and one ability for each answer")
    if right.size and not (right.min() >= 0 and right.max() <= 1):
        raise ValueError("correct: expected scores from 0 to 1")
    slope, hard = np.ones(n_items), np.zeros(n_items)
    for _ in range(STEPS):
        up, harder = _step(code, lead, right, slope, hard)
        slope, hard = slope + np.clip(up, -0.5, 0.5), hard + np.clip(harder, -1, 1)
    return Items(hard, slope, np.bincount(code, minlength=n_items))


def _step(
    code: Ints, lead: Floats, right: Floats, slope: Floats, hard: Floats
) -> tuple[Floats, Floats]:
    """One Newton step of every gold at once, towards the mode of its posterior."""

    def total(values: Floats) -> Floats:
        summed: Floats = np.bincount(code, values, slope.size).astype(float)
        return summed

    sure = _sure(USUAL + slope[code] * lead - hard[code])
    weight, left = sure * (1 - sure), right - sure
    a, d = SPREAD_OF_DISCRIMINATION**-2, SPREAD_OF_DIFFICULTY**-2
    along = total(left * lead) - a * (slope - 1)
    down = -total(left) - d * hard
    aa, dd, ad = total(weight * lead**2) + a, total(weight) + d, -total(weight * lead)
    determinant = aa * dd - ad**2
    return (dd * along - ad * down) / determinant, (aa * down - ad * along) / determinant


def _sure(logit: Floats) -> Floats:
    sure: Floats = 1 / (1 + np.exp(-np.clip(logit, -30, 30)))
    return sure


def information(difficulty: ArrayLike, discrimination: ArrayLike, able: ArrayLike) -> Floats:
    """What one answer tells of an ability: discrimination² · P · (1 - P); F. Lord, 1980.

    Gold that the able miss as often as others, or more often, tells nothing.
    """
    slope = np.asarray(discrimination, float)
    sure = _sure(USUAL + slope * (np.asarray(able, float) - USUAL) - np.asarray(difficulty, float))
    told: Floats = np.maximum(slope, 0) ** 2 * sure * (1 - sure)
    return told
