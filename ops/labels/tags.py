"""Any number of classes of the whole asset."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from ops.labels.ground import Fault, Ground
from ops.labels.payload import AttributesOfLabel, Key


class TagsLabel(AttributesOfLabel):
    """Any number of classes of the whole asset, none included. Stored sorted, each once."""

    subject: ClassVar[str] = "tags"

    tags: list[Key] = Field(max_length=1000, description="Keys of classes; may be empty")

    def attributes_asked(self) -> set[str] | None:
        return set(self.tags)

    def faults(self, ground: Ground) -> Iterator[Fault]:
        for n, key in enumerate(self.tags):
            yield from ground.class_faults(key, f"tags.{n}")
        self.tags = sorted(set(self.tags))
        yield from self.attribute_faults(ground)
