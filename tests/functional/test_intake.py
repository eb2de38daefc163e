"""Imports through the page and the API: what comes in, and what is said of what cannot."""

import io
import json

import pytest
from PIL import Image
from sqlalchemy import func, select

from ops import projects
from ops.models import Asset, Batch, Consensus, Task
from quality.models import Gold


def png(colour="red"):
    out = io.BytesIO()
    Image.new("RGB", (10, 10), colour).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def lead(client_for):
    return client_for("ops_lead")


@pytest.fixture
def project(make, lead, session):
    project = make.project(classes=["cat", "dog"])
    make.member(project, lead.user)
    session.commit()
    return project


@pytest.fixture
def pictures(make, lead, session):
    project = make.project(medium="image")
    make.member(project, lead.user)
    session.commit()
    return project


def new(name="B", **more):
    return {"batch": "new", "batch_name": name, **more}


def table(text, name="t.csv"):
    return (io.BytesIO(text if isinstance(text, bytes) else text.encode()), name)


def count(session, what=Asset):
    session.rollback()
    return session.scalar(select(func.count()).select_from(what))


def test_a_table_comes_in_with_its_gold(lead, project, session):
    rows = "external_id,text,label\na,1,cat\nb,2,\n"
    data = new(table=table(rows), gold_column="label")
    assert lead.post(f"/projects/{project.id}/import", data=data).status_code == 303
    assert count(session) == 2
    assert session.scalars(select(Gold)).one().asset.external_id == "a"
    assert session.scalars(select(Consensus)).one().method == "gold"
    jsonl = json.dumps({"external_id": "c", "text": "3"})
    data = new("C", table=table(jsonl, "t.jsonl"))
    assert lead.post(f"/projects/{project.id}/import", data=data).status_code == 303
    assert count(session) == 3


def test_faults_are_listed_by_line_and_not_even_the_batch_is_made(lead, project, session):
    rows = "external_id,text,label\na,,\n,2,\nc,3,cow\n"
    data = new(table=table(rows), gold_column="label")
    answer = lead.post(f"/projects/{project.id}/import", data=data)
    assert answer.status_code == 422
    assert "3 faults to put right" in answer.text
    for line, field in ((2, "text"), (3, "external_id"), (4, "gold")):
        assert f'<td class="number">{line}</td><td>{field}</td>' in answer.text
    assert (count(session), count(session, Batch)) == (0, 0)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (new(), "Choose what to import"),
        (new(name="", lines="x"), "Give a name"),
        (new(folder="/etc"), "lies outside the folders"),
        (new(folder="a\0b"), "is not a path"),
        (new(uploaded=(io.BytesIO(b"{"), "u.json")), "Is not JSON"),
        (new(uploaded=(io.BytesIO(b"[1]"), "u.json")), "expected an object"),
        (new(table=table(b"\xff\xfe")), "UTF-16"),
    ],
)
def test_what_cannot_be_imported_is_said(lead, project, session, data, message):
    answer = lead.post(f"/projects/{project.id}/import", data=data)
    assert answer.status_code == 422
    assert message.lower() in answer.text.lower()
    assert count(session, Batch) == 0


def test_pictures_go_up_by_slices_and_in_at_once(lead, pictures, session):
    at = f"/api/v1/projects/{pictures.id}/uploads"
    files = [(io.BytesIO(png()), "a.png"), (io.BytesIO(b"no"), "b.png")]
    said = lead.post(at, data={"files": files}).json
    assert [u["name"] for u in said["uploads"]] == ["a.png"]
    assert said["faults"] == [
        {"name": "b.png", "message": "is not a PNG, JPEG, GIF, WebP or BMP picture"}
    ]
    rows = [{"external_id": u["name"], "uri": u["uri"]} for u in said["uploads"]]
    data = new(uploaded=(io.BytesIO(json.dumps(rows).encode()), "u.json"))
    answer = lead.post(f"/projects/{pictures.id}/import", data=data)
    assert answer.status_code == 201
    assert "1 new" in lead.get(answer.location).text
    assert session.scalars(select(Asset.external_id)).one() == "a.png"


def test_a_broken_picture_among_good_ones_imports_none(lead, pictures, session):
    files = [(io.BytesIO(png()), "a.png"), (io.BytesIO(b"no"), "b.png")]
    answer = lead.post(f"/projects/{pictures.id}/import", data=new(pictures=files))
    assert answer.status_code == 422
    assert "b.png is not a PNG" in answer.text
    assert count(session) == 0


def test_a_folder_of_the_server_is_read_where_it_is_allowed(
    client_for, app, settings, pictures, lead, tmp_path, session
):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(png())
    app.extensions["settings"] = settings.model_copy(update={"asset_roots": str(tmp_path / "in")})
    data = new(folder=str(tmp_path / "in"))
    assert lead.post(f"/projects/{pictures.id}/import", data=data).status_code == 303
    data = new("C", folder=str(tmp_path / "in" / "nothing"))
    assert "no such folder" in lead.post(f"/projects/{pictures.id}/import", data=data).text
    assert count(session) == 1


def test_an_existing_batch_takes_more_and_a_foreign_one_does_not(lead, project, make, session):
    batch, foreign = make.batch(project), make.batch(make.project())
    session.commit()
    at = f"/projects/{project.id}/import"
    assert lead.post(at, data={"batch": batch.id, "lines": "one"}).status_code == 303
    again = lead.post(at, data={"batch": batch.id, "lines": "one\ntwo"}, follow_redirects=True)
    assert "1 new, 1 already there" in again.text
    assert lead.post(at, data={"batch": foreign.id, "lines": "one"}).status_code == 404
    batch.state = "delivered"
    session.commit()
    assert "was delivered" in lead.post(at, data={"batch": batch.id, "lines": "x"}).text


def test_the_api_makes_a_project_ready_step_by_step(lead, make, session):
    worker = make.user(role="labeller")
    session.commit()
    asked = {"name": "P", "client": "Acme", "medium": "text", "settings": {"wanted_answers": 1}}
    made = lead.post("/api/v1/projects", json=asked)
    assert made.status_code == 201, made.text
    at = f"/api/v1/projects/{made.json['id']}"
    keys = [m["key"] for m in made.json["missing"]]
    assert keys == ["assets", "classes", "guideline", "people", "running"]
    classes = [{"name": "Cat"}, {"name": "Dog", "hotkey": "d"}]
    ontology = lead.put(f"{at}/ontology", json={"classes": classes})
    assert [c["key"] for c in ontology.json["classes"]] == ["cat", "dog"]
    assert lead.get(f"{at}/ontology").json == ontology.json
    assert lead.get(f"{at}/guideline").status_code == 404
    assert lead.put(f"{at}/guideline", json={"markdown": "Look"}).json["version"] == 1
    batch = lead.post(f"{at}/batches", json={"name": "B", "due": "2027-01-31"})
    assert batch.status_code == 201
    rows = [{"external_id": "a", "text": "1"}, {"external_id": "b", "text": "2", "gold": "Cat"}]
    imported = lead.post(f"/api/v1/batches/{batch.json['id']}/assets", json={"rows": rows})
    said = {"new": 2, "already_there": 0, "kept": 0, "gold": 1}
    assert {name: imported.json[name] for name in said} == said
    assert imported.json["losses"] == []
    assert lead.post(f"{at}/members", json={"user": worker.id}).status_code == 200
    assert [m["key"] for m in lead.get(at).json["missing"]] == ["running"]
    assert lead.post(f"{at}/start").json["missing"] == []
    assert lead.post(f"{at}/pause").json["state"] == "paused"
    shown = lead.get(f"/api/v1/batches/{batch.json['id']}").json
    assert (shown["assets"], shown["answers_wanted"]) == (2, 1)
    assert lead.get(f"{at}/batches").json["batches"] == [shown]
    assert [p["name"] for p in lead.get("/api/v1/projects").json["projects"]] == ["P"]


def test_the_api_names_faults_by_line_and_field(lead, project, make, session):
    batch = make.batch(project)
    session.commit()
    rows = [
        {"external_id": "a", "text": "1"},
        {"external_id": "", "text": "2"},
        {"external_id": "c", "text": "3", "size": 4},
        {"external_id": "d", "text": 5},
        {"external_id": "e", "text": "6", "gold": "cow"},
    ]
    at = f"/api/v1/batches/{batch.id}/assets"
    answer = lead.post(at, json={"rows": rows})
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    named = [(e["line"], e["field"]) for e in answer.json["errors"]]
    assert named == [(2, "external_id"), (3, "size"), (4, "text"), (5, "gold")]
    assert count(session) == 0
    assert lead.post(at, json={"rows": [], "more": 1}).status_code == 422
    assert lead.post(at, json={"rows": []}).status_code == 422


@pytest.mark.parametrize(
    "asked",
    [
        {"name": "P", "client": "Acme", "medium": "video"},
        {"name": "", "client": "Acme", "medium": "text"},
        {"name": "P", "client": "Acme", "medium": "text", "colour": "red"},
        {"name": "P", "client": "Acme", "medium": "text", "settings": {"wanted_answers": 0}},
        {"name": "P", "client": " ", "medium": "text"},
        [],
    ],
)
def test_the_api_refuses_a_wrong_project_and_makes_nothing(lead, session, asked):
    answer = lead.post("/api/v1/projects", json=asked)
    assert answer.status_code == 422, answer.text
    assert answer.mimetype == "application/problem+json"
    assert lead.get("/api/v1/projects").json["projects"] == []


def test_the_api_keeps_projects_apart(client_for, project, make, session):
    batch = make.batch(project)
    session.commit()
    stranger = client_for("ops_lead")
    for path in (
        f"projects/{project.id}",
        f"projects/{project.id}/batches",
        f"projects/{project.id}/ontology",
        f"batches/{batch.id}",
        f"batches/{batch.id}/labels",
    ):
        assert stranger.get(f"/api/v1/{path}").status_code == 404, path
    rows = {"rows": [{"external_id": "a", "text": "1"}]}
    assert stranger.post(f"/api/v1/batches/{batch.id}/assets", json=rows).status_code == 404
    assert client_for("labeller").get("/api/v1/projects").status_code == 403


def test_labels_are_exported_as_they_are_in_force(lead, project, make, session):
    batch = make.batch(project)
    one, two, _ = make.assets(batch, 3)
    for asset, key in ((one, "cat"), (two, "dog"), (one, "dog")):
        make.decided(asset, key, probability=0.75)
    session.commit()
    at = f"/api/v1/batches/{batch.id}/labels"
    lines = [json.loads(line) for line in lead.get(at).text.splitlines()]
    assert [(x["external_id"], x["label"]["class"]) for x in lines] == [
        (one.external_id, "dog"),
        (two.external_id, "dog"),
    ]
    as_csv = lead.get(f"{at}?format=csv")
    assert as_csv.mimetype == "text/csv"
    assert as_csv.text.splitlines()[1] == f"{one.external_id},dog,majority,0.75,3,1.0"
    assert lead.get(f"{at}?format=xml").status_code == 422


def test_settings_reach_the_tasks_of_an_import(lead, project, session):
    projects.save_settings(session, session.merge(project), {"wanted_answers": 7}, None)
    session.commit()
    lead.post(f"/projects/{project.id}/import", data=new(lines="x"))
    assert session.scalars(select(Task.wanted)).one() == 7
