"""Named points of an object, in the order of its class's skeleton."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field, Strict

from ops.labels.boxes import Box, box_faults
from ops.labels.ground import Fault, Ground
from ops.labels.payload import MOST_OBJECTS, Object, Payload, object_faults
from ops.labels.picture import leaving

# JSON has no tuples: a list of three is one.
Seen = Annotated[tuple[float, float, Literal[0, 1, 2]], Strict(False)]


class KeypointsObject(Object):
    """The points of one object; with a box, it may be that none can be seen."""

    points: list[Seen] = Field(
        max_length=1000,
        description="[x, y, v] for each point of the skeleton: v 0 not labelled, 1 hidden, 2 seen",
    )
    box: Box | None = Field(None, description="[x, y, width, height] in px")

    def shape_faults(self, ground: Ground, where: str) -> Iterator[Fault]:
        yield from self._skeleton_faults(ground, where)
        # What is not labelled is nowhere.
        self.points = [point if point[2] else (0.0, 0.0, 0) for point in self.points]
        for n, (x, y, seen) in enumerate(self.points):
            outside = leaving(x, y, x, y, ground.size) if seen else None
            if outside:
                yield f"{where}.points.{n}", outside
        if self.box is not None:
            yield from box_faults(self.box, ground.size, f"{where}.box")
        elif not any(point[2] for point in self.points):
            yield f"{where}.points", "label at least one point, or give a box"

    def _skeleton_faults(self, ground: Ground, where: str) -> Iterator[Fault]:
        known = ground.ontology.by_key.get(self.class_)
        if known is None:
            return
        names = (known.get("skeleton") or {}).get("points") or []
        if not names:
            yield f"{where}.class", "this class has no skeleton"
        elif len(names) != len(self.points):
            yield (
                f"{where}.points",
                f"the skeleton has {len(names)} points, there are {len(self.points)}",
            )


class KeypointsLabel(Payload):
    """Named points over a picture."""

    subject: ClassVar[str] = "objects"

    objects: list[KeypointsObject] = Field(max_length=MOST_OBJECTS)

    def faults(self, ground: Ground) -> Iterator[Fault]:
        yield from object_faults(self.objects, ground)
