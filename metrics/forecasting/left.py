"""What is left of batches in active hours: the mean, without simulating anything."""

import numpy as np

from metrics.forecasting.model import ADJUDICATE, LABEL, REVIEW, REWORK, Observed
from quality.measures.arrays import Floats


def hours_left(observed: Observed, left: Floats) -> Floats:
    """Active hours (B × S) that answers still wanted take on the average, with those that follow
    from them: reviews, rework and its reviews, decisions. 0 where a stage was never worked on."""
    came, of = observed.reviews
    review = (came + 0.5) / of if of > 0 and came > 0 else 0.0
    rework = _mean(observed.reworks)
    wanted = left.astype(float).copy()
    # Each rework is reviewed, and each review may bring another.
    first = left[:, REVIEW] + review * (left[:, LABEL] + left[:, REWORK])
    wanted[:, REVIEW] = first / max(1 - review * rework, 0.05)
    wanted[:, REWORK] += rework * wanted[:, REVIEW]
    wanted[:, ADJUDICATE] += _mean(observed.adjudications) * left[:, LABEL]
    total = observed.answers.sum(axis=0)
    each = np.divide(observed.worked.sum(axis=0), total, out=np.zeros(len(total)), where=total > 0)
    hours: Floats = wanted * each
    return hours


def _mean(seen: tuple[float, float]) -> float:
    came, of = seen
    return (min(came, of) + 0.5) / (of + 1) if of > 0 and came > 0 else 0.0
