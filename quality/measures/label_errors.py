"""Labels that look wrong, from a model's out-of-sample probabilities; worst first.

Confident learning is Northcutt et al. 2021, through cleanlab. The other two are what practitioners
do with the same probabilities: where prediction and label differ, the surest prediction first; and
what lies on the boundary between classes first.
"""

import numpy as np

from quality.measures.arrays import Floats, Ints, codes


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


def _check(labels: Ints, probabilities: Floats) -> None:
    if probabilities.ndim != 2 or probabilities.shape[1] < 2:
        raise ValueError("probabilities: expected (n, k) for n items and k classes, two or more")
    if not np.isfinite(probabilities).all() or probabilities.min(initial=0) < 0:
        raise ValueError("probabilities: expected numbers from 0 to 1")
    if probabilities.max(initial=0) > 1 + 1e-6:
        raise ValueError("probabilities: expected numbers from 0 to 1; are these logits?")
    codes("labels", labels, probabilities.shape[1], len(probabilities))
