"""Labels that come with an import: in force, gold, predictions; and going out again."""

import io
import json

import pytest
from sqlalchemy import func, select

from ops import batches, clock_time, exports, lanes, ontologies, references
from ops.config import Settings
from ops.errors import InvalidInput
from ops.formats import catalogue
from ops.formats.face import Reading, Writing
from ops.formats.sources import FileSource, opened
from ops.formats.vocabulary import Vocabulary
from ops.intake.faults import Faults
from ops.models import Asset, Consensus, OntologyVersion, Prediction, Task
from quality import gate
from quality.models import Gold
from scheduling.projects.intake import Terms, import_source
from tests import formats as trip


@pytest.fixture
def settings(tmp_path, database_url):
    return Settings(home=tmp_path / "home", DATABASE_URL=database_url, asset_protocols="http,s3")


def project_of(make, session, kind, medium="image", ontology=trip.ONTOLOGY):
    """A project whose labels are of this kind, with the ontology that has everything."""
    project = make.project(medium=medium, label_type=kind)
    if kind != "keypoints":
        ontology = {
            "classes": [{k: c[k] for k in ("key", "name")} for c in ontology["classes"]],
            "attributes": ontology["attributes"],
        }
    session.add(
        OntologyVersion(project_id=project.id, version=2, created_at=clock_time.now(), **ontology)
    )
    session.flush()
    return project


@pytest.fixture
def load(session, lead, settings):
    """Import a file (bytes, or a path) into a batch."""

    def load(batch, what, name="file", **terms):
        if isinstance(what, dict | list):
            what, name = json.dumps(what).encode(), "labels.json"
        what = io.BytesIO(what) if isinstance(what, bytes) else what
        with opened(what, name) as source:
            return import_source(session, batch, source, Terms(**terms), by=lead, settings=settings)

    return load


def asset_in(make, session, batch, **more):
    """An asset that is there."""
    (asset,) = make.assets(batch, 1)
    for name, value in more.items():
        setattr(asset, name, value)
    session.flush()
    return asset


def in_force(session, batch):
    """External id → label."""
    return {one["external_id"]: one["label"] for one in exports.of_batch(session, batch.id)}


BOXES = {
    "images": [
        {"id": 1, "file_name": "a.jpg", "width": 640, "height": 480},
        {"id": 2, "file_name": "b.jpg", "width": 640, "height": 480},
        {"id": 3, "file_name": "c.jpg", "width": 640, "height": 480},
    ],
    "categories": [{"id": 7, "name": "person"}, {"id": 9, "name": "CAR & <co>"}],
    "annotations": [
        {"id": 5, "image_id": 1, "category_id": 7, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0},
        {"id": 6, "image_id": 2, "category_id": 9, "bbox": [1.5, 2, 3, 4], "iscrowd": 1},
    ],
}
WHOLE = {
    "a.jpg": {"objects": [{"id": "5", "class": "person", "box": [1.0, 2.0, 3.0, 4.0]}]},
    "b.jpg": {"objects": [{"id": "6", "class": "car", "crowd": True, "box": [1.5, 2.0, 3.0, 4.0]}]},
    "c.jpg": {"objects": []},
}
PLACE = {"pictures": "s3://bucket/images"}


@pytest.fixture
def boxes(make, session):
    return make.batch(project_of(make, session, "boxes"))


def test_labels_are_in_force_without_any_task_and_the_batch_is_complete(session, boxes, load):
    report = load(boxes, BOXES, labels="labels", **PLACE)
    assert (report.new, report.labelled, report.losses) == (3, 3, [])
    assert in_force(session, boxes) == WHOLE
    assert session.scalar(select(func.count()).select_from(Task)) == 0
    assert boxes.state == "complete"
    a = session.scalars(select(Asset).where(Asset.external_id == "a.jpg")).one()
    assert (a.uri, a.width, a.height, a.meta) == (
        "s3://bucket/images/a.jpg", 640, 480, {"coco_id": 1},
    )  # fmt: skip
    assert set(session.scalars(select(Consensus.method))) == {"imported"}


def test_the_same_again_changes_nothing_and_another_label_is_a_further_version(
    session, boxes, load
):
    load(boxes, BOXES, labels="labels", **PLACE)
    again = load(boxes, BOXES, labels="labels")
    assert (again.new, again.already_there) == (0, 3)
    assert session.scalar(select(func.count()).select_from(Consensus)) == 3
    moved = json.loads(json.dumps(BOXES))
    moved["annotations"][0]["bbox"][0] = 2
    load(boxes, moved, labels="labels", keep_existing=True)
    assert in_force(session, boxes) == WHOLE
    load(boxes, moved, labels="labels")
    assert in_force(session, boxes)["a.jpg"]["objects"][0]["box"] == [2, 2, 3, 4]
    versions = session.scalars(select(Consensus.version).order_by(Consensus.version)).all()
    assert versions == [1, 1, 1, 2]


def test_assets_that_are_there_get_their_labels_by_external_id(session, make, boxes, load):
    at = clock_time.now()
    for name in ("a.jpg", "b.jpg", "c.jpg", "d.jpg"):
        session.add(
            Asset(
                project_id=boxes.project_id, batch_id=boxes.id, external_id=name,
                uri=f"/elsewhere/{name}", created_at=at,
            )
        )  # fmt: skip
    session.flush()
    ids = session.scalars(select(Asset.id).order_by(Asset.id)).all()
    lane = lanes.lane_for(session, boxes, "label")
    lanes.open_tasks(session, lane, ids, wanted=1)
    report = load(boxes, BOXES, labels="labels")
    assert (report.new, report.already_there, report.labelled) == (0, 3, 3)
    assert in_force(session, boxes) == WHOLE
    open_tasks = session.execute(
        select(Asset.external_id).join(Task, Task.asset_id == Asset.id).where(Task.open)
    )
    assert [row[0] for row in open_tasks] == ["d.jpg"]
    assert boxes.state == "open"
    assert set(session.scalars(select(Asset.uri))) == {f"/elsewhere/{n}.jpg" for n in "abcd"}
    assert set(session.scalars(select(Asset.width))) == {640, None}


def test_work_done_here_is_not_overwritten_by_a_file(session, make, boxes, load):
    asset = asset_in(make, session, boxes, external_id="a.jpg", uri="/x/a.jpg", text=None)
    make.decided(asset, "person")
    with pytest.raises(InvalidInput) as refused:
        load(boxes, BOXES, labels="labels", **PLACE)
    (fault,) = refused.value.errors
    assert (fault["line"], fault["field"], fault["unit"]) == (1, "label", "image")
    assert "work done here" in fault["message"]
    assert session.scalar(select(func.count()).select_from(Asset)) == 1
    load(boxes, BOXES, labels="labels", keep_existing=True, **PLACE)
    assert in_force(session, boxes)["a.jpg"] == {"class": "person"}
    assert in_force(session, boxes)["b.jpg"] == WHOLE["b.jpg"]


def test_gold_of_any_type(session, boxes, load):
    report = load(boxes, BOXES, labels="gold", **PLACE)
    assert len(report.gold) == 3
    assert session.scalar(select(func.count()).select_from(Gold)) == 3
    assert in_force(session, boxes) == WHOLE
    assert set(session.scalars(select(Consensus.method))) == {"gold"}


def test_predictions_of_a_model_from_results_that_refer_to_a_file(session, boxes, load):
    load(boxes, BOXES, **PLACE)
    results = [
        {"image_id": 1, "category_id": 7, "bbox": [1, 2, 3, 4], "score": 0.75},
        {"image_id": 1, "category_id": 9, "bbox": [5, 5, 9, 9], "score": 0.5},
    ]
    with pytest.raises(InvalidInput, match="refers to"):
        load(boxes, results, labels="predictions", model="detector")
    known = FileSource(io.BytesIO(json.dumps(BOXES).encode()), "known.json")
    report = load(boxes, results, labels="predictions", model="detector", known=known)
    assert (report.new, report.predictions) == (0, 3)
    (model,) = references.listed(session, boxes.project_id)
    assert (model.name, model.kind, model.id) == ("detector", "predictions", report.model)
    found = session.execute(
        select(Asset.external_id, Prediction.label).join(Asset, Asset.id == Prediction.asset_id)
    ).all()
    assert dict(found)["c.jpg"] == {"objects": []}
    assert [o["score"] for o in dict(found)["a.jpg"]["objects"]] == [0.75, 0.5]
    # Of what is not asked for as a prediction, the score goes, and that is said.
    report = load(boxes, results, labels="labels", known=known)
    assert [loss.field for loss in report.losses] == ["score"]
    assert in_force(session, boxes)["a.jpg"]["objects"][0] == WHOLE["a.jpg"]["objects"][0] | {
        "id": "1"
    }


def test_labels_that_are_not_asked_for_are_said(session, boxes, load):
    report = load(boxes, BOXES, **PLACE)
    assert [loss.field for loss in report.losses] == ["labels"]
    assert in_force(session, boxes) == {}
    assert session.scalar(select(func.count()).select_from(Task).where(Task.open)) == 3


def test_classes_that_the_project_lacks_are_one_fault_each_or_are_added(session, boxes, load):
    more = json.loads(json.dumps(BOXES))
    more["categories"] += [{"id": 11, "name": "Traffic light"}, {"id": 12, "name": "Unused"}]
    more["annotations"] += [
        {"id": n, "image_id": 1, "category_id": 11, "bbox": [1, 2, 3, 4]} for n in (7, 8)
    ]
    with pytest.raises(InvalidInput) as refused:
        load(boxes, more, labels="labels", **PLACE)
    (fault,) = refused.value.errors
    assert fault["field"] == "categories.2.name" and "'Traffic light'" in fault["message"]
    load(boxes, more, labels="labels", add_classes=True, **PLACE)
    keys = [one["key"] for one in ontologies.current(session, boxes.project_id).classes]
    assert keys == [*trip.KEYS, "traffic_light", "unused"]
    assert in_force(session, boxes)["a.jpg"]["objects"][1]["class"] == "traffic_light"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda f: f["annotations"][0].update(bbox=[600, 2, 100, 4]), "label.objects.0.box"),
        (lambda f: f["annotations"][0].update(image_id=99), "annotations.0.image_id"),
        (lambda f: f["annotations"][0].update(category_id=99), "annotations.0.category_id"),
        (lambda f: f["annotations"][0].pop("bbox"), "annotations.0.bbox"),
        (lambda f: f["images"][1].update(file_name="a.jpg"), "external_id"),
        (lambda f: f["images"][1].update(width=-3), "width"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_imported(session, boxes, load, change, field):
    file = json.loads(json.dumps(BOXES))
    change(file)
    with pytest.raises(InvalidInput) as refused:
        load(boxes, file, labels="labels", **PLACE)
    assert [one["field"] for one in refused.value.errors] == [field]
    assert session.scalar(select(func.count()).select_from(Asset)) == 0


def test_another_size_than_the_picture_has_is_refused(session, boxes, load):
    load(boxes, BOXES, **PLACE)
    file = json.loads(json.dumps(BOXES))
    file["images"][0]["width"] = 641
    with pytest.raises(InvalidInput) as refused:
        load(boxes, file, labels="labels")
    assert [(e["line"], e["field"]) for e in refused.value.errors] == [(1, "width")]


def test_csv_brings_labels_in_words_or_json(session, make, load):
    batch = make.batch(make.project(classes=["cat", "dog"]))
    rows = 'external_id,text,label\na,1,CAT\nb,2,"{""class"":""dog""}"\nc,3,\n'
    report = load(batch, rows.encode(), "t.csv", labels="labels")
    assert (report.new, report.labelled) == (3, 2)
    assert in_force(session, batch) == {"a": {"class": "cat"}, "b": {"class": "dog"}}
    # Labels for what is there: no text is needed.
    load(batch, b"external_id,label\nc,dog\n", "t.csv", labels="labels")
    assert in_force(session, batch)["c"] == {"class": "dog"}
    assert batch.state == "complete"
    with pytest.raises(InvalidInput, match="line 2, text: is missing"):
        load(batch, b"external_id,label\nnowhere,dog\n", "t.csv", labels="labels")


def test_csv_predictions_with_confidence_and_probabilities(session, make, load):
    batch = make.batch(make.project(classes=["cat", "dog"]))
    load(batch, b"external_id,text\na,1\nb,2\n", "t.csv")
    load(
        batch, b"external_id,prediction,confidence\na,cat,0.75\nb,DOG,\n", "t.csv",
        labels="predictions", model="m",
    )  # fmt: skip
    rows = (
        '{"external_id":"a","label":"dog","confidence":0.5,"probabilities":{"cat":0.5,"dog":0.5}}'
    )
    load(batch, rows.encode(), "t.jsonl", labels="predictions", model="m")
    found = session.execute(
        select(Asset.external_id, Prediction.label, Prediction.confidence, Prediction.probabilities)
        .join(Asset, Asset.id == Prediction.asset_id)
        .order_by(Prediction.model_id, Asset.external_id)
    ).all()
    assert [tuple(row) for row in found] == [
        ("a", {"class": "cat"}, 0.75, {}),
        ("b", {"class": "dog"}, None, {}),
        ("a", {"class": "dog"}, 0.5, {"cat": 0.5, "dog": 0.5}),
    ]
    with pytest.raises(InvalidInput, match="name the model"):
        load(batch, rows.encode(), "t.jsonl", labels="predictions")


def test_an_imported_batch_may_be_judged_by_the_gate(session, boxes, load):
    load(boxes, BOXES, labels="labels", **PLACE)
    verdict = gate.judge_batch(session, boxes)
    assert verdict.passed is False
    assert batches.note_completion(session, boxes.id) is False


EVERY = [(one.NAME, kind) for one in catalogue.WRITTEN.values() for kind in one.HOLDS]


@pytest.mark.parametrize(("name", "kind"), [p for p in EVERY if p[1] in ("boxes", "class")])
def test_what_goes_out_of_one_project_comes_into_another(session, make, load, settings, name, kind):
    """Export, and import into a project that has the same assets."""
    label = {
        "boxes": {"objects": [{"id": "1", "class": "car", "box": [1.0, 2.0, 3.0, 4.0]}]},
        "class": {"class": "car"},
    }[kind]
    batch = make.batch(project_of(make, session, kind))
    other = make.batch(project_of(make, session, kind))
    for one in (batch, other):
        asset_in(
            make, session, one,
            external_id="a.jpg", uri="s3://b/a.jpg", text=None, width=9, height=9,
        )  # fmt: skip
    rows = json.dumps({"external_id": "a.jpg", "label": label}).encode()
    load(batch, rows, "t.jsonl", labels="labels")
    file = exports.file_of_batch(session, batch, name, settings)
    data = b"".join(file.pieces)
    load(other, data, f"t.{file.form.SUFFIX}", labels="labels")
    assert in_force(session, other) == in_force(session, batch) == {"a.jpg": label}


def test_the_frozen_export_as_json_lines_is_the_canonical_one(session, make, settings):
    # See test_deliver for a whole delivery; here only that one row has the same bytes.
    from ops.formats import jsonl

    batch = make.batch(make.project())
    (asset,) = make.assets(batch, 1)
    make.decided(asset, "a")
    file = exports.file_of_batch(session, batch, "jsonl", settings)
    assert b"".join(file.pieces).decode() == "".join(
        jsonl.lines(exports.of_batch(session, batch.id))
    )


def test_real_labels_are_read_and_written_back_equal(shared_data):
    """COCO val2014: every object and image, with the ids that they had."""
    path = shared_data / "coco_val2014_100" / "instances_val2014_100.json"
    known = json.loads(path.read_bytes())
    ontology = {"classes": [{"key": f"c{c['id']}", "name": c["name"]} for c in known["categories"]]}
    for kind, field in (("boxes", "bbox"), ("masks", None), ("polygons", None)):
        vocabulary = Vocabulary(ontology)
        reading = Reading(kind, "image", vocabulary, Faults())
        with opened(path) as source:
            rows = list(catalogue.read("coco", source, reading))
        reading.faults.raise_if_any()
        items = [
            trip.Item(r.external_id, r.label, None, None, r.width, r.height, r.metadata)
            for r in rows
        ]
        data = b"".join(catalogue.write("coco", items, Writing(kind, vocabulary)))
        back = json.loads(data)
        images = {one["id"]: one for one in back["images"]}
        assert {i: o["file_name"] for i, o in images.items()} == {
            one["id"]: one["file_name"] for one in known["images"]
        }
        made = {one["id"]: one for one in back["annotations"]}
        names = {c["id"]: c["name"] for c in known["categories"]}
        names_back = {c["id"]: c["name"] for c in back["categories"]}
        assert len(made) == len(known["annotations"]) == 839
        for one in known["annotations"]:
            same = made[one["id"]]
            assert same["image_id"] == one["image_id"]
            assert same["iscrowd"] == one["iscrowd"]
            assert names_back[same["category_id"]] == names[one["category_id"]]
            if field:
                assert same[field] == one[field]
            if kind == "polygons" and not one["iscrowd"]:
                assert same["segmentation"] == one["segmentation"]


def test_an_imported_batch_is_reviewed_like_any_other(session, make, boxes, load, lead):
    from quality.review_sample import draw_review_sample

    load(boxes, BOXES, labels="labels", **PLACE)
    assert draw_review_sample(session, boxes, 2, lead) == 2
    reviews = session.scalars(select(Task).where(Task.stage == "review")).all()
    assert len(reviews) == 2 and all(task.open for task in reviews)
    assert boxes.state == "open"


def test_a_reviewer_accepts_what_was_imported(session, sessions, make, boxes, load, lead):
    from quality.review_sample import draw_review_sample
    from tests.db.staging import Hands

    load(boxes, BOXES, labels="labels", **PLACE)
    reviewer = make.user(role="reviewer")
    make.member(boxes.project, reviewer)
    make.certificate(reviewer, boxes.project.skill)
    draw_review_sample(session, boxes, 3, lead)
    session.commit()
    hands = Hands(session, sessions)
    for _ in range(3):
        hands.give(reviewer, "review", verdict="accept")
    found = session.execute(
        select(Asset.external_id, Consensus.label)
        .join(Asset, Asset.id == Consensus.asset_id)
        .where(Consensus.method == "review")
    ).all()
    assert dict(found) == WHOLE
