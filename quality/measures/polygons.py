"""Polygons with holes: exact areas and intersections, through GEOS (shapely).

Exact and not drawn on a grid: the result needs no size of an image, does not change with its
scale, and costs the same for a polygon of 10 px and of 10,000. Rings that cross themselves are read
as what they enclose (every point that the outline goes around), parts that overlap count once, and
what encloses nothing has no area.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quality.measures.arrays import Floats, Ints

Ring = Sequence[Sequence[float]]
MultiPolygon = Sequence[Sequence[Ring]]  # as in GeoJSON: parts, of rings, the shell first
Shapes = NDArray[np.object_]


def shapes(polygons: Sequence[MultiPolygon]) -> Shapes:
    """Each as a valid geometry (n,), in px. Rings need not be closed.

    Raises ValueError for a ring of fewer than three points or a coordinate that is not finite.
    """
    import shapely

    found = np.full(len(polygons), shapely.MultiPolygon(), dtype=object)
    parts = list(chain.from_iterable(polygons))
    rings = list(chain.from_iterable(parts))
    if not rings:
        return found
    lengths = np.fromiter(map(len, rings), int, len(rings))
    if lengths.min() < 3:
        raise ValueError("polygons: expected three points or more in every ring")
    points = np.array(list(chain.from_iterable(rings)), float).reshape(-1, 2)
    if not np.isfinite(points).all():
        raise ValueError("polygons: expected finite coordinates")
    lines = shapely.linearrings(points, indices=np.repeat(np.arange(len(rings)), lengths))
    part_of = _owners(parts)
    drawn = np.full(len(parts), shapely.Polygon(), dtype=object)
    shapely.polygons(lines, indices=part_of, out=drawn)
    shapely.multipolygons(drawn, indices=_owners(polygons), out=found)
    for i in np.flatnonzero(~shapely.is_valid(found)).tolist():
        found[i] = _mended(polygons[i])
    return found


def _mended(parts: MultiPolygon) -> Any:
    """All parts together, of each what its shell encloses without what its holes do."""
    import shapely

    def enclosed(rings: Sequence[Ring]) -> Any:
        return shapely.union_all(valid(np.array([shapely.Polygon(ring) for ring in rings], object)))

    return shapely.union_all([enclosed(p[:1]).difference(enclosed(p[1:])) for p in parts])


def valid(drawn: Shapes) -> Shapes:
    """The same outlines, those that cross themselves as what they enclose."""
    import shapely

    wrong = ~shapely.is_valid(drawn)
    if wrong.any():
        drawn = drawn.copy()
        drawn[wrong] = shapely.make_valid(drawn[wrong], method="structure", keep_collapsed=False)
    return drawn


def of_corners(points: Floats) -> Shapes:
    """Convex outlines (n, k, 2), boxes turned by an angle for instance, as geometries (n,)."""
    import shapely

    drawn: Shapes = shapely.polygons(points)
    return valid(drawn)


def frames(drawn: Shapes) -> Floats:
    """[left, top, right, bottom] of each, (n, 4) in px; far away where there is no area."""
    import shapely

    return np.nan_to_num(shapely.bounds(drawn).reshape(-1, 4), nan=-1e300)


def areas(drawn: Shapes) -> Floats:
    """Area of each, (n,) in px²."""
    import shapely

    found: Floats = np.asarray(shapely.area(drawn), float)
    return found


def shared_areas(given: Shapes, truth: Shapes) -> Floats:
    """Area that each given shape shares with the truth at the same position; (pairs,), in px²."""
    import shapely

    found = areas(given)
    other = np.flatnonzero(~shapely.equals_identical(given, truth))
    found[other] = areas(shapely.intersection(given[other], truth[other]))
    return found


def _owners(owned: Sequence[Sequence[Any]]) -> Ints:
    """For each part, in order, the position of what it belongs to."""
    return np.repeat(np.arange(len(owned)), np.fromiter(map(len, owned), int, len(owned)))
