"""Courses on the pages: made and required by a manager, done by a labeller who sees no gold."""

import json
import re
from html import unescape

import pytest
from sqlalchemy import select

from ops import guidelines
from quality import gold
from quality.models import Course, CourseStep, StepTry
from quality.onboarding import course_requirement, course_steps, courses

GUIDE = "# What to do\n\nChoose one.\n\n## Doubt\n\nSkip it, and say **why**."
QUIZ = {
    "do": "save", "kind": "quiz", "title": "Asked", "questions": "1", "choices0": "3",
    "q0": "When in doubt?", "q0c0": "Skip", "q0r0": "1", "q0w0": "and say why",
    "q0c1": "Guess", "q0w1": "A guess helps nobody.", "q0c2": "",
}  # fmt: skip


@pytest.fixture
def floor(session, make):
    floor = make.floor(labellers=1, assets=6)
    floor.golds = [
        gold.make(session, floor.project, asset, [{"class": "b"}], None)
        for asset in floor.assets[:3]
    ]
    floor.manager = make.member(floor.project, make.user(role="onboarding_manager"))
    guidelines.publish(session, floor.project, GUIDE, make.user("ops_lead"))
    session.commit()
    return floor


@pytest.fixture
def course(session, floor):
    made = courses.create(session, floor.project, {"title": "First steps"}, floor.manager)
    quiz = {
        "question": "Which?",
        "choices": [
            {"text": "Yes", "right": True, "why": "it is"},
            {"text": "No", "right": False, "why": "it is not"},
        ],
    }
    for kind, more in (
        ("page", {"markdown": "Read *this*."}),
        ("example", {"gold": floor.golds[0].id, "markdown": "Because it is B."}),
        ("practice", {"gold": floor.golds[1].id, "markdown": "Look at the handle."}),
        ("quiz", {"questions": [quiz, quiz | {"question": "And now?"}]}),
    ):
        course_steps.add(session, made, kind, {"title": f"The {kind}", **more}, floor.manager)
    courses.open_it(session, made, floor.manager)
    session.commit()
    return made


def test_a_manager_makes_a_course_of_the_guideline_and_of_gold(client_for, session, floor):
    manager = client_for(floor.manager)
    assert "Make a course" in manager.get("/onboarding/training").text
    form = {"project": floor.project.id, "title": "Digits", "purpose": "", "pass_percent": "50"}
    for field, value, says in (
        ("title", "", "ust not be empty"),
        ("pass_percent", "many", "from 0 to 100"),
        ("project", "", "hoose a project"),
    ):
        page = manager.post("/onboarding/training/new", data={**form, field: value})
        assert page.status_code == 422 and says in page.text and f'id="{field}-fault"' in page.text
    home = manager.post("/onboarding/training/new", data=form).location
    opened = manager.post(f"{home}/state", data={"state": "open"})
    assert opened.status_code == 303
    assert session.scalars(select(Course.state)).one() == "draft"
    assert "Give the course a step" in manager.get(home).text

    taken = manager.post(
        f"{home}/steps/new", data={"kind": "page", "title": "", "do": "section", "section": "1"}
    )
    assert 'value="Doubt"' in taken.text and "say **why**" in taken.text
    manager.post(f"{home}/steps/new", data={"kind": "page", "title": "Doubt", "markdown": "Skip."})
    refused = manager.post(f"{home}/steps/new", data={"kind": "practice", "title": "Try"})
    assert refused.status_code == 422 and 'id="gold-fault"' in refused.text
    choices = re.findall(r'name="gold" value="(\d+)"', refused.text)
    assert [int(one) for one in choices] == [g.id for g in floor.golds]
    manager.post(f"{home}/steps/new", data={"kind": "practice", "title": "Try", "gold": choices[0]})
    grown = manager.post(f"{home}/steps/new", data={**QUIZ, "do": "choice:0"})
    assert 'name="q0c3"' in grown.text and 'value="Guess"' in grown.text
    unmarked = {name: value for name, value in QUIZ.items() if name != "q0r0"}
    refused = manager.post(f"{home}/steps/new", data=unmarked)
    assert refused.status_code == 422 and "ark at least one choice" in refused.text
    manager.post(f"{home}/steps/new", data=QUIZ)
    kinds = select(CourseStep.kind).order_by(CourseStep.position)
    assert session.scalars(kinds).all() == ["page", "practice", "quiz"]

    # What a labeller would be told, and nothing of it kept.
    step = session.scalars(select(CourseStep).where(CourseStep.kind == "practice")).one()
    at = f"{home}/steps/{step.id}/preview"
    assert "Preview" in manager.get(at).text
    told = manager.post(at, data={"label": json.dumps({"class": "a"})}).text
    assert "Not right yet" in told and "A, where the accepted answer is B" in told
    assert manager.post(at, data={"label": "nothing"}).status_code == 422
    assert session.scalars(select(StepTry)).all() == []
    edit = f"{home}/steps/{step.id}/edit"
    kept = {"title": "Try it", "gold": str(step.gold_id), "markdown": "Look."}
    assert manager.get(edit).status_code == 200
    assert manager.post(edit, data=kept).status_code == 303
    manager.post(f"{home}/steps/{step.id}/move", data={"way": "up"})
    manager.post(f"{home}/state", data={"state": "open"})
    manager.post(f"{home}/required", data={"required_of": "newcomers"})
    page = manager.get(home).text
    assert page.index("1. Try it") < page.index("2. Doubt")
    assert "Of newcomers, since" in page
    assert manager.post(f"{home}/required", data={"required_of": "x"}).status_code == 422
    assert floor.labellers[0].name in manager.get(f"{home}/people.csv").text


def at(client, where):
    """The page that an address leads to, through what it redirects to."""
    page = client.get(where)
    while page.status_code == 303:
        where, page = page.location, client.get(page.location)
    return where, page.text


def test_a_labeller_does_it_and_is_told_what_was_right(client_for, session, floor, course):
    course_requirement.require(session, course, "everybody", floor.manager)
    session.commit()
    client = client_for(floor.labellers[0])
    empty = client.post("/api/v1/desk/next", json={"tab": "t"}).json["empty"]
    assert empty["course"] == {"id": course.id, "title": "First steps"}
    assert "before your next task" in client.get("/training").text
    assert "Do the course First steps" in client.get("/desk/me").text

    pages = []
    where, page = at(client, f"/training/{course.id}")
    assert "step 1 of 4" in page and "<em>this</em>" in page
    # What is ahead is not open yet.
    quiz = session.scalars(select(CourseStep.id).where(CourseStep.kind == "quiz")).one()
    assert client.get(f"/training/{course.id}/steps/{quiz}").location == where
    assert client.post(f"/training/{course.id}/steps/{quiz}", data={"q0": "0"}).location == where
    pages.append(page)
    where, page = at(client, client.post(where).location)
    assert "This is how it is labelled: <strong>B</strong>" in page
    pages.append(page)
    where, page = at(client, client.post(where).location)
    work = json.loads(unescape(re.search(r'data-work="([^"]+)"', page).group(1)))
    assert work["text"] == "text 1" and set(work) == {"medium", "image", "text", "pair", "brief"}
    assert "handle" not in page
    pages.append(page)
    assert client.post(where, data={"label": '{"class": "x"}'}).status_code == 422
    for _ in range(2):  # the second click says the same
        data = {"label": '{"class": "a"}', "tries": "0"}
        assert client.post(where, data=data).location == where
    told = client.get(where).text
    assert "Not right yet" in told and "A, where the accepted answer is B" in told
    assert "Look at the handle." in told
    pages.append(told)
    assert client.get(f"{where}/medium").status_code == 404
    client.post(where, data={"label": '{"class": "b"}', "tries": "1"})
    assert "Right." in client.get(where).text

    where, page = at(client, f"/training/{course.id}")
    refused = client.post(where, data={"q0": "0"})
    assert refused.status_code == 422 and 'id="q1-fault"' in refused.text
    assert re.search(r'name="q0" value="0" checked', refused.text)
    client.post(where, data={"q0": "0", "q1": "1"})
    told = client.get(where).text
    assert "1 of 2 right" in told and "your choice, not right" in told and "it is not" in told
    _, page = at(client, f"/training/{course.id}")
    assert "Nearly done" in page
    assert client.post("/api/v1/desk/next", json={"tab": "t"}).json["work"] is None
    client.post(where, data={"q0": "0", "q1": "0"})
    _, page = at(client, f"/training/{course.id}")
    assert "Finished" in page and "100 % right at last" in page and "Go to your desk" in page
    assert client.post("/api/v1/desk/next", json={"tab": "t"}).json["work"] is not None

    ids = [str(x) for a in floor.assets for x in (a.external_id,)]
    for text in (*pages, told, page):
        assert not [one for one in ids if one in text]
        assert not re.search(r"(asset|gold|task|batch)[_-]?(id)?[=:/]\s*\"?\d", text)
    tried = session.execute(select(StepTry.number, StepTry.correct).order_by(StepTry.id)).all()
    figures = client_for(floor.manager).get(f"/onboarding/training/{course.id}/steps.csv").text
    assert "The quiz,quiz,1,1,1,0.0000," in figures and ",No,1\r\n" in figures
    assert tried == [(1, None), (1, None), (1, 0.0), (2, 1.0), (1, 0.5), (2, 1.0)]


def test_nobody_else_sees_a_course(client_for, floor, course, session):
    for role in ("labeller", "onboarding_manager"):
        stranger = client_for(role)
        step = course_steps.of(session, course)[2]
        for path in ("", f"/steps/{step.id}", f"/steps/{step.id}/medium", "/end"):
            refused = stranger.get(f"/training/{course.id}{path}").status_code
            assert refused == (404 if role == "labeller" else 403)
        refused = stranger.get(f"/onboarding/training/{course.id}").status_code
        assert refused == (403 if role == "labeller" else 404)
