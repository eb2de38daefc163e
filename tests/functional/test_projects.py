"""The project pages, through HTTP alone: an operations lead from nothing to work going out."""

import io
import re

import pytest
from PIL import Image
from sqlalchemy import select

from ops.models import Asset, Batch, Project, ProjectMember, Task
from quality.models import Gold


@pytest.fixture
def lead(client_for):
    return client_for("ops_lead")


@pytest.fixture
def new_project(lead, session):
    """Make a project through the form; returns its id."""

    def new_project(**more):
        values = {"name": "Birds", "client_name": "Acme", "medium": "text", **more}
        answer = lead.post("/projects/new", data=values)
        assert answer.status_code == 303, answer.text
        return int(answer.location.rsplit("/", 1)[1])

    return new_project


def classes(*names):
    return {
        "name": list(names),
        "key": [""] * len(names),
        "colour": [""] * len(names),
        "hotkey": [""] * len(names),
        "description": [""] * len(names),
    }


def png(size=(10, 10), colour="red"):
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    out.seek(0)
    return out


def test_an_empty_system_welcomes_and_leads_to_the_first_project(lead):
    page = lead.get("/projects").text
    assert "Welcome to Touchstone" in page
    assert 'href="/projects/new"' in page


def test_from_nothing_to_the_first_task(lead, client_for, make, session, new_project):
    worker = make.user(role="labeller")
    session.commit()
    at = f"/projects/{new_project()}"
    page = lead.get(at).text
    assert "4 steps until work can go out" in page

    assert lead.post(f"{at}/classes", data=classes("Owl", "Wren")).status_code == 303
    assert lead.post(f"{at}/guideline", data={"markdown": "# Look"}).status_code == 303
    lines = {"batch": "new", "batch_name": "Batch 1", "lines": "one\ntwo\n\nthree\n"}
    assert lead.post(f"{at}/import", data=lines).status_code == 303
    assert lead.post(f"{at}/people", data={"user": worker.id}).status_code == 303
    assert "Everything is there: start it" in lead.get(at).text
    assert lead.post(f"{at}/start").status_code == 303
    assert "Work is going out" in lead.get(at).text
    assert "Nothing: work goes out." in lead.get("/projects").text

    desk = client_for(worker)
    answer = desk.post("/api/v1/desk/next", json={"project": None, "tab": "t"})
    assert answer.json["work"]["text"] in {"one", "two", "three"}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": ""}, "Give the project a name"),
        ({"client_name": ""}, "Name the client"),
        ({"medium": "video"}, "Medium must be one of"),
    ],
)
def test_a_project_with_a_fault_comes_back_with_what_was_typed(lead, session, wrong, message):
    values = {"name": "Birds", "client_name": "Acme", "medium": "text", "purpose": "Why", **wrong}
    answer = lead.post("/projects/new", data=values)
    assert answer.status_code == 422
    assert message in answer.text
    assert "Why" in answer.text
    session.rollback()
    assert session.scalars(select(Project)).all() == []


def test_a_lead_sees_their_projects_only_and_nobody_else_any(client_for, lead, new_project):
    number = new_project()
    other = client_for("ops_lead")
    assert "Welcome" in other.get("/projects").text
    assert "Birds" in client_for("admin").get("/projects").text
    pages = ["", "/batches", "/assets", "/import", "/classes", "/guideline", "/people", "/gold"]
    for tail in [*pages, "/gold/mark", "/settings"]:
        assert lead.get(f"/projects/{number}{tail}").status_code == 200, tail
        assert other.get(f"/projects/{number}{tail}").status_code == 404, tail
        for role in ("labeller", "client", "onboarding_manager"):
            assert client_for(role).get(f"/projects/{number}{tail}").status_code == 403


def test_classes_show_each_fault_at_its_field_and_keep_what_was_typed(lead, new_project):
    at = f"/projects/{new_project()}/classes"
    wrong = {**classes("Owl", "owl", "Wren"), "hotkey": ["", "", "!"]}
    answer = lead.post(at, data=wrong)
    assert answer.status_code == 422
    assert "String should match" in answer.text or "hotkey" in answer.text
    assert "Class 1 has the same name" in lead.post(at, data=classes("Owl", "owl")).text
    assert lead.post(at, data=classes("Only one")).status_code == 422
    assert lead.get(f"{at}/row").text.count("<tr") == 1


def test_markdown_is_shown_and_markup_in_it_stays_text(lead, new_project):
    at = f"/projects/{new_project()}/guideline"
    shown = lead.post(f"{at}/preview", data={"markdown": "**Look** <script>x</script>"}).text
    assert "<strong>Look</strong>" in shown
    assert "<script>" not in shown
    assert lead.post(at, data={"markdown": " "}).status_code == 422


def test_settings_show_every_field_and_name_what_is_wrong(lead, new_project, session):
    number = new_project()
    at = f"/projects/{number}/settings"
    page = lead.get(at).text
    names = re.findall(r'name="([a-z0-9_.]+)"', page)
    assert {"wanted_answers", "gold.rate_new", "gate.accuracy", "attributes"} <= set(names)
    kept = dict(re.findall(r'name="([a-z0-9_.]+)" type="number"[^>]* value="([^"]*)"', page))
    chosen = dict(re.findall(r'<select[^>]* name="([a-z0-9_.]+)"><option value="([^"]+)"', page))
    values = {**kept, **chosen, "name": "Birds", "purpose": "", "gate.rescore": "1"}
    wrong = {**values, "wanted_answers": "0", "gold.rate_new": "many"}
    answer = lead.post(at, data=wrong)
    assert answer.status_code == 422
    assert answer.text.count("invalid-feedback") == 1  # what is no number, before any limit
    wrong["gold.rate_new"] = "0.2"
    assert "greater than or equal to 1" in lead.post(at, data=wrong).text
    assert "Input should be" in lead.post(at, data={**values, "order": "sideways"}).text
    assert "One number a line" in lead.post(at, data={**values, "gate.classes.f1_of": "car"}).text
    good = {**values, "wanted_answers": "5", "attributes": "language: de, en"}
    good |= {
        "gate.classes.f1_of": "car: 0.9\nbus : 0.75",
        "gate.errors.severity": "critical: extra",
    }
    assert lead.post(at, data=good).status_code == 303
    session.rollback()
    saved = session.get(Project, number).settings
    assert saved["wanted_answers"] == 5
    assert saved["attributes"] == {"language": ["de", "en"]}
    assert saved["gate"]["rescore"] is True
    assert saved["gate"]["classes"]["f1_of"] == {"car": 0.9, "bus": 0.75}
    assert saved["gate"]["errors"]["severity"] == {"critical": ["extra"]}


def test_people_are_added_paused_certified_and_removed(lead, make, session, new_project):
    number = new_project(certified="1")
    at = f"/projects/{number}"
    workers = [make.user(role="labeller") for _ in range(3)]
    session.commit()
    assert lead.post(f"{at}/people", data={"user": "labellers"}).status_code == 303
    page = lead.get(f"{at}/people").text
    assert page.count("lacks Birds level 1") == 3
    change = f"{at}/people/{workers[0].id}"
    lead.post(change, data={"action": "certify"})
    assert lead.get(f"{at}/people").text.count("lacks Birds level 1") == 2
    lead.post(change, data={"action": "pause", "days": "7"})
    assert "paused until" in lead.get(f"{at}/people").text
    lead.post(change, data={"action": "resume"})
    assert "paused until" not in lead.get(f"{at}/people").text
    lead.post(change, data={"action": "remove"})
    session.rollback()
    assert session.get(ProjectMember, (number, workers[0].id)) is None
    stages = {f"{field}.label": [""] for field in ("skill",)} | {"level.label": ["1"]}
    assert lead.post(f"{at}/requirements", data=stages).status_code == 303
    assert "lacks" not in lead.get(f"{at}/people").text
    assert lead.post(f"{at}/people", data={"user": "999999"}).status_code == 422


def test_batches_are_made_hurried_and_paused(lead, session, new_project):
    at = f"/projects/{new_project()}/batches"
    assert "priority must lie" in lead.post(at, data={"name": "B", "priority": "9999"}).text.lower()
    assert lead.post(at, data={"name": "B", "due": "soon"}).status_code == 422
    made = {"name": "B", "priority": "2", "due": "2027-01-31"}
    assert lead.post(at, data=made).status_code == 303
    assert lead.post(at, data=made).status_code == 422  # the name is taken
    session.rollback()
    batch = session.scalars(select(Batch)).one()
    assert batch.due_at.isoformat() == "2027-01-31T23:59:59+00:00"
    for data in ({"action": "priority", "priority": "5"}, {"action": "pause"}):
        assert lead.post(f"{at}/{batch.id}", data=data).status_code == 303
    session.refresh(batch)
    assert (batch.priority, batch.paused) == (5, True)
    assert lead.post(f"{at}/{batch.id}", data={"action": "dance"}).status_code == 422


def test_gold_is_marked_one_after_the_other_put_right_and_retired(lead, session, new_project):
    number = new_project()
    at = f"/projects/{number}"
    assert "Gold needs classes" in lead.get(f"{at}/gold").text
    lead.post(f"{at}/classes", data=classes("Owl", "Wren"))
    assert "Gold needs assets" in lead.get(f"{at}/gold").text
    lead.post(f"{at}/import", data={"batch": "new", "batch_name": "B", "lines": "one\ntwo"})
    for _ in range(2):
        page = lead.get(f"{at}/gold/mark").text
        asset = re.search(r'name="asset" value="(\d+)"', page).group(1)
        answer = lead.post(f"{at}/gold", data={"asset": asset, "class": "owl"})
        assert answer.status_code == 303
    assert "Nothing left to mark" in lead.get(f"{at}/gold/mark").text
    again = lead.post(f"{at}/gold", data={"asset": asset, "class": "owl"})
    assert again.status_code == 422
    assert "gold already" in again.text
    session.rollback()
    assert [t.wanted for t in session.scalars(select(Task).where(Task.round == 1))] == [0, 0]
    one = session.scalars(select(Gold).order_by(Gold.id)).first()
    put_right = {"action": "revise", "class": "wren", "reason": "It is one"}
    lead.post(f"{at}/gold/{one.id}", data=put_right)
    assert "version 2" in lead.get(f"{at}/gold").text
    lead.post(f"{at}/gold/{one.id}", data={"action": "retire"})
    assert "retired" in lead.get(f"{at}/gold").text


def test_the_list_costs_the_same_number_of_queries_for_many_projects(
    client_for, make, session, count_queries
):
    admin = client_for("admin")

    def queries():
        count_queries.clear()
        assert admin.get("/projects").status_code == 200
        return len(count_queries)

    make.batch(make.project())
    session.commit()
    few = queries()
    for _ in range(8):
        make.batch(make.project())
    session.commit()
    assert queries() == few


def test_pictures_are_shown_in_the_grid(lead, session, new_project):
    at = f"/projects/{new_project(medium='image')}"
    files = [(png(), "a.png"), (png(colour="blue"), "b/c.png")]
    data = {"batch": "new", "batch_name": "B", "pictures": files}
    assert lead.post(f"{at}/import", data=data).status_code == 303
    page = lead.get(f"{at}/assets").text
    links = re.findall(r'src="(/media/[^"]+)"', page)
    assert len(links) == 2
    shown = lead.get(links[0].replace("&amp;", "&"))
    assert (shown.status_code, shown.mimetype) == (200, "image/webp")
    assert {a.external_id for a in session.scalars(select(Asset))} == {"a.png", "b/c.png"}
