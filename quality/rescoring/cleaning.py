"""Out-of-sample probabilities for cleaning labels, from nothing but features.

k-fold: each part is predicted by a model of the others. Precision: what is labelled with one class
is predicted by a model that was taught the other classes only. Needs nothing but torch and numpy.
"""

from collections.abc import Callable

import numpy as np

from quality.rescoring.crossval import Fit, folds, predict_fold

Array = np.ndarray


def nothing(_share: float) -> None:
    """Progress that nobody watches."""


def k_fold(
    features: Array,
    labels: Array,
    n_classes: int,
    k: int = 5,
    seed: int = 0,
    progress: Callable[[float], None] = nothing,
) -> Array:
    """Probabilities (n, n_classes) of items from features (n, d) and labels (n,) by k-fold
    cross-validation; `progress` hears the share that is done."""
    chances = np.empty((len(labels), n_classes))
    of = folds(labels, k, seed)
    for fold in range(k):
        held = of == fold
        if held.any():
            chances[held] = predict_fold(features, labels, held, n_classes, Fit(seed=seed))
        progress((fold + 1) / k)
    return chances


def without(features: Array, labels: Array, n_classes: int, of: int, seed: int = 0) -> Array:
    """Probabilities (n, n_classes): of items labelled `of` from a model of all the others, which
    cannot know that class; the rest is zero. Raises ValueError unless some labels have that class
    and the others two at least."""
    held = labels == of
    if held.all() or not held.any():
        raise ValueError("of: expected a class that some of the labels have, and others have not")
    if len(np.unique(labels[~held])) < 2:
        raise ValueError("of: expected labels of at least two other classes, to be told apart")
    chances = np.zeros((len(labels), n_classes))
    chances[held] = predict_fold(features, labels, held, n_classes, Fit(seed=seed))
    return chances


def k_fold_tags(
    features: Array,
    given: Array,
    k: int = 5,
    seed: int = 0,
    progress: Callable[[float], None] = nothing,
) -> Array:
    """Probabilities (n, tags) that each tag applies: k-fold cross-validation, tag by tag."""
    chances = np.empty(given.shape)
    for tag in range(given.shape[1]):
        chances[:, tag] = k_fold(features, given[:, tag].astype(np.int64), 2, k, seed)[:, 1]
        progress((tag + 1) / given.shape[1])
    return chances


def without_tag(features: Array, given: Array, of: int, seed: int = 0) -> Array:
    """Probabilities (n, tags) of the items with the tag `of` from a model of those without it; zero
    for all else, `of` itself included. Raises ValueError when all or none have it."""
    held = given[:, of].astype(bool)
    if held.all() or not held.any():
        raise ValueError("of: expected a tag that some of the items have, and others have not")
    chances = np.zeros(given.shape)
    chances[held] = predict_fold(features, given, held, given.shape[1], Fit(seed=seed))
    chances[:, of] = 0
    return chances
