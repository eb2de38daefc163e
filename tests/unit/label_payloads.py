"""Hypothesis strategies for valid labels of every type, and the ontology that they fit."""

import warnings
from typing import Any

import numpy as np
from hypothesis import strategies as st

SIZE = (40, 30)  # width, height of the picture
ONTOLOGY: dict[str, Any] = {
    "classes": [
        {"key": key, "name": key, "skeleton": {"points": ["head", "hand", "foot"], "edges": []}}
        for key in ("car", "bus", "tram")
    ],
    "attributes": [
        {"key": "colour", "kind": "choice", "choices": ["red", "blue"]},
        {"key": "parts", "kind": "choices", "choices": ["z", "b", "a"]},
        {"key": "seats", "kind": "number", "low": 0, "high": 9, "of": ["bus", "tram"]},
        {"key": "note", "kind": "text"},
        {"key": "moving", "kind": "flag", "required": True},
    ],
    "scale": {"low": 1, "high": 5, "step": 0.5},
    "reasons": [{"key": "sharp", "name": "sharp"}, {"key": "bright", "name": "bright"}],
    "tie": True,
}
TYPES = (
    "class", "tags", "attributes", "boxes", "polygons", "masks", "keypoints", "spans",
    "transcription", "rating", "preference",
)  # fmt: skip
CLASSES = st.sampled_from(["car", "bus", "tram"])


@st.composite
def attributes(draw: st.DrawFn, classes: set[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"moving": draw(st.booleans())}
    if draw(st.booleans()):
        found["colour"] = draw(st.sampled_from(["red", "blue"]))
    if draw(st.booleans()):
        found["parts"] = [k for k in ("z", "b", "a") if draw(st.booleans())]
    if classes & {"bus", "tram"} and draw(st.booleans()):
        found["seats"] = draw(st.integers(0, 9) | st.sampled_from([0.5, 2.25]))
    if draw(st.booleans()):
        found["note"] = draw(st.sampled_from(["", "old", "odd", "very old"]))
    return found


@st.composite
def boxes(draw: st.DrawFn) -> list[float]:
    x, y = draw(st.integers(0, 30)), draw(st.integers(0, 20))
    return [x, y, draw(st.integers(1, 40 - x)), draw(st.integers(1, 30 - y))]


@st.composite
def box_shapes(draw: st.DrawFn) -> dict[str, Any]:
    if draw(st.integers(0, 3)):
        return {"box": draw(boxes())}
    angle = draw(st.integers(0, 359))
    return {"box": [draw(st.integers(14, 20)), draw(st.integers(10, 14)), 6, 4], "angle": angle}


@st.composite
def polygon_shapes(draw: st.DrawFn) -> dict[str, Any]:
    x, y, w, h = draw(boxes())
    outline = [[x, y], [x + w, y], [x + w, y + h], [x, y + h]]
    kind = draw(st.sampled_from(["box", "triangle", "eight", "two"]))
    if kind == "triangle":
        return {"polygons": [[outline[:3]]]}
    if kind == "eight":  # crosses itself
        return {"polygons": [[[outline[0], outline[2], outline[1], outline[3]]]]}
    parts = [[outline]]
    if kind == "two":
        parts.append([[[0, 0], [3, 0], [3, 3]]])
    return {"polygons": parts}


def rle(pixels: np.ndarray) -> dict[str, Any]:
    from pycocotools import mask

    found = mask.encode(np.asfortranarray(pixels.astype(np.uint8)))
    return {"size": [int(n) for n in found["size"]], "counts": found["counts"].decode()}


def pixels(found: dict[str, Any]) -> np.ndarray:
    from pycocotools import mask

    with warnings.catch_warnings():  # pycocotools 2.0.11 on numpy 2
        warnings.simplefilter("ignore", DeprecationWarning)
        plane = mask.decode({"size": found["size"], "counts": found["counts"].encode()})
    return plane.astype(bool)


@st.composite
def mask_shapes(draw: st.DrawFn) -> dict[str, Any]:
    drawn = np.zeros(SIZE[::-1], bool)
    for x, y, w, h in draw(st.lists(boxes(), min_size=1, max_size=2)):
        drawn[y : y + h, x : x + w] = True
    return {"rle": rle(drawn)}


@st.composite
def keypoint_shapes(draw: st.DrawFn) -> dict[str, Any]:
    point = st.tuples(st.integers(0, 40), st.integers(0, 30), st.integers(1, 2)).map(list)
    points = draw(st.lists(point | st.just([0.0, 0.0, 0]), min_size=3, max_size=3))
    if any(v for _, _, v in points) and draw(st.booleans()):
        return {"points": points}
    return {"points": points, "box": draw(boxes())}


@st.composite
def span_shapes(draw: st.DrawFn) -> dict[str, Any]:
    start = draw(st.integers(0, 20))
    return {"start": start, "end": draw(st.integers(start + 1, 25))}


SHAPES = {
    "boxes": box_shapes(),
    "polygons": polygon_shapes(),
    "masks": mask_shapes(),
    "keypoints": keypoint_shapes(),
    "spans": span_shapes(),
}


@st.composite
def objects(draw: st.DrawFn, label_type: str, most: int = 4) -> list[dict[str, Any]]:
    found = []
    for i in range(draw(st.integers(0, most))):
        name = draw(CLASSES)
        one = {"id": f"o{i}", "class": name, **draw(SHAPES[label_type])}
        one["attributes"] = draw(attributes({name}))
        if label_type != "spans" and draw(st.integers(0, 5)) == 0:
            one["crowd"] = True
        found.append(one)
    return found


@st.composite
def semantic(draw: st.DrawFn) -> dict[str, Any]:
    """A mask a class, without overlaps."""
    plane = np.full(SIZE[::-1], -1)
    for k, (x, y, w, h) in enumerate(draw(st.lists(boxes(), max_size=3))):
        plane[y : y + h, x : x + w] = k
    keys = ["car", "bus", "tram"]
    found = [
        {"id": key, "class": key, "rle": rle(plane == k), "attributes": {"moving": True}}
        for k, key in enumerate(keys)
        if (plane == k).any()
    ]
    return {"objects": found, "semantic": True}


@st.composite
def labels(draw: st.DrawFn, label_type: str, most: int = 4) -> dict[str, Any]:
    """A valid label of the type."""
    if label_type in ("boxes", "polygons", "masks", "keypoints"):
        return {"objects": draw(objects(label_type, most))}
    if label_type == "spans":
        found = {"spans": draw(objects("spans", most))}
        ids = [one["id"] for one in found["spans"]]
        if len(ids) > 1 and draw(st.booleans()):
            ends = draw(st.permutations(ids))[:2]
            found["relations"] = [{"from": ends[0], "to": ends[1], "class": draw(CLASSES)}]
        return found
    if label_type == "tags":
        tags = sorted(draw(st.sets(CLASSES)))
        return {"tags": tags, "attributes": draw(attributes(set(tags)))}
    if label_type == "class":
        name = draw(CLASSES)
        return {"class": name, "attributes": draw(attributes({name}))}
    if label_type == "attributes":
        return {"attributes": draw(attributes({"bus"}))}
    if label_type == "transcription":
        texts = st.text("ab ß", max_size=6)
        return {"text": draw(texts), "attributes": draw(attributes({"bus"}))}
    if label_type == "rating":
        return {"rating": draw(st.integers(2, 10)) / 2}
    reasons = [key for key in ("sharp", "bright") if draw(st.booleans())]
    return {"preference": draw(st.sampled_from(["a", "b", "tie"])), "reasons": reasons}


@st.composite
def answers(draw: st.DrawFn, label_type: str, most: int = 4) -> list[dict[str, Any]]:
    """What one to five people gave, some of it perhaps the same."""
    one = labels(label_type, most)
    found = draw(st.lists(one, min_size=1, max_size=3))
    again = draw(st.lists(st.sampled_from(found), max_size=2))
    return draw(st.permutations([*found, *again]))
