"""What whoever asks for a run may choose."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ops.errors import InvalidInput
from ops.validation import refused

# By what the errors weigh together; or as practitioners clean labels: where a model that never saw
# the label contradicts it, the surest first; what lies on the boundary of classes; of the labels of
# one class, what most resembles another to a model that was never taught that class.
Order = Literal["weighed", "kfold", "entropy", "precision"]
# These two rank every label, right or wrong: without a number, so many go to review.
MOST_LOOKED_AT = 100
Share = Annotated[float, Field(ge=0, le=1)]


class RunSettings(BaseModel):
    """Defaults serve; what changes the result is kept with the run."""

    model_config = ConfigDict(extra="forbid", strict=True)

    folds: int = Field(5, ge=2, le=10, description="Parts of a cross-validation")
    seed: int = Field(0, ge=0, lt=2**31, description="Chance: folds, networks, intervals")
    most_others: int = Field(
        20_000, ge=0, le=1_000_000, description="Labels of other batches to learn from, at most"
    )
    overlap: float = Field(0.5, gt=0, le=1, description="IoU or OKS from which two are one object")
    near: float = Field(0.1, gt=0, le=1, description="From which one is about the other")
    order: Order = Field("weighed", description="Which labels go to review, and in which order")
    of_class: str | None = Field(
        None, min_length=1, max_length=200, description="The class that order precision cleans"
    )
    most_suspects: int | None = Field(
        None, ge=1, le=1_000_000, description="So many go to review at most, the worst"
    )
    below: Share = Field(
        0.5, description="Labels that a source holds for less right than this are suspects"
    )
    chunk: int = Field(2000, ge=20, le=100_000, description="Labels scored at once, at most")
    memory_mb: int = Field(
        1024, ge=64, le=1_000_000, description="Memory for labels and predictions, roughly"
    )

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.order in ("entropy", "precision") and self.most_suspects is None:
            self.most_suspects = MOST_LOOKED_AT
        return self


def checked(values: Mapping[str, Any] | None) -> RunSettings:
    """Validated settings, defaults for what is left out. Raises InvalidInput by field."""
    try:
        found = RunSettings.model_validate(dict(values or {}))
    except ValidationError as error:
        fault = refused(error)
        words = f"{fault.field}: {fault.message}"
        raise InvalidInput(words, field=fault.field, errors=fault.errors) from None
    if (found.order == "precision") != (found.of_class is not None):
        words = (
            "of_class: name the class whose labels the order precision goes through"
            if found.of_class is None
            else f"of_class: only the order precision takes a class, not {found.order}"
        )
        raise InvalidInput(words, field="of_class")
    return found
