"""Boundary IoU: overlap of the rims of two masks, which large masks of a poor outline fail.

Cheng, Girshick, Dollár, Berg, Kirillov, CVPR 2021. The rim of a mask are its pixels within d of
what is outside (beyond the picture's edge too), d being `RATIO` of the picture's diagonal, 1 px at
least.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from quality.measures import rle
from quality.measures.arrays import Bools, Floats, Ints
from quality.measures.rle import Masks

RATIO = 0.02


class Rim(NamedTuple):
    """The rim of a mask within the mask's frame: `pixels` (height, width) from `top` and `left`."""

    top: int
    left: int
    pixels: Bools


def rims(masks: Masks, ratio: float = RATIO, of: Sequence[int] | None = None) -> list[Rim]:
    """The rim of each mask, or of those at the positions `of`.

    Raises ValueError for a ratio of 0 or less.
    """
    if not ratio > 0:
        raise ValueError("ratio: expected a share of the diagonal above 0")
    frames, found = rle.frames(masks).astype(int).tolist(), []
    for k in range(len(masks.size)) if of is None else of:
        left, top, _, _ = frames[k]
        whole = rle.pixels(masks, k, frames[k])
        near = max(1, round(ratio * float(np.hypot(*masks.size[k]))))
        found.append(Rim(top, left, whole & ~eroded(whole, near)))
    return found


def eroded(shape: Bools, by: int) -> Bools:
    """The pixels whose square of side 2·by + 1 lies wholly inside, (height, width); nothing is
    inside beyond the edge. It equals `by` rounds of erosion by a square of 3 px."""
    side = 2 * by + 1
    if min(shape.shape) < side:
        return np.zeros_like(shape)
    total = np.pad(shape, ((1, 0), (1, 0))).cumsum(axis=0, dtype=np.int32)
    total = total.cumsum(axis=1, dtype=np.int32)
    inside = total[side:, side:] - total[:-side, side:] - total[side:, :-side]
    inside += total[:-side, :-side]
    found = np.zeros_like(shape)
    found[by:-by, by:-by] = inside == side * side
    return found


def overlaps(given: Masks, truth: Masks, i: Ints, j: Ints, ratio: float = RATIO) -> Floats:
    """IoU of the rims of given mask i[k] and true mask j[k]; (pairs,). Only these are drawn."""
    some, others = (_drawn(masks, at, ratio) for masks, at in ((given, i), (truth, j)))
    areas = [{k: int(rim.pixels.sum()) for k, rim in drawn.items()} for drawn in (some, others)]
    found = np.zeros(len(i))
    for k, (a, b) in enumerate(zip(i.tolist(), j.tolist(), strict=True)):
        if (given.size[a] == truth.size[b]).all():
            shared = _shared(some[a], others[b])
            found[k] = shared / max(areas[0][a] + areas[1][b] - shared, 1)
    return found


def _drawn(masks: Masks, at: Ints, ratio: float) -> dict[int, Rim]:
    asked = np.unique(at).tolist()
    return dict(zip(asked, rims(masks, ratio, asked), strict=True))


def _shared(one: Rim, other: Rim) -> int:
    """Pixels that both have."""
    top, left = max(one.top, other.top), max(one.left, other.left)
    bottom = min(r.top + r.pixels.shape[0] for r in (one, other))
    right = min(r.left + r.pixels.shape[1] for r in (one, other))
    if bottom <= top or right <= left:
        return 0
    a, b = (
        r.pixels[top - r.top : bottom - r.top, left - r.left : right - r.left] for r in (one, other)
    )
    return int(np.count_nonzero(a & b))
