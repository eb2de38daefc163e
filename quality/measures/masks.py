"""Masks as run-length codes: overlap of pairs, through pycocotools' own kernels."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from quality.measures.arrays import Bools, Floats, Ints

Rle = dict[str, Any]  # {"size": [height, width], "counts": bytes}


def overlaps(
    truths: Sequence[Rle],
    detections: Sequence[Rle],
    crowd: Bools,
    truth_start: Ints,
    detection_start: Ints,
    start: Ints,
) -> Floats:
    """Intersection over union of every pair of each group (see `coco_eval.Pairs`); (pairs,).

    Against a crowd it is the share of the detection that lies inside. It costs about half a
    microsecond a pair on run lengths, whatever the size of the image.
    """
    from pycocotools import mask

    found = np.zeros(start[-1])
    for g in np.flatnonzero(np.diff(start)):
        ts = slice(truth_start[g], truth_start[g + 1])
        ds = slice(detection_start[g], detection_start[g + 1])
        shared = mask.iou(detections[ds], truths[ts], crowd[ts].tolist())
        found[start[g] : start[g + 1]] = np.ascontiguousarray(shared).ravel()
    return found
