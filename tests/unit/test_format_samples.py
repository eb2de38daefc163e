"""Files as the tools themselves write them, and what other readers make of ours."""

import io
import json
import math
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pycocotools import mask
from pycocotools.coco import COCO

from ops.formats import brush, catalogue, cvat_masks, geometry, tracing
from ops.formats.face import Reading
from ops.formats.sources import opened
from ops.intake.faults import Faults
from ops.intake.known import Known
from tests import formats as trip


def read(name, data, kind, **more):
    """(rows by external id, losses) of a file, or of a zip of {name: content}."""
    if isinstance(data, dict):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for path, content in data.items():
                archive.writestr(path, content)
        data = out.getvalue()
    if isinstance(data, list):
        data = json.dumps(data).encode()
    reading = Reading(kind, "image", trip.VOCABULARY, Faults(), **more)
    with opened(io.BytesIO(data), "sent.json") as source:
        assert catalogue.recognise(source) == name
        rows = list(catalogue.read(name, source, reading))
    reading.faults.raise_if_any()
    return {row.external_id: row for row in rows}, {one.field for one in reading.losses.found}


def png(width, height):
    out = io.BytesIO()
    Image.new("L", (width, height)).save(out, "PNG")
    return out.getvalue()


def test_pycocotools_loads_what_we_write(tmp_path):
    ring = [[10.0, 10.0], [60.0, 10.0], [60.0, 60.0], [10.0, 60.0]]
    hole = [[20.0, 20.0], [40.0, 20.0], [40.0, 40.0], [20.0, 40.0]]
    objects = [
        {"id": "a", "class": "person", "polygons": [[ring]]},
        {"id": "7", "class": "car", "polygons": [[ring, hole]]},
    ]
    data, losses = trip.there("coco", [trip.asset({"objects": objects})], "polygons")
    path = tmp_path / "labels.json"
    path.write_bytes(data)
    known = COCO(str(path))
    first, second = (known.anns[i] for i in sorted(known.anns))
    assert [c["name"] for c in known.loadCats(known.getCatIds())] == [
        c["name"] for c in trip.ONTOLOGY["classes"]
    ]
    areas = {a["id"]: int(mask.area(known.annToRLE(a))) for a in (first, second)}
    assert areas == {1: 2500, 7: 2100}
    assert [loss.field for loss in losses] == ["holes"]
    assert (first["area"], second["area"]) == (2500, 2100)


def test_pascal_voc_counts_from_one_and_to_the_last_pixel():
    xml = """<annotation><folder>VOC2012</folder><filename>2007_000027.jpg</filename>
    <size><width>486</width><height>500</height><depth>3</depth></size>
    <object><name>person</name><pose>Unspecified</pose><truncated>0</truncated>
    <difficult>0</difficult>
    <bndbox><xmin>1</xmin><ymin>1</ymin><xmax>486</xmax><ymax>500</ymax></bndbox>
    <part><name>head</name><bndbox><xmin>2</xmin><ymin>2</ymin><xmax>3</xmax><ymax>3</ymax></bndbox>
    </part></object></annotation>"""
    rows, losses = read("voc", {"Annotations/2007_000027.xml": xml}, "boxes")
    row = rows["2007_000027.jpg"]
    assert (row.width, row.height) == (486, 500)
    assert row.label["objects"] == [{"id": "1", "class": "person", "box": [0, 0, 486, 500]}]
    assert losses == {"part"}


def test_cvat_with_groups_occlusion_and_what_the_project_does_not_ask():
    xml = """<annotations><version>1.1</version><meta/>
    <image id="0" name="a/b.jpg" subset="Train" width="64" height="48">
     <polygon label="Car &amp; &lt;co&gt;" occluded="1" source="manual" z_order="0" group_id="1"
       points="1.00,1.00;9.00,1.00;9.00,9.00"><attribute name="Colour">red</attribute></polygon>
     <polygon label="Car &amp; &lt;co&gt;" occluded="0" source="manual" z_order="0" group_id="1"
       points="20.00,1.00;29.00,1.00;29.00,9.00"/>
     <polygon label="person" occluded="0" source="auto" z_order="3" points="1,1;2,1;2,2">
       <attribute name="Shoe size">44</attribute></polygon>
     <box label="person" xtl="1" ytl="1" xbr="2" ybr="2"/>
    </image></annotations>"""
    rows, losses = read("cvat", {"annotations.xml": xml}, "polygons")
    row = rows["a/b.jpg"]
    car, person = row.label["objects"]
    assert len(car["polygons"]) == 2
    assert car["attributes"] == {"colour": "red", "occluded": True}
    assert "attributes" not in person
    assert row.metadata == {"subset": "Train"}
    assert losses == {"group_id", "attribute Shoe size", "<box>"}


def test_tracks_of_a_video_are_refused_by_name():
    from ops.errors import InvalidInput

    with pytest.raises(InvalidInput, match="tracks of a video"):
        read("cvat", b'<annotations><track id="0" label="car"/></annotations>', "boxes")


def test_yolo_as_roboflow_lays_it_out_with_its_pictures(tmp_path):
    files = {
        "data.yaml": "train: ../train/images\nnc: 2\nnames: ['person', dog_1]",
        "train/images/a.png": png(64, 48),
        "train/labels/a.txt": "0 0.5 0.5 0.25 0.5\n",
        "valid/images/b.png": png(100, 50),
        "valid/labels/b.txt": "1 0.1 0.1 0.3 0.1 0.3 0.3 0.1 0.3 \n",
        "valid/images/c.png": png(10, 10),
    }
    rows, losses = read("yolo", files, "boxes", keep=lambda data: f"upload:{len(data)}")
    assert rows["a.png"].label["objects"][0]["box"] == [24, 12, 16, 24]
    assert rows["a.png"].metadata == {"split": "train"}
    box = rows["b.png"].label["objects"][0]  # four corners, as oriented boxes have
    assert (box["class"], box["box"], box["angle"]) == ("dog_1", [10, 5, 20, 10], 0)
    assert (rows["c.png"].label, rows["c.png"].uri[:7]) == (None, "upload:")
    assert losses == set()


def test_darknet_beside_its_pictures_in_a_folder(tmp_path):
    (tmp_path / "classes.txt").write_text("person\nCar & <co>\n")
    (tmp_path / "a.png").write_bytes(png(64, 48))
    (tmp_path / "a.txt").write_text("1 0.5 0.5 1 1 0.875\n")
    reading = Reading("boxes", "image", trip.VOCABULARY, Faults())
    with opened(tmp_path) as source:
        assert catalogue.recognise(source) == "yolo"
        (row,) = catalogue.read("yolo", source, reading)
    assert row.uri == str(tmp_path / "a.png")
    assert row.label == {
        "objects": [{"id": "1", "class": "car", "box": [0, 0, 64, 48], "score": 0.875}]
    }


def test_an_export_of_label_studio_with_rotation_regions_and_two_annotators():
    region = {
        "id": "Kx1", "from_name": "label", "to_name": "image", "type": "rectanglelabels",
        "original_width": 200, "original_height": 100, "image_rotation": 0,
        "value": {"x": 50, "y": 20, "width": 10, "height": 20, "rotation": 90,
                  "rectanglelabels": ["Person"]},
    }  # fmt: skip
    said = {
        "id": "Kx1", "from_name": "colour", "to_name": "image", "type": "choices",
        "value": {**region["value"], "choices": ["dark blue"]},
    }  # fmt: skip
    task = {
        "id": 1, "data": {"image": "/data/upload/3/0a1b2c3d-street.jpg", "city": "Bonn"},
        "annotations": [
            {"id": 1, "was_cancelled": True, "result": []},
            {"id": 2, "updated_at": "2026-01-02T00:00:00Z", "result": [region, said]},
            {"id": 3, "updated_at": "2026-01-01T00:00:00Z", "result": []},
        ],
        "predictions": [{"score": 0.5, "result": [{**region, "score": 0.25}]}],
    }  # fmt: skip
    rows, losses = read("labelstudio", [task], "boxes")
    row = rows["street.jpg"]
    assert (row.width, row.height, row.metadata) == (200, 100, {"city": "Bonn"})
    # 20 × 20 px, turned about (100, 20) by a quarter: it lies to the left of that corner.
    (one,) = row.label["objects"]
    assert one["attributes"] == {"colour": "dark blue"}
    assert (one["box"], one["angle"]) == ([80, 20, 20, 20], 90)
    assert losses == {"annotations"}
    rows, _ = read("labelstudio", [task], "boxes", predictions=True)
    assert rows["street.jpg"].label["objects"][0]["score"] == 0.25
    assert rows["street.jpg"].confidence == 0.5


def test_passages_that_an_older_label_studio_counted_in_utf_16():
    text = "🙂 Ada"
    value = {"start": 3, "end": 6, "text": "Ada", "labels": ["person"]}
    result = [{"id": "x", "from_name": "l", "to_name": "t", "type": "labels", "value": value}]
    tasks = [{"data": {"text": text}, "annotations": [{"result": result}]}]
    reading = Reading("spans", "text", trip.VOCABULARY, Faults())
    with opened(io.BytesIO(json.dumps(tasks).encode()), "x.json") as source:
        (row,) = catalogue.read("labelstudio", source, reading)
    (span,) = row.label["spans"]
    assert text[span["start"] : span["end"]] == "Ada"


def _brush_by_hand(values):
    """The values of a brush, bit by bit, as its definition reads."""
    bits = "".join(f"{v:08b}" for v in values)
    at = 0

    def take(n):
        nonlocal at
        at += n
        return int(bits[at - n : at], 2)

    total, size = take(32), take(5) + 1
    lengths = [take(4) + 1 for _ in range(4)]
    out = []
    while len(out) < total:
        same = take(1)
        n = take(lengths[take(2)]) + 1
        out += [take(size)] * n if same else [take(size) for _ in range(n)]
    return out


small_masks = st.integers(1, 9).flatmap(
    lambda w: st.lists(st.lists(st.booleans(), min_size=w, max_size=w), min_size=1, max_size=9)
).map(np.array)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(drawn=small_masks)
def test_masks_of_every_format_are_the_same_pixels(drawn):
    height, width = drawn.shape
    rle = geometry.encoded(drawn)
    assert (geometry.pixels(rle) == drawn).all()
    values = brush.encode(rle)
    plain = np.array(_brush_by_hand(values)).reshape(height, width, 4)
    assert (plain == np.where(drawn, 255, 0)[:, :, None]).all()
    assert brush.decode(values, (width, height)) == rle
    if drawn.any():
        told = cvat_masks.to_row_runs(rle)
        left, top = int(told["left"]), int(told["top"])
        wide, high = int(told["width"]), int(told["height"])
        runs = [int(n) for n in told["rle"].split(", ")]
        flat = [i % 2 == 1 for i, n in enumerate(runs) for _ in range(n)]
        inner = drawn[top : top + high, left : left + wide]
        assert flat == inner.ravel().tolist() and inner.sum() == drawn.sum()
        assert cvat_masks.from_row_runs(runs, left, top, wide, high, (width, height)) == rle
        parts = tracing.trace(drawn)
        assert geometry.area(parts) == drawn.sum()
        assert geometry.drawn(parts, width, height) == rle


@given(box=trip.boxes(), angle=st.floats(0, 360), size=st.just((640, 480)), n=st.integers(-3, 3))
def test_corners_of_a_turned_box_tell_the_box(box, angle, size, n):
    found, turned = geometry.turned(geometry.corners(box, angle))
    assert found == pytest.approx(box, abs=1e-6)
    assert math.cos(math.radians(turned - angle)) == pytest.approx(1, abs=1e-6)


def test_the_asset_is_found_without_the_suffix_of_its_picture():
    files = {"classes.txt": "person", "labels/street 7.txt": "0 .5 .5 .5 .5"}
    find = {"street 7": Known("street 7.JPG", 100, 100)}.get
    rows, _ = read("yolo", files, "boxes", find=find)
    assert rows["street 7.JPG"].label["objects"][0]["box"] == [25, 25, 50, 50]
