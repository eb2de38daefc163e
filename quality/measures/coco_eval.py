"""Average precision and recall of detections, as COCO defines them (Lin et al. 2014; pycocotools).

Columnar throughout: truths and detections are parallel arrays, an overlap is a number in one flat
array of pairs, and what loops is compiled. Deviation from pycocotools, on purpose: an annotation
whose id is 0 can be matched like any other.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from quality.measures import coco_counting as counting
from quality.measures.arrays import Bools, Floats, Ints

THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0.0, 1.0, 101)
EVERY = (0.0, 1e10)
SMALL, MEDIUM, LARGE = (0.0, 32.0**2), (32.0**2, 96.0**2), (96.0**2, 1e10)


class Terms(NamedTuple):
    """Ranges of area in px² (the first is all of them) and how many detections an image may have
    of a class; the last number of `most` is the one that average precision is reckoned at."""

    areas: tuple[tuple[float, float], ...]
    most: tuple[int, ...]


REGIONS = Terms((EVERY, SMALL, MEDIUM, LARGE), (1, 10, 100))
POSES = Terms((EVERY, MEDIUM, LARGE), (20,))


class Truths(NamedTuple):
    """Known objects, parallel arrays: codes of image and class, area in px², whether one stands for
    a crowd (may be matched often), whether it is left out of the count."""

    image: Ints
    category: Ints
    area: Floats
    crowd: Bools
    ignored: Bools


class Detections(NamedTuple):
    """Detected objects, parallel arrays in the order of their file; `score` is how sure."""

    image: Ints
    category: Ints
    area: Floats
    score: Floats


class Pairs(NamedTuple):
    """The objects in groups of one image and class. `truth` and `detection` are positions in the
    caller's arrays, in the order of the groups; `*_start` has one entry more than there are groups;
    `start` says where a group's overlaps begin: detection by detection, truths innermost."""

    truth: Ints
    detection: Ints
    truth_start: Ints
    detection_start: Ints
    start: Ints


class Evaluation(NamedTuple):
    """precision[t, k, a] at the last of `most`, recall[t, k, a, m]: by threshold, class, range of
    area and number of detections; NaN where a class has no truth in the range."""

    precision: Floats
    recall: Floats
    truths: Ints  # [k, a] counted

    def mean_precision(self, threshold: int | None = None, area: int = 0) -> float:
        """Mean over classes (and thresholds, unless one is chosen); NaN where undefined."""
        return _mean(self.precision[_chosen(threshold), :, area])

    def mean_recall(self, threshold: int | None = None, area: int = 0, most: int = -1) -> float:
        """The same of recall, with at most the `most`-th number of detections."""
        return _mean(self.recall[_chosen(threshold), :, area, most])

    def of_classes(self) -> Floats:
        """Average precision of each class, NaN where it has no truths."""
        found: Floats = self.precision[:, :, 0].mean(axis=0)
        return found


def _chosen(threshold: int | None) -> slice:
    return slice(None) if threshold is None else slice(threshold, threshold + 1)


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")


def figures(found: Evaluation, terms: Terms) -> list[float]:
    """The summary in the order of pycocotools: twelve figures for regions, ten for poses.

    NaN where undefined (pycocotools writes -1).
    """
    ranges = range(1, len(terms.areas))
    p, r = found.mean_precision, found.mean_recall
    precisions = [p(), p(0), p(5), *(p(area=a) for a in ranges)]
    if len(terms.most) == 1:
        return [*precisions, r(), r(0), r(5), *(r(area=a) for a in ranges)]
    return [*precisions, *(r(most=m) for m in range(len(terms.most))), *(r(area=a) for a in ranges)]


def pair_up(truths: Truths, detections: Detections, most: int, n_images: int) -> Pairs:
    """Group by (class, image); in each group the `most` surest detections, surest first."""
    return _grouped(truths, detections, most, n_images, _surest(detections, n_images))[0]


def _surest(detections: Detections, n_images: int) -> Ints:
    """Surest first; of equals those of earlier images, then in the order of their file."""
    every = np.arange(detections.score.size)
    by_image = counting.by_code(every, detections.image, n_images)
    found: Ints = by_image[np.argsort(-detections.score[by_image], kind="stable")]
    return found


def _grouped(
    truths: Truths, detections: Detections, most: int, n_images: int, surest: Ints
) -> tuple[Pairs, Ints]:
    """The groups, and the rank of each of their detections in its group."""
    n_classes = 1 + max(x.category.max(initial=0) for x in (truths, detections))
    ordered, keys = [], []
    for x, order in ((truths, np.arange(truths.area.size)), (detections, surest)):
        by_image = counting.by_code(order, x.image, n_images)
        ordered.append(counting.by_code(by_image, x.category, n_classes))
        keys.append(x.category.astype(np.int64) * n_images + x.image)
    paired, kept, *starts, rank = counting.groups(ordered[0], keys[0], ordered[1], keys[1], most)
    return Pairs(paired, kept, *starts), rank


def evaluate(
    truths: Truths,
    detections: Detections,
    overlaps: Callable[[Pairs], Floats],
    n_images: int,
    n_classes: int,
    terms: Terms = REGIONS,
) -> Evaluation:
    """Match and count. `overlaps` gives the overlap of every pair of a `Pairs`, in its order."""
    surest = _surest(detections, n_images)
    pairs, rank = _grouped(truths, detections, terms.most[-1], n_images, surest)
    left_out = _outside(truths.area, terms.areas) | truths.ignored
    right, ignored = counting.matches(
        pairs.truth_start,
        pairs.detection_start,
        pairs.start,
        overlaps(pairs),
        ~left_out[:, pairs.truth],
        truths.crowd[pairs.truth],
        _outside(detections.area, terms.areas)[:, pairs.detection],
        THRESHOLDS,
    )
    counted = np.stack(
        [np.bincount(truths.category[~left], minlength=n_classes) for left in left_out], axis=1
    )
    place = np.full(surest.size, -1)
    place[pairs.detection] = np.arange(pairs.detection.size)
    among = place[surest]
    order = counting.by_code(among[among >= 0], detections.category[pairs.detection], n_classes)
    of_class = np.bincount(detections.category[pairs.detection], minlength=n_classes)
    precision, recall = counting.summary(
        order, np.concatenate([[0], np.cumsum(of_class)]), rank, right, ignored, counted,
        np.array(terms.most), len(THRESHOLDS), RECALLS,
    )  # fmt: skip
    return Evaluation(precision, recall, counted)


def _outside(area: Floats, ranges: Sequence[tuple[float, float]]) -> Bools:
    return np.stack([(area < low) | (area > high) for low, high in ranges])
