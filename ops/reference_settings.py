"""How a network is fed and what it answers with, as the client states it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ops.errors import InvalidInput
from ops.models import OntologyVersion, Project
from ops.validation import refused

Side = Annotated[int, Field(ge=8, le=4096)]


class NetworkSettings(BaseModel):
    """A network takes (n, channels, height, width) float32 pictures and answers with tensors.

    - `output` classes: (n, k) numbers, made probabilities by `activation`;
    - boxes: a tuple (boxes (n, m, 4) as x1 y1 x2 y2, scores (n, m), classes (n, m) integers);
      rows with a score below `least_score` are left out, and so is padding;
    - embedding: (n, d) numbers.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    output: Literal["classes", "boxes", "embedding"] = "classes"
    classes: list[str] = Field(
        default_factory=list,
        max_length=10_000,
        description="Class key of each output, in order; empty text: an output that is ignored",
    )
    width: Side = Field(224, description="Width of the pictures it is fed, in px")
    height: Side = Field(224, description="Height of the pictures it is fed, in px")
    fit: Literal["stretch", "letterbox"] = "stretch"
    channels: Literal[1, 3] = 3
    mean: list[float] = Field([0.485, 0.456, 0.406], description="Taken off each channel (0 to 1)")
    spread: list[Annotated[float, Field(gt=0)]] = [0.229, 0.224, 0.225]
    activation: Literal["softmax", "sigmoid", "none"] = "softmax"
    coordinates: Literal["fed", "share"] = Field(
        "fed", description="Boxes in px of the picture it is fed, or as shares of it from 0 to 1"
    )
    least_score: float = Field(0.05, ge=0, le=1)
    batch: int = Field(16, ge=1, le=1024, description="Pictures fed at once")
    fixed_batch: bool = Field(False, description="Exported without a dynamic first dimension")
    mixed_precision: bool = Field(True, description="bfloat16 where a GPU computes")


def network_settings(
    values: Mapping[str, Any], project: Project, ontology: OntologyVersion | None
) -> NetworkSettings:
    """Validated settings, whose classes the project has. Raises InvalidInput by field."""
    try:
        found = NetworkSettings.model_validate(dict(values))
    except ValidationError as error:
        raise refused(error) from None
    _check_use(found, project)
    _check_classes(found, ontology)
    for name in ("mean", "spread"):
        if len(getattr(found, name)) != found.channels:
            raise InvalidInput(f"give one number for each of {found.channels} channels", field=name)
    return found


def _check_use(found: NetworkSettings, project: Project) -> None:
    if project.medium != "image":
        raise InvalidInput("a network is fed pictures; this project has texts", field="project")
    fits = {"classes": ("class", "tags"), "boxes": ("boxes",)}
    if found.output in fits and project.label_type not in fits[found.output]:
        raise InvalidInput(
            f"{found.output} cannot judge labels of the type {project.label_type}", field="output"
        )


def _check_classes(found: NetworkSettings, ontology: OntologyVersion | None) -> None:
    if found.output == "embedding":
        return
    keys = {c["key"] for c in ontology.classes} if ontology else set()
    named = [key for key in found.classes if key]
    unknown = sorted(set(named) - keys)
    if not named or unknown:
        why = f"{unknown[0][:80]} is no class of this project" if unknown else "name its classes"
        raise InvalidInput(why, field="classes")
    if len(set(named)) < len(named):
        raise InvalidInput("a class stands there twice", field="classes")
