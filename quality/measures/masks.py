"""Masks as run-length codes: overlap of pairs, through pycocotools' own kernels."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from quality.measures.arrays import Bools, Floats, Ints, compiled

Rle = dict[str, Any]  # {"size": [height, width], "counts": bytes}
MOST = 2**15  # px of a side: all pixels fit the counts of pycocotools, which have 32 bits


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
    filled = _runs(*_joined(texts))[1]
    wrong = (filled != sizes.prod(axis=1)) | (sizes < 0).any(axis=1) | (sizes > MOST).any(axis=1)
    if wrong.any():
        at = np.flatnonzero(wrong)[0]
        raise ValueError(f"{name}.{at}: expected runs that fill the mask's height and width")
    return [{"size": rle["size"], "counts": c} for rle, c in zip(rles, texts, strict=True)]


def decoded(rle: Rle, frame: Sequence[int] | None = None) -> Bools:
    """The mask pixel by pixel, (height, width), or what lies in a frame [left, top, right, bottom]
    that holds all of it. `rle` as `checked` returns it."""
    height, width = rle["size"]
    left, top, right, bottom = frame or (0, 0, width, height)
    ends = np.cumsum(_runs(*_joined([rle["counts"]]))[0])
    # Runs go down the columns: of those beside the frame nothing is filled in.
    ends = np.clip(ends, left * height, right * height)
    runs = np.diff(ends, prepend=left * height)
    columns = np.repeat(np.arange(runs.size) % 2 == 1, runs).reshape(right - left, height)
    return columns.T[top:bottom]


def _joined(texts: Sequence[bytes]) -> tuple[Ints, Ints]:
    """All texts in one row, and where each begins."""
    return np.frombuffer(b"".join(texts), np.uint8), np.cumsum([0, *map(len, texts)])


@compiled
def _runs(text: Ints, start: Ints) -> tuple[Ints, Ints, Ints]:
    """The runs of all compressed texts in one row; how many pixels those of each cover, -1 where it
    is no such text; and how many of these lie in the mask, which every second run does.

    Numbers come in digits of five bits, lowest first; from the fourth on, as the difference from
    the one before the last (Lin et al., cocoapi, rleFrString).
    """
    n = len(start) - 1
    found, filled, inside = (
        np.zeros(len(text), np.int64),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
    )
    at = 0
    for k in range(n):
        first, total, value, shift = at, 0, 0, 0
        for i in range(start[k], start[k + 1]):
            digit = int(text[i]) - 48
            if digit < 0 or digit > 63 or shift > 30:
                total = -1
                break
            value = value | ((digit & 31) << shift)
            shift += 5
            if digit & 32:
                continue
            if digit & 16:
                value = value - (1 << shift)
            found[at] = value + (found[at - 2] if at - first > 2 else 0)
            if found[at] < 0:
                total = -1
                break
            total += found[at]
            if (at - first) % 2:
                inside[k] += found[at]
            at, value, shift = at + 1, 0, 0
        filled[k] = total if shift == 0 else -1
    return found[:at], filled, inside


def frames(rles: Sequence[Rle]) -> Floats:
    """[left, top, right, bottom] of each mask, (n, 4) in px; all 0 where it is empty."""
    from pycocotools import mask

    if not rles:
        return np.zeros((0, 4))
    found = np.asarray(mask.toBbox(list(rles)), float).reshape(-1, 4)
    found[:, 2:] += found[:, :2]
    return found


def areas(rles: Sequence[Rle]) -> Floats:
    """Pixels of each mask; (n,). `rles` as `checked` returns them."""
    return _runs(*_joined([rle["counts"] for rle in rles]))[2].astype(float)


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
