"""COCO's two files as columns: known objects with their images and classes, and results."""

import json
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ops.errors import InvalidInput
from quality.measures.arrays import Bools, Floats, Ints
from quality.measures.coco_eval import Detections, Truths

KINDS = ("bbox", "segm", "keypoints")
Item = dict[str, Any]


class Known(NamedTuple):
    """The file of truths: its objects as columns, and the annotations they come from."""

    truths: Truths
    items: list[Item]
    images: dict[str, int]  # id → code, in the order of the ids
    sizes: list[tuple[int, int]]  # of each image: height, width in px; 0 where the file has none
    classes: dict[str, int]
    names: list[str]


class Found(NamedTuple):
    """The file of results, likewise."""

    detections: Detections
    items: list[Item]


def read_truths(path: Path, kind: str) -> Known:
    """Read {"images", "categories", "annotations"}. Raises InvalidInput naming file and field."""
    content = _load(path)
    if not isinstance(content, dict):
        raise _wrong(path, "", "expected an object with images, categories and annotations")
    images, categories, items = (
        _list(path, content, name) for name in ("images", "categories", "annotations")
    )
    image_codes = _codes(path, "images", images)
    by_code = {image_codes[str(i["id"])]: i for i in images}
    class_codes = _codes(path, "categories", categories)
    name_of = {class_codes[str(c["id"])]: str(c.get("name", c["id"])) for c in categories}
    of = _Columns(path, "annotations", items)
    crowd = of.numbers("iscrowd", 0) > 0
    ignored = crowd
    if kind == "keypoints":
        ignored = crowd | (of.numbers("num_keypoints") == 0)
    truths = Truths(
        of.codes("image_id", image_codes),
        of.codes("category_id", class_codes),
        of.numbers("area"),
        crowd,
        ignored,
    )
    return Known(
        truths,
        items,
        image_codes,
        [_size(by_code[i]) for i in range(len(images))],
        class_codes,
        [name_of[i] for i in range(len(categories))],
    )


def read_results(path: Path, kind: str, known: Known) -> Found:
    """Read results: a list of objects, or the annotations of an object. Raises InvalidInput."""
    content = _load(path)
    if isinstance(content, dict):
        content = _list(path, content, "annotations")
    if not isinstance(content, list):
        raise _wrong(path, "", "expected a list of results")
    of = _Columns(path, "", content)
    detections = Detections(
        of.codes("image_id", known.images, "no image of the truths has this id"),
        of.codes("category_id", known.classes, "no category of the truths has this id"),
        _areas(of, kind),
        of.numbers("score"),
    )
    return Found(detections, content)


def boxes(path: Path, where: str, items: list[Item]) -> Floats:
    """[x, y, width, height] of each, in px; (n, 4). Raises InvalidInput."""
    return _Columns(path, where, items).rows("bbox", 4)


def points(path: Path, where: str, items: list[Item]) -> tuple[Floats, Bools]:
    """Points (n, k, 2) in px and whether each is labelled (n, k). Raises InvalidInput."""
    of = _Columns(path, where, items)
    k = len(items[0].get("keypoints", ())) // 3 if items else 0
    flat = of.rows("keypoints", 3 * k).reshape(len(items), k, 3)
    return flat[:, :, :2], flat[:, :, 2] > 0


def masks(path: Path, where: str, items: list[Item], sizes: Sequence[tuple[int, int]]) -> list[Any]:
    """The mask of each as run lengths; `sizes` are those of the objects' images.

    Where there is no segmentation, the box counts as one. Raises InvalidInput.
    """
    from pycocotools import mask

    found = []
    for i, (item, (height, width)) in enumerate(zip(items, sizes, strict=True)):
        shape: Any = item.get("segmentation")
        if shape is None and "bbox" in item:
            x, y, w, h = item["bbox"]
            shape = [[x, y, x, y + h, x + w, y + h, x + w, y]]
        try:
            if isinstance(shape, list):
                if not (height and width):
                    raise ValueError("a polygon needs height and width of its image")
                found.append(mask.merge(mask.frPyObjects(shape, height, width)))
            elif isinstance(shape["counts"], list):
                found.append(mask.frPyObjects(shape, *shape["size"]))
            else:
                found.append(shape)
        except (TypeError, KeyError, ValueError, IndexError) as error:
            said = str(error) if isinstance(error, ValueError) else "expected polygons or an RLE"
            raise _wrong(path, f"{where}[{i}].segmentation", said) from None
    return found


def _areas(of: "_Columns", kind: str) -> Floats:
    """As pycocotools reckons the area of a result: of its box if it has one, else of its shape."""
    items = of.items
    if items and items[0].get("bbox"):
        sides = of.rows("bbox", 4)
        return sides[:, 2] * sides[:, 3]
    if kind == "keypoints":
        at, _ = points(of.path, of.where, items)
        spread: Floats = np.ptp(at, axis=1).prod(axis=1) if len(items) else np.zeros(0)
        return spread
    if kind == "bbox" and items:
        raise _wrong(of.path, f"{of.where}[0].bbox", "is missing")
    from pycocotools import mask

    areas = []
    for i, item in enumerate(items):
        try:
            areas.append(float(mask.area(item["segmentation"])))
        except (KeyError, TypeError, ValueError):
            field = f"{of.where}[{i}].segmentation"
            raise _wrong(of.path, field, "expected run lengths with size and counts") from None
    return np.array(areas)


class _Columns:
    """Fields of many objects as columns; a fault names the object and the field."""

    def __init__(self, path: Path, where: str, items: list[Item]):
        self.path, self.where, self.items = path, where, items

    def numbers(self, name: str, default: float | None = None) -> Floats:
        try:
            if default is None:
                return np.array([item[name] for item in self.items], dtype=float).reshape(-1)
            return np.array([item.get(name, default) for item in self.items], dtype=float)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise self._first(name, "a number", lambda v: isinstance(v, int | float)) from None

    def rows(self, name: str, width: int) -> Floats:
        try:
            every = chain.from_iterable(item[name] for item in self.items)
            return np.fromiter(every, float, width * len(self.items)).reshape(
                len(self.items), width
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            said = f"{width} numbers"
            raise self._first(
                name,
                said,
                lambda v: (
                    isinstance(v, list)
                    and len(v) == width
                    and all(isinstance(x, int | float) for x in v)
                ),
            ) from None

    def codes(self, name: str, codes: dict[str, int], unknown: str = "is not in the file") -> Ints:
        try:
            return np.array([codes[str(item[name])] for item in self.items], dtype=np.int64)
        except (KeyError, TypeError, AttributeError):
            for i, item in enumerate(self.items):
                if not isinstance(item, dict) or name not in item:
                    raise _wrong(self.path, f"{self.where}[{i}].{name}", "is missing") from None
                if str(item[name]) not in codes:
                    at = f"{self.where}[{i}].{name}"
                    raise _wrong(self.path, at, f"{item[name]!r}: {unknown}") from None
            raise

    def _first(self, name: str, expected: str, good: Callable[[Any], bool]) -> InvalidInput:
        values = (item.get(name) if isinstance(item, dict) else None for item in self.items)
        i = next(i for i, value in enumerate(values) if not good(value))
        return _wrong(self.path, f"{self.where}[{i}].{name}", f"expected {expected}")


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}", field="file") from None
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{path} is not JSON: {error}", field="file") from None


def _list(path: Path, content: Item, name: str) -> list[Item]:
    found = content.get(name)
    if not isinstance(found, list):
        raise _wrong(path, name, "expected a list")
    return found


def _codes(path: Path, where: str, items: list[Item]) -> dict[str, int]:
    """Ids in ascending order → codes. "7" and 7 are one id: some files mix them."""
    try:
        ids = [item["id"] for item in items]
    except (KeyError, TypeError):
        raise _wrong(path, where, "each needs an id") from None
    if len({str(i) for i in ids}) < len(ids):
        raise _wrong(path, where, "two have one id")
    numbers = all(str(i).lstrip("-").isdigit() for i in ids)
    ordered = sorted(ids, key=lambda i: int(i) if numbers else str(i))
    return {str(i): n for n, i in enumerate(ordered)}


def _size(image: Item) -> tuple[int, int]:
    return int(image.get("height") or 0), int(image.get("width") or 0)


def _wrong(path: Path, field: str, said: str) -> InvalidInput:
    return InvalidInput(f"{path}: {field}{': ' if field else ''}{said}", field=field or "file")
