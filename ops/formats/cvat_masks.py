"""CVAT's run lengths: along the rows of the box around a mask, background first, as numbers."""

from typing import Any

import numpy as np

from ops.formats import geometry

MOST_PIXELS = 2**28


def to_row_runs(rle: dict[str, Any]) -> dict[str, str]:
    """COCO's run lengths as the attributes of a <mask>."""
    pixels = geometry.pixels(rle)
    rows, columns = np.flatnonzero(pixels.any(1)), np.flatnonzero(pixels.any(0))
    top, left = int(rows[0]), int(columns[0])
    inner = pixels[top : rows[-1] + 1, left : columns[-1] + 1]
    flat = inner.ravel()
    ends = np.append(np.flatnonzero(flat[1:] != flat[:-1]) + 1, flat.size)
    runs = np.diff(ends, prepend=0).tolist()
    counts = [0, *runs] if flat[0] else runs
    return {
        "rle": ", ".join(map(str, counts)),
        "left": str(left),
        "top": str(top),
        "width": str(inner.shape[1]),
        "height": str(inner.shape[0]),
    }


def from_row_runs(
    counts: list[int], left: int, top: int, width: int, height: int, size: tuple[int, int]
) -> dict[str, Any]:
    """COCO's run lengths from CVAT's; `size` is (width, height) of the picture.

    Raises ValueError in words.
    """
    across, down = size
    if across * down > MOST_PIXELS:
        raise ValueError("the picture is too large for a mask")
    if min(width, height) < 1 or min(left, top) < 0 or left + width > across or top + height > down:
        raise ValueError("the box of the mask leaves the picture")
    if min(counts, default=-1) < 0 or sum(counts) != width * height:
        raise ValueError(f"the run lengths must add up to the {width * height:,} px of their box")
    values = np.arange(len(counts)) % 2 == 1
    inner = np.repeat(values, counts).reshape(height, width)
    pixels = np.zeros((down, across), bool)
    pixels[top : top + height, left : left + width] = inner
    return geometry.encoded(pixels)
