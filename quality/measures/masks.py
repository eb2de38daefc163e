"""Masks as run lengths: overlap of the pairs of an evaluation."""

import numpy as np

from quality.measures import boxes, rle
from quality.measures.arrays import Bools, Floats, Ints
from quality.measures.rle import Masks


def overlaps(
    truths: Masks,
    detections: Masks,
    crowd: Bools,
    truth_start: Ints,
    detection_start: Ints,
    start: Ints,
    of: Ints | None = None,
) -> Floats:
    """Intersection over union of every pair of each group (see `coco_eval.Pairs`); (pairs,).

    Against a crowd it is the share of the detection that lies inside. Run lengths are compared
    only where the frames of two masks meet, whatever the size of the image; masks of two sizes
    share nothing. With `of` the detections of the groups are those of its positions.
    """
    true, seen = (_sides(rle.frames(masks)) for masks in (truths, detections))
    chosen = np.arange(len(seen)) if of is None else of
    nobody = np.zeros(len(crowd), bool)
    met = np.flatnonzero(
        boxes.overlaps(true, seen[chosen], nobody, truth_start, detection_start, start)
    )
    group = np.searchsorted(start, met, side="right") - 1
    row, column = np.divmod(met - start[group], np.diff(truth_start)[group])
    truth, detection = truth_start[group] + column, chosen[detection_start[group] + row]
    shared = rle.shared_areas(detections, truths, detection, truth)
    whole = rle.areas(detections)[detection]
    whole = whole + np.where(crowd[truth], 0, rle.areas(truths)[truth] - shared)
    found = np.zeros(start[-1])
    found[met] = shared / np.maximum(whole, 1)  # whole pixels: less than one is none
    return found


def _sides(frames: Floats) -> Floats:
    """[left, top, right, bottom] as [x, y, width, height]."""
    return np.concatenate([frames[:, :2], frames[:, 2:] - frames[:, :2]], axis=1)
