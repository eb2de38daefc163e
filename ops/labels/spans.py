"""Passages of a text, and how they are related."""

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from ops.labels.attributes import attribute_faults
from ops.labels.ground import Fault, Ground
from ops.labels.payload import MOST_OBJECTS, Id, Key, Payload, Strict, repeated


class Span(Strict):
    """A passage: characters from `start` up to, without, `end`, counted in code points."""

    id: Id = Field(description="Unique in the label")
    class_: Key = Field(alias="class", description="Key of a class")
    start: int = Field(ge=0, description="Index of its first character")
    end: int = Field(description="Index after its last character")
    attributes: dict[str, Any] = Field({}, description="Attribute key → value")
    score: float | None = Field(
        None, ge=0, le=1, description="How sure a model is; in predictions only"
    )

    def faults(self, ground: Ground, where: str) -> Iterator[Fault]:
        """What is wrong with it; `where` names it, as spans.3."""
        yield from ground.class_faults(self.class_, f"{where}.class")
        if self.score is not None and not ground.prediction:
            yield f"{where}.score", "only the prediction of a model has a score"
        if self.end <= self.start:
            yield f"{where}.end", f"must be above start, which is {self.start}"
        elif ground.length is not None and self.end > ground.length:
            yield f"{where}.end", f"leaves the text, which has {ground.length:,} characters"
        self.attributes, found = attribute_faults(
            self.attributes, ground.ontology.attributes, {self.class_}, f"{where}.attributes"
        )
        yield from found


class Relation(Strict):
    """How one passage is related to another."""

    from_: Id = Field(alias="from", description="Id of a span")
    to: Id = Field(description="Id of another span")
    class_: Key = Field(alias="class", description="Key of a class")


class SpansLabel(Payload):
    """Passages of a text; they may overlap."""

    subject: ClassVar[str] = "spans"

    spans: list[Span] = Field(max_length=MOST_OBJECTS)
    relations: list[Relation] = Field([], max_length=MOST_OBJECTS)

    def faults(self, ground: Ground) -> Iterator[Fault]:
        yield from repeated([one.id for one in self.spans], "spans")
        for n, one in enumerate(self.spans):
            yield from one.faults(ground, f"spans.{n}")
        yield from self._relation_faults(ground)

    def _relation_faults(self, ground: Ground) -> Iterator[Fault]:
        ids = {one.id for one in self.spans}
        for n, one in enumerate(self.relations):
            where = f"relations.{n}"
            yield from ground.class_faults(one.class_, f"{where}.class")
            for name, given in (("from", one.from_), ("to", one.to)):
                if given not in ids:
                    yield f"{where}.{name}", "there is no span with this id"
            if one.from_ == one.to:
                yield f"{where}.to", "a span cannot be related to itself"
