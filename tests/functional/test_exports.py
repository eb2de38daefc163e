"""Exports through page, API and portal: any format that holds the labels, and what it loses."""

import io
import json
import zipfile

import pytest

from ops import clock_time
from ops.models import OntologyVersion
from tests import formats as trip

LABEL = {
    "objects": [
        {"id": "o1", "class": "car", "box": [1.0, 2.0, 3.5, 4.0], "attributes": {"colour": "red"}}
    ]
}


@pytest.fixture
def lead(client_for):
    return client_for("ops_lead")


@pytest.fixture
def batch(make, lead, session):
    project = make.project(medium="image", label_type="boxes")
    parts = {
        "classes": [{k: c[k] for k in ("key", "name")} for c in trip.ONTOLOGY["classes"]],
        "attributes": trip.ONTOLOGY["attributes"],
    }
    session.add(
        OntologyVersion(project_id=project.id, version=2, created_at=clock_time.now(), **parts)
    )
    make.member(project, lead.user)
    batch = make.batch(project)
    session.commit()
    rows = [
        {
            "external_id": "a.jpg", "uri": "s3://b/a.jpg", "width": 64, "height": 48,
            "label": LABEL,
        }
    ]  # fmt: skip
    return batch, rows


@pytest.fixture
def labelled(lead, batch):
    batch, rows = batch
    answer = lead.post(
        f"/api/v1/batches/{batch.id}/assets", json={"rows": rows, "labels": "labels"}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json["labelled"] == 1
    return batch


@pytest.fixture(autouse=True)
def _protocols(app):
    settings = app.extensions["settings"]
    app.extensions["settings"] = settings.model_copy(update={"asset_protocols": "s3"})


def test_the_page_shows_what_a_format_loses_before_it_is_taken(lead, labelled):
    at = f"/batches/{labelled.id}"
    assert f'href="{at}/labels"' in lead.get(at).text
    shown = lead.get(f"{at}/labels?format=yolo").text
    assert "Pascal VOC XML" in shown and "One class" not in shown
    assert "of objects: not written" in shown
    assert "Nothing is lost" in lead.get(f"{at}/labels?format=jsonl").text
    answer = lead.get(f"{at}/labels.yolo")
    assert answer.mimetype == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.read("labels/a.txt").startswith(b"1 ")
        losses = json.loads(archive.read("losses.json"))
    assert {"field": "attributes", "count": 1, "words": "of objects: not written"} in losses
    assert json.loads(answer.headers["Touchstone-Losses"]) == losses


def test_a_format_that_there_is_not_or_that_cannot_hold_it(lead, labelled, make, session):
    assert lead.get(f"/batches/{labelled.id}/labels.docx").status_code == 404
    assert lead.get(f"/api/v1/batches/{labelled.id}/labels?format=docx").status_code == 422
    other = make.batch(make.project())
    make.member(other.project, lead.user)
    session.commit()
    answer = lead.get(f"/api/v1/batches/{other.id}/labels?format=yolo")
    assert answer.status_code == 422
    assert "cannot hold labels of the type class" in answer.text


def test_the_api_streams_any_format_and_links_to_what_is_lost(lead, labelled):
    at = f"/api/v1/batches/{labelled.id}/labels"
    answer = lead.get(f"{at}?format=coco")
    file = json.loads(answer.data)
    assert file["images"][0]["file_name"] == "a.jpg"
    assert file["annotations"][0]["bbox"] == [1, 2, 3.5, 4]
    assert answer.headers["Link"] == f'<{at}/losses?format=coco>; rel="describedby"'
    losses = lead.get(f"{at}/losses?format=cvat").json["losses"]
    assert {loss["field"] for loss in losses} == {"id", "key", "method"}
    whole = json.loads(lead.get(f"{at}?format=jsonl&whole=true").data)
    assert (whole["uri"], whole["width"], whole["label"]) == ("s3://b/a.jpg", 64, LABEL)


def test_a_file_of_labels_comes_back_through_the_api(lead, labelled):
    at = f"/api/v1/batches/{labelled.id}"
    for form in ("coco", "yolo", "voc", "cvat", "labelstudio", "csv"):
        sent = lead.get(f"{at}/labels?format={form}").data
        answer = lead.post(
            f"{at}/files?labels=predictions&model=m",
            data={"file": (io.BytesIO(sent), f"any.{'csv' if form == 'csv' else 'dat'}")},
        )
        assert answer.status_code == 200, (form, answer.text)
        assert (answer.json["new"], answer.json["predictions"]) == (0, 1)


def test_a_file_that_is_none_is_refused_in_words(lead, labelled):
    at = f"/api/v1/batches/{labelled.id}/files?labels=labels"
    for content, name, words in (
        (b"PK\x03\x04 no zip at all", "x.zip", "no sound zip"),
        (b"<html/>", "x.xml", "neither CVAT"),
        (b'{"a": 1}', "x.json", "cannot tell what format"),
        (b'{"images": 7, "annotations": []}', "x.json", "images"),
    ):
        answer = lead.post(at, data={"file": (io.BytesIO(content), name)})
        assert answer.status_code == 422, name
        assert words in answer.text
    assert lead.post(at).status_code == 422


def test_the_page_imports_labels_and_says_what_was_not_taken(lead, batch, session):
    batch, _ = batch
    file = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 64, "height": 48}],
        "categories": [{"id": 1, "name": "person"}],
        "annotations": [
            {
                "id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4],
                "segmentation": [[1, 2, 4, 2, 4, 6]],
            }
        ],
    }  # fmt: skip
    data = {
        "batch": str(batch.id), "labels": "labels", "picture_place": "s3://b",
        "table": (io.BytesIO(json.dumps(file).encode()), "coco.json"),
    }  # fmt: skip
    answer = lead.post(f"/projects/{batch.project_id}/import", data=data, follow_redirects=True)
    assert answer.status_code == 200
    assert "1 new, 0 already there, 1 labelled" in answer.text
    assert "segmentation: of objects: not taken" in answer.text
