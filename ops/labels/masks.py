"""Pixels of a picture, run-length encoded: one mask an object, or one a class."""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from ops.labels.ground import Fault, Ground
from ops.labels.payload import MOST_OBJECTS, Object, Payload, Strict, object_faults

MOST_CHARACTERS = 4_000_000
MOST_PIXELS = 2**28  # a few characters tell of any number, and some formats write every pixel


class Rle(Strict):
    """A mask as COCO encodes it: runs down the columns, from the upper left, background first."""

    size: list[Annotated[int, Field(ge=1, le=1_000_000)]] = Field(
        min_length=2, max_length=2, description="[height, width] of the picture in px"
    )
    counts: Annotated[str, StringConstraints(min_length=1, max_length=MOST_CHARACTERS)] = Field(
        description="Run lengths, compressed as COCO does"
    )


class MaskObject(Object):
    """A mask of at least one pixel."""

    rle: Rle

    def shape_faults(self, ground: Ground, where: str) -> Iterator[Fault]:
        from ops.labels import rle

        height, width = self.rle.size
        if ground.size and (width, height) != tuple(ground.size):
            there = f"{ground.size[0]} × {ground.size[1]}"
            yield f"{where}.rle.size", f"the mask is {width} × {height} px, the picture {there}"
            return
        if height * width > MOST_PIXELS:
            yield f"{where}.rle.size", f"a mask has at most {MOST_PIXELS:,} px"
            return
        try:
            runs = rle.decode(self.rle.counts, height * width)
        except ValueError as error:
            yield f"{where}.rle.counts", str(error)
            return
        if rle.area(runs) == 0:
            yield f"{where}.rle.counts", "the mask is empty"
        self.rle.counts = rle.encode(runs)


class MasksLabel(Payload):
    """Masks over a picture; semantic: every pixel has one class at most, a class one mask."""

    subject: ClassVar[str] = "objects"

    objects: list[MaskObject] = Field(max_length=MOST_OBJECTS)
    semantic: bool = Field(False, description="At most one object a class, and no overlaps")

    def faults(self, ground: Ground) -> Iterator[Fault]:
        found = list(object_faults(self.objects, ground))
        yield from found
        if self.semantic and not found:
            yield from self._semantic_faults()

    def _semantic_faults(self) -> Iterator[Fault]:
        from ops.labels import rle

        seen: dict[str, int] = {}
        for n, one in enumerate(self.objects):
            if one.class_ in seen:
                yield f"objects.{n}.class", f"objects.{seen[one.class_]} has this class already"
            seen.setdefault(one.class_, n)
        sizes = [one.rle.size for one in self.objects]
        if any(size != sizes[0] for size in sizes):
            yield "objects", "the masks of one picture have one size"
            return
        runs = [rle.decode(o.rle.counts, o.rle.size[0] * o.rle.size[1]) for o in self.objects]
        met = rle.first_overlap(runs)
        if met:
            yield f"objects.{met[1]}.rle", f"overlaps objects.{met[0]}"
