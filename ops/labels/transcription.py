"""What is written or said, as text."""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from ops.labels.ground import Fault, Ground
from ops.labels.payload import NO_NUL, AttributesOfLabel


class TranscriptionLabel(AttributesOfLabel):
    """What is written or said; empty where there is nothing."""

    subject: ClassVar[str] = "text"

    text: Annotated[str, StringConstraints(max_length=200_000, pattern=NO_NUL)] = Field(
        description="As it stands there; empty where there is nothing to read"
    )

    def faults(self, ground: Ground) -> Iterator[Fault]:
        yield from self.attribute_faults(ground)
