"""What the payloads of all label types have in common."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ops.labels.attributes import attribute_faults
from ops.labels.ground import Fault, Ground

MOST_OBJECTS = 20_000
Key = Annotated[str, StringConstraints(min_length=1, max_length=64)]
# The database cannot keep a NUL character.
NO_NUL = r"^[^\x00]*$"
Id = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_NUL)]


class Strict(BaseModel):
    """No unknown field, no text for a number, no NaN."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Payload(Strict):
    """The content of a label of one type; `version` is that of its shape."""

    # The field that is named when nothing of a label is there.
    subject: ClassVar[str]

    version: Literal[1] = Field(1, description="Of this shape; left out: 1")

    def faults(self, ground: Ground) -> Iterator[Fault]:
        """What breaks the ontology or leaves the picture or text, each with its field.

        Brings the values into the one form in which they are stored.
        """
        raise NotImplementedError


class AttributesOfLabel(Payload):
    """A payload whose attributes speak of the whole asset."""

    attributes: dict[str, Any] = Field(
        {}, description="Attribute key → value, as the ontology asks for them"
    )

    def attributes_asked(self) -> set[str] | None:
        """The classes whose attributes are asked; None: those of every class."""
        return None

    def attribute_faults(self, ground: Ground) -> Iterator[Fault]:
        self.attributes, found = attribute_faults(
            self.attributes, ground.ontology.attributes, self.attributes_asked(), "attributes"
        )
        yield from found


class Object(Strict):
    """One shape. Coordinates are px of the picture, origin upper left, x right, y down."""

    id: Id = Field(description="Unique in the label")
    class_: Key = Field(alias="class", description="Key of a class")
    attributes: dict[str, Any] = Field({}, description="Attribute key → value")
    crowd: bool = Field(False, description="Many of the class that cannot be told apart")
    score: float | None = Field(
        None, ge=0, le=1, description="How sure a model is; in predictions only"
    )

    def faults(self, ground: Ground, where: str) -> Iterator[Fault]:
        """What is wrong with the object; `where` names it, as objects.3."""
        yield from ground.class_faults(self.class_, f"{where}.class")
        if self.score is not None and not ground.prediction:
            yield f"{where}.score", "only the prediction of a model has a score"
        self.attributes, found = attribute_faults(
            self.attributes, ground.ontology.attributes, {self.class_}, f"{where}.attributes"
        )
        yield from found
        yield from self.shape_faults(ground, where)

    def shape_faults(self, ground: Ground, where: str) -> Iterator[Fault]:
        """What is wrong with its shape."""
        raise NotImplementedError


def repeated(ids: list[str], name: str) -> Iterator[Fault]:
    """Every id that stands there a second time."""
    seen: dict[str, int] = {}
    for n, one in enumerate(ids):
        if one in seen:
            yield f"{name}.{n}.id", f"{name}.{seen[one]} has the same id"
        seen.setdefault(one, n)


def object_faults(objects: list[Any], ground: Ground) -> Iterator[Fault]:
    """What is wrong with the objects of a label."""
    yield from repeated([one.id for one in objects], "objects")
    for n, one in enumerate(objects):
        yield from one.faults(ground, f"objects.{n}")
