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
    return _highest_first(contradiction(labels, probabilities))


def contradiction(labels: Ints, probabilities: Floats) -> Floats:
    """(n,) probability of the likeliest class where it is not the label; nan where it is.

    Raises ValueError.
    """
    _check(labels, probabilities)
    wrong = probabilities.argmax(axis=1) != labels
    return np.where(wrong, probabilities.max(axis=1), np.nan)


def on_the_boundary(labels: Ints, probabilities: Floats) -> Ints:
    """All items by the entropy of their probabilities, the most undecided first.

    Raises ValueError.
    """
    _check(labels, probabilities)
    return _highest_first(entropy(probabilities))


def entropy(probabilities: Floats) -> Floats:
    """(n,) in nats, of probabilities (n, k) from 0 to 1: 0 where one class is certain."""
    logs = np.log(probabilities, where=probabilities > 0, out=np.zeros_like(probabilities))
    return np.asarray(-(probabilities * logs).sum(axis=1))


def mistaken(labels: Ints, probabilities: Floats, of: int) -> Ints:
    """Items labelled `of` by how much they look like any other class, most of all first.

    With probabilities (n, k) from a model that was taught the other classes only this is precision
    cleaning. Raises ValueError.
    """
    return _highest_first(likeliest_other(labels, probabilities, of))


def likeliest_other(labels: Ints, probabilities: Floats, of: int) -> Floats:
    """(n,) highest probability of another class, of items labelled `of`; nan for all else.

    Raises ValueError.
    """
    _check(labels, probabilities)
    codes("of", np.array([of]), probabilities.shape[1])
    others = np.delete(probabilities, of, axis=1).max(axis=1)
    return np.where(labels == of, others, np.nan)


def contradicted_tags(given: Bools, probabilities: Floats) -> Ints:
    """Pairs (m, 2) of item and tag where the likelier answer is not the one given, surest first.

    `given` (n, tags) says which were given, `probabilities` (n, tags) how likely each applies; with
    those of cross-validation this is k-fold cleaning of tags. Raises ValueError.
    """
    sure = tag_contradictions(given, probabilities)
    wrong = np.argwhere(~np.isnan(sure))
    return wrong[np.argsort(-sure[wrong[:, 0], wrong[:, 1]], kind="stable")]


def tag_contradictions(given: Bools, probabilities: Floats) -> Floats:
    """(n, tags) probability of the answer not given where it is the likelier one, else nan.

    Raises ValueError.
    """
    _check_tags(given, probabilities)
    other = np.where(given, 1 - probabilities, probabilities)
    return np.where((probabilities > 0.5) != given, other, np.nan)


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
    return _highest_first(tag_entropy(probabilities).sum(axis=1))


def tag_entropy(probabilities: Floats) -> Floats:
    """(n, tags) in nats, of how likely each tag applies: 0 where that is certain."""
    flat = probabilities.ravel()
    return entropy(np.stack([flat, 1 - flat], axis=1)).reshape(probabilities.shape)


def mistaken_tags(given: Bools, probabilities: Floats, of: int) -> Ints:
    """Items with the tag `of` by how likely another tag applies that they were not given.

    With probabilities (n, tags) from a model that was taught the items without `of` this is
    precision cleaning of tags. Raises ValueError.
    """
    return _highest_first(other_tags(given, probabilities, of).max(axis=1))


def other_tags(given: Bools, probabilities: Floats, of: int) -> Floats:
    """(n, tags) of items with the tag `of`: how likely a tag applies that they were not given, 0
    for those that they were; nan for all other items. Raises ValueError."""
    _check_tags(given, probabilities)
    codes("of", np.array([of]), probabilities.shape[1])
    return np.where(given[:, [of]], np.where(given, 0.0, probabilities), np.nan)


def first_of(pairs: Ints) -> Ints:
    """The items of ranked pairs (m, 2), each where it first stands."""
    _, first = np.unique(pairs[:, 0], return_index=True)
    items: Ints = pairs[np.sort(first), 0]
    return items


def _highest_first(scores: Floats) -> Ints:
    """Where the scores (n,) that are not nan lie, highest first."""
    rows = np.flatnonzero(~np.isnan(scores))
    return rows[np.argsort(-scores[rows], kind="stable")]


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
