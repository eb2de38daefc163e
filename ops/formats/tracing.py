"""The outline of a mask, along the edges of its pixels: drawn again, it is the same mask."""

from collections import defaultdict
from typing import Any

import numpy as np

from ops.formats.geometry import ring_area

Corner = tuple[int, int]
# With the mask on its right hand (on the screen), an outline turns right first where two pixels
# meet at a corner only: pixels that touch at a corner are apart.
_RIGHT = {(1, 0): (0, 1), (0, 1): (-1, 0), (-1, 0): (0, -1), (0, -1): (1, 0)}


def trace(mask: Any) -> list[list[list[list[float]]]]:
    """Parts, each an outer ring and its holes, of a mask (height, width) of bool."""
    rings = [_corners_only(ring) for ring in _rings(_edges(mask))]
    outer = [[ring] for ring in rings if ring_area(ring) > 0]
    outer.sort(key=lambda part: abs(ring_area(part[0])))
    for hole in (ring for ring in rings if ring_area(ring) < 0):
        _home_of(hole, outer).append(hole)
    return outer


def _edges(mask: Any) -> dict[Corner, list[Corner]]:
    """Corner → the directions in which an edge leaves it, the mask on its right hand."""
    wide = np.pad(mask.astype(bool), 1)
    leaving: dict[Corner, list[Corner]] = defaultdict(list)
    inside = wide[1:-1, 1:-1]
    for edge, start, way in (
        (inside & ~wide[:-2, 1:-1], (0, 0), (1, 0)),  # upper edge, rightwards
        (inside & ~wide[1:-1, 2:], (1, 0), (0, 1)),  # right edge, downwards
        (inside & ~wide[2:, 1:-1], (1, 1), (-1, 0)),  # lower edge, leftwards
        (inside & ~wide[1:-1, :-2], (0, 1), (0, -1)),  # left edge, upwards
    ):
        for y, x in np.argwhere(edge).tolist():
            leaving[x + start[0], y + start[1]].append(way)
    return leaving


def _rings(leaving: dict[Corner, list[Corner]]) -> list[list[Corner]]:
    rings = []
    for start in list(leaving):
        while leaving[start]:
            way = leaving[start].pop()
            ring, here = [start], (start[0] + way[0], start[1] + way[1])
            while here != start or _RIGHT[way] in leaving[here]:
                ring.append(here)
                ways = leaving[here]
                way = _RIGHT[way] if _RIGHT[way] in ways else ways[0]
                ways.remove(way)
                here = (here[0] + way[0], here[1] + way[1])
            rings.append(ring)
    return rings


def _corners_only(ring: list[Corner]) -> list[list[float]]:
    """Without the points between two corners of a straight line."""
    n = len(ring)
    kept = []
    for i, (x, y) in enumerate(ring):
        (ax, ay), (bx, by) = ring[i - 1], ring[(i + 1) % n]
        if (x - ax) * (by - y) != (y - ay) * (bx - x):
            kept.append([float(x), float(y)])
    return kept


def _home_of(hole: list[list[float]], outer: list[Any]) -> Any:
    """The smallest part that holds the hole."""
    # The middle of the pixel at the right of the hole's first edge lies in the part.
    (ax, ay), (bx, by) = hole[0], hole[1]
    dx, dy = np.sign(bx - ax), np.sign(by - ay)
    x, y = ax + (dx - dy) / 2, ay + (dy + dx) / 2
    return next(part for part in outer if _holds(part[0], x, y))


def _holds(ring: list[list[float]], x: float, y: float) -> bool:
    inside = False
    for (ax, ay), (bx, by) in zip(ring, [*ring[1:], ring[0]], strict=True):
        if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
            inside = not inside
    return inside
