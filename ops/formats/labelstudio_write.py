"""The results of one task for Label Studio: regions, and choices, texts and numbers."""

from collections.abc import Iterable, Iterator
from typing import Any

from ops.formats import geometry
from ops.formats.brush import encode
from ops.formats.face import SIZE, Item, Writing

NO_SIZE = "left out: the size of its picture is unknown"
Result = dict[str, Any]
# What the notes of a region say of a point, and of a box that nobody drew.
HIDDEN, AROUND = "hidden", "around the points"


def results(item: Item, size: SIZE | None, writing: Writing) -> Iterator[Result]:
    """The results that say what the label says."""
    label, shown = item.label, "text" if item.text is not None else "image"
    for one in _OF_TYPE[writing.label_type](label, item, size, writing):
        yield {**one, **({} if one["type"] == "relation" else {"to_name": shown})}
    for key, value in (label.get("attributes") or {}).items():
        yield {**_attribute(key, value, writing), "to_name": shown}


def _named(n: str, name: str, kind: str, value: dict[str, Any]) -> Result:
    return {"id": n, "from_name": name, "type": kind, "value": value}


def _attribute(key: str, value: Any, writing: Writing, region: str = "") -> Result:
    known = writing.vocabulary.attribute(key)
    kind = known["kind"] if known else "text"
    of = region or f"attribute-{key}"
    if kind in ("choice", "choices"):
        said = value if isinstance(value, list) else [value]
        return _named(of, key, "choices", {"choices": said})
    if kind == "flag":
        return _named(of, key, "choices", {"choices": ["true" if value else "false"]})
    if kind == "number":
        return _named(of, key, "number", {"number": value})
    return _named(of, key, "textarea", {"text": [str(value)]})


def _class(label: Result, _: Item, __: Any, writing: Writing) -> Iterator[Result]:
    name = writing.vocabulary.name_of(label["class"])
    yield _named("class", "class", "choices", {"choices": [name]})


def _tags(label: Result, _: Item, __: Any, writing: Writing) -> Iterator[Result]:
    names = [writing.vocabulary.name_of(key) for key in label["tags"]]
    yield _named("tags", "tags", "choices", {"choices": names})


def _attributes(*_: Any) -> Iterator[Result]:
    yield from ()


def _transcription(label: Result, *_: Any) -> Iterator[Result]:
    yield _named("transcription", "transcription", "textarea", {"text": [label["text"]]})


def _rating(label: Result, *_: Any) -> Iterator[Result]:
    value = label["rating"]
    if float(value).is_integer() and value >= 1:
        yield _named("rating", "rating", "rating", {"rating": int(value)})
    else:
        yield _named("rating", "rating", "number", {"number": value})


def _preference(label: Result, _: Item, __: Any, writing: Writing) -> Iterator[Result]:
    if label["preference"] == "tie":
        yield _named("preference", "preference", "choices", {"choices": ["tie"]})
    else:
        side = {"a": "left", "b": "right"}[label["preference"]]
        yield _named("preference", "preference", "pairwise", {"selected": side})
    if label.get("reasons"):
        names = {one["key"]: one["name"] for one in writing.vocabulary.ontology.reasons}
        said = [names.get(key, key) for key in label["reasons"]]
        yield _named("reasons", "reasons", "choices", {"choices": said})


def _spans(label: Result, item: Item, _: Any, writing: Writing) -> Iterator[Result]:
    for one in label["spans"]:
        value = {
            "start": one["start"], "end": one["end"],
            "text": (item.text or "")[one["start"] : one["end"]],
            "labels": [writing.vocabulary.name_of(one["class"])],
        }  # fmt: skip
        yield from _region(one, "labels", value, {}, writing)
    for one in label.get("relations") or []:
        yield {
            "type": "relation", "from_id": one["from"], "to_id": one["to"], "direction": "right",
            "labels": [writing.vocabulary.name_of(one["class"])],
        }  # fmt: skip


def _objects(label: Result, _: Item, size: SIZE | None, writing: Writing) -> Iterator[Result]:
    assert size is not None
    picture: Result = {"original_width": size[0], "original_height": size[1], "image_rotation": 0}
    for one in label["objects"]:
        if one.get("crowd"):
            writing.losses.add("crowd", "written like any other object")
        kind, values, points = _shape(one, size, writing)
        names = {kind: [writing.vocabulary.name_of(one["class"])]}
        told = picture
        if "points" in one and not one.get("box"):
            told = {**picture, "meta": {"text": [AROUND]}}
        for n, value in enumerate(values):
            region = one if n == 0 else {"id": f"{one['id']}~{n + 1}", "class": one["class"]}
            yield from _region(region, kind, {**value, **names}, told, writing)
        for name, value in points:
            yield {
                **_named(f"{one['id']}.{name}", "point", "keypointlabels", value),
                **picture, "parentID": one["id"],
                **({"meta": {"text": [HIDDEN]}} if value.pop(HIDDEN) else {}),
            }  # fmt: skip


def _region(
    one: Result, kind: str, value: Result, picture: Result, writing: Writing
) -> Iterator[Result]:
    score = {"score": one["score"]} if "score" in one else {}
    yield {**_named(one["id"], "label", kind, value), **picture, **score}
    for key, said in (one.get("attributes") or {}).items():
        # Of a region: the value of the control, with the id and the place of the region.
        place = {k: v for k, v in value.items() if k != kind} if picture else {}
        result = _attribute(key, said, writing, one["id"])
        yield {**result, "value": {**place, **result["value"]}, **picture}


Shape = tuple[str, list[Result], list[tuple[str, Result]]]


def _shape(one: Result, size: SIZE, writing: Writing) -> Shape:
    """(type, values of its regions, its points by name)."""
    if "polygons" in one:
        parts = one["polygons"]
        writing.losses.add("holes", "of polygons: filled", sum(len(part) - 1 for part in parts))
        said = "of polygons: each becomes an object of its own"
        writing.losses.add("parts", said, len(parts) - 1)
        rings = [{"points": [_share(p, size) for p in part[0]], "closed": True} for part in parts]
        return "polygonlabels", rings, []
    if "rle" in one:
        return "brushlabels", [{"format": "rle", "rle": encode(one["rle"])}], []
    if "points" in one:
        box = one.get("box") or geometry.around([p for p in one["points"] if p[2]], size)
        return "rectanglelabels", [_box(box, 0, size)], list(_points(one, size, writing))
    return "rectanglelabels", [_box(one["box"], one.get("angle") or 0, size)], []


def _share(point: Iterable[float], size: SIZE) -> list[float]:
    x, y, *_ = point
    return [100 * x / size[0], 100 * y / size[1]]


def _box(box: list[float], angle: float, size: SIZE) -> Result:
    # Label Studio turns a box about its upper left corner, we about its centre.
    corner = geometry.corners(box, angle)[0] if angle else box[:2]
    (x, y), (width, height) = _share(corner, size), _share(box[2:], size)
    return {"x": x, "y": y, "width": width, "height": height, "rotation": angle}


def _points(one: Result, size: SIZE, writing: Writing) -> Iterator[tuple[str, Result]]:
    names = writing.vocabulary.skeleton(one["class"])
    for n, point in enumerate(one["points"]):
        if point[2]:
            x, y = _share(point, size)
            name = names[n] if n < len(names) else str(n)
            value = {"x": x, "y": y, "width": 0.5, "keypointlabels": [name]}
            yield name, {**value, HIDDEN: point[2] == 1}


_OF_TYPE = {
    "class": _class, "tags": _tags, "attributes": _attributes, "transcription": _transcription,
    "rating": _rating, "preference": _preference, "spans": _spans,
    **dict.fromkeys(("boxes", "polygons", "masks", "keypoints"), _objects),
}  # fmt: skip
