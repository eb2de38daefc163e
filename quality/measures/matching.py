"""Who is whom: detections matched to truths, image by image, at several thresholds at once.

Greedy, as COCO matches (Lin et al. 2014; pycocotools): the surest detection first takes the truth
that it overlaps most among those still free. Overlaps are reckoned here, one detection's row at a
time, so that memory grows with the objects and never with the pairs; `coco_eval` matches overlaps
that it is given, of any kind and in ranges of size.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quality.measures.arrays import Bools, Floats, Ints, codes, compiled
from quality.measures.threads import share_out

Places = NDArray[np.int32]
WORTH_A_THREAD = 200_000  # pairs of boxes
FEW = 50  # detections that are soonest sorted by insertion


class Matches(NamedTuple):
    """`truth` (thresholds, detections) is the position of the truth taken, or -1, and `overlap` how
    far the two overlap, 0 where there is none. `nearest` (detections,) is the truth that a
    detection overlaps most whether free or not, or -1 where it touches none, and `share` how far:
    of its own class alone where classes are heeded."""

    truth: Places
    overlap: Floats
    nearest: Places
    share: Floats


class Objects(NamedTuple):
    """Boxes of all images behind one another: (n, 4) of [x, y, width, height] in px, codes of class
    (n,), and where each image's begin: (images + 1,), the last entry is n."""

    boxes: Floats
    category: Ints
    start: Ints


def match(
    truth_boxes: ArrayLike,
    truth_class: ArrayLike,
    detection_boxes: ArrayLike,
    detection_class: ArrayLike,
    score: ArrayLike,
    truth_start: ArrayLike,
    detection_start: ArrayLike,
    thresholds: ArrayLike,
    class_aware: bool = True,
    crowd: ArrayLike | None = None,
    *,
    threads: int | None = None,
) -> Matches:
    """Match every image's detections to its truths, at each of `thresholds` (0 < threshold ≤ 1).

    Boxes are [x, y, width, height] in px, `score` (detections,) is how sure each is; equal scores
    keep their order, of equal overlaps the later truth is taken. Objects of image i lie from
    start[i] up to start[i + 1]. A truth that is a `crowd` (truths,) may be taken often, only by
    what found no other, and its overlap is the share of the detection inside it. With `class_aware`
    only objects of one class meet. Boxes without area overlap nothing. Large sets are shared out
    over `threads`, by default as many as there are processors, four at most.

    Raises ValueError naming the argument.
    """
    truths = objects("truth", truth_boxes, truth_class, truth_start)
    detections = objects("detection", detection_boxes, detection_class, detection_start)
    if truths.start.size != detections.start.size:
        raise ValueError("detection_start: expected as many images as truth_start has")
    wanted = limits(thresholds)
    found = _nothing(len(wanted), len(detections.boxes))
    columns = (
        _sides(truths.boxes),
        truths.boxes[:, 2] * truths.boxes[:, 3],
        truths.category,
        flags("crowd", crowd, len(truths.boxes)),
        truths.start,
        detections.boxes,
        detections.category,
        detections.start,
        numbers("score", score, len(detections.boxes)),
        wanted,
        class_aware,
    )

    def work(begin: int, end: int) -> None:
        _match(*columns, begin, end, found.truth, found.overlap, found.nearest, found.share)

    pairs = np.diff(truths.start) * np.diff(detections.start)
    share_out(work, pairs, WORTH_A_THREAD, threads)
    return found


def _nothing(thresholds: int, detections: int) -> Matches:
    return Matches(
        np.full((thresholds, detections), -1, np.int32),
        np.zeros((thresholds, detections)),
        np.full(detections, -1, np.int32),
        np.zeros(detections),
    )


def _sides(boxes: Floats) -> Floats:
    """Left, top, right and bottom, (4, n)."""
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1).T.copy()


def objects(name: str, boxes: ArrayLike, category: ArrayLike, start: ArrayLike) -> Objects:
    """Check one side of a matching. Raises ValueError naming the argument."""
    corners = np.ascontiguousarray(boxes, dtype=np.float64)
    if corners.size == 0:
        corners = corners.reshape(0, 4)
    if corners.ndim != 2 or corners.shape[1] != 4:
        raise ValueError(f"{name}_boxes: expected rows of x, y, width and height")
    if not np.isfinite(corners).all():
        raise ValueError(f"{name}_boxes: expected finite numbers")
    starts = np.ascontiguousarray(start, dtype=np.int64)
    if starts.ndim != 1 or starts.size == 0 or starts[0] != 0 or starts[-1] != len(corners):
        raise ValueError(f"{name}_start: expected numbers from 0 to {len(corners)}")
    if np.any(np.diff(starts) < 0):
        raise ValueError(f"{name}_start: expected numbers that never fall")
    kinds = codes(f"{name}_class", category, np.iinfo(np.int32).max, len(corners))
    return Objects(corners, kinds.astype(np.int64, copy=False), starts)


def numbers(name: str, values: ArrayLike, length: int) -> Floats:
    """A column of finite numbers. Raises ValueError naming the argument."""
    column = np.ascontiguousarray(values, dtype=np.float64)
    if column.shape != (length,) or not np.isfinite(column).all():
        raise ValueError(f"{name}: expected {length} finite numbers")
    return column


def flags(name: str, values: ArrayLike | None, length: int) -> Bools:
    """A column of truth values, false where there is none. Raises ValueError naming it."""
    column = np.zeros(length, bool) if values is None else np.ascontiguousarray(values, dtype=bool)
    if column.shape != (length,):
        raise ValueError(f"{name}: expected {length} truth values")
    return column


def limits(thresholds: ArrayLike) -> Floats:
    """Thresholds of overlap. Raises ValueError naming them."""
    wanted = np.ascontiguousarray(thresholds, dtype=np.float64)
    if wanted.ndim != 1 or wanted.size == 0 or not np.all((wanted > 0) & (wanted <= 1)):
        raise ValueError("thresholds: expected one or more, each above 0 and at most 1")
    # Two equal boxes may overlap by a hair less than 1: pycocotools grants as much.
    return np.minimum(wanted, 1 - 1e-10)


@compiled
def _match(  # noqa: PLR0912, PLR0915 - one kernel: compiled functions do not call one another
    sides: Floats,
    areas: Floats,
    truth_class: Ints,
    crowd: Bools,
    truth_start: Ints,
    detections: Floats,
    detection_class: Ints,
    detection_start: Ints,
    score: Floats,
    thresholds: Floats,
    class_aware: bool,
    begin: int,
    end: int,
    matched: Places,
    overlap: Floats,
    nearest: Places,
    share: Floats,
) -> None:
    """Match the images from `begin` up to `end`; the last four take what is found."""
    lowest = thresholds.min()
    widest, highest = 0, 0
    for g in range(begin, end):
        widest = max(widest, truth_start[g + 1] - truth_start[g])
        highest = max(highest, detection_start[g + 1] - detection_start[g])
    order = np.zeros(highest, np.int64)
    near, shares, shared = np.zeros(widest, np.int64), np.zeros(widest), np.zeros(widest)
    meets = np.zeros(widest + 1, np.int64)
    taken = np.zeros((len(thresholds), widest), np.bool_)
    for g in range(begin, end):
        t0, t1 = truth_start[g], truth_start[g + 1]
        d0, d1 = detection_start[g], detection_start[g + 1]
        if t0 == t1 or d0 == d1:
            continue
        taken[:, : t1 - t0] = False
        lefts, tops, rights, bottoms = (
            sides[0, t0:t1], sides[1, t0:t1], sides[2, t0:t1], sides[3, t0:t1]
        )  # fmt: skip
        if d1 - d0 > FEW:
            order[: d1 - d0] = d0 + np.argsort(-score[d0:d1], kind="mergesort")
        else:
            for d in range(d0, d1):  # by insertion: few need neither memory nor a call
                k = d - d0
                while k > 0 and score[order[k - 1]] < score[d]:
                    order[k] = order[k - 1]
                    k -= 1
                order[k] = d
        for d in order[: d1 - d0]:
            x, y, w, h = detections[d, 0], detections[d, 1], detections[d, 2], detections[d, 3]
            right, bottom, area, found = x + w, y + h, w * h, 0
            # No branches in this loop: the processor reckons several truths at once.
            for k in range(len(lefts)):
                wide = min(right, rights[k]) - max(x, lefts[k])
                high = min(bottom, bottoms[k]) - max(y, tops[k])
                shared[k] = max(wide, 0.0) * max(high, 0.0)
            meeting = 0
            for k in range(len(lefts)):
                meets[meeting] = k
                meeting += shared[k] > 0
            for m in range(meeting):
                k = meets[m]
                t = t0 + k
                if class_aware and truth_class[t] != detection_class[d]:
                    continue
                whole = area if crowd[t] else area + areas[t] - shared[k]
                if whole <= 0:
                    continue
                part = shared[k] / whole
                if part > 0 and part >= share[d]:
                    nearest[d], share[d] = t, part
                if part >= lowest:
                    near[found], shares[found] = t, part
                    found += 1
            # Few truths come near: each threshold looks at those alone.
            for i in range(len(thresholds)):
                best, most = -1, thresholds[i]
                for k in range(found):
                    t = near[k]
                    if shares[k] < thresholds[i] or (taken[i, t - t0] and not crowd[t]):
                        continue
                    better = shares[k] >= most
                    if best >= 0 and crowd[t] != crowd[best]:
                        better = crowd[best]
                    if better:
                        best, most = t, shares[k]
                if best >= 0:
                    taken[i, best - t0] = True
                    matched[i, d], overlap[i, d] = best, most
