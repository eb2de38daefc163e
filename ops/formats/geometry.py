"""Shapes as formats want them: bounds, turned boxes, areas, pixels of a polygon and back.

Coordinates are px of the picture, x right and y down; a pixel covers [column, column + 1).
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

Point = Sequence[float]
Ring = Sequence[Point]
Part = Sequence[Ring]
# px of a picture that is filled in; px from its corner and along one outline that is drawn.
MOST_PIXELS, FURTHEST, LONGEST_OUTLINE = 2**28, 2**24, 2**21


def bounds(points: Iterable[Point]) -> list[float]:
    """[x, y, width, height] around points."""
    xs, ys = zip(*((p[0], p[1]) for p in points), strict=True)
    left, top = min(xs), min(ys)
    return [left, top, max(xs) - left, max(ys) - top]


def around(points: Iterable[Point], size: tuple[int, int]) -> list[float]:
    """The box around points in a picture of this size, at least one px wide and high."""
    x, y, width, height = bounds(points)
    wide, high = max(width, 1.0), max(height, 1.0)
    left = min(max(x - (wide - width) / 2, 0.0), size[0] - wide)
    top = min(max(y - (high - height) / 2, 0.0), size[1] - high)
    return [left, top, wide, high]


def corners(box: Sequence[float], angle: float = 0.0) -> list[list[float]]:
    """The four corners of a box, from the upper left clockwise, turned by `angle` degrees."""
    x, y, width, height = box
    cx, cy = x + width / 2, y + height / 2
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    sides = [(-width, -height), (width, -height), (width, height), (-width, height)]
    return [
        [cx + (a * cos - b * sin) / 2, cy + (a * sin + b * cos) / 2] for a, b in sides
    ]  # fmt: skip


def upright(one: dict[str, Any]) -> list[float]:
    """The upright box around a box that may be turned."""
    angle = one.get("angle")
    return bounds(corners(one["box"], angle)) if angle else list(one["box"])


def turned(points: Sequence[Point]) -> tuple[list[float], float] | None:
    """(box, angle in degrees) of four corners in order; None when they are no rectangle."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = points
    width, height = math.dist(points[0], points[1]), math.dist(points[1], points[2])
    near = 1e-3 * (width + height) + 1e-6
    apart = math.hypot(ax + cx - bx - dx, ay + cy - by - dy)  # diagonals that do not halve
    across = (bx - ax) * (cx - bx) + (by - ay) * (cy - by)
    if not width or not height or apart > near or abs(across) > near * max(width, height):
        return None
    angle = math.degrees(math.atan2(by - ay, bx - ax)) % 360
    x, y = (ax + cx) / 2 - width / 2, (ay + cy) / 2 - height / 2
    return [x, y, width, height], angle


def ring_area(ring: Ring) -> float:
    """Signed area of a ring, px²: positive when it runs clockwise on the screen (shoelace)."""
    total = 0.0
    for (ax, ay), (bx, by) in zip(ring, [*ring[1:], ring[0]], strict=True):
        total += ax * by - bx * ay
    return total / 2


def area(polygons: Sequence[Part]) -> float:
    """Area of parts without their holes, px²."""
    return sum(
        abs(ring_area(part[0])) - sum(abs(ring_area(hole)) for hole in part[1:])
        for part in polygons
    )


def flat(ring: Ring) -> list[float]:
    """[x, y, x, y, …]."""
    return [value for point in ring for value in point[:2]]


def pairs(values: Sequence[float]) -> list[list[float]]:
    """[[x, y], …] from [x, y, x, y, …]."""
    return [list(pair) for pair in zip(values[0::2], values[1::2], strict=True)]


def drawn(polygons: Sequence[Part], width: int, height: int) -> dict[str, Any]:
    """The pixels of polygons as COCO draws them, run-length encoded; holes are left out.

    Raises ValueError in words where that would take too much memory.
    """
    from pycocotools import mask

    _refuse_endless(polygons, width, height)
    parts = []
    for part in polygons:
        outer, *holes = mask.frPyObjects([flat(ring) for ring in part], height, width)
        if holes:
            outer = _without(outer, mask.merge(holes))
        parts.append(outer)
    merged = mask.merge(parts)
    return {"size": [height, width], "counts": merged["counts"].decode("ascii")}


def _refuse_endless(polygons: Sequence[Part], width: int, height: int) -> None:
    """What draws goes along every edge in steps of a fifth of a px, and checks nothing."""
    if width * height > MOST_PIXELS:
        raise ValueError("the picture is too large for outlines to be drawn on it")
    for part in polygons:
        for ring in part:
            if not all(-FURTHEST <= value <= FURTHEST for point in ring for value in point[:2]):
                raise ValueError("the outline leads too far away")
            steps = (
                max(abs(bx - ax), abs(by - ay))
                for (ax, ay), (bx, by) in zip(ring, [*ring[1:], ring[0]], strict=True)
            )
            if sum(steps) > LONGEST_OUTLINE:
                raise ValueError("the outline is too long to be drawn")


def _without(one: Any, hole: Any) -> Any:
    left = pixels(_told(one)) & ~pixels(_told(hole))
    made = encoded(left)
    return {"size": made["size"], "counts": made["counts"].encode("ascii")}


def _told(rle: Any) -> dict[str, Any]:
    return {"size": rle["size"], "counts": rle["counts"].decode("ascii")}


def pixels(rle: dict[str, Any]) -> Any:
    """A mask as an array (height, width) of bool."""
    import numpy as np

    from ops.labels.rle import decode

    height, width = rle["size"]
    runs = decode(rle["counts"], height * width)
    values = np.arange(runs.size) % 2 == 1
    return np.repeat(values, runs).reshape(width, height).T


def encoded(mask: Any) -> dict[str, Any]:
    """An array (height, width) of bool as run lengths, compressed as COCO does."""
    import numpy as np

    from ops.labels.rle import encode

    flat = mask.T.ravel()
    ends = np.append(np.flatnonzero(flat[1:] != flat[:-1]) + 1, flat.size)
    runs = np.diff(ends, prepend=0)
    runs = np.concatenate([[0], runs]) if flat[0] else runs
    return {"size": [int(n) for n in mask.shape], "counts": encode(runs.astype(np.int64))}
