"""Onboarding through the browser's eyes: set, taken, passed, and what nobody may see."""

import base64
import re

import pytest

from quality import gold

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)


@pytest.fixture
def floor(session, make):
    """A project whose assets are all gold of class a, with a manager and a labeller in it."""
    floor = make.floor(assets=8, labellers=1)
    for asset in floor.assets:
        gold.make(session, floor.project, asset, [{"class": "a"}], None)
    floor.manager = make.member(floor.project, make.user(role="onboarding_manager"))
    session.commit()
    return floor


def form(floor, **more):
    return {
        "title": "First level",
        "project": str(floor.project.id),
        "skill": "",
        "questions": "4",
        "pass_percent": "75",
        "minutes": "10",
        "attempts": "2",
        "level": "1",
        "valid_days": "30",
        **more,
    }


@pytest.fixture
def setting(client_for, floor):
    """The manager's client and the number of the assessment they set."""
    manager = client_for(floor.manager)
    made = manager.post("/onboarding/assessments/new", data=form(floor))
    assert made.status_code == 303
    return manager, int(made.location.rsplit("/", 1)[1])


def begin(client, number):
    begun = client.post(f"/onboarding/assessments/{number}/begin")
    assert begun.status_code == 303 and "/take/" in begun.location
    return begun.location


def question_url(page):
    return re.search(r'action="(/onboarding/take/[0-9a-f-]+/[0-9a-f-]+)"', page.text).group(1)


def test_empty_pages_say_what_to_do_next(client_for, floor):
    assert "Set an assessment" in client_for(floor.manager).get("/onboarding").text
    labeller = client_for(floor.labellers[0]).get("/onboarding")
    assert labeller.status_code == 200 and "No assessments for you yet" in labeller.text


def test_a_labeller_passes_and_is_certified_at_once(client_for, floor, setting):
    manager, number = setting
    labeller = client_for(floor.labellers[0])
    assert "First level" in labeller.get("/onboarding").text
    where = begin(labeller, number)
    for i in range(4):
        page = labeller.get(where)
        assert f"Question {i + 1} of 4" in page.text
        sent = labeller.post(question_url(page), data={"class": "b" if i == 0 else "a"})
        assert sent.status_code == 303
    done = labeller.get(where)
    result = labeller.get(done.location)
    assert "Passed" in result.text and "3 of 4 right: 75.0 %" in result.text
    assert (
        "level 1" in labeller.get("/account").text
        or "hold this" in labeller.get("/onboarding").text
    )
    table = manager.get(f"/onboarding/assessments/{number}").text
    assert "passed" in table and "3 of 4" in table and floor.labellers[0].name in table
    listed = manager.get("/api/v1/assessments").json["assessments"]
    assert [(a["id"], a["finished"], a["passed"]) for a in listed] == [(number, 1, 1)]
    told = manager.get(f"/api/v1/assessments/{number}/attempts").json["attempts"][0]
    assert (told["state"], told["right"], told["counted"]) == ("passed", 3.0, 4)
    assert told["name"] == floor.labellers[0].name and told["ended_by"] == "all_answered"
    items = manager.get(f"/api/v1/assessments/{number}/items").json["items"]
    assert sorted(item["right"] for item in items) == [0, 1, 1, 1]
    for place in ("items", f"items/{items[0]['gold']}"):
        assert manager.get(f"/onboarding/assessments/{number}/{place}").status_code == 200
    review = manager.get(f"/onboarding/attempts/{told['id']}").text
    assert review.count("Accepted") == 4 and review.count(">wrong<") == 1
    assert labeller.get(f"/onboarding/attempts/{told['id']}").status_code == 403


def test_a_question_shows_no_ids_and_resumes_after_a_reload(client_for, session, floor, setting):
    labeller = client_for(floor.labellers[0])
    where = begin(labeller, setting[1])
    first, second = labeller.get(where), labeller.get(where)
    assert question_url(first) == question_url(second)
    for asset in floor.assets:
        assert asset.external_id not in first.text
    # Whatever is a number in the page is no identifier: only tokens name things.
    assert not re.search(r"(asset|gold|task|batch)[_-]?(id)?[=:/]\s*\"?\d", first.text)


def test_a_double_click_keeps_the_first_answer(client_for, session, floor, setting):
    labeller = client_for(floor.labellers[0])
    where = begin(labeller, setting[1])
    url = question_url(labeller.get(where))
    for key in ("b", "a", "a"):
        assert labeller.post(url, data={"class": key}).status_code == 303
    for _ in range(3):
        labeller.post(question_url(labeller.get(where)), data={"class": "a"})
    assert "3 of 4 right" in labeller.get(f"{where}/result").text


def test_nobody_else_sees_an_attempt(client_for, make, floor, setting):
    where = begin(client_for(floor.labellers[0]), setting[1])
    other = client_for(make.member(floor.project, make.user()))
    for path in (where, f"{where}/result", f"{where}/{where.rsplit('/', 1)[1]}/medium"):
        assert other.get(path).status_code == 404
    assert setting[0].get(where).status_code == 403


def test_strangers_cannot_begin_and_labellers_cannot_set(client_for, floor, setting):
    stranger = client_for("labeller")
    assert stranger.post(f"/onboarding/assessments/{setting[1]}/begin").status_code == 404
    assert stranger.get("/onboarding/assessments/new").status_code == 403
    assert stranger.get(f"/onboarding/assessments/{setting[1]}").status_code == 403
    elsewhere = client_for("onboarding_manager")
    assert elsewhere.get(f"/onboarding/assessments/{setting[1]}").status_code == 404
    refused = elsewhere.post("/onboarding/assessments/new", data=form(floor))
    assert refused.status_code == 422


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("questions", "99", "8 active gold"),
        ("questions", "many", "whole number"),
        ("pass_percent", "200", "from 1 to 100"),
        ("project", "", "hoose a project"),
        ("title", "", "ust not be empty"),
    ],
)
def test_a_refused_form_says_why_and_keeps_what_was_typed(client_for, floor, field, value, says):
    page = client_for(floor.manager).post(
        "/onboarding/assessments/new",
        data=form(floor, valid_days="77", **{field: value}),
    )
    assert page.status_code == 422
    assert says in page.text and 'value="77"' in page.text
    assert f'id="{field}-fault"' in page.text


def test_a_used_up_assessment_says_so(client_for, floor, setting):
    labeller = client_for(floor.labellers[0])
    for _ in range(2):
        where = begin(labeller, setting[1])
        for _ in range(4):
            labeller.post(question_url(labeller.get(where)), data={"class": "b"})
        assert "Not passed" in labeller.get(f"{where}/result").text
    refused = labeller.post(f"/onboarding/assessments/{setting[1]}/begin")
    assert refused.location == "/onboarding"
    assert "used all 2 attempts" in labeller.get("/onboarding").text


def test_the_form_shows_what_a_pass_proves_before_it_is_set(client_for, floor):
    adaptive = {"way": "adaptive", "fail_percent": "20", "false_pass_percent": "5"}
    look = form(floor, look="1", questions="8", **adaptive, false_fail_percent="5")
    look["pass_percent"] = "90"
    page = client_for(floor.manager).post("/onboarding/assessments/new", data=look)
    assert page.status_code == 200 and "The quickest way to pass is" in page.text
    assert 'name="class_a"' in page.text and 'aria-label="Weight of hard ones"' in page.text
    few = client_for(floor.manager).post(
        "/onboarding/assessments/new", data={**look, "look": "", "questions": "2"}
    )
    assert few.status_code == 422 and 'id="questions-fault"' in few.text
    none = {**look, "look": "", "class_a": "0"}
    refused = client_for(floor.manager).post("/onboarding/assessments/new", data=none)
    assert refused.status_code == 422 and "at least one a weight above 0" in refused.text


def test_closing_stops_new_attempts_only(client_for, floor, setting):
    manager, number = setting
    labeller = client_for(floor.labellers[0])
    where = begin(labeller, number)
    manager.post(f"/onboarding/assessments/{number}/open", data={"open": "0"})
    assert labeller.get(where).status_code == 200
    again = client_for(floor.labellers[0]).post(f"/onboarding/assessments/{number}/begin")
    assert again.location == where


def test_a_picture_comes_through_its_token_with_uniform_headers(
    client_for, session, make, settings
):
    settings.media.mkdir(parents=True, exist_ok=True)
    path = settings.media / "secret-name.png"
    path.write_bytes(PIXEL)
    project = make.project(medium="image")
    batch = make.batch(project)
    for asset in make.assets(batch, 2, text=None, uri=str(path)):
        gold.make(session, project, asset, [{"class": "a"}], None)
    labeller = make.member(project, make.user())
    manager = make.member(project, make.user(role="onboarding_manager"))
    session.commit()
    floor = type("Floor", (), {"project": project})
    made = client_for(manager).post("/onboarding/assessments/new", data=form(floor, questions="2"))
    client = client_for(labeller)
    page = client.get(begin(client, int(made.location.rsplit("/", 1)[1])))
    assert "secret-name" not in page.text
    answer = client.get(re.search(r"/onboarding/take/[0-9a-f/-]+/medium", page.text).group())
    assert answer.data == PIXEL and answer.mimetype == "image/png"
    gone = {"ETag", "Last-Modified", "Content-Disposition"}
    assert not gone & set(answer.headers.keys())
    assert "no-store" in answer.headers["Cache-Control"]
