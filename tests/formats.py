"""An ontology with everything in it, labels of every type, and a trip through a format and back."""

import io
import math

from hypothesis import strategies as st

from ops.formats import catalogue
from ops.formats.face import Item, Reading, Writing
from ops.formats.geometry import upright
from ops.formats.sources import opened
from ops.formats.vocabulary import Vocabulary
from ops.intake.faults import Faults

SIZE = (640, 480)
ONTOLOGY = {
    "classes": [
        {
            "key": "person",
            "name": "Person",
            "skeleton": {"points": ["nose", "left eye", "right eye"], "edges": [[0, 1], [0, 2]]},
        },
        {"key": "car", "name": "Car & <co>", "skeleton": {"points": ["front"], "edges": []}},
        {"key": "dog_1", "name": "Łódź ‚dog‘", "skeleton": {"points": ["a", "b"], "edges": []}},
    ],
    "attributes": [
        {"key": "colour", "name": "Colour", "kind": "choice", "choices": ["red", "dark blue"]},
        {"key": "seen", "name": "Seen by", "kind": "choices", "choices": ["x", "y", "z"]},
        {"key": "note", "name": "Note", "kind": "text"},
        {"key": "speed", "name": "Speed", "kind": "number", "of": ["car", "person"]},
        {"key": "occluded", "name": "Occluded", "kind": "flag"},
    ],
    "scale": {"low": 0, "high": 5, "step": 0.5},
    "reasons": [{"key": "clear", "name": "It is clearer"}, {"key": "short", "name": "Shorter"}],
    "tie": True,
}
VOCABULARY = Vocabulary(ONTOLOGY)
KEYS = [one["key"] for one in ONTOLOGY["classes"]]
TEXT = "Ada 🙂 Lovelace wrote to Babbage in London.\nÉté comme hiver."


def there(name, items, label_type, **more):
    """(file, losses) of items in a format."""
    writing = Writing(label_type, VOCABULARY, **more)
    data = b"".join(catalogue.write(name, items, writing))
    return data, writing.losses.found


def back(name, data, label_type, medium="image", **more):
    """(rows, reading) of a file."""
    reading = Reading(label_type, medium, VOCABULARY, Faults(), **more)
    with opened(io.BytesIO(data), f"labels.{catalogue.WRITTEN[name].SUFFIX}") as source:
        rows = list(catalogue.read(name, source, reading))
    reading.faults.raise_if_any()
    return rows, reading


def asset(label, n=1, **more):
    """An asset with a label."""
    given = {"external_id": f"folder/picture {n}.jpg", "width": SIZE[0], "height": SIZE[1], **more}
    return Item(label=label, **given)


def text_asset(label, n=1, text=TEXT, **more):
    return Item(external_id=f"t{n}", label=label, text=text, **more)


def px(low, high):
    """Coordinates with up to three decimals."""
    return st.integers(math.ceil(low * 1000), math.floor(high * 1000)).map(lambda v: v / 1000)


@st.composite
def boxes(draw):
    x, y = draw(px(0, SIZE[0] - 1)), draw(px(0, SIZE[1] - 1))
    width, height = draw(px(0.01, SIZE[0] - x)), draw(px(0.01, SIZE[1] - y))
    return [x, y, width, height]


@st.composite
def rings(draw):
    """Corners around a centre: a simple ring."""
    x, y = draw(px(60, SIZE[0] - 60)), draw(px(60, SIZE[1] - 60))
    n = draw(st.integers(3, 7))
    far = draw(st.lists(px(5, 50), min_size=n, max_size=n))
    return [
        [
            round(x + r * math.cos(2 * math.pi * i / n), 3),
            round(y + r * math.sin(2 * math.pi * i / n), 3),
        ]
        for i, r in enumerate(far)
    ]


@st.composite
def masks(draw):
    from pycocotools import mask

    parts = [[v for p in draw(rings()) for v in p]]
    made = mask.merge(mask.frPyObjects(parts, SIZE[1], SIZE[0]))
    return {"size": [SIZE[1], SIZE[0]], "counts": made["counts"].decode()}


def attributes(key):
    texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
    values = {
        "colour": st.sampled_from(["red", "dark blue"]),
        "seen": st.sampled_from([["x"], ["x", "z"], ["y", "z"]]),
        "note": texts,
        "occluded": st.just(True),
    }
    if key in ("car", "person"):
        values["speed"] = st.integers(-50, 50) | px(-5, 5).filter(lambda v: v % 1)
    return st.fixed_dictionaries({}, optional=values)


@st.composite
def objects(draw, shape, *, extras=True):
    made = []
    for n in range(draw(st.integers(0, 4))):
        key = draw(st.sampled_from(KEYS))
        one = {"id": draw(st.sampled_from([f"o{n}", str(n + 5)])), "class": key}
        one |= draw(shape(key))
        if extras and (more := draw(attributes(key))):
            one["attributes"] = more
        if extras and draw(st.booleans()):
            one["crowd"] = True
        made.append(one)
    return {"objects": made}


def box_shape(_):
    angle = st.none() | px(0.5, 359.5)
    return st.builds(_turned, boxes(), angle)


def _turned(box, angle):
    """Turned where it stays in the picture."""
    x, y, width, height = upright({"box": box, "angle": angle})
    inside = x >= 0 and y >= 0 and x + width <= SIZE[0] and y + height <= SIZE[1]
    return {"box": box, "angle": angle} if angle and inside else {"box": box}


def polygon_shape(_):
    part = st.lists(rings(), min_size=1, max_size=2)
    return st.lists(part, min_size=1, max_size=2).map(lambda p: {"polygons": p})


def mask_shape(_):
    return masks().map(lambda rle: {"rle": rle})


def point_shape(key):
    n = len(VOCABULARY.skeleton(key))
    point = st.tuples(px(0, SIZE[0]), px(0, SIZE[1]), st.sampled_from([0, 1, 2]))
    points = st.lists(point, min_size=n, max_size=n).map(
        lambda ps: [list(p) if p[2] else [0.0, 0.0, 0] for p in ps]
    )
    boxed = st.builds(lambda p, b: {"points": p, "box": b}, points, boxes())
    alone = points.filter(lambda ps: any(p[2] for p in ps)).map(lambda p: {"points": p})
    return boxed | alone


@st.composite
def spans(draw):
    found = []
    for n in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(TEXT) - 1))
        end = draw(st.integers(start + 1, len(TEXT)))
        one = {"id": f"s{n}", "class": draw(st.sampled_from(KEYS)), "start": start, "end": end}
        if more := draw(attributes(one["class"])):
            one["attributes"] = more
        found.append(one)
    label = {"spans": found}
    if len(found) > 1 and draw(st.booleans()):
        label["relations"] = [{"from": "s0", "to": "s1", "class": "car"}]
    return label


def _with(base, key=None):
    return st.builds(lambda b, a: {**b, **({"attributes": a} if a else {})}, base, attributes(key))


LABELS = {
    "class": _with(st.sampled_from(KEYS).map(lambda k: {"class": k})),
    "tags": _with(st.sets(st.sampled_from(KEYS)).map(lambda k: {"tags": sorted(k)})),
    "attributes": attributes("car").filter(bool).map(lambda a: {"attributes": a}),
    "boxes": objects(box_shape),
    "polygons": objects(polygon_shape),
    "masks": objects(mask_shape),
    "keypoints": objects(point_shape),
    "spans": spans(),
    "transcription": _with(
        st.text(
            st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=30
        ).map(lambda t: {"text": t})
    ),
    "rating": st.integers(0, 10).map(lambda n: {"rating": n // 2 if n % 2 == 0 else n / 2}),
    "preference": st.builds(
        lambda p, r: {"preference": p, **({"reasons": r} if r else {})},
        st.sampled_from(["a", "b", "tie"]),
        st.sampled_from([[], ["clear"], ["clear", "short"]]),
    ),
}
