"""The parts of an ontology as they are given: classes, attributes, scale, reasons."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

MOST_VALUES = 101
Key = Annotated[str, StringConstraints(max_length=64, pattern=r"^([A-Za-z0-9][A-Za-z0-9_.\-]*)?$")]
# The database cannot keep a NUL character.
Name = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00]+$")]


class Part(BaseModel):
    """Strict: no unknown field."""

    model_config = ConfigDict(
        extra="forbid", strict=True, str_strip_whitespace=True, allow_inf_nan=False
    )


class Skeleton(Part):
    """The points of a class of keypoints, in order, and which are joined by a line."""

    points: list[Name] = Field(min_length=1, max_length=200, description="Their names, in order")
    edges: list[Annotated[list[int], Field(min_length=2, max_length=2)]] = Field(
        [], max_length=1000, description="[i, j]: indices of two points, the first being 0"
    )
    sigmas: list[Annotated[float, Field(gt=0, le=10)]] | None = Field(
        None, description="How far each point is placed apart by careful people (COCO's sigmas)"
    )


class OntologyClass(Part):
    """One class. Key, colour and hotkey may be left out and are then chosen."""

    key: Key = ""
    name: Name
    colour: str = Field("", pattern=r"^(#[0-9a-fA-F]{6})?$", description="#rrggbb")
    hotkey: str = Field("", pattern=r"^[0-9a-z]?$", description="1–9, 0 or a–z")
    description: str = Field("", max_length=2000, pattern=r"^[^\x00]*$")
    skeleton: Skeleton | None = None


class Attribute(Part):
    """A question about an object, or about the whole asset where the type has no objects."""

    key: Key = Field("", description="In exports and answers; chosen if left out")
    name: Name
    kind: Literal["choice", "choices", "text", "number", "flag"] = Field(
        description="choice: one of `choices`; choices: any of them; flag: yes or no"
    )
    choices: list[Name] | None = Field(None, max_length=200)
    required: bool = Field(False, description="No label without it")
    of: list[str] | None = Field(
        None, max_length=500, description="Keys of the classes it is asked of; left out: of all"
    )
    low: float | None = Field(None, description="Of a number: the least")
    high: float | None = Field(None, description="Of a number: the most")


class Scale(Part):
    """The ratings there are: low, low + step, … up to high."""

    low: float
    high: float
    step: float = Field(1, gt=0)
    labels: dict[str, Name] | None = Field(None, description='Words for ratings: {"1": "poor"}')

    @model_validator(mode="after")
    def _whole_steps(self) -> "Scale":
        steps = (self.high - self.low) / self.step
        # First of all: of steps without number none can be counted.
        if steps > MOST_VALUES - 1 + 1e-6:
            raise ValueError(f"a scale has at most {MOST_VALUES} values")
        if not steps >= 1 - 1e-9 or abs(steps - round(steps)) > 1e-6:
            raise ValueError("high must lie a whole number of steps above low")
        return self


class Reason(Part):
    """Why one of two is better."""

    key: Key = Field("", description="In exports and answers; chosen if left out")
    name: Name
