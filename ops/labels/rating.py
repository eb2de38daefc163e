"""A number on the scale of the ontology."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field, PlainSerializer

from ops.labels.ground import Fault, Ground, plain, words
from ops.labels.payload import Payload


class RatingLabel(Payload):
    """A number on the scale of the ontology."""

    subject: ClassVar[str] = "rating"

    # 3 and 3.0 are the same rating: stored as 3.
    rating: Annotated[float, PlainSerializer(plain)] = Field(
        description="low, low + step, … up to high"
    )

    def faults(self, ground: Ground) -> Iterator[Fault]:
        scale = ground.ontology.scale
        if scale is None:
            yield "rating", "the ontology has no scale"
            return
        near = [value for value in values(scale) if abs(value - self.rating) < 1e-9]
        if near:
            self.rating = near[0]
            return
        low, high, step = (words(scale[name]) for name in ("low", "high", "step"))
        yield "rating", f"must be a number from {low} to {high} in steps of {step}"


def values(scale: Mapping[str, Any]) -> list[int | float]:
    """Every rating that the scale offers, from the lowest."""
    low, high, step = float(scale["low"]), float(scale["high"]), float(scale["step"])
    return [plain(round(low + n * step, 9)) for n in range(int((high - low) / step + 1e-9) + 1)]
