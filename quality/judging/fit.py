"""Dawid-Skene for a service: right early, and no surer than it may be.

Alone, a labeller's matrix is learnt from so few answers that it believes too much (consensus said
to be 98 % right that is 89 % right, ten classes, 90 answers a labeller); one coin a labeller misses
that some classes are easily mistaken for one another. So each matrix is drawn towards the usual
one: the labeller's own accuracy, and the errors that everybody makes.
"""

from collections.abc import Sequence

import numpy as np

from quality.measures import consensus as measure
from quality.measures.arrays import Floats, Ints
from quality.measures.consensus import DawidSkene

# Known answers vote in the fit as one more labeller, with so much weight.
ANCHOR_WEIGHT = 20.0
# A labeller's matrix is drawn towards the usual one as by so many answers a row, an even spread of
# errors goes into the usual one as so many more, and the two are fitted in turn so often.
WORTH = 40.0
WORTH_OF_ERRORS = 10.0
PULLS = 2
MOST_CELLS = 1_000_000  # labellers × classes²
# Enough to learn matrices: this many assets with two answers, and answers a labeller, per class.
ASSETS_PER_CLASS = 20
ANSWERS_PER_CLASS = 4


def enough(asset: Ints, labeller: Ints, n_classes: int) -> bool:
    """Whether these answers (parallel arrays of codes) are enough to learn matrices from."""
    if not asset.size or (labeller.max() + 1) * n_classes**2 > MOST_CELLS:
        return False
    shared = int((np.bincount(asset) > 1).sum())
    each = asset.size / (labeller.max() + 1)
    return shared >= ASSETS_PER_CLASS * n_classes and each >= ANSWERS_PER_CLASS * n_classes


def one_coins(accuracy: Floats, n_classes: int) -> DawidSkene:
    """The model until then: one accuracy a labeller (the last: a stranger's), errors spread evenly,
    all classes alike beforehand."""
    k = max(n_classes, 2)
    right = np.clip(accuracy, 1 / k, 0.995)[:, None, None]
    confusion = np.where(np.eye(k, dtype=bool), right, (1 - right) / (k - 1))
    return DawidSkene(np.empty((0, k)), confusion, np.full(k, 1 / k), 0)


def likeness(ratings: Sequence[float]) -> Floats:
    """How alike any two of these ratings are (n × n): 1 - |difference| ÷ the range of all."""
    value = np.asarray(ratings, float)
    apart = np.abs(value[:, None] - value[None, :])
    return 1 - apart / max(float(apart.max(initial=0)), 1e-12)


def near_misses(accuracy: Floats, alike: Floats) -> DawidSkene:
    """The same for ratings: whoever is worth an `accuracy` is so on average, of likeness `alike`.

    The chance of an answer falls geometrically with its distance from the truth (a discrete Laplace
    distribution), at the rate that makes the expected likeness over all truths the accuracy.
    """
    k = len(alike)
    if k < 2:
        return one_coins(accuracy, k)
    rates = np.concatenate([[0.0], np.geomspace(0.05, 2000, 200)])
    worth = [float((_falling(rate, alike) * alike).sum(axis=1).mean()) for rate in rates]
    chosen = np.interp(np.clip(accuracy, worth[0], 0.995), worth, rates)
    confusion = np.stack([_falling(rate, alike) for rate in chosen])
    return DawidSkene(np.empty((0, k)), confusion, np.full(k, 1 / k), 0)


def _falling(rate: float, alike: Floats) -> Floats:
    chance = np.exp(-rate * (1 - alike)) + 1e-6
    return chance / chance.sum(axis=1, keepdims=True)


def dawid_skene(
    asset: Ints,
    labeller: Ints,
    label: Ints,
    anchors: Sequence[tuple[int, int]],
    n_assets: int,
    n_labellers: int,
    n_classes: int,
) -> DawidSkene:
    """Fit the answers (parallel arrays of codes); `anchors` are (asset, class) known for certain.

    The pull is a Dirichlet prior of `WORTH` answers a row, and goes in as answers to one asset of
    known class for each class. The last row of the confusion stands for a stranger: the mean.
    """
    coin = measure.one_coin(asset, labeller, label, n_assets, n_labellers, n_classes)
    posterior, accuracy = coin.posterior, coin.accuracy
    where, what = np.array(anchors, np.int64).reshape(-1, 2).T
    who, truth, said = (axis.ravel() for axis in np.indices((n_labellers, n_classes, n_classes)))
    known = np.arange(n_classes)
    for _ in range(PULLS):
        usual = _usual(asset, label, posterior, accuracy)
        fitted = measure.dawid_skene(
            np.concatenate([asset, where, n_assets + truth, n_assets + known]),
            np.concatenate(
                [labeller, np.full(where.size, n_labellers), who, np.full(n_classes, n_labellers)]
            ),
            np.concatenate([label, what, said, known]),
            n_assets + n_classes,
            n_labellers + 1,
            n_classes,
            smoothing=0.01,
            weights=np.concatenate(
                [
                    np.ones(asset.size),
                    np.full(where.size, ANCHOR_WEIGHT),
                    WORTH * usual.ravel(),
                    np.full(n_classes, 50 * ANCHOR_WEIGHT),
                ]
            ),
        )
        posterior = fitted.posterior[:n_assets]
        hits = np.bincount(labeller, posterior[asset, label], n_labellers)
        accuracy = (hits + 2) / (np.bincount(labeller, minlength=n_labellers) + 3)
    confusion = fitted.confusion.copy()
    confusion[-1] = confusion[:-1].mean(axis=0)
    return fitted._replace(posterior=posterior, confusion=confusion)


def _usual(asset: Ints, label: Ints, posterior: Floats, accuracy: Floats) -> Floats:
    """Each labeller's matrix (labellers × classes × classes) if their errors were everybody's."""
    k = posterior.shape[1]
    counts = np.zeros((k, k))
    np.add.at(counts.T, label, posterior[asset])
    wrong = ~np.eye(k, dtype=bool)
    errors = np.where(wrong, counts + WORTH_OF_ERRORS / (k - 1), 0.0)
    errors /= errors.sum(axis=1, keepdims=True)
    right = accuracy[:, None, None]
    usual: Floats = np.where(wrong, (1 - right) * errors, right)
    return usual
