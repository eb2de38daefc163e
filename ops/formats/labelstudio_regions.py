"""Regions of Label Studio: shapes in percent of a picture, passages of a text."""

from collections.abc import Iterator
from typing import Any

from ops.errors import InvalidInput
from ops.formats import geometry
from ops.formats.brush import decode
from ops.formats.face import SIZE, Reading, exact

Result = dict[str, Any]
REGIONS = {
    "boxes": "rectanglelabels", "polygons": "polygonlabels", "masks": "brushlabels",
    "keypoints": "rectanglelabels", "spans": "labels",
}  # fmt: skip
VALUES = {
    "choices": "choices", "textarea": "text", "number": "number", "rating": "rating",
    "taxonomy": "taxonomy",
}  # fmt: skip
# What the notes of a region say of a point, and of a box that nobody drew.
HIDDEN, AROUND = "hidden", "around the points"


def objects(
    n: int, result: list[Result], size: SIZE | None, asset: str, reading: Reading
) -> Iterator[Result]:
    """The objects of a picture, with their attributes and, of keypoints, their points."""
    wanted = REGIONS[reading.label_type]
    points: dict[str, list[Result]] = {}
    for one in result:
        if one["type"] == "keypointlabels" and reading.label_type == "keypoints":
            points.setdefault(str(one.get("parentID") or ""), []).append(one)
    said = _attributes(result)
    for at, one in enumerate(result):
        kind = one["type"]
        if kind != wanted:
            joint = kind == "keypointlabels" and reading.label_type == "keypoints"
            if kind not in VALUES and not joint:
                words = f"not taken, the project labels {reading.label_type}"
                reading.losses.add(kind, words)
            continue
        try:
            made = _object(n, one, said, size, asset, reading)
            if made is not None:
                if reading.label_type == "keypoints":
                    made |= _joints(points.pop(made["id"], []), made["class"], size, reading)
                    if AROUND in _notes(one):
                        del made["box"]
                yield made
        except (InvalidInput, ValueError) as error:
            words = error.message if isinstance(error, InvalidInput) else str(error)
            reading.faults.add(n, f"result.{at}", words, asset)
    if points:
        yield from _orphans(n, points, size, asset, reading)


def _object(
    n: int, one: Result, said: dict[str, Any], size: SIZE | None, asset: str, reading: Reading
) -> Result | None:
    own, value = str(one["id"]), one["value"]
    names = value[one["type"]]
    if len(names) != 1:
        raise InvalidInput(f"expected one label, there are {len(names)}")
    key = reading.class_key(names[0], n, f"{one['type']}", asset)
    if key is None:
        return None
    if one.get("image_rotation"):
        raise InvalidInput("was drawn on a turned picture (image_rotation), which is not read")
    made: Result = {"id": own, "class": key}
    if one["type"] != "labels":
        if size is None:
            raise InvalidInput("the size of the picture is unknown (original_width)")
        made |= _SHAPES[reading.label_type](value, size)
    attributes = reading.attributes(said.get(own, []), key)
    if attributes:
        made["attributes"] = attributes
    if isinstance(one.get("score"), int | float) and not isinstance(one["score"], bool):
        made["score"] = one["score"]
    return made


def _attributes(result: list[Result]) -> dict[str, list[tuple[str, Any]]]:
    """Id of a region → what its controls say of it."""
    regions = {one.get("id") for one in result if one["type"] not in VALUES}
    found: dict[str, list[tuple[str, Any]]] = {}
    for one in result:
        if one["type"] in VALUES and one.get("id") in regions:
            value = one["value"][VALUES[one["type"]]]
            if one["type"] == "textarea" and isinstance(value, list):
                value = "\n".join(value)
            found.setdefault(str(one["id"]), []).append((str(one["from_name"]), value))
    return found


def _px(x: float, y: float, size: SIZE) -> list[float]:
    return [x / 100 * size[0], y / 100 * size[1]]


def _box(value: Result, size: SIZE) -> Result:
    x, y = _px(value["x"], value["y"], size)
    width, height = _px(value["width"], value["height"], size)
    angle = float(value.get("rotation") or 0)
    if angle:
        # It is turned about its upper left corner; the opposite one tells where its centre is.
        (ax, ay), _, (bx, by), _ = geometry.corners([0, 0, width, height], angle)
        x, y = x + (bx - ax) / 2 - width / 2, y + (by - ay) / 2 - height / 2
    box = [exact(v) for v in (x, y, width, height)]
    return {"box": box, "angle": exact(angle)} if angle else {"box": box}


def _upright(value: Result, size: SIZE) -> Result:
    return {"box": geometry.upright(_box(value, size))}


def _polygon(value: Result, size: SIZE) -> Result:
    ring = [[exact(v) for v in _px(x, y, size)] for x, y in value["points"]]
    return {"polygons": [[ring]]}


def _mask(value: Result, size: SIZE) -> Result:
    if value.get("format") != "rle":
        raise InvalidInput("expected the format rle")
    return {"rle": decode(value["rle"], size)}


_SHAPES = {"boxes": _box, "polygons": _polygon, "masks": _mask, "keypoints": _upright}


def _joints(found: list[Result], key: str, size: SIZE | None, reading: Reading) -> Result:
    """The points of one object, in the order of its skeleton."""
    assert size is not None
    names = reading.vocabulary.skeleton(key)
    points: list[list[float]] = [[0, 0, 0] for _ in names]
    for one in found:
        name = str(one["value"]["keypointlabels"][0])
        if name not in names:
            raise InvalidInput(f"the skeleton of {key} has no point '{name[:60]}'")
        x, y = _px(one["value"]["x"], one["value"]["y"], size)
        points[names.index(name)] = [exact(x), exact(y), 1 if HIDDEN in _notes(one) else 2]
    return {"points": points}


def _notes(one: Result) -> list[Any]:
    return (one.get("meta") or {}).get("text") or []


def _orphans(
    n: int, points: dict[str, list[Result]], size: SIZE | None, asset: str, reading: Reading
) -> Iterator[Result]:
    """Points without a box around them are one object, where only one class has a skeleton."""
    keys = [one["key"] for one in reading.vocabulary.classes if one.get("skeleton")]
    loose = points.pop("", [])
    for own in points:
        reading.faults.add(n, "parentID", f"there is no region {own[:60]}", asset)
    if not loose:
        return
    if len(keys) != 1 or size is None:
        said = "points without a parentID: whose they are cannot be told"
        reading.faults.add(n, "keypointlabels", said, asset)
        return
    try:
        yield {"id": "1", "class": keys[0], **_joints(loose, keys[0], size, reading)}
    except InvalidInput as error:
        reading.faults.add(n, "keypointlabels", error.message, asset)


def spans(
    n: int, result: list[Result], text: str | None, asset: str, reading: Reading
) -> Result:  # fmt: skip
    """Passages and how they are related."""
    found, relations = [], []
    said = _attributes(result)
    for one in result:
        if one["type"] == "labels":
            made = _object(n, one, said, None, asset, reading)
            if made is not None:
                found.append({**made, **_place(one["value"], text)})
        elif one["type"] == "relation":
            relations += _relation(n, one, asset, reading)
        elif one["type"] not in VALUES:
            reading.losses.add(one["type"], "not taken, the project labels spans")
    return {"spans": found, **({"relations": relations} if relations else {})}


def _place(value: Result, text: str | None) -> Result:
    """Characters counted in code points; older files count in UTF-16, which the text tells."""
    start, end, quoted = value["start"], value["end"], value.get("text")
    if not isinstance(start, int):
        start, end = int(start), int(end)
    if text is not None and isinstance(quoted, str) and text[start:end] != quoted:
        wide = text.encode("utf-16-le", "surrogatepass")
        if wide[2 * start : 2 * end].decode("utf-16-le", "replace") == quoted:
            start, end = (len(wide[: 2 * at].decode("utf-16-le", "replace")) for at in (start, end))
    return {"start": start, "end": end}


def _relation(n: int, one: Result, asset: str, reading: Reading) -> list[Result]:
    names = one.get("labels") or []
    if not names:
        reading.losses.add("relation", "without a label: not taken")
        return []
    key = reading.class_key(names[0], n, "relation", asset)
    ends = one["from_id"], one["to_id"]
    if one.get("direction") == "left":
        ends = ends[::-1]
    return [{"from": str(ends[0]), "to": str(ends[1]), "class": key}] if key else []
