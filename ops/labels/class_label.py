"""One class of the whole asset."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from ops.labels.ground import Fault, Ground
from ops.labels.payload import AttributesOfLabel, Key


class ClassLabel(AttributesOfLabel):
    """One class of the whole asset."""

    subject: ClassVar[str] = "class"

    class_: Key = Field(alias="class", description="Key of a class")

    def attributes_asked(self) -> set[str] | None:
        return {self.class_}

    def faults(self, ground: Ground) -> Iterator[Fault]:
        yield from ground.class_faults(self.class_, "class")
        yield from self.attribute_faults(ground)
