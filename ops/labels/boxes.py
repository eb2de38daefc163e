"""Boxes over a picture, upright or turned."""

import math
from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from ops.labels.ground import Fault, Ground, words
from ops.labels.payload import MOST_OBJECTS, Object, Payload, object_faults
from ops.labels.picture import leaving

Box = Annotated[list[float], Field(min_length=4, max_length=4)]


class BoxObject(Object):
    """A box."""

    box: Box = Field(description="[x, y, width, height] in px, before it is turned")
    angle: float = Field(
        0.0, ge=-360, le=360, description="Degrees by which it is turned clockwise about its centre"
    )

    def shape_faults(self, ground: Ground, where: str) -> Iterator[Fault]:
        self.angle = self.angle % 360 % 360  # the remainder of a tiny negative angle rounds to 360
        yield from box_faults(self.box, ground.size, f"{where}.box", self.angle)


class BoxesLabel(Payload):
    """Boxes over a picture."""

    subject: ClassVar[str] = "objects"

    objects: list[BoxObject] = Field(max_length=MOST_OBJECTS)

    def faults(self, ground: Ground) -> Iterator[Fault]:
        yield from object_faults(self.objects, ground)


def box_faults(
    box: list[float], size: tuple[int, int] | None, where: str, angle: float = 0.0
) -> Iterator[Fault]:
    """What is wrong with [x, y, width, height], turned by `angle` degrees about its centre."""
    x, y, width, height = box
    if width <= 0 or height <= 0:
        yield where, f"a box needs a width and a height, not {words(width)} × {words(height)}"
        return
    outside = leaving(*_bounds(x, y, width, height, angle), size)
    if outside:
        yield where, outside


def _bounds(
    x: float, y: float, width: float, height: float, angle: float
) -> tuple[float, float, float, float]:
    if not angle:
        return x, y, x + width, y + height
    cos, sin = abs(math.cos(math.radians(angle))), abs(math.sin(math.radians(angle)))
    half_width = (width * cos + height * sin) / 2
    half_height = (width * sin + height * cos) / 2
    middle, centre = x + width / 2, y + height / 2
    return middle - half_width, centre - half_height, middle + half_width, centre + half_height
