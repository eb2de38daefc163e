"""A floor for each label type, and labels of it: right, nearly right, and wrong."""

from typing import Any, NamedTuple

import numpy as np

from tests.factories import Floor, Make

WIDTH, HEIGHT = 200, 100
TEXT = "Ada wrote to Charles from London about the engine."
SKELETON = {"points": ["head", "hip", "foot"], "edges": [[0, 1], [1, 2]]}
ATTRIBUTES = [
    {"key": "colour", "name": "Colour", "kind": "choice", "choices": ["red", "blue"]},
    {"key": "wet", "name": "Wet", "kind": "flag"},
]


class Case(NamedTuple):
    """What a labeller says who is `right`, or `near` to it, or quite `wrong`; `ontology` holds what
    is asked beside classes, `picture` whether it is drawn on one."""

    right: dict[str, Any]
    near: dict[str, Any]
    wrong: dict[str, Any]
    ontology: dict[str, Any] = {}  # noqa: RUF012 - never changed
    picture: bool = False


def _objects(*objects: dict[str, Any]) -> dict[str, Any]:
    return {"objects": [{"id": f"o{n}", **one} for n, one in enumerate(objects)]}


def _box(x: float, y: float, key: str = "a") -> dict[str, Any]:
    return {"class": key, "box": [x, y, 40.0, 30.0]}


def _polygon(x: float, y: float, key: str = "a") -> dict[str, Any]:
    ring = [[x, y], [x + 40, y], [x + 40, y + 30], [x, y + 30]]
    return {"class": key, "polygons": [[ring]]}


def mask(x: int, y: int, key: str = "a") -> dict[str, Any]:
    """A rectangle of 40 × 30 px as COCO's run lengths."""
    from pycocotools import mask as coco

    pixels = np.zeros((HEIGHT, WIDTH), np.uint8, order="F")
    pixels[y : y + 30, x : x + 40] = 1
    rle = coco.encode(pixels)
    return {"class": key, "rle": {"size": [HEIGHT, WIDTH], "counts": rle["counts"].decode()}}


def _figure(x: float, y: float, key: str = "a") -> dict[str, Any]:
    return {"class": key, "points": [[x, y, 2], [x + 10, y + 30, 2], [x + 20, y + 60, 2]]}


def _spans(*spans: tuple[int, int, str]) -> dict[str, Any]:
    return {
        "spans": [
            {"id": f"s{n}", "class": key, "start": start, "end": end}
            for n, (start, end, key) in enumerate(spans)
        ]
    }


def _drawn(shape: Any, **ontology: Any) -> Case:
    right = _objects(shape(10, 10), shape(100, 20, "b"))
    wrong = _objects(shape(150, 35, "c"))
    return Case(right, _objects(shape(10, 10)), wrong, ontology, picture=True)


CASES: dict[str, Case] = {
    "class": Case({"class": "a"}, {"class": "a"}, {"class": "b"}),
    "tags": Case({"tags": ["a", "b"]}, {"tags": ["a"]}, {"tags": ["c"]}),
    "attributes": Case(
        {"attributes": {"colour": "red", "wet": True}},
        {"attributes": {"colour": "red", "wet": False}},
        {"attributes": {"colour": "blue", "wet": False}},
        {"attributes": ATTRIBUTES},
    ),
    "boxes": _drawn(_box),
    "polygons": _drawn(_polygon),
    "masks": _drawn(mask),
    "keypoints": _drawn(
        _figure,
        classes=[
            {
                "key": k,
                "name": k.upper(),
                "colour": "#4363d8",
                "hotkey": k,
                "description": "",
                "skeleton": SKELETON,
            }
            for k in "abc"
        ],
    ),
    "spans": Case(
        _spans((0, 3, "a"), (13, 20, "a"), (26, 32, "b")),
        _spans((0, 3, "a"), (26, 32, "b")),
        _spans((40, 49, "c")),
    ),
    "transcription": Case(
        {"text": "Analytical engine"}, {"text": "Analytical engines"}, {"text": "no idea"}
    ),
    "rating": Case(
        {"rating": 4}, {"rating": 3}, {"rating": 1}, {"scale": {"low": 1, "high": 5, "step": 1}}
    ),
    "preference": Case({"preference": "a"}, {"preference": "a"}, {"preference": "b"}),
}
# Of which an answer can be right in part.
IN_PART = tuple(key for key in CASES if CASES[key].near != CASES[key].right)
MERGED = tuple(key for key in CASES if key not in ("class", "rating", "preference"))


def floor_of(make: Make, label_type: str, **more: Any) -> Floor:
    """`make.floor` for labels of this type."""
    case = CASES[label_type]
    medium = "image" if case.picture else "text"
    floor = make.floor(label_type=label_type, medium=medium, ontology=case.ontology, **more)
    for asset in floor.assets:
        asset.text = None if case.picture else TEXT
        if case.picture:
            asset.uri = f"file:///nowhere/{asset.id}.png"
            asset.width, asset.height = WIDTH, HEIGHT
    make.session.flush()
    return floor
