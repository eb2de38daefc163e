"""Quality reports made readable: of every format there was, with nothing and with a great deal."""

import base64
import copy
import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from metrics import charts, label_drawing, report_drawn, report_pages, report_unjudged
from ops import canonical
from tests.db.every_type import CASES, HEIGHT, WIDTH, mask

STORED = Path(__file__).resolve().parents[1] / "stored"
HOSTILE = '"><script>alert(1)</script>'


@pytest.fixture
def old() -> dict[str, Any]:
    """A report as it was frozen when reports knew neither examples nor a client's word."""
    found = json.loads((STORED / "report-format-1.json").read_text("utf-8"))
    assert canonical.digest(found["report"]) == found["report_digest"]
    report: dict[str, Any] = found["report"]
    assert report["format"] == 1
    return report


def test_a_report_of_the_first_format_is_still_rendered_and_unchanged(old):
    before = copy.deepcopy(old)
    content = report_pages.content(old)
    assert content["wrong"] == content["examples"] == content["errors"] == []
    assert "version 1" in content["asked"][1]
    assert "approved" not in content["asked"][1]
    assert content["report_digest"] == canonical.digest(before)
    assert report_pages.pdf(old).startswith(b"%PDF-")
    assert old == before


def test_many_classes_and_names_without_end_make_charts_of_a_page_each(old):
    names = [f"{'x' * 70}{i}" for i in range(60)]
    old["classes"] = [
        {"key": n, "name": n, "description": "", "n": 0, "share": None} for n in names
    ]
    nothing = {"n": 0, "accepted": 0, "value": None, "low": None, "high": None}
    old["class_accuracy"] = [{"key": n, "name": n, **nothing} for n in names]
    content = report_pages.content(old)
    # Nothing was reviewed of any class: a sentence says it, and no empty chart.
    assert content["accuracy_charts"] == []
    heights = [int(ET.fromstring(svg).get("height", "0")) for svg in content["balance_charts"]]
    assert sum(heights) == 60 * charts.ROW
    assert max(heights) <= 24 * charts.ROW
    said = next(line for line in report_unjudged.not_judged(old) if "these classes" in line)
    assert "and 48 more" in said
    assert report_pages.pdf(old).startswith(b"%PDF-")


def test_parts_are_all_the_rows_in_order():
    for n in (0, 1, 24, 25, 60, 100):
        parts = charts.in_parts(list(range(n)))
        assert [row for part in parts for row in part] == list(range(n))
        assert max(map(len, parts), default=0) <= 24


def _picture() -> str:
    out = io.BytesIO()
    Image.new("RGB", (WIDTH, HEIGHT), (90, 120, 90)).save(out, "JPEG")
    return base64.b64encode(out.getvalue()).decode()


@pytest.mark.parametrize("label_type", ["boxes", "polygons", "masks", "keypoints", "class"])
def test_an_example_shows_both_labels_on_its_own_picture(old, label_type):
    case = CASES[label_type]
    example = {
        "external_id": HOSTILE, "errors": [{"type": "wrong_class", "severity": "major"}],
        "before": case.near, "after": case.right, "before_words": HOSTILE, "after_words": "right",
        "picture": _picture(), "size": [WIDTH, HEIGHT],
    }  # fmt: skip
    wrong = {"labels": 1, "errors": [{"type": "wrong_class", "n": 1, "critical": 0, "major": 1,
                                      "minor": 0}], "examples": [example]}  # fmt: skip
    report = old | {"format": 2, "wrong": wrong, "drawing": {"a": {"colour": HOSTILE}}}
    (one,) = report_drawn.examples(report)
    for side, label in (("before", case.near), ("after", case.right)):
        root = ET.fromstring(one[side]["svg"])  # well-formed, whatever the words hold
        assert root.find("{*}script") is None
        assert root.find("{*}image").get("href").startswith("data:image/jpeg;base64,")
        shapes = [e for e in root if e.tag.rpartition("}")[2] not in ("title", "image")]
        assert bool(shapes) == bool(label.get("objects"))
    assert report_pages.pdf(report).startswith(b"%PDF-")


def test_a_mask_is_drawn_where_its_pixels_are():
    svg = label_drawing.drawn(
        {"objects": [mask(10, 20)]}, (WIDTH, HEIGHT), {}, "/picture", title="t"
    )
    path = ET.fromstring(svg).find("{*}path").get("d")
    runs = [part.replace("h", " ").split("v")[0].split() for part in path.split("M") if part]
    assert {(int(x), int(width)) for x, _, width in runs} == {(10, 40)}
    assert [int(y) for _, y, _ in runs] == list(range(20, 50))


def test_what_changed_is_told_by_content_not_by_id():
    right, near = CASES["boxes"].right, CASES["boxes"].near
    renamed = {"objects": [{**one, "id": f"n{i}"} for i, one in enumerate(right["objects"])]}
    assert label_drawing.changed(right, renamed) == set()
    assert label_drawing.changed(right, near) == {1}


def test_passages_make_the_text_again_and_overlaps_have_both_classes():
    label = {"spans": [{"id": "1", "class": "a", "start": 2, "end": 6},
                       {"id": "2", "class": "b", "start": 4, "end": 8}]}  # fmt: skip
    pieces = label_drawing.passages("0123456789", label)
    assert "".join(piece["text"] for piece in pieces) == "0123456789"
    assert [(p["text"], p["classes"]) for p in pieces if p["classes"]] == [
        ("23", ["a"]), ("45", ["a", "b"]), ("67", ["b"]),
    ]  # fmt: skip
    cut = label_drawing.passages("x" * 900 + "name" + "y" * 900,
                                 {"spans": [{"id": "1", "class": "a", "start": 900, "end": 904}]},
                                 most=100)  # fmt: skip
    assert cut[0]["text"] == cut[-1]["text"] == "…"
    assert any(piece["text"] == "name" and piece["classes"] == ["a"] for piece in cut)
    assert sum(len(piece["text"]) for piece in cut) == 102
