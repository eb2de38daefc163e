"""Outlines over a picture, of several parts and with holes."""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from ops.labels.ground import Fault, Ground
from ops.labels.payload import MOST_OBJECTS, Object, Payload, object_faults
from ops.labels.picture import leaving

MOST_POINTS = 200_000
Point = Annotated[list[float], Field(min_length=2, max_length=2)]
Ring = Annotated[list[Point], Field(min_length=3)]
Part = Annotated[list[Ring], Field(min_length=1)]


class PolygonObject(Object):
    """An outline: coordinates of a GeoJSON MultiPolygon, with rings that are not closed."""

    polygons: list[Part] = Field(
        min_length=1,
        description="Parts, each an outer ring and its holes; a ring is at least 3 points "
        "[x, y], the first not repeated at the end",
    )

    def shape_faults(self, ground: Ground, where: str) -> Iterator[Fault]:
        for p, part in enumerate(self.polygons):
            part[:] = [_open(ring) for ring in part]
            for r, ring in enumerate(part):
                yield from _ring_faults(ring, ground, f"{where}.polygons.{p}.{r}")

    @property
    def points(self) -> int:
        """Points of all its rings."""
        return sum(len(ring) for part in self.polygons for ring in part)


class PolygonsLabel(Payload):
    """Outlines over a picture."""

    subject: ClassVar[str] = "objects"

    objects: list[PolygonObject] = Field(max_length=MOST_OBJECTS)

    def faults(self, ground: Ground) -> Iterator[Fault]:
        if sum(one.points for one in self.objects) > MOST_POINTS:
            yield "objects", f"at most {MOST_POINTS:,} points in a label"
            return
        yield from object_faults(self.objects, ground)


def _open(ring: list[Point]) -> list[Point]:
    """A ring whose first point is repeated at the end says nothing more with it."""
    end = len(ring)
    while end > 1 and ring[0] == ring[end - 1]:
        end -= 1
    return ring[:end]


def _ring_faults(ring: list[Point], ground: Ground, where: str) -> Iterator[Fault]:
    xs, ys = [p[0] for p in ring], [p[1] for p in ring]
    outside = leaving(min(xs), min(ys), max(xs), max(ys), ground.size)
    if outside:
        yield where, outside
    elif len(ring) < 3 or _on_one_line(ring):
        yield where, "a ring needs at least 3 points that are not on one line"


def _on_one_line(ring: list[Point]) -> bool:
    # Not the area: that of a figure of eight may well be 0.
    x0, y0 = ring[0]
    away = [(x - x0, y - y0) for x, y in ring]
    far, up = max(away, key=lambda d: abs(d[0]) + abs(d[1]))
    return all(abs(dx * up - dy * far) <= 1e-9 * (abs(far) + abs(up)) for dx, dy in away)
