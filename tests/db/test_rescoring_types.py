"""Every label type re-scored: against predictions, the other labellers, known answers."""

import numpy as np
import pytest
from pycocotools import mask

from ops import references
from ops.db import transaction
from ops.models import OntologyVersion
from ops.references import Said
from quality import gold
from quality.models import RescoreRun
from quality.rescoring import job, runs
from tests.db.answering import answer

N = 30
_encoded = mask.encode(np.asfortranarray(np.eye(6, dtype=np.uint8)))
RLE = {"size": [6, 6], "counts": _encoded["counts"].decode()}
CLASSES = [{"key": k, "name": k, "colour": "#000000", "hotkey": k, "description": ""} for k in "ab"]
SQUARE = [[[[1.0, 1.0], [5.0, 1.0], [5.0, 5.0], [1.0, 5.0]]]]
HALF = [[[[1.0, 1.0], [5.0, 1.0], [5.0, 2.0], [1.0, 2.0]]]]
ONTOLOGY = {
    "rating": {"scale": {"low": 1, "high": 5, "step": 1}},
    "attributes": {
        "attributes": [
            {"key": "night", "name": "Night", "kind": "flag"},
            {"key": "view", "name": "View", "kind": "choice", "choices": ["front", "side"]},
        ]
    },
}
# Label type → what is right, what is wrong with it, the error that it is called.
TYPES = {
    "class": ({"class": "a"}, {"class": "b"}, "wrong class"),
    "tags": ({"tags": ["a"]}, {"tags": ["b"]}, "extra"),
    "attributes": (
        {"attributes": {"night": True, "view": "front"}},
        {"attributes": {"night": False, "view": "side"}},
        "attribute",
    ),
    "polygons": (
        {"objects": [{"id": "1", "class": "a", "polygons": SQUARE}]},
        {"objects": [{"id": "1", "class": "a", "polygons": HALF}]},
        "low overlap",
    ),
    "masks": (
        {"objects": [{"id": "1", "class": "a", "rle": RLE}]},
        {"objects": []},
        "missing",
    ),
    "keypoints": (
        {"objects": [{"id": "1", "class": "a", "points": [[1.0, 1.0, 2], [9.0, 9.0, 2]]}]},
        {"objects": [{"id": "1", "class": "b", "points": [[1.0, 1.0, 2], [9.0, 9.0, 2]]}]},
        "wrong class",
    ),
    "spans": (
        {"spans": [{"id": "1", "class": "a", "start": 0, "end": 4}]},
        {"spans": []},
        "missing",
    ),
    "transcription": ({"text": "written"}, {"text": "something else"}, "text"),
    "rating": ({"rating": 5}, {"rating": 1}, "wrong class"),
    "preference": ({"preference": "a"}, {"preference": "b"}, "wrong class"),
}
MEDIUM = dict.fromkeys(("class", "tags", "spans", "transcription", "preference", "rating"), "text")
WRONG = (3, 17)


def ontology_of(label_type):
    classes = [dict(one) for one in CLASSES]
    if label_type == "keypoints":
        for one in classes:
            one["skeleton"] = {"points": ["head", "foot"], "edges": [[0, 1]]}
    return {"classes": classes, **ONTOLOGY.get(label_type, {})}


@pytest.fixture
def floor_of(make, session):
    def floor_of(label_type, **more):
        medium = MEDIUM.get(label_type, "image")
        floor = make.floor(assets=0, label_type=label_type, medium=medium, **more)
        made = OntologyVersion(
            project_id=floor.project.id, version=2, created_at=floor.project.created_at,
            **ontology_of(label_type),
        )  # fmt: skip
        session.add(made)
        shown = (
            {"text": "some text"}
            if medium == "text"
            else {"text": None, "uri": "upload:none", "width": 6, "height": 6}
        )
        if label_type in ("polygons", "keypoints"):
            shown |= {"width": 10, "height": 10}
        floor.assets = make.assets(floor.batch, N, **shown)
        return floor

    return floor_of


def other(label_type, n):
    """Labels are not all alike, or nothing could be learnt of them."""
    right, wrong, _ = TYPES[label_type]
    swapped = n % 2 and label_type in ("class", "tags", "rating", "preference")
    return (wrong, right) if swapped else (right, wrong)


def scored(sessions, session, floor, model, **asked):
    session.commit()
    with transaction(sessions) as s:
        run_id = runs.request(s, floor.batch, None, settings=asked, model=model).id
    job.run(sessions, run_id)
    session.expire_all()
    run = session.get_one(RescoreRun, run_id)
    assert run.state == "done", run.error
    return run


@pytest.mark.parametrize("label_type", TYPES)
def test_against_predictions(label_type, floor_of, make, session, sessions):
    floor = floor_of(label_type)
    said = []
    for n, asset in enumerate(floor.assets):
        right, wrong = other(label_type, n)
        make.decided(asset, label=wrong if n in WRONG else right)
        said.append(Said(asset.external_id, right, 0.95))
    model = references.give_predictions(session, floor.project, "m", said, by=None)
    run = scored(sessions, session, floor, model, chunk=20)
    found = runs.suspects(session, run)
    assert {asset.id for _, asset in found} == {floor.assets[n].id for n in WRONG}
    for score, _ in found:
        kind = TYPES[label_type][2]
        assert score.error in ("missing", "extra") if label_type == "tags" else score.error == kind
        assert score.quality < 0.5
        assert score.reason
    assert not run.summary["weak"]
    assert run.summary["sources"]["reference"]["n"] == N


@pytest.mark.parametrize("label_type", TYPES)
def test_against_labellers_and_known_answers(label_type, floor_of, make, session, sessions):
    """Without a model: answers differ from two labels, and gold contradicts one."""
    floor = floor_of(label_type, labellers=3, wanted=3)
    lead = make.user(role="admin")
    tasks = make.tasks(floor.lane, floor.assets, wanted=3)
    for n, (asset, task) in enumerate(zip(floor.assets, tasks, strict=True)):
        right, wrong = other(label_type, n)
        for person in floor.labellers:
            answer(session, task, person, None, **right)
        make.decided(asset, label=wrong if n in WRONG else right)
    known = make.assets(
        floor.batch, 1, text=floor.assets[0].text, uri=floor.assets[0].uri,
        width=floor.assets[0].width, height=floor.assets[0].height,
    )[0]  # fmt: skip
    right, wrong = other(label_type, 0)
    gold.make(session, floor.project, known, [right], lead)
    make.decided(known, label=wrong)
    run = scored(sessions, session, floor, None)
    found = {asset.id: score for score, asset in runs.suspects(session, run)}
    assert {floor.assets[n].id for n in WRONG} <= set(found)
    assert known.id in found
    assert "known answer is another" in found[known.id].reason
    assert found[known.id].evidence["sources"]["gold"]["score"] < 0.5
    assert found[floor.assets[3].id].evidence["sources"]["labellers"]["n"] == 3
    assert {"labellers", "gold"} <= set(run.summary["sources"])


def test_one_answer_says_nothing_of_itself(floor_of, make, session, sessions):
    floor = floor_of("transcription")
    tasks = make.tasks(floor.lane, floor.assets)
    for asset, task in zip(floor.assets, tasks, strict=True):
        answer(session, task, floor.labellers[0], None, text="x")
        make.decided(asset, label={"text": "x"})
    run = scored(sessions, session, floor, None)
    assert run.summary["unheard"] == N
    assert run.summary["weak"]
    assert run.summary["error_rate"] is None


def test_probabilities_of_tags_one_by_one(floor_of, make, session, sessions):
    floor = floor_of("tags")
    said = []
    for n, asset in enumerate(floor.assets):
        make.decided(asset, label={"tags": ["a", "b"] if n == 5 else ["a"]})
        said.append(Said(asset.external_id, {"tags": ["a"]}, None, {"a": 0.9, "b": 0.05}))
    model = references.give_predictions(session, floor.project, "m", said, by=None)
    run = scored(sessions, session, floor, model)
    ((score, asset),) = runs.suspects(session, run)
    assert asset.id == floor.assets[5].id
    assert (score.error, score.quality) == ("extra", pytest.approx(0.05))
    assert score.evidence["objects"][0]["given"] == "b"
