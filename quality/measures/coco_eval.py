"""Average precision and recall of detections, as COCO defines them (Lin et al. 2014; pycocotools).

Columnar throughout: truths and detections are parallel arrays, an overlap is a number in one flat
array of pairs, and what loops is compiled. Deviation from pycocotools, on purpose: an annotation
whose id is 0 can be matched like any other.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quality.measures.arrays import Bools, Floats, Ints, compiled

THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0.0, 1.0, 101)
EVERY = (0.0, 1e10)
SMALL, MEDIUM, LARGE = (0.0, 32.0**2), (32.0**2, 96.0**2), (96.0**2, 1e10)
# What a detection came to, at one threshold and in one range of sizes.
WRONG, RIGHT, IGNORED = 0, 1, 2


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
    truth_key = truths.category.astype(np.int64) * n_images + truths.image
    key = detections.category.astype(np.int64) * n_images + detections.image
    # Stable: equal scores stay in the order of the file, as pycocotools has them.
    order = np.lexsort((-detections.score, key))
    ordered = key[order]
    first = np.searchsorted(ordered, ordered, side="left")
    kept = order[np.arange(order.size) - first < most]
    truth = np.argsort(truth_key, kind="stable")
    groups = np.unique(key[kept])
    detection_start = np.searchsorted(key[kept], [*groups, np.iinfo(np.int64).max])
    ordered_truth = truth_key[truth]
    low = np.searchsorted(ordered_truth, groups, side="left")
    high = np.searchsorted(ordered_truth, groups, side="right")
    # Truths of groups without any detection are matched by nothing: they are not paired.
    sizes = high - low
    inside = np.repeat(low - np.concatenate([[0], np.cumsum(sizes)[:-1]]), sizes)
    paired = truth[inside + np.arange(sizes.sum())]
    truth_start = np.concatenate([[0], np.cumsum(sizes)])
    start = np.concatenate([[0], np.cumsum(sizes * np.diff(detection_start))])
    return Pairs(paired, kept, truth_start, detection_start, start)


def evaluate(
    truths: Truths,
    detections: Detections,
    overlaps: Callable[[Pairs], Floats],
    n_images: int,
    n_classes: int,
    terms: Terms = REGIONS,
) -> Evaluation:
    """Match and count. `overlaps` gives the overlap of every pair of a `Pairs`, in its order."""
    pairs = pair_up(truths, detections, terms.most[-1], n_images)
    outside = _outside(truths.area, terms.areas)
    left_out = outside | truths.ignored
    verdicts = _match(
        pairs.truth_start,
        pairs.detection_start,
        pairs.start,
        overlaps(pairs),
        left_out[:, pairs.truth],
        truths.crowd[pairs.truth],
        _outside(detections.area, terms.areas)[:, pairs.detection],
        THRESHOLDS,
    )
    counted = np.stack(
        [np.bincount(truths.category[~left], minlength=n_classes) for left in left_out], axis=1
    )
    rank = np.arange(pairs.detection.size) - np.repeat(
        pairs.detection_start[:-1], np.diff(pairs.detection_start)
    )
    category = detections.category[pairs.detection]
    order = np.lexsort((-detections.score[pairs.detection], category))
    class_start = np.searchsorted(category[order], np.arange(n_classes + 1))
    precision, recall = _accumulate(
        order, class_start, rank, verdicts, counted, np.array(terms.most), RECALLS
    )
    return Evaluation(precision, recall, counted)


def _outside(area: Floats, ranges: Sequence[tuple[float, float]]) -> Bools:
    return np.stack([(area < low) | (area > high) for low, high in ranges])


@compiled
def _match(  # noqa: PLR0912 - one kernel: calls between compiled functions cost more than branches
    truth_start: Ints,
    detection_start: Ints,
    start: Ints,
    overlap: Floats,
    left_out: Bools,
    crowd: Bools,
    outside: Bools,
    thresholds: Floats,
) -> NDArray[np.uint8]:
    """Verdicts [area, threshold, detection]: each detection, surest first, takes the truth that it
    overlaps most among those still free; one that is left out only when no other will do."""
    n_areas, n_detections = outside.shape
    verdict = np.zeros((n_areas, len(thresholds), n_detections), np.uint8)
    widest = 0
    for g in range(len(start) - 1):
        widest = max(widest, truth_start[g + 1] - truth_start[g])
    taken, order = np.zeros(widest, np.bool_), np.zeros(widest, np.int64)
    for g in range(len(start) - 1):
        t0, n_truths = truth_start[g], truth_start[g + 1] - truth_start[g]
        for a in range(n_areas):
            # Those that count first, each part in its own order.
            n_counted = 0
            for j in range(n_truths):
                if not left_out[a, t0 + j]:
                    order[n_counted] = j
                    n_counted += 1
            at = n_counted
            for j in range(n_truths):
                if left_out[a, t0 + j]:
                    order[at] = j
                    at += 1
            for t in range(len(thresholds)):
                taken[:n_truths] = False
                for d in range(detection_start[g], detection_start[g + 1]):
                    row = start[g] + (d - detection_start[g]) * n_truths
                    best, most = -1, min(thresholds[t], 1 - 1e-10)
                    for i in range(n_truths):
                        j = order[i]
                        if taken[j] and not crowd[t0 + j]:
                            continue
                        if best >= 0 and i >= n_counted and not left_out[a, t0 + best]:
                            break
                        if overlap[row + j] < most:
                            continue
                        best, most = j, overlap[row + j]
                    if best >= 0:
                        taken[best] = True
                        verdict[a, t, d] = 2 if left_out[a, t0 + best] else 1
                    elif outside[a, d]:
                        verdict[a, t, d] = 2
    return verdict


@compiled
def _accumulate(  # noqa: PLR0912
    order: Ints,
    class_start: Ints,
    rank: Ints,
    verdict: NDArray[np.uint8],
    counted: Ints,
    most: Ints,
    recalls: Floats,
) -> tuple[Floats, Floats]:
    """Mean interpolated precision [t, k, a] at the last of `most`, and recall [t, k, a, m]."""
    n_areas, n_thresholds, n = verdict.shape
    n_classes = len(class_start) - 1
    precision = np.full((n_thresholds, n_classes, n_areas), np.nan)
    recall = np.full((n_thresholds, n_classes, n_areas, len(most)), np.nan)
    hits, precise = np.zeros(n), np.zeros(n)
    for k in range(n_classes):
        for a in range(n_areas):
            truths = counted[k, a]
            if truths == 0:
                continue
            for t in range(n_thresholds):
                for m in range(len(most)):
                    right, wrong, seen = 0, 0, 0
                    for i in range(class_start[k], class_start[k + 1]):
                        d = order[i]
                        if rank[d] >= most[m]:
                            continue
                        if verdict[a, t, d] == 1:
                            right += 1
                        elif verdict[a, t, d] == 0:
                            wrong += 1
                        hits[seen] = right / truths
                        precise[seen] = right / (right + wrong + 2.220446049250313e-16)
                        seen += 1
                    recall[t, k, a, m] = right / truths
                for i in range(seen - 1, 0, -1):
                    precise[i - 1] = max(precise[i - 1], precise[i])
                total, i = 0.0, 0
                for wanted in recalls:
                    while i < seen and hits[i] < wanted:
                        i += 1
                    if i == seen:
                        break
                    total += precise[i]
                precision[t, k, a] = total / len(recalls)
    return precision, recall
