"""COCO's two files as columns: known objects with their images and classes, and results.

The records that import and export know too are in `ops.formats.coco_json`. msgspec takes a quarter
of the time of `json`, which was most of the time of an evaluation.
"""

from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
import numpy as np

from ops.errors import InvalidInput
from ops.formats.coco_json import Box, Id, Rle, Shape, decode, wrong
from quality.evaluation.coco_shapes import boxes, masks
from quality.measures import rle
from quality.measures.arrays import Floats, Ints
from quality.measures.coco_eval import Detections, Truths
from quality.measures.rle import Masks

T = TypeVar("T")


class Image(msgspec.Struct, gc=False):
    """An image; height and width in px matter to polygons alone."""

    id: Id
    height: int = 0
    width: int = 0


class Category(msgspec.Struct, gc=False):
    """A class."""

    id: Id
    name: str = ""


class Truth(msgspec.Struct, gc=False):
    """What every known object has; `area` in px²."""

    image_id: Id
    category_id: Id
    area: float
    iscrowd: int | bool = 0


class TrueBox(Truth, gc=False, kw_only=True):
    """A known box."""

    bbox: Box


class TrueMask(Truth, gc=False, kw_only=True):
    """A known mask."""

    segmentation: Shape


class TruePoints(Truth, gc=False, kw_only=True):
    """Known points: x, y and visibility each."""

    bbox: Box
    keypoints: list[float]
    num_keypoints: int


class Result(msgspec.Struct, gc=False):
    """What every result has."""

    image_id: Id
    category_id: Id
    score: float


class FoundBox(Result, gc=False, kw_only=True):
    """A box found."""

    bbox: Box


class FoundMask(Result, gc=False, kw_only=True):
    """A mask found; a box alone counts as the mask of the box."""

    bbox: Box | None = None
    segmentation: Shape | None = None


class FoundPoints(Result, gc=False, kw_only=True):
    """Points found."""

    keypoints: list[float]
    bbox: Box | None = None


OF_KIND: dict[str, tuple[type[Truth], type[Result]]] = {
    "bbox": (TrueBox, FoundBox),
    "segm": (TrueMask, FoundMask),
    "keypoints": (TruePoints, FoundPoints),
}


class Known(NamedTuple):
    """The file of truths: its objects as columns, and as they are in it."""

    path: Path
    truths: Truths
    items: list[Any]
    images: dict[str, int]  # id → code, in the order of the ids
    sizes: list[tuple[int, int]]  # of each image: height, width in px; 0 where the file has none
    classes: dict[str, int]
    names: list[str]


class Found(NamedTuple):
    """The file of results, likewise; `masks` where they were read already."""

    path: Path
    detections: Detections
    items: list[Any]
    masks: Masks | None = None


def read_truths(path: Path, kind: str) -> Known:
    """Read {"images", "categories", "annotations"}. Raises InvalidInput naming file and field."""
    file = msgspec.defstruct(
        "File",
        [
            ("images", list[Image]),
            ("categories", list[Category]),
            ("annotations", list[OF_KIND[kind][0]]),  # type: ignore[misc]
        ],
    )
    content: Any = _load(path, file)
    images = _ordered(path, "images", content.images)
    categories = _ordered(path, "categories", content.categories)
    items = content.annotations
    image_codes, class_codes = (
        {str(x.id): n for n, x in enumerate(some)} for some in (images, categories)
    )
    crowd = np.array([bool(x.iscrowd) for x in items], bool)
    ignored = crowd
    if kind == "keypoints":
        ignored = crowd | np.array([x.num_keypoints == 0 for x in items], bool)
    truths = Truths(
        _codes(path, "annotations", "image_id", items, image_codes),
        _codes(path, "annotations", "category_id", items, class_codes),
        np.array([x.area for x in items], float),
        crowd,
        ignored,
    )
    sizes = [(x.height, x.width) for x in images]
    names = [x.name or str(x.id) for x in categories]
    return Known(path, truths, items, image_codes, sizes, class_codes, names)


def values_of(path: Path, field: str, known: Known) -> tuple[Ints, list[str]]:
    """A code for each image, and the values of this field of theirs that the codes stand for, in
    order. Raises InvalidInput where no image has the field, or it is no single value."""
    content: Any = _load(path, msgspec.defstruct("File", [("images", list[dict[str, Any]])]))
    said = [""] * len(known.images)
    for i, image in enumerate(content.images):
        value = image.get(field)
        if isinstance(value, list | dict):
            raise _wrong(path, f"images[{i}].{field}", "expected a single value")
        said[known.images[str(image["id"])]] = "" if value is None else str(value)
    values = sorted(set(said))
    if values == [""]:
        raise _wrong(path, f"images[].{field}", "no image has it")
    code = {value: k for k, value in enumerate(values)}
    return np.array([code[value] for value in said], np.int64), values


def read_results(path: Path, kind: str, known: Known) -> Found:
    """Read a list of results. Raises InvalidInput naming file and field."""
    shape: Any = list[OF_KIND[kind][1]]  # type: ignore[misc]
    items: list[Any] = _load(path, shape)
    areas, shapes = _areas(path, items)
    detections = Detections(
        _codes(path, "", "image_id", items, known.images),
        _codes(path, "", "category_id", items, known.classes),
        areas,
        np.array([x.score for x in items], float),
    )
    return Found(path, detections, items, shapes)


def _areas(path: Path, items: list[Any]) -> tuple[Floats, Masks | None]:
    """As pycocotools reckons the area of results: of their boxes, if the first has one; and their
    masks, where it is those that it was reckoned of."""
    if items and items[0].bbox is not None:
        for i, item in enumerate(items):
            if item.bbox is None:
                raise _wrong(path, f"[{i}].bbox", "is missing, and the first result has one")
        sides = boxes(items)
        return sides[:, 2] * sides[:, 3], None
    if items and isinstance(items[0], FoundPoints):
        return np.array([_extent(item.keypoints) for item in items], float), None
    if set(map(type, map(attrgetter("segmentation"), items))) - {Rle}:
        i = next(i for i, item in enumerate(items) if not isinstance(item.segmentation, Rle))
        raise _wrong(path, f"[{i}].segmentation", "expected run lengths with size and counts")
    shapes = masks(path, "", items, np.arange(len(items)), np.zeros((len(items), 2), np.int64))
    return rle.areas(shapes), shapes


def _extent(keypoints: list[float]) -> float:
    xs, ys = keypoints[0::3], keypoints[1::3]
    return (max(xs) - min(xs)) * (max(ys) - min(ys)) if xs and ys else 0.0


def _load(path: Path, shape: type[T]) -> T:
    try:
        return decode(path.read_bytes(), shape, str(path))
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}", field="file") from None


def _ordered(path: Path, where: str, items: list[T]) -> list[T]:
    """In the order of their ids, numbers as numbers."""
    ids = [str(x.id) for x in items]  # type: ignore[attr-defined]
    if len(set(ids)) < len(ids):
        raise _wrong(path, where, "two have one id")
    numbers = all(i.lstrip("-").isdigit() for i in ids)
    order = sorted(range(len(ids)), key=lambda n: int(ids[n]) if numbers else ids[n])
    return [items[n] for n in order]


class _Codes(dict[Id, int]):
    """Codes by id as a file has it, found by its text once."""

    def __init__(self, of: dict[str, int]):
        self.of = of

    def __missing__(self, one: Id) -> int:
        self[one] = found = self.of[str(one)]
        return found


def _codes(path: Path, where: str, name: str, items: list[Any], codes: dict[str, int]) -> Ints:
    ids = map(attrgetter(name), items)
    try:
        return np.fromiter(map(_Codes(codes).__getitem__, ids), np.int64, len(items))
    except KeyError:
        given = [str(getattr(x, name)) for x in items]
        i = next(i for i, one in enumerate(given) if one not in codes)
        what = "image" if name == "image_id" else "category"
        said = f"no {what} of the truths has the id {given[i]}"
        raise _wrong(path, f"{where}[{i}].{name}", said) from None


def _wrong(path: Path, field: str, said: str) -> InvalidInput:
    return wrong(str(path), field, said)
