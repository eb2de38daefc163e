"""The records of COCO's files, which import, export and evaluation share.

msgspec reads only the fields that are needed, checks them on the way and names the one at fault.
"""

from typing import Any, TypeVar

import msgspec

from ops.errors import InvalidInput

Box = tuple[float, float, float, float]
Id = int | str  # "7" and 7 are one id: some files mix them
T = TypeVar("T")


class Rle(msgspec.Struct, gc=False):
    """A mask as run lengths: numbers, or COCO's compressed text."""

    size: tuple[int, int]
    counts: str | list[int]


Shape = list[list[float]] | Rle


def decode(data: bytes, shape: type[T], name: str) -> T:
    """The content of a file called `name`. Raises InvalidInput naming file and field."""
    try:
        return msgspec.json.decode(data, type=shape)
    except msgspec.ValidationError as error:
        said, _, where = str(error).partition(" - at `$")
        raise wrong(name, where.rstrip("`").lstrip(".") or "file", said) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{name} is not JSON: {error}", field="file") from None


def wrong(name: str, field: str, said: str) -> InvalidInput:
    """What is wrong with a field of a file."""
    return InvalidInput(f"{name}: {field}: {said}", field=field)


def runs(shape: Rle) -> dict[str, Any]:
    """Run lengths as pycocotools takes them, compressed."""
    given: dict[str, Any] = {"size": shape.size, "counts": shape.counts}
    if not isinstance(shape.counts, list):
        return given
    from pycocotools import mask

    compressed: dict[str, Any] = mask.frPyObjects(given, *shape.size)
    return compressed
