"""The labellers of the simulated floor: who is good, who is not, and how they err."""

from typing import NamedTuple

import numpy as np

# How far classes lie apart in accuracy (log odds): for everybody, and for each labeller beside.
CLASS_SPREAD, OWN_SPREAD = 0.4, 0.3
# How alike labellers err: each row of errors is a Dirichlet draw around the common one.
ALIKE = 8.0


class Setting(NamedTuple):
    """A floor: `good` are the bounds between which accuracies of good labellers lie evenly, `bad`
    how the others answer (random, or always the same class), `bad_accuracy` instead if given. On a
    share `hard` of the assets half of everybody falls for the same wrong class."""

    name: str = "as stated"
    labellers: int = 200
    n_classes: int = 4
    good: tuple[float, float] = (0.75, 0.98)
    bad_share: float = 0.05
    bad: str = "random"
    bad_accuracy: float | None = None
    answers_each: int = 500
    hard: float = 0.0


class People(NamedTuple):
    """`confusion` (labellers × classes × classes: row = truth, column = answer), `accuracy` and who
    is `bad` (labellers)."""

    confusion: np.ndarray
    accuracy: np.ndarray
    bad: np.ndarray


def hire(setting: Setting, rng: np.random.Generator) -> People:
    """Draw the labellers. Accuracy is the mean over classes, which are equally common."""
    n, k = setting.labellers, setting.n_classes
    bad = rng.permutation(n) < round(setting.bad_share * n)
    accuracy = rng.uniform(*setting.good, n)
    if setting.bad_accuracy is not None:
        accuracy[bad] = setting.bad_accuracy
    confusion = _err(accuracy, k, rng)
    if setting.bad_accuracy is None:
        confusion[bad] = _careless(setting.bad, int(bad.sum()), k, rng)
    return People(confusion, confusion.diagonal(axis1=1, axis2=2).mean(axis=1), bad)


def _careless(how: str, n: int, k: int, rng: np.random.Generator) -> np.ndarray:
    if how == "random":
        return np.full((n, k, k), 1 / k)
    always = np.eye(k)[rng.integers(0, k, n)]
    return np.repeat(always[:, None, :], k, axis=1)


def _err(accuracy: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """Confusion matrices with these accuracies: some classes are harder, and some are easily
    mistaken for one another, for everybody in much the same way."""
    n = accuracy.size
    tilt = rng.normal(0, CLASS_SPREAD, k) + rng.normal(0, OWN_SPREAD, (n, k))
    right = _tilted(accuracy, tilt)
    wrong = np.zeros((n, k, k))
    for row in range(k):
        others = np.delete(np.arange(k), row)
        common = rng.dirichlet(np.ones(k - 1))
        wrong[:, row, others] = rng.dirichlet(ALIKE * common + 0.1, n)
    return np.where(np.eye(k, dtype=bool), right[:, :, None], (1 - right[:, :, None]) * wrong)


def _tilted(accuracy: np.ndarray, tilt: np.ndarray) -> np.ndarray:
    """Accuracies by class (labellers × classes), apart by `tilt`, whose mean is `accuracy`."""
    low, high = np.full(accuracy.size, -15.0), np.full(accuracy.size, 15.0)
    for _ in range(50):
        middle = (low + high) / 2
        mean = (1 / (1 + np.exp(-(middle[:, None] + tilt)))).mean(axis=1)
        low, high = np.where(mean < accuracy, middle, low), np.where(mean < accuracy, high, middle)
    return 1 / (1 + np.exp(-(low[:, None] + tilt)))
