"""Sets of labels against their truths: precision, recall, F, confusion and mean IoU, by any group.

Every rate comes with what it rests on and its 95 % interval. Undefined is nan, never 0.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures import error_types, meetings, rle
from quality.measures.arrays import Floats, Ints, codes
from quality.measures.classes import wilson
from quality.measures.coco_eval import MEDIUM
from quality.measures.meetings import Near
from quality.measures.objects import Judged, columns, owners
from quality.measures.rates import Rates, ratios, shares

SIZES = ("small", "medium", "large")


class SetFigures(NamedTuple):
    """Precision (n: what was given), recall (n: what is true) and F-beta (n: both, a hit once)."""

    precision: Rates
    recall: Rates
    f: Rates


class MeanIoU(NamedTuple):
    """Of semantic masks: IoU of each class over all pixels of the set (n: the pictures where either
    side has the class), the keys of the classes, and the mean over them."""

    classes: list[str]
    iou: Rates
    mean: float


def figures(hits: ArrayLike, given: ArrayLike, truth: ArrayLike, beta: float = 1.0) -> SetFigures:
    """Rates of each group from counts: of `given` and of `truth`, how many are `hits` (groups,).

    Wilson's intervals. The odds of F-beta, F / (1 - F) = (1+β²)h / (β²m + e) of h hits, m missing
    and e extra, vary as the odds of h in h + b do, b = (β²m + e)² / (β⁴m + e) being what the
    weighted errors are worth (delta method on the logarithm); so its interval is Wilson's of h in
    h + b, carried over. With β = 1 that is the share of hits in all that was given or is true.
    """
    h, g, t = (np.atleast_1d(np.asarray(x, np.int64)) for x in (hits, given, truth))
    if not (h.shape == g.shape == t.shape) or (h < 0).any() or (h > np.minimum(g, t)).any():
        raise ValueError("hits: expected counts from 0 to those given and those true")
    if not (np.isfinite(beta) and beta > 0):
        raise ValueError("beta: expected a number above 0")
    weight = beta * beta
    weighted, squared = weight * (t - h) + (g - h), weight**2 * (t - h) + (g - h)
    with np.errstate(divide="ignore", invalid="ignore"):
        worth = np.where(squared > 0, weighted**2 / squared, 0.0)
        # Without an error seen, one to come may weigh the most.
        each = np.where(worth > 0, weighted / worth, max(weight, 1.0))
        bounds = [h / (h + worth), *wilson(h, h + worth)]
        f = [(1 + weight) * p / ((1 + weight) * p + (1 - p) * each) for p in bounds]
    return SetFigures(shares(h, g), shares(h, t), Rates(f[0], f[1], f[2], g + t - h))


def object_figures(
    judged: Judged,
    given_group: ArrayLike,
    truth_group: ArrayLike,
    n_groups: int,
    beta: float = 1.0,
) -> SetFigures:
    """Rates of the objects of many labels by group; `*_group` one code an object.

    A given object that is matched counts in the group of its truth, as COCO has it of sizes. Groups
    are, for instance, classes (`judged.given_class`), sizes (`size_of`) or slices of the labels'
    metadata (`of_labels`).
    """
    of_given = codes("given_group", given_group, n_groups, judged.match.size)
    of_truth = codes("truth_group", truth_group, n_groups, judged.counted.size)
    met = judged.match >= 0
    where = of_given.astype(np.int64)
    where[met] = of_truth[judged.match[met]]
    counted = judged.of != error_types.CROWD
    return figures(
        np.bincount(where[met], minlength=n_groups),
        np.bincount(where[counted], minlength=n_groups),
        np.bincount(of_truth[judged.counted], minlength=n_groups),
        beta,
    )


def of_labels(judged: Judged, group: ArrayLike) -> tuple[Ints, Ints]:
    """A code for each label, (labels,), as one for each given and each true object."""
    of = np.asarray(group)
    return of[owners(judged.given)], of[owners(judged.truth)]


def size_of(areas: ArrayLike) -> Ints:
    """Codes of `SIZES` by area in px²: COCO's bounds, 32² and 96², which belong to the smaller."""
    found: Ints = np.searchsorted(np.array(MEDIUM), np.asarray(areas, float), side="left")
    return found


def object_confusion(judged: Judged, sure: float = error_types.SURE) -> Ints:
    """Counts (classes + 1, classes + 1): row = truth, column = given, by `judged.classes`.

    Each object counts once: matched with its own class on the diagonal; then, of what is left,
    those that overlap most by `sure` or more, whatever the class. The last column holds what is
    missing, the last row what is extra.
    """
    n = len(judged.classes)
    table = np.zeros((n + 1, n + 1), np.int64)
    free_given = (judged.match < 0) & (judged.of != error_types.CROWD)
    free_truth = judged.counted.copy()
    free_truth[judged.match[judged.match >= 0]] = False
    pairs = judged.near
    left = free_given[pairs.given] & free_truth[pairs.truth]
    near = Near(pairs.given[left], pairs.truth[left], pairs.overlap[left])
    alike = [np.zeros(of.size, np.int64) for of in (judged.given_class, judged.truth_class)]
    other = error_types.by_overlap(
        near, alike[0], alike[1], judged.given.crowd, judged.truth.crowd, sure
    )
    match = np.where(judged.match >= 0, judged.match, other)
    met = match >= 0
    np.add.at(table, (judged.truth_class[match[met]], judged.given_class[met]), 1)
    free_truth[match[met]] = False
    extra = judged.given_class[free_given & ~met]
    table[n, :n] = np.bincount(extra, minlength=n)
    table[:n, n] = np.bincount(judged.truth_class[free_truth], minlength=n)
    return table


def mean_iou(given: Sequence[Mapping[str, Any]], truth: Sequence[Mapping[str, Any]]) -> MeanIoU:
    """Mean IoU of semantic masks, label by label against its truth.

    Of each class, the pixels that both have over those that either has, summed over the set (as
    Pascal VOC and Cityscapes have it); then the mean over classes. The interval is over pictures.
    """
    sides = columns(given), columns(truth)
    keys: dict[str, int] = {}
    of = [np.array([keys.setdefault(x["class"], len(keys)) for x in s.objects], int) for s in sides]
    drawn = [rle.read([x["rle"] for x in s.objects], "objects") for s in sides]
    frames = [rle.frames(x) for x in drawn]
    i, j = meetings.meeting(frames[0], frames[1], sides[0].start, sides[1].start)
    same = of[0][i] == of[1][j]
    i, j = i[same], j[same]
    n, k = len(given), len(keys)
    cells = [owners(s) * k + c for s, c in zip(sides, of, strict=True)]
    pixels = rle.shared_areas(drawn[0], drawn[1], i, j)
    shared = np.bincount(cells[0][i], pixels, n * k).astype(float)
    either = sum(np.bincount(c, rle.areas(x), n * k) for c, x in zip(cells, drawn, strict=True))
    iou = ratios(shared.reshape(n, k), (either - shared).reshape(n, k))
    known = iou.value[~np.isnan(iou.value)]
    return MeanIoU(list(keys), iou, float(known.mean()) if known.size else float("nan"))


def class_ious(confusion: ArrayLike) -> Floats:
    """IoU of each class of a confusion matrix of pixels (row = truth): hits over either."""
    table = np.asarray(confusion, float)
    hits = np.diag(table)
    either = table.sum(axis=0) + table.sum(axis=1) - hits
    return np.divide(hits, either, out=np.full(hits.shape, np.nan), where=either > 0)
