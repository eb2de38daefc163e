"""`docs/formats.md` says of every format and type what is lost: exactly what the code reports."""

from pathlib import Path

from ops import labels
from ops.formats import catalogue, geometry
from tests import formats as trip

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "formats.md"
RING = [[100.0, 100.0], [200.0, 100.0], [200.0, 200.25]]
HOLE = [[150.0, 110.0], [160.0, 110.0], [160.0, 120.0]]
MORE = {"attributes": {"colour": "red"}, "crowd": True}


def _objects(**shape):
    return {"objects": [{"id": "o1", "class": "person", **shape, **MORE}]}


def everything():
    """Of each type a label that says all that its type can say."""
    mask = geometry.drawn([[RING]], *trip.SIZE)
    points = [[100.0, 100.0, 2], [110.0, 100.0, 1], [0.0, 0.0, 0]]
    boxed = {"id": "o2", "class": "person", "points": points, "box": [90.0, 90.0, 30.0, 30.0]}
    keypoints = _objects(points=points)
    keypoints["objects"].append(boxed)
    return {
        "class": {"class": "car", "attributes": {"colour": "red"}},
        "tags": {"tags": ["car"], "attributes": {"colour": "red"}},
        "attributes": {"attributes": {"colour": "red"}},
        "boxes": _objects(box=[100.5, 100.0, 20.0, 30.0], angle=30.0),
        "polygons": _objects(polygons=[[RING, HOLE], [RING]]),
        "masks": {**_objects(rle=mask), "semantic": True},
        "keypoints": keypoints,
        "spans": {
            "spans": [
                {"id": "a", "class": "car", "start": 0, "end": 3, "attributes": {"note": "x"}},
                {"id": "b", "class": "person", "start": 4, "end": 5},
            ],
            "relations": [{"from": "a", "to": "b", "class": "car"}],
        },
        "transcription": {"text": "what is written"},
        "rating": {"rating": 3.5},
        "preference": {"preference": "tie", "reasons": ["clear"]},
    }


def lost(name, label_type):
    """The fields of a label that a format reports as lost."""
    label = everything()[label_type]
    labels.check(label_type, trip.ONTOLOGY, label, size=trip.SIZE, length=len(trip.TEXT))
    text = label_type in ("spans", "transcription", "rating", "preference")
    item = (trip.text_asset if text else trip.asset)(label)
    _, losses = trip.there(name, [item], label_type)
    return [loss.field for loss in losses]


def table():
    """The table of the document: one line a type, one column a format."""
    names = list(catalogue.WRITTEN)
    lines = [f"| | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    for kind in labels.KINDS:
        cells = []
        for name in names:
            holds = kind in catalogue.WRITTEN[name].HOLDS
            cells.append((", ".join(lost(name, kind)) or "nothing lost") if holds else "–")
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    return "\n".join(lines)


def test_the_table_is_what_the_code_reports():
    assert table() in DOCUMENT.read_text(encoding="utf-8")
