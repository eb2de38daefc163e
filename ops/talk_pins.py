"""What a question is pinned to: checked at the door, and said in words."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from ops.errors import InvalidInput
from ops.labels.attributes import storable
from ops.models import PINS, Asset

# Longer sides than any picture. A size that is known is not held against a point: of gold it mostly
# is, of work it is not, and who asks must not learn which it was.
FARTHEST = 1_000_000
MOST_QUOTED = 1000

Px = Annotated[float, Field(ge=0, le=FARTHEST, allow_inf_nan=False)]
Character = Annotated[int, Field(ge=0, le=2**31 - 1)]


class _Pin(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class WholePin(_Pin):
    """The whole picture or text."""

    at: Literal["asset"]


class PointPin(_Pin):
    """A point of a picture, px from its left and top."""

    at: Literal["point"]
    x: Px
    y: Px


class ObjectPin(_Pin):
    """An object of the asker's own label, and where it lay when they asked."""

    at: Literal["object"]
    object: str = Field(min_length=1, max_length=64, description="Its id in the label")
    box: tuple[Px, Px, Px, Px] | None = Field(
        None, description="[left, top, width, height] in px", strict=False
    )


class PassagePin(_Pin):
    """A passage of a text, in characters; the end is not part of it."""

    at: Literal["passage"]
    start: Character
    end: Character


class GuidelinePin(_Pin):
    """A passage of the guideline in its words, or (empty) the guideline as a whole."""

    at: Literal["guideline"]
    quote: Annotated[str, StringConstraints(max_length=MOST_QUOTED)] = ""


Pin: TypeAlias = Annotated[
    WholePin | PointPin | ObjectPin | PassagePin | GuidelinePin, Field(discriminator="at")
]
_PIN: TypeAdapter[Pin] = TypeAdapter(Pin)


def clean(pin: Any, asset: Asset | None) -> dict[str, Any]:
    """The pin as it is stored; one of an asset must lie within it. Raises InvalidInput (`pin`)."""
    try:
        read = _PIN.validate_python(pin.model_dump() if isinstance(pin, BaseModel) else pin)
    except ValidationError as error:
        first = error.errors()[0]
        # The kind of pin stands in the path beside the field.
        place = [str(part) for part in first["loc"] if part not in PINS]
        raise _fault(".".join(["pin", *place]), first["msg"]) from None
    if isinstance(read, GuidelinePin):
        if not storable(read.quote):
            raise _fault("pin.quote", "holds characters that cannot be stored")
    elif asset is None:
        raise _fault("pin", "this is about an asset, and none is named")
    else:
        _refuse_outside(read, asset)
    return read.model_dump(mode="json", exclude_none=True)


def _refuse_outside(pin: Any, asset: Asset) -> None:
    if isinstance(pin, PointPin):
        if asset.uri is None:
            raise _fault("pin.at", "a text has no points; name a passage")
    elif isinstance(pin, PassagePin):
        if asset.text is None:
            raise _fault("pin.at", "a picture has no passages; name a point")
        if not pin.start < pin.end <= len(asset.text):
            raise _fault("pin", f"the passage must lie within {len(asset.text)} characters")
    elif isinstance(pin, ObjectPin) and not storable(pin.object):
        raise _fault("pin.object", "holds characters that cannot be stored")


def _fault(field: str, message: str) -> InvalidInput:
    return InvalidInput(message, field=field)


def in_words(pin: dict[str, Any], medium: str = "") -> str:
    """What a question is about, as a line of a list says it."""
    what = {"image": "picture", "text": "text"}.get(medium, "asset")
    if pin["at"] == "point":
        return f"a point of the picture, {pin['x']:g}, {pin['y']:g}"
    if pin["at"] == "object":
        return f"an object of the {what}"
    if pin["at"] == "passage":
        return "a passage of the text"
    if pin["at"] == "guideline":
        return "a passage of the guideline" if pin.get("quote") else "the guideline"
    return f"the whole {what}"
