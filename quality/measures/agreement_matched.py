"""Agreement on labels that are more than one class: after matching, for objects of every kind.

Two views, each with its support and interval. *Likeness*: how alike two answers on an asset are on
average (F1 of their matched objects; of other labels what `likeness` says), which anybody reads at
once. *α of things*: the objects of all answers are clustered as in a merge, and everybody says of
each thing its class or, having drawn nothing there, "background"; Krippendorff's α of that table
takes out what chance would give. Things that nobody drew are no units, so background is never the
easy majority that it is in pixels.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from quality.measures.agreement import (
    Estimate,
    Pairwise,
    alpha_estimate,
    confusion_pairs,
    mean_estimate,
)
from quality.measures.arrays import Floats, Ints, codes
from quality.measures.likeness import Terms, scores
from quality.measures.merging_labels import Label
from quality.measures.merging_objects import clustered

BACKGROUND = "background"
NO_ALPHA = Estimate(float("nan"), float("nan"), float("nan"), 0)  # of labels without things


class LikenessOfAnswers(NamedTuple):
    """`mean` over assets with two answers or more, `each` asset's mean over its pairs of answers
    (nan below two), and the matrix of `pairs` of labellers; the diagonal counts a labeller's own
    assets, with agreement 1."""

    mean: Estimate
    each: Floats
    pairs: Pairwise


class AgreementOnThings(NamedTuple):
    """Krippendorff's `alpha` over things (its n), how many `assets` they lie on, and how often one
    says c and another k of a thing: `confusion` (symmetric) of `classes`, the last background.
    `counts` (things × classes) has how many say what, `asset` the position of each thing's."""

    alpha: Estimate
    assets: int
    confusion: Ints
    classes: list[str]
    counts: Ints
    asset: Ints


def likeness_of_answers(
    label_type: str,
    assets: Sequence[Sequence[Label]],
    labellers: Sequence[Sequence[int]],
    n_labellers: int,
    terms: Terms | None = None,
) -> LikenessOfAnswers:
    """Mean likeness, in [0, 1], of pairs of answers on the same asset: both ways, and the mean.

    `labellers` are the codes of those who gave the answers. The interval is the normal 95 % one of
    a mean over assets. Raises ValueError where codes and answers do not fit.
    """
    for answers, who in zip(assets, labellers, strict=True):
        codes("labellers", np.asarray(who, np.int64), n_labellers, len(answers))
    pairs = [(a, i, j) for a, x in enumerate(assets) for i, j in combinations(range(len(x)), 2)]
    one, other = [assets[a][i] for a, i, _ in pairs], [assets[a][j] for a, _, j in pairs]
    alike = np.zeros(0)
    if pairs:
        ways = scores(label_type, [*one, *other], [*other, *one], terms or Terms())
        alike = (ways[: len(pairs)] + ways[len(pairs) :]) / 2
    asset = np.array([a for a, _, _ in pairs], np.int64)
    number = np.bincount(asset, minlength=len(assets))
    with np.errstate(invalid="ignore"):
        each = np.bincount(asset, alike, len(assets)) / number
    first = np.array([labellers[a][i] for a, i, _ in pairs], np.int64)
    second = np.array([labellers[a][j] for a, _, j in pairs], np.int64)
    own = np.bincount([w for who in labellers for w in who], minlength=n_labellers)
    matrix = _matrix(first, second, alike, own[:n_labellers])
    return LikenessOfAnswers(mean_estimate(each), each, matrix)


def agreement_on_things(
    label_type: str,
    assets: Sequence[Sequence[Label]],
    *,
    sigmas: Mapping[str, Sequence[float]] | None = None,
) -> AgreementOnThings:
    """α of what everybody says of each thing: its class, or background.

    For boxes, polygons, masks, keypoints and spans. The interval comes from the jackknife over
    assets. Of things on assets with one answer nothing is known: they do not count.
    """
    places = np.array([a for a, answers in enumerate(assets) if len(answers) > 1], np.int64)
    several = [assets[a] for a in places]
    flat, _, cluster = clustered(label_type, several, [[1.0] * len(x) for x in several], sigmas)
    n, k = int(cluster.max(initial=-1)) + 1, len(flat.keys)
    counts = np.zeros((n, k + 1), np.int64)
    np.add.at(counts, (cluster, flat.category), 1)
    asset = np.zeros(n, np.int64)
    asset[cluster] = flat.asset
    counts[:, k] = np.diff(flat.first)[asset] - counts.sum(axis=1)
    order = np.argsort(flat.keys, kind="stable")
    counts[:, :k] = counts[:, order]
    alpha = alpha_estimate(counts, within=asset)
    names = [*(flat.keys[i] for i in order), BACKGROUND]
    return AgreementOnThings(
        alpha, np.unique(asset).size, confusion_pairs(counts), names, counts, places[asset]
    )


def _matrix(first: Ints, second: Ints, alike: Floats, own: Ints) -> Pairwise:
    n = len(own)
    total, shared = np.zeros((n, n)), np.zeros((n, n), np.int64)
    for i, j in ((first, second), (second, first)):
        np.add.at(total, (i, j), alike)
        np.add.at(shared, (i, j), 1)
    total[np.arange(n), np.arange(n)] += own
    shared[np.arange(n), np.arange(n)] += own
    with np.errstate(invalid="ignore"):
        return Pairwise(total / shared, shared)
