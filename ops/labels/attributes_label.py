"""Answers to questions about the whole asset."""

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from ops.labels.ground import Fault, Ground
from ops.labels.payload import AttributesOfLabel


class AttributesLabel(AttributesOfLabel):
    """Answers to questions about the whole asset."""

    subject: ClassVar[str] = "attributes"

    attributes: dict[str, Any] = Field(
        description="Attribute key → value, as the ontology asks for them"
    )

    def faults(self, ground: Ground) -> Iterator[Fault]:
        yield from self.attribute_faults(ground)
