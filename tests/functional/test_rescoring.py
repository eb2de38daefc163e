"""Re-scoring over HTTP: runs started, watched, compared; reference models given and refused."""

import io
import json

import numpy as np
import pytest

from ops.models import ReferenceModel
from quality.models import LabelScore, RescoreRun
from quality.rescoring import job, runs

CLASSES = ["car", "bus"]


@pytest.fixture
def boxes(make, session):
    """40 labelled pictures of two boxes each, one of them with the wrong class."""
    floor = make.floor(assets=0, labellers=0, label_type="boxes", medium="image", classes=CLASSES)
    floor.lead = make.member(floor.project, make.user(role="ops_lead"))
    floor.assets = make.assets(floor.batch, 40, text=None, uri="upload:no", width=100, height=80)
    for n, asset in enumerate(floor.assets):
        given = objects(n)
        if n == 5:
            given[0]["class"] = CLASSES[n % 2 - 1]
        make.decided(asset, label={"objects": given})
    session.commit()
    return floor


def objects(n):
    return [
        {"id": "1", "class": CLASSES[n % 2], "box": [5.0 + n % 7, 10.0, 40.0, 30.0]},
        {"id": "2", "class": "car", "box": [55.0, 40.0 - n % 5, 30.0, 30.0]},
    ]


def jsonl(assets):
    lines = [
        json.dumps(
            {
                "external_id": asset.external_id,
                "label": {"objects": [{**o, "score": 0.96} for o in objects(n)]},
            }
        )
        for n, asset in enumerate(assets)
    ]
    return "\n".join(lines).encode()


def give(client, floor, *, data=None, name="detector", kind="predictions", file="p.jsonl", **more):
    content = jsonl(floor.assets) if data is None else data
    form = {"name": name, "kind": kind, "file": (io.BytesIO(content), file), **more}
    return client.post(f"/api/v1/projects/{floor.project.id}/reference-models", data=form)


def start(client, floor, sessions, **asked):
    made = client.post(f"/api/v1/batches/{floor.batch.id}/rescore-runs", json=asked)
    assert made.status_code == 202, made.text
    job.run(sessions, made.json["id"])
    return client.get(f"/api/v1/rescore-runs/{made.json['id']}").json


def test_from_a_file_of_predictions_to_suspects(boxes, client_for, sessions):
    client = client_for(boxes.lead)
    model = give(client, boxes)
    assert model.status_code == 201, model.text
    assert model.json["assets"] == 40
    run = start(client, boxes, sessions, model=model.json["id"], name="Before delivery")
    assert (run["state"], run["name"], run["error"]) == ("done", "Before delivery", "")
    assert run["summary"]["errors"] == {"wrong class": 1}
    assert run["provenance"]["model_digest"] == model.json["digest"]
    assert run["precision"]["all"] == {
        "suspects": 1, "changed": 0, "accepted": 0, "n": 0, "value": None, "low": None,
        "high": None,
    }  # fmt: skip
    found = client.get(f"/api/v1/rescore-runs/{run['id']}/suspects").json
    assert [s["asset"] for s in found["suspects"]] == [boxes.assets[5].external_id]
    assert found["suspects"][0]["evidence"]["objects"][0]["predicted"]["class"] == "bus"
    page = client.get(f"/rescore-runs/{run['id']}")
    assert page.status_code == 200
    assert "box-seen" in page.text
    assert "where the reference sees" in page.text
    for path in (f"/batches/{boxes.batch.id}/rescoring", f"/batches/{boxes.batch.id}"):
        assert "Wrong class" in page.text
        assert client.get(path).status_code == 200


def test_reviews_tell_the_precision(boxes, client_for, sessions, session):
    client = client_for(boxes.lead)
    model = give(client, boxes).json
    run = start(client, boxes, sessions, model=model["id"])
    score = session.query(LabelScore).filter_by(run_id=run["id"], suspect=True).one()
    score.outcome = "changed"
    session.commit()
    told = client.get(f"/api/v1/rescore-runs/{run['id']}").json["precision"]
    assert (told["all"]["n"], told["all"]["value"]) == (1, 1.0)
    assert told["by_error"]["wrong class"]["low"] < 1
    assert "1 changed, 0 right after all" in client.get(f"/rescore-runs/{run['id']}").text


def test_two_runs_compare(boxes, client_for, sessions, make, session):
    client = client_for(boxes.lead)
    model = give(client, boxes).json
    first = start(client, boxes, sessions, model=model["id"])
    for n in (7, 8):
        wrong = [{**objects(n)[0], "box": [60.0, 2.0, 20.0, 20.0]}, objects(n)[1]]
        make.decided(boxes.assets[n], label={"objects": wrong})
    session.commit()
    second = start(client, boxes, sessions, model=model["id"], below=0.6)
    path = f"/rescore-runs/{first['id']}/compare/{second['id']}"
    told = client.get(f"/api/v1{path}").json
    assert (told["both"], told["labels_changed"]) == (40, 2)
    assert told["suspects"] == {"both": 1, "only_first": 0, "only_second": 2}
    assert {m["external_id"] for m in told["moved"][:2]} == {
        boxes.assets[n].external_id for n in (7, 8)
    }
    assert -1 <= told["rank_correlation"] <= 1
    assert {d["name"] for d in told["differences"]} == {"below", "labels_digest"}
    page = client.get(path)
    assert page.status_code == 200
    assert boxes.assets[7].external_id in page.text


def test_runs_of_two_batches_do_not_compare(boxes, client_for, sessions, make, session):
    client = client_for(boxes.lead)
    model = give(client, boxes).json
    first = start(client, boxes, sessions, model=model["id"])
    other = make.batch(boxes.project)
    make.decided(
        make.assets(other, 1, text=None, uri="upload:no")[0], label={"objects": objects(1)}
    )
    session.commit()
    made = client.post(f"/api/v1/batches/{other.id}/rescore-runs", json={"model": model["id"]}).json
    answer = client.get(f"/api/v1/rescore-runs/{first['id']}/compare/{made['id']}")
    assert answer.status_code == 422
    assert "two batches" in answer.text


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"kind": "guess"}, "kind"),
        ({"name": ""}, "name"),
        ({"data": b"{", "file": "p.jsonl"}, "line"),
        ({"kind": "network", "settings": '{"output": "boxes"}'}, "classes"),
        (
            {"data": b"no", "kind": "network", "settings": '{"classes": ["car", "bus"]}'},
            "output",
        ),
        ({"kind": "network", "settings": "{"}, "settings"),
        ({"kind": "network", "settings": '{"batch": 0}'}, "batch"),
        ({"kind": "embeddings", "data": b"external_id,a\nx,no\n", "file": "e.csv"}, "file"),
        ({"kind": "embeddings", "data": b"rubbish", "file": "e.parquet"}, "file"),
        ({"kind": "embeddings", "data": b"rubbish", "file": "e.npy"}, "ids"),
        ({"kind": "embeddings", "data": b"rubbish", "file": "e.txt"}, "file"),
    ],
)
def test_a_file_out_of_form_is_refused_with_the_field_named(
    boxes, client_for, session, form, field
):
    client = client_for(boxes.lead)
    answer = give(client, boxes, **form)
    assert answer.status_code == 422, answer.text
    assert field in {e["field"] for e in answer.json["errors"]}, answer.text
    page = client.post(
        f"/projects/{boxes.project.id}/references",
        data={"name": "x", "kind": "predictions", "file": (io.BytesIO(b"{"), "p.jsonl")},
    )
    assert page.status_code == 422
    assert "Nothing was kept" in page.text
    assert session.query(ReferenceModel).count() == 0


def test_a_pickle_in_npy_is_not_opened(boxes, client_for):
    client = client_for(boxes.lead)
    packed = io.BytesIO()
    np.save(packed, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    ids = (io.BytesIO(b"x\n"), "ids.txt")
    answer = give(client, boxes, data=packed.getvalue(), kind="embeddings", file="e.npy", ids=ids)
    assert answer.status_code == 422
    assert "is not a .npy array of numbers" in answer.text


def test_a_run_from_the_page(boxes, client_for, sessions, session):
    client = client_for(boxes.lead)
    give(client, boxes)
    model = session.query(ReferenceModel).one()
    path = f"/batches/{boxes.batch.id}/rescoring"
    assert "detector, version 1" in client.get(path).text
    bad = client.post(path, data={"below": "much"})
    assert bad.status_code == 422
    assert "Give a number" in bad.text
    asked = client.post(
        path, data={"model": str(model.id), "most_suspects": "5"}, follow_redirects=True
    )
    assert "Run 1 was queued" in asked.text
    assert "hx-trigger" in asked.text
    run = session.query(RescoreRun).one()
    assert run.settings["most_suspects"] == 5
    live = client.get(f"/rescore-runs/{run.id}/live")
    assert "Waiting for a worker" in live.text
    assert "HX-Refresh" not in live.headers
    assert "under way" in client.post(path, data={}).text
    job.run(sessions, run.id)
    assert client.get(f"/rescore-runs/{run.id}/live").headers["HX-Refresh"] == "true"
    session.expire_all()
    assert runs.listed(session, boxes.batch.id)[0].state == "done"


def test_a_stranger_and_a_labeller_see_nothing(boxes, client_for, sessions, make):
    lead = client_for(boxes.lead)
    model = give(lead, boxes).json
    run = start(lead, boxes, sessions, model=model["id"])
    paths = [
        f"/batches/{boxes.batch.id}/rescoring",
        f"/rescore-runs/{run['id']}",
        f"/projects/{boxes.project.id}/references",
        f"/api/v1/rescore-runs/{run['id']}",
        f"/api/v1/rescore-runs/{run['id']}/suspects",
        f"/api/v1/projects/{boxes.project.id}/reference-models",
    ]
    stranger = client_for("ops_lead")
    labeller = client_for(make.member(boxes.project, make.user()))
    for path in paths:
        assert lead.get(path).status_code == 200, path
        assert stranger.get(path).status_code == 404, path
        assert labeller.get(path).status_code == 403, path


def test_coco_results_with_the_file_they_refer_to(boxes, client_for, sessions):
    client = client_for(boxes.lead)
    known = {
        "images": [
            {"id": n, "file_name": asset.external_id, "width": 100, "height": 80}
            for n, asset in enumerate(boxes.assets)
        ],
        "categories": [{"id": 10, "name": "car"}, {"id": 20, "name": "bus"}],
        "annotations": [],
    }
    results = [
        {
            "image_id": n,
            "category_id": {"car": 10, "bus": 20}[one["class"]],
            "bbox": one["box"],
            "score": 0.95,
        }
        for n in range(len(boxes.assets))
        for one in objects(n)
    ]
    data = json.dumps(results).encode()
    alone = give(client, boxes, data=data, file="results.json")
    assert alone.status_code == 422
    assert "known" in {e["field"] for e in alone.json["errors"]}
    beside = (io.BytesIO(json.dumps(known).encode()), "instances.json")
    model = give(client, boxes, data=data, file="results.json", known=beside)
    assert model.status_code == 201, model.text
    assert model.json["assets"] == 40
    run = start(client, boxes, sessions, model=model.json["id"])
    assert run["summary"]["errors"] == {"wrong class": 1}


def test_labels_and_predictions_without_any_object(boxes, client_for, sessions, make, session):
    client = client_for(boxes.lead)
    empty = make.batch(boxes.project)
    assets = make.assets(empty, 25, text=None, uri="upload:no", width=100, height=80)
    for asset in assets:
        make.decided(asset, label={"objects": []})
    session.commit()
    lines = [{"external_id": a.external_id, "label": {"objects": []}} for a in assets]
    data = "\n".join(json.dumps(line) for line in lines).encode()
    model = give(client, boxes, data=data).json
    boxes.batch = empty
    run = start(client, boxes, sessions, model=model["id"])
    assert (run["state"], run["error"]) == ("done", "")
    assert (run["summary"]["labels"], run["summary"]["suspects"]) == (25, 0)


def test_probabilities_of_classes_from_jsonl(client_for, sessions, make, session):
    floor = make.floor(assets=30, labellers=0)
    lead = make.member(floor.project, make.user(role="ops_lead"))
    lines = []
    for n, asset in enumerate(floor.assets):
        right = "ab"[n % 2]
        make.decided(asset, "ab"[(n + 1) % 2] if n == 6 else right)
        shares = {"a": 0.1, "b": 0.1, "c": 0.05, right: 0.85}
        lines.append({"external_id": asset.external_id, "probabilities": shares})
    client = client_for(lead)
    data = "\n".join(json.dumps(line) for line in lines).encode()
    model = give(client, floor, data=data)
    assert model.status_code == 201, model.text
    run = start(client, floor, sessions, model=model.json["id"])
    assert run["summary"]["suspects"] == 1
    assert run["summary"]["basis"] == "confident joint"


def test_the_order_of_the_suspects_is_chosen(client_for, sessions, make, session):
    floor = make.floor(assets=30, labellers=0)
    lead = make.member(floor.project, make.user(role="ops_lead"))
    lines = []
    for n, asset in enumerate(floor.assets):
        right = "ab"[n % 2]
        make.decided(asset, "ab"[(n + 1) % 2] if n in (6, 9) else right)
        shares = {"a": 0.1, "b": 0.1, "c": 0.0, right: 0.9 - n / 100}
        lines.append({"external_id": asset.external_id, "probabilities": shares})
    client = client_for(lead)
    data = "\n".join(json.dumps(line) for line in lines).encode()
    model = give(client, floor, data=data).json
    path = f"/api/v1/batches/{floor.batch.id}/rescore-runs"
    for asked, field in (
        ({"order": "best"}, "order"),
        ({"order": "precision"}, "of_class"),
        ({"order": "precision", "of_class": "z"}, "of_class"),
        ({"order": "entropy", "of_class": "a"}, "of_class"),
    ):
        refused = client.post(path, json={"model": model["id"], **asked})
        assert refused.status_code == 422, refused.text
        assert [e["field"] for e in refused.json["errors"]] == [field]
    run = start(client, floor, sessions, model=model["id"], order="kfold")
    assert (run["settings"]["order"], run["settings"]["most_suspects"]) == ("kfold", None)
    found = client.get(f"/api/v1/rescore-runs/{run['id']}/suspects").json["suspects"]
    assert [one["asset"] for one in found] == [floor.assets[n].external_id for n in (6, 9)]
    assert found[0]["reason"] == "The reference says a with 89 %."
    assert found[0]["reason"] in client.get(f"/rescore-runs/{run['id']}").text

    page = f"/batches/{floor.batch.id}/rescoring"
    assert 'value="entropy"' in client.get(page).text
    bad = client.post(page, data={"model": str(model["id"]), "order": "precision"})
    assert bad.status_code == 422
    assert 'id="of_class-fault"' in bad.text
    form = {"model": str(model["id"]), "order": "entropy", "of_class": "", "folds": "3"}
    assert client.post(page, data=form).status_code == 303
    made = session.query(RescoreRun).order_by(RescoreRun.id.desc()).first()
    kept = {name: made.settings[name] for name in ("order", "of_class", "folds", "most_suspects")}
    assert kept == {"order": "entropy", "of_class": None, "folds": 3, "most_suspects": 100}
