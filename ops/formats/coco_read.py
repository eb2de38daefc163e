"""COCO's JSON into rows: a file of images, categories and annotations, or a list of results."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec

from ops.errors import InvalidInput
from ops.formats import geometry
from ops.formats.coco_json import Box, Id, Rle, Shape, decode
from ops.formats.face import Reading
from ops.formats.sources import Source
from ops.intake.rows import Row

# Of an image: what stays with the asset as metadata.
KEPT = ("coco_url", "flickr_url", "date_captured", "license")


class Beside(msgspec.Struct, gc=False, omit_defaults=True):
    """What our own files say besides: the id of the object, what COCO would have to invent."""

    id: str = ""
    angle: float = 0
    polygons: list[list[list[list[float]]]] | None = None
    no_box: bool = False


class ImageBeside(msgspec.Struct, gc=False, omit_defaults=True):
    """The asset's own name where it is no file name; whether its masks are one a class."""

    external_id: str = ""
    semantic: bool = False
    metadata: dict[str, Any] = {}


class Image(msgspec.Struct, gc=False):
    """An image."""

    id: Id
    file_name: str = ""
    width: int = 0
    height: int = 0
    coco_url: str | None = None
    flickr_url: str | None = None
    date_captured: str | None = None
    license: Any = None
    touchstone: ImageBeside = msgspec.field(default_factory=ImageBeside)


class Category(msgspec.Struct, gc=False):
    """A class; `key` is ours."""

    id: Id
    name: str = ""
    key: str = ""
    keypoints: list[str] = []


class Annotation(msgspec.Struct, gc=False):
    """An object, known or found."""

    image_id: Id
    category_id: Id
    id: Id = ""
    bbox: Box | None = None
    segmentation: Shape | None = None
    keypoints: list[float] | None = None
    iscrowd: int | bool = 0
    score: float | None = None
    attributes: dict[str, Any] = {}
    touchstone: Beside = msgspec.field(default_factory=Beside)


class File(msgspec.Struct):
    """A whole file."""

    images: list[Image]
    categories: list[Category]
    annotations: list[Annotation]


def read(source: Source, reading: Reading) -> Iterator[Row]:
    """One row an image, in the order of the file, with the label that its annotations make."""
    reading.faults.unit = "image"
    name = source.names()[0] if source.single else _json_of(source)
    file = _load(source, name, reading)
    images = {str(one.id): one for one in file.images}
    if len(images) < len(file.images):
        raise InvalidInput(f"{name}: images: two have one id", field="images")
    objects = _objects(file, images, reading) if reading.wants_labels else {}
    for n, image in enumerate(file.images, start=1):
        yield _row(n, image, objects.get(str(image.id), []), source, reading)


def _json_of(source: Source) -> str:
    found = [one for one in source.names() if one.lower().endswith(".json")]
    if len(found) != 1:
        names = ", ".join(found[:5]) or "none"
        said = f"expected one .json file in {source.name}, there are {len(found)}: {names}"
        raise InvalidInput(said, field="file")
    return found[0]


def _load(source: Source, name: str, reading: Reading) -> File:
    data = source.read(name)
    if data.lstrip()[:1] != b"[":
        return decode(data, File, name)
    results = decode(data, list[Annotation], name)
    if reading.known is None:
        said = (
            "is a list of results, which names images and categories by number: give the file of "
            "images, categories and annotations that it refers to as well"
        )
        raise InvalidInput(f"{name} {said}", field="known")
    known = reading.known.names()[0]
    file = decode(reading.known.read(known), File, known)
    return File(file.images, file.categories, results)


def _classes(categories: list[Category], reading: Reading) -> dict[str, str | None]:
    """Category id → class key; None where it is no class of the project."""
    found = {}
    for one in categories:
        name = one.name or str(one.id)
        key = reading.vocabulary.keys.get(one.key) or reading.vocabulary.key_of(name)
        if key is None and reading.adopt:
            key = reading.vocabulary.adopt(name, one.key, one.keypoints)
        found[str(one.id)] = key
    return found


def _objects(file: File, images: dict[str, Image], reading: Reading) -> dict[str, list[Any]]:
    """Image id → its objects. A category that is no class is one fault, if it is used."""
    found: dict[str, list[Any]] = defaultdict(list)
    classes = _classes(file.categories, reading)
    unknown: set[str] = set()
    for n, one in enumerate(file.annotations):
        image, category = images.get(str(one.image_id)), str(one.category_id)
        where = f"annotations.{n}"
        if image is None:
            reading.faults.add(None, f"{where}.image_id", f"there is no image {one.image_id}")
        elif category not in classes:
            reading.faults.add(None, f"{where}.category_id", f"there is no category {category}")
        elif (key := classes[category]) is None:
            unknown.add(category)
        elif made := _object(n, one, image, key, reading):
            found[str(image.id)].append(made)
    for n, each in enumerate(file.categories):
        if str(each.id) in unknown:
            reading.class_key(each.name or each.id, None, f"categories.{n}.name")
    return found


def _object(
    n: int, one: Annotation, image: Image, key: str, reading: Reading
) -> dict[str, Any] | None:
    kept = one.touchstone
    made: dict[str, Any] = {"id": kept.id or str(one.id) or str(n + 1), "class": key}
    try:
        made |= _SHAPES[reading.label_type](one, image, reading)
    except InvalidInput as error:
        field = f"annotations.{n}.{error.field}"
        reading.faults.add(None, field, error.message, image.file_name)
        return None
    attributes = reading.attributes(one.attributes.items(), key) if one.attributes else {}
    if attributes:
        made["attributes"] = attributes
    if one.iscrowd:
        made["crowd"] = True
    if one.score is not None:
        made["score"] = one.score
    return made


def _box(one: Annotation, _: Image, reading: Reading) -> dict[str, Any]:
    if one.bbox is None:
        raise InvalidInput("is missing", field="bbox")
    if one.segmentation:
        reading.losses.add("segmentation", "of objects: not taken, the project labels boxes")
    if one.keypoints and any(one.keypoints):
        reading.losses.add("keypoints", "of objects: not taken, the project labels boxes")
    angle = {"angle": one.touchstone.angle} if one.touchstone.angle else {}
    return {"box": list(one.bbox), **angle}


def _polygons(one: Annotation, image: Image, reading: Reading) -> dict[str, Any]:
    if one.touchstone.polygons is not None:
        return {"polygons": one.touchstone.polygons}
    shape = one.segmentation
    if isinstance(shape, Rle):
        from ops.formats.tracing import trace

        reading.losses.add("segmentation", "run lengths: traced along the edges of their pixels")
        return {"polygons": trace(geometry.pixels(_checked(shape, image)))}
    if not shape:
        raise InvalidInput("is missing", field="segmentation")
    return {"polygons": [[geometry.pairs(ring)] for ring in _rings(shape)]}


def _mask(one: Annotation, image: Image, reading: Reading) -> dict[str, Any]:
    shape = one.segmentation
    if isinstance(shape, Rle):
        return {"rle": _checked(shape, image)}
    if not shape:
        raise InvalidInput("is missing", field="segmentation")
    if not (image.width and image.height):
        raise InvalidInput("a polygon needs width and height of its image", field="segmentation")
    reading.losses.add("segmentation", "polygons: kept as the pixels that COCO draws for them")
    parts = [[geometry.pairs(ring)] for ring in _rings(shape)]
    try:
        return {"rle": geometry.drawn(parts, image.width, image.height)}
    except ValueError as error:
        raise InvalidInput(str(error), field="segmentation") from None


def _rings(shape: list[list[float]]) -> list[list[float]]:
    if any(len(ring) < 6 or len(ring) % 2 for ring in shape):
        raise InvalidInput("a polygon has three corners or more", field="segmentation")
    return shape


def _checked(shape: Rle, image: Image) -> dict[str, Any]:
    """Run lengths, compressed, that surely fit their image: what draws them does not check."""
    from ops.labels import rle

    height, width = shape.size
    if (image.width, image.height) != (0, 0) and (width, height) != (image.width, image.height):
        said = f"the mask is {width} × {height} px, the image {image.width} × {image.height}"
        raise InvalidInput(said, field="segmentation.size")
    if not 0 < height * width <= geometry.MOST_PIXELS or min(shape.size) < 1:
        raise InvalidInput("is no size of a picture", field="segmentation.size")
    try:
        if isinstance(shape.counts, list):
            counts = rle.encode(_runs(shape.counts, height * width))
        else:
            rle.decode(shape.counts, height * width)
            counts = shape.counts
    except ValueError as error:
        raise InvalidInput(str(error), field="segmentation.counts") from None
    return {"size": [height, width], "counts": counts}


def _runs(counts: list[int], pixels: int) -> Any:
    import numpy as np

    if min(counts, default=-1) < 0 or sum(counts) != pixels:
        raise ValueError(f"the run lengths must add up to the {pixels:,} px of the picture")
    return np.array(counts, np.int64)


def _points(one: Annotation, _: Image, reading: Reading) -> dict[str, Any]:
    flat = one.keypoints
    if flat is None:
        raise InvalidInput("is missing", field="keypoints")
    if len(flat) % 3:
        raise InvalidInput("expected three numbers a point", field="keypoints")
    if one.segmentation:
        reading.losses.add("segmentation", "of objects: not taken, the project labels keypoints")
    points = [[flat[i], flat[i + 1], int(flat[i + 2])] for i in range(0, len(flat), 3)]
    box = {"box": list(one.bbox)} if one.bbox is not None and not one.touchstone.no_box else {}
    return {"points": points, **box}


_SHAPES = {"boxes": _box, "polygons": _polygons, "masks": _mask, "keypoints": _points}


def _row(n: int, image: Image, objects: list[Any], source: Source, reading: Reading) -> Row:
    label: dict[str, Any] = {"objects": objects}
    if image.touchstone.semantic and reading.label_type == "masks":
        label["semantic"] = True
    own = image.touchstone.external_id
    uri = reading.uri_of(source, image.file_name) if image.file_name else None
    return Row(
        line=n,
        external_id=own or image.file_name or str(image.id),
        uri=uri or (image.coco_url if own else None),
        width=image.width or None,
        height=image.height or None,
        metadata=image.touchstone.metadata if own else _metadata(image),
        label=reading.take(lambda: label),
        about=True,
    )


def _metadata(image: Image) -> dict[str, Any]:
    """What a file of somebody else says of an image; its number, which results refer to."""
    told = {name: value for name in KEPT if (value := getattr(image, name)) is not None}
    return {**told, "coco_id": image.id}
