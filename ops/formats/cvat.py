"""CVAT's XML "for images", version 1.1: tags, boxes, polygons, masks, points, skeletons.

Written as one file, read from one file or from a zip that has annotations.xml. Parts of a polygon
are polygons of one group. Reading is `cvat_read`.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from ops.formats.cvat_masks import to_row_runs
from ops.formats.cvat_read import read
from ops.formats.face import Item, Writing, exact, number
from ops.formats.markup import escape, tag
from ops.formats.names import picture_name
from ops.formats.vocabulary import as_texts

__all__ = ["HOLDS", "MIMETYPE", "NAME", "SUFFIX", "WORDS", "read", "write"]

NAME, WORDS, SUFFIX, MIMETYPE = "cvat", "CVAT XML for images 1.1", "xml", "application/xml"
HOLDS = ("class", "tags", "boxes", "polygons", "masks", "keypoints")
INPUTS = {
    "choice": "select", "choices": "text", "text": "text", "number": "text", "flag": "checkbox",
}  # fmt: skip
_TYPES = {
    "class": "tag", "tags": "tag", "boxes": "rectangle", "polygons": "polygon", "masks": "mask",
    "keypoints": "skeleton",
}  # fmt: skip


def write(items: Iterable[Item], writing: Writing) -> Iterator[bytes]:
    """One XML document, an image after the other."""
    yield b'<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n'
    yield b" <version>1.1</version>\n <meta><task><labels>\n"
    for one in writing.vocabulary.classes:
        yield f"  {_label(one, writing)}\n".encode()
    writing.lose_keys()
    yield b" </labels></task></meta>\n"
    for n, item in enumerate(items):
        yield "".join(_image(n, item, writing)).encode()
    yield b"</annotations>\n"


def _label(one: dict[str, Any], writing: Writing) -> str:
    asked = "".join(
        "<attribute>"
        f"<name>{escape(str(a.get('name') or a['key']))}</name><mutable>False</mutable>"
        f"<input_type>{INPUTS[a['kind']]}</input_type><default_value></default_value>"
        f"<values>{escape(chr(10).join(a.get('choices') or ()))}</values></attribute>"
        for a in writing.vocabulary.attributes(one["key"])
    )
    return (
        f"<label><name>{escape(one['name'])}</name><color>{escape(one.get('colour', ''))}</color>"
        f"<type>{_TYPES[writing.label_type]}</type><attributes>{asked}</attributes></label>"
    )


def _image(n: int, item: Item, writing: Writing) -> Iterator[str]:
    writing.lose_said(item)
    name = item.external_id if not item.uri else picture_name(item)
    if name != item.external_id:
        writing.losses.add("external_id", "is no name of a picture file: written as one")
    attributes = {"id": str(n), "name": name}
    size = writing.size(item)
    if size is None:
        writing.losses.add("width and height", "of pictures: unknown, not written")
    else:
        attributes |= {"width": str(size[0]), "height": str(size[1])}
    inner = list(_SHAPES[writing.label_type](item.label, writing))
    yield f" {tag('image', attributes, *inner, '')}\n"


def _attributes(values: dict[str, Any] | None, writing: Writing) -> Iterator[str]:
    for key, value in (values or {}).items():
        name = {"name": writing.vocabulary.attribute_name(key)}
        for text in as_texts(value):
            yield tag("attribute", name, escape(text), "")


def _class(label: dict[str, Any], writing: Writing) -> Iterator[str]:
    yield _tag(label["class"], label.get("attributes"), writing)


def _tags(label: dict[str, Any], writing: Writing) -> Iterator[str]:
    asked = label.get("attributes") or {}
    said: set[str] = set()
    for key in label["tags"]:
        own = {a["key"] for a in writing.vocabulary.attributes(key)} - said
        yield _tag(key, {k: v for k, v in asked.items() if k in own}, writing)
        said |= own
    lost = len(asked.keys() - said)
    writing.losses.add("attributes", "of a label without tags: not written", lost)


def _tag(key: str, values: dict[str, Any] | None, writing: Writing) -> str:
    name = {"label": writing.vocabulary.name_of(key), "source": "manual"}
    return "\n  " + tag("tag", name, *_attributes(values, writing), "")


def _objects(label: dict[str, Any], writing: Writing) -> Iterator[str]:
    objects = label["objects"]
    writing.losses.add("id", "of objects: they are numbered anew", len(objects))
    writing.lose_objects(objects, crowd="written like any other object", score="not written")
    if label.get("semantic"):
        writing.losses.add("semantic", "that a class has one mask: not written")
    group = 0
    if writing.label_type == "keypoints":
        unseen = [one for one in objects if not any(point[2] for point in one["points"])]
        writing.losses.add("points", "of objects of which none is seen: left out", len(unseen))
        objects = [one for one in objects if one not in unseen]
    for one in objects:
        common = {
            "label": writing.vocabulary.name_of(one["class"]), "source": "manual", "occluded": "0",
        }  # fmt: skip
        inner = list(_attributes(one.get("attributes"), writing))
        grouped = len(one.get("polygons", [])) > 1
        group += grouped
        for name, own, points in _drawn(one, writing):
            more = {"group_id": str(group)} if grouped else {}
            yield "\n  " + tag(name, {**common, **own, "z_order": "0", **more}, *points, *inner, "")
            inner = []  # an object's attributes are said once


def _drawn(
    one: dict[str, Any], writing: Writing
) -> Iterator[tuple[str, dict[str, str], list[str]]]:
    """(element, its own attributes, what stands in it) for each part of an object."""
    if "polygons" in one:
        holes = sum(len(part) - 1 for part in one["polygons"])
        writing.losses.add("holes", "of polygons: filled", holes)
        for part in one["polygons"]:
            yield "polygon", {"points": _points(part[0])}, []
    elif "rle" in one:
        yield "mask", to_row_runs(one["rle"]), []
    elif "points" in one:
        if one.get("box"):
            writing.losses.add("box", "of keypoints: not written")
        yield "skeleton", {}, list(_joints(one, writing))
    else:
        yield "box", _edges(one), []


def _edges(one: dict[str, Any]) -> dict[str, str]:
    x, y, width, height = one["box"]
    made = {
        "xtl": number(x), "ytl": number(y),
        "xbr": number(exact(x + width)), "ybr": number(exact(y + height)),
    }  # fmt: skip
    return {**made, "rotation": number(one["angle"])} if one.get("angle") else made


def _points(ring: Iterable[Any]) -> str:
    return ";".join(f"{number(x)},{number(y)}" for x, y, *_ in ring)


def _joints(one: dict[str, Any], writing: Writing) -> Iterator[str]:
    names = writing.vocabulary.skeleton(one["class"])
    for n, point in enumerate(one["points"]):
        name = names[n] if n < len(names) else str(n)
        seen = point[2]
        attributes = {
            "label": name, "source": "manual", "outside": str(int(seen == 0)),
            "occluded": str(int(seen == 1)), "points": _points([point]),
        }  # fmt: skip
        yield "\n   " + tag("points", attributes)


_SHAPES = {"class": _class, "tags": _tags} | dict.fromkeys(
    ("boxes", "polygons", "masks", "keypoints"), _objects
)
