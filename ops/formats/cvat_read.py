"""CVAT's XML "for images" into rows, an image at a time."""

import math
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from ops.errors import InvalidInput
from ops.formats.face import SIZE, Reading, exact
from ops.formats.markup import Element, elements
from ops.formats.sources import Source
from ops.intake.rows import Row

# What says how an object was drawn, not what it is.
SILENT = frozenset({"source", "label", "z_order", "group_id"})
ELEMENTS = {
    "class": "tag", "tags": "tag", "boxes": "box", "polygons": "polygon", "masks": "mask",
    "keypoints": "skeleton",
}  # fmt: skip


def read(source: Source, reading: Reading) -> Iterator[Row]:
    """One row an image, by the line on which it begins."""
    name = source.names()[0] if source.single else _xml_of(source)
    pictures = {PurePosixPath(one).name: one for one in source.pictures()}
    n = 0
    with source.open(name) as file:
        for element in elements(file, "image", "track", name=name):
            if element.tag == "track":
                raise InvalidInput(
                    f"{name}: line {element.line}: holds tracks of a video; export it from CVAT as "
                    '"CVAT for images 1.1"',
                    field="file",
                )
            n += 1
            yield _row(element, pictures, source, reading)
    if not n:
        raise InvalidInput(f"{name}: holds no <image>", field="file")


def _xml_of(source: Source) -> str:
    found = [one for one in source.names() if one.lower().endswith(".xml")]
    named = [one for one in found if PurePosixPath(one).name == "annotations.xml"]
    if len(named or found) != 1:
        raise InvalidInput(f"expected annotations.xml in {source.name}", field="file")
    return (named or found)[0]


def _row(image: Element, pictures: dict[str, str], source: Source, reading: Reading) -> Row:
    name = image.attributes.get("name", "")
    known = reading.find(name)
    asset = known.external_id if known else name
    size = _size(image)
    if size is None and known and known.width and known.height:
        size = known.width, known.height
    at = name if source.has(name) else pictures.get(PurePosixPath(name).name, name)
    metadata = {key: image.attributes[key] for key in ("subset",) if image.attributes.get(key)}
    return Row(
        line=image.line,
        external_id=asset,
        uri=reading.uri_of(source, at),
        width=size[0] if size else None,
        height=size[1] if size else None,
        metadata=metadata,
        label=reading.take(lambda: _label(image, asset, size, reading)),
        about=True,
    )


def _size(image: Element) -> SIZE | None:
    try:
        width, height = (int(image.attributes[side]) for side in ("width", "height"))
    except (KeyError, ValueError):
        return None
    return (width, height) if width > 0 and height > 0 else None


def _label(image: Element, asset: str, size: SIZE | None, reading: Reading) -> Any:
    wanted = ELEMENTS[reading.label_type]
    for other in image.children:
        if other.tag != wanted:
            said = f"not taken, the project labels {reading.label_type}"
            reading.losses.add(f"<{other.tag}>", said)
    found = image.all(wanted)
    if wanted == "tag":
        return _of_tags(found, asset, reading)
    return {"objects": list(_objects(found, asset, size, reading))}


def _of_tags(found: list[Element], asset: str, reading: Reading) -> dict[str, Any] | None:
    keys: list[str] = []
    attributes: dict[str, Any] = {}
    for one in found:
        key = reading.class_key(one.attributes.get("label", ""), one.line, "tag label", asset)
        if key is not None:
            keys.append(key)
            attributes |= reading.attributes(_attributes(one), key)
    more = {"attributes": attributes} if attributes else {}
    if reading.label_type == "tags":
        return {"tags": sorted(set(keys)), **more}
    if len(found) > 1:
        said = f"there are {len(found)} tags, and the project asks for one class"
        reading.faults.add(found[1].line, "tag", said, asset)
    return {"class": keys[0], **more} if keys else None


def _attributes(one: Element) -> Iterator[tuple[str, Any]]:
    for inner in one.all("attribute"):
        yield inner.attributes.get("name", ""), inner.text


def _objects(
    found: list[Element], asset: str, size: SIZE | None, reading: Reading
) -> Iterator[dict[str, Any]]:
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    for n, one in enumerate(found, start=1):
        label = one.attributes.get("label", "")
        key = reading.class_key(label, one.line, f"{one.tag} label", asset)
        if key is None:
            continue
        try:
            shape = _SHAPES[one.tag](one, key, size, reading)
        except (ValueError, KeyError, InvalidInput) as error:
            said = f"has no {error}" if isinstance(error, KeyError) else str(error)
            reading.faults.add(one.line, one.tag, said, asset)
            continue
        attributes = reading.attributes([*_attributes(one), *_own(one)], key)
        group = (key, one.attributes.get("group_id") or "0")
        if one.tag == "polygon" and group[1] != "0" and group in groups:
            reading.losses.add("group_id", "polygons of one group and class: parts of one object")
            groups[group]["polygons"] += shape["polygons"]
            continue
        made = {"id": str(n), "class": key, **shape}
        if attributes:
            made["attributes"] = attributes
        groups[group] = made
        yield made


def _own(one: Element) -> Iterator[tuple[str, Any]]:
    """What CVAT says of every object; z_order and source say how it was drawn."""
    if one.attributes.get("occluded") == "1":
        yield "occluded", True


def _numbers(one: Element, *names: str) -> list[float]:
    found = [float(one.attributes[name]) for name in names]
    if not all(map(math.isfinite, found)):
        raise ValueError("holds a number that is not finite")
    return found


def _points(one: Element) -> list[list[float]]:
    pairs = [[float(v) for v in pair.split(",")] for pair in one.attributes["points"].split(";")]
    if any(len(pair) != 2 or not all(map(math.isfinite, pair)) for pair in pairs):
        raise ValueError("expected points as x,y;x,y")
    return pairs


def _box(one: Element, *_: Any) -> dict[str, Any]:
    left, top, right, bottom = _numbers(one, "xtl", "ytl", "xbr", "ybr")
    angle = float(one.attributes.get("rotation") or 0)
    box = [left, top, exact(right - left), exact(bottom - top)]
    return {"box": box, **({"angle": angle} if angle else {})}


def _polygon(one: Element, *_: Any) -> dict[str, Any]:
    return {"polygons": [[_points(one)]]}


def _mask(one: Element, _: str, size: SIZE | None, __: Reading) -> dict[str, Any]:
    from ops.formats.cvat_masks import from_row_runs

    if size is None:
        raise ValueError("a mask needs width and height of its image")
    counts = [int(part) for part in one.attributes["rle"].split(",")]
    left, top, width, height = (int(v) for v in _numbers(one, "left", "top", "width", "height"))
    return {"rle": from_row_runs(counts, left, top, width, height, size)}


def _skeleton(one: Element, key: str, _: SIZE | None, reading: Reading) -> dict[str, Any]:
    names = reading.vocabulary.skeleton(key)
    joints = {joint.attributes.get("label", ""): joint for joint in one.all("points")}
    unknown = sorted(joints.keys() - set(names))
    if unknown:
        raise ValueError(f"the skeleton of {key} has no point '{unknown[0][:60]}'")
    return {"points": [_joint(joints.get(name)) for name in names]}


def _joint(joint: Element | None) -> list[float]:
    if joint is None or joint.attributes.get("outside") == "1":
        return [0, 0, 0]
    ((x, y),) = _points(joint)
    return [x, y, 1 if joint.attributes.get("occluded") == "1" else 2]


_SHAPES = {"box": _box, "polygon": _polygon, "mask": _mask, "skeleton": _skeleton}
