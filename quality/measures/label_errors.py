"""Labels that look wrong, from a model's out-of-sample probabilities; worst first.

Confident learning is Northcutt et al. 2021, through cleanlab. The others are what practitioners do
with the same probabilities: where prediction and label differ, the surest prediction first; what
lies on the boundary between classes first; and within one class what looks most like another to a
model that was taught the other classes only. Tags are as many questions with two answers each.
"""

import numpy as np

from quality.measures.arrays import Bools, Floats, Ints, codes


def confident(labels: Ints, probabilities: Floats) -> Ints:
    """Items that confident learning calls wrong (prune by noise rate), by self-confidence.

    `labels` (n,) codes, `probabilities` (n, k). A class that nobody gave has no threshold of its
    own: it is left out, and its probability shared among the others. Raises ValueError.
    """
    from cleanlab.filter import find_label_issues

    _check(labels, probabilities)
    present, given = np.unique(labels, return_inverse=True)
    if len(present) < 2:
        return np.empty(0, np.int64)
    among = probabilities[:, present]
    among = among / np.maximum(among.sum(axis=1, keepdims=True), 1e-12)
    found = find_label_issues(
        given,
        among,
        filter_by="prune_by_noise_rate",
        return_indices_ranked_by="self_confidence",
        n_jobs=1,
    )
    return np.asarray(found, dtype=np.int64)


def contradicted(labels: Ints, probabilities: Floats) -> Ints:
    """Items whose likeliest class is another than the label, the surest prediction first.

    With probabilities from cross-validation this is k-fold cleaning. Raises ValueError.
    """
    _check(labels, probabilities)
    predicted, sure = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    return wrong[np.argsort(-sure[wrong], kind="stable")]


def on_the_boundary(labels: Ints, probabilities: Floats) -> Ints:
    """All items by the entropy of their probabilities, the most undecided first.

    Raises ValueError.
    """
    _check(labels, probabilities)
    logs = np.log(probabilities, where=probabilities > 0, out=np.zeros_like(probabilities))
    return np.argsort((probabilities * logs).sum(axis=1), kind="stable")


def mistaken(labels: Ints, probabilities: Floats, of: int) -> Ints:
    """Items labelled `of` by how much they look like any other class, most of all first.

    With probabilities (n, k) from a model that was taught the other classes only this is precision
    cleaning. Raises ValueError.
    """
    _check(labels, probabilities)
    codes("of", np.array([of]), probabilities.shape[1])
    rows = np.flatnonzero(labels == of)
    others = np.delete(probabilities[rows], of, axis=1).max(axis=1)
    return rows[np.argsort(-others, kind="stable")]


def contradicted_tags(given: Bools, probabilities: Floats) -> Ints:
    """Pairs (m, 2) of item and tag where the likelier answer is not the one given, surest first.

    `given` (n, tags) says which were given, `probabilities` (n, tags) how likely each applies; with
    those of cross-validation this is k-fold cleaning of tags. Raises ValueError.
    """
    _check_tags(given, probabilities)
    wrong = np.argwhere((probabilities > 0.5) != given)
    sure = np.abs(probabilities - 0.5)[wrong[:, 0], wrong[:, 1]]
    return wrong[np.argsort(-sure, kind="stable")]


def confident_tags(given: Bools, probabilities: Floats) -> Ints:
    """Pairs (m, 2) of item and tag that confident learning calls wrong, each tag by itself.

    A tag that everybody or nobody got has nothing to be compared with. Raises ValueError.
    """
    _check_tags(given, probabilities)
    found = [
        (i, tag)
        for tag in range(given.shape[1])
        for i in confident(
            given[:, tag].astype(np.int64),
            np.stack([1 - probabilities[:, tag], probabilities[:, tag]], axis=1),
        )
    ]
    pairs = np.array(found, np.int64).reshape(-1, 2)
    chance = np.where(given, probabilities, 1 - probabilities)[pairs[:, 0], pairs[:, 1]]
    return pairs[np.argsort(chance, kind="stable")]


def tags_on_the_boundary(given: Bools, probabilities: Floats) -> Ints:
    """All items by the summed entropy of their tags, most undecided first. Raises ValueError."""
    _check_tags(given, probabilities)
    both = np.stack([probabilities, 1 - probabilities])
    logs = np.log(both, where=both > 0, out=np.zeros_like(both))
    return np.argsort((both * logs).sum(axis=(0, 2)), kind="stable")


def mistaken_tags(given: Bools, probabilities: Floats, of: int) -> Ints:
    """Items with the tag `of` by how likely another tag applies that they were not given.

    With probabilities (n, tags) from a model that was taught the items without `of` this is
    precision cleaning of tags. Raises ValueError.
    """
    _check_tags(given, probabilities)
    codes("of", np.array([of]), probabilities.shape[1])
    rows = np.flatnonzero(given[:, of])
    missing = np.where(given[rows], 0.0, probabilities[rows])
    return rows[np.argsort(-missing.max(axis=1, initial=0), kind="stable")]


def first_of(pairs: Ints) -> Ints:
    """The items of ranked pairs (m, 2), each where it first stands."""
    _, first = np.unique(pairs[:, 0], return_index=True)
    items: Ints = pairs[np.sort(first), 0]
    return items


def _check_tags(given: Bools, probabilities: Floats) -> None:
    if given.dtype != np.bool_ or given.ndim != 2:
        raise ValueError("labels: expected (n, tags) of true and false")
    if probabilities.shape != given.shape:
        raise ValueError("probabilities: expected one for each item and tag")
    if not np.isfinite(probabilities).all() or probabilities.min(initial=0) < 0:
        raise ValueError("probabilities: expected numbers from 0 to 1")
    if probabilities.max(initial=0) > 1:
        raise ValueError("probabilities: expected numbers from 0 to 1; are these logits?")


def _check(labels: Ints, probabilities: Floats) -> None:
    if probabilities.ndim != 2 or probabilities.shape[1] < 2:
        raise ValueError("probabilities: expected (n, k) for n items and k classes, two or more")
    if not np.isfinite(probabilities).all() or probabilities.min(initial=0) < 0:
        raise ValueError("probabilities: expected numbers from 0 to 1")
    if probabilities.max(initial=0) > 1 + 1e-6:
        raise ValueError("probabilities: expected numbers from 0 to 1; are these logits?")
    codes("labels", labels, probabilities.shape[1], len(probabilities))
