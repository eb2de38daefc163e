"""Boundary IoU: overlap of the rims of two masks, which large masks of a poor outline fail.

Cheng, Girshick, Dollár, Berg, Kirillov, CVPR 2021. The rim of a mask are its pixels within d of
what is outside (beyond the picture's edge too), d being `RATIO` of the picture's diagonal, 1 px at
least.
"""

from collections.abc import Sequence

import numpy as np

from quality.measures import masks
from quality.measures.arrays import Bools, Floats, Ints
from quality.measures.masks import Rle

RATIO = 0.02


def rims(rles: Sequence[Rle], ratio: float = RATIO) -> list[Rle]:
    """The rim of each mask, as run lengths too. Raises ValueError for a ratio of 0 or less."""
    from pycocotools import mask

    if not ratio > 0:
        raise ValueError("ratio: expected a share of the diagonal above 0")
    found: list[Rle] = []
    for rle, frame in zip(rles, masks.frames(rles).astype(int), strict=True):
        height, width = rle["size"]
        near = max(1, round(ratio * float(np.hypot(height, width))))
        left, top, right, bottom = frame
        whole = masks.decoded(rle)
        crop = whole[top:bottom, left:right]
        whole[top:bottom, left:right] = crop & ~eroded(crop, near)
        found.append(mask.encode(np.asfortranarray(whole, np.uint8)))
    return found


def eroded(shape: Bools, by: int) -> Bools:
    """The pixels whose square of side 2·by + 1 lies wholly inside, (height, width); nothing is
    inside beyond the edge. It equals `by` rounds of erosion by a square of 3 px."""
    side = 2 * by + 1
    padded = np.pad(shape, ((by + 1, by), (by + 1, by)))
    total = padded.cumsum(axis=0, dtype=np.int32).cumsum(axis=1, dtype=np.int32)
    inside = (
        total[side:, side:] - total[:-side, side:] - total[side:, :-side] + total[:-side, :-side]
    )
    found: Bools = inside == side * side
    return found


def overlaps(
    given: Sequence[Rle], truth: Sequence[Rle], i: Ints, j: Ints, ratio: float = RATIO
) -> Floats:
    """IoU of the rims of given mask i[k] and true mask j[k], pairs sorted by i; (pairs,)."""
    some, others = rims(given, ratio), rims(truth, ratio)
    shared = masks.shared_areas(some, others, i, j)
    whole = masks.areas(some)[i] + masks.areas(others)[j] - shared
    return np.divide(shared, whole, out=np.zeros(len(i)), where=whole > 0)
