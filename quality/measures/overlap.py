"""Dynamic overlap: one more answer at a time, until the consensus is sure enough.

Stopping when the posterior of the leading class reaches a target is Wald's sequential test with
several hypotheses (A. Wald, Annals of Mathematical Statistics 16, 1945; P. Armitage, JRSS B 12,
1950): where probabilities are calibrated, labels that stop at the target are wrong at most
1 - target of the time, with fewer answers on average than any fixed number that is as accurate.
"""

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Bools


def one_more(probability: float, n_answers: int, minimum: int, maximum: int, target: float) -> bool:
    """Whether an asset wants another answer beyond the `n_answers` that it has.

    `probability` is that of its leading class; nan (nothing is known) counts as unsure. Below
    `minimum` answers always, from `maximum` on never, in between until `target` is reached.
    Raises ValueError naming the argument.
    """
    return bool(ask([probability], [n_answers], minimum, maximum, target)[0])


def ask(
    probability: ArrayLike, n_answers: ArrayLike, minimum: int, maximum: int, target: float
) -> Bools:
    """The same for many assets: arrays of one length in, one truth value for each asset out."""
    chance, n = np.asarray(probability, dtype=float), np.asarray(n_answers)
    if not 1 <= minimum <= maximum:
        raise ValueError("minimum: expected at least 1 and no more than maximum")
    if not 0 < target <= 1:
        raise ValueError("target: expected a probability above 0")
    if chance.shape != n.shape or np.any(n < 0):
        raise ValueError("n_answers: expected one count of at least 0 for each probability")
    if np.any((chance < 0) | (chance > 1 + 1e-9)):
        raise ValueError("probability: expected numbers from 0 to 1")
    more: Bools = (n < minimum) | ((n < maximum) & ~(chance >= target))
    return more
