"""Tags: sets of keys compared, one asset a row. Both empty is full agreement."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Bools, Floats


class TagLikeness(NamedTuple):
    """Per asset, (n,): whether all tags are `exact`; `f` (F-beta of precision and recall);
    `hamming` (share of the possible tags on which both agree); `jaccard`; both rates, nan where
    nothing was given (precision) or nothing is true (recall)."""

    exact: Bools
    f: Floats
    hamming: Floats
    jaccard: Floats
    precision: Floats
    recall: Floats


def table(labels: Sequence[Sequence[str]], keys: Sequence[str]) -> Bools:
    """Which of `keys` each label holds, (n, keys). Raises ValueError for a tag that is none."""
    column = {key: k for k, key in enumerate(keys)}
    found = np.zeros((len(labels), len(keys)), bool)
    for row, tags in zip(found, labels, strict=True):
        for tag in tags:
            if tag not in column:
                raise ValueError(f"tags: {tag!r} is not among the keys")
            row[column[tag]] = True
    return found


def compare(given: ArrayLike, truth: ArrayLike, beta: float = 1.0) -> TagLikeness:
    """Measures of each row of two tables (n, keys) of which tags were given and which are true.

    F-beta weighs recall `beta` times as much as precision (van Rijsbergen 1979); without any tag on
    either side it is 1, as are the Jaccard index and, without possible tags, Hamming's agreement.
    """
    seen, known = np.asarray(given, bool), np.asarray(truth, bool)
    if seen.shape != known.shape or seen.ndim != 2:
        raise ValueError("given: expected one row and column for each of the truth's")
    if not (np.isfinite(beta) and beta > 0):
        raise ValueError("beta: expected a number above 0")
    hits = (seen & known).sum(axis=1)
    n_seen, n_known = seen.sum(axis=1), known.sum(axis=1)
    weight = beta * beta
    agreed = (seen == known).sum(axis=1)
    return TagLikeness(
        agreed == seen.shape[1],
        _share((1 + weight) * hits, n_seen + weight * n_known, 1.0),
        _share(agreed, np.full(len(seen), seen.shape[1]), 1.0),
        _share(hits, (seen | known).sum(axis=1), 1.0),
        _share(hits, n_seen, np.nan),
        _share(hits, n_known, np.nan),
    )


def _share(part: ArrayLike, whole: ArrayLike, undefined: float) -> Floats:
    parts, wholes = np.asarray(part, float), np.asarray(whole, float)
    found: Floats = np.divide(parts, wholes, out=np.full(parts.shape, undefined), where=wholes > 0)
    return found
