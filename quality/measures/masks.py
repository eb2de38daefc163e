"""Masks as run-length codes: overlap of pairs, through pycocotools' own kernels."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from quality.measures.arrays import Bools, Floats, Ints, compiled

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


def checked(rles: Sequence[Rle], name: str = "rle") -> list[Rle]:
    """The same, fit for pycocotools, whose kernels trust what they get: runs fill the mask exactly.

    Counts are COCO's compressed text. Raises ValueError naming the position of one that is not.
    """
    sizes = np.array([rle["size"] for rle in rles], np.int64).reshape(-1, 2)
    texts = [c if isinstance(c := rle["counts"], bytes) else c.encode() for rle in rles]
    start = np.concatenate([[0], np.cumsum([len(text) for text in texts])]).astype(np.int64)
    filled = _filled(np.frombuffer(b"".join(texts), np.uint8), start)
    wrong = np.flatnonzero((filled != sizes.prod(axis=1)) | (sizes < 0).any(axis=1))
    if wrong.size:
        raise ValueError(f"{name}.{wrong[0]}: expected runs that fill the mask's height and width")
    return [{"size": rle["size"], "counts": c} for rle, c in zip(rles, texts, strict=True)]


@compiled
def _filled(text: Ints, start: Ints) -> Ints:
    """How many pixels the runs of each compressed text cover; -1 where it is no such text.

    Numbers come in digits of five bits, lowest first; from the fourth on, as the difference from
    the one before the last (Lin et al., cocoapi, rleFrString).
    """
    found = np.zeros(len(start) - 1, np.int64)
    for k in range(len(start) - 1):
        total, value, shift, n = 0, 0, 0, 0
        last, before = 0, 0
        for i in range(start[k], start[k + 1]):
            digit = int(text[i]) - 48
            if digit < 0 or digit > 63 or shift > 50:
                total = -1
                break
            value = value | ((digit & 31) << shift)
            shift += 5
            if digit & 32:
                continue
            if digit & 16:
                value = value - (1 << shift)
            run = value + before if n > 2 else value
            if run < 0 or run > 1 << 40:
                total = -1
                break
            total, before, last = total + run, last, run
            value, shift, n = 0, 0, n + 1
        found[k] = total if shift == 0 else -1
    return found


def frames(rles: Sequence[Rle]) -> Floats:
    """[left, top, right, bottom] of each mask, (n, 4) in px; all 0 where it is empty."""
    from pycocotools import mask

    if not rles:
        return np.zeros((0, 4))
    found = np.asarray(mask.toBbox(list(rles)), float).reshape(-1, 4)
    found[:, 2:] += found[:, :2]
    return found


def areas(rles: Sequence[Rle]) -> Floats:
    """Pixels of each mask; (n,)."""
    from pycocotools import mask

    return np.asarray(mask.area(list(rles)), float) if rles else np.zeros(0)


def shared_areas(given: Sequence[Rle], truth: Sequence[Rle], i: Ints, j: Ints) -> Floats:
    """Pixels that given mask i[k] and true mask j[k] share, pairs sorted by i; (pairs,).

    Masks of two sizes share nothing: they are not of one picture.
    """
    from pycocotools import mask

    found = np.zeros(len(i))
    area = areas(given)
    bounds = np.append(np.flatnonzero(np.diff(i, prepend=-1)), len(i))
    for low, high in pairwise(bounds):
        g = i[low]
        others = [truth[t] for t in j[low:high]]
        # Against "crowds" pycocotools gives the share inside, from which the pixels are exact.
        inside = mask.iou([given[g]], others, [1] * len(others))
        found[low:high] = np.rint(np.maximum(inside[0], 0) * area[g])
    return found
