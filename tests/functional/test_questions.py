"""Questions over HTTP: asked at the desk, answered on pages and by the API; who sees what."""

import re
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import update

from ops import guidelines, talk
from ops.models import Issue, Task
from quality import gold
from scheduling.models import GoldPace
from tests.db.staging import Hands

DESK = "/api/v1/desk"
ALL = {"review": {"newcomer": 1.0, "known": 1.0, "trusted": 1.0}}
EVIL = '<img src=x onerror="alert(1)"> **no** </textarea><script>alert(2)</script>'


def _next(client: Any) -> dict[str, Any]:
    return client.post(f"{DESK}/next", json={"tab": "t1"}).json["work"]


def _ask(client: Any, token: str, body: Any = "What is this?", **more: Any) -> Any:
    said = {"pin": {"at": "asset"}, "body": body, "key": "a-first-key", **more}
    return client.post(f"{DESK}/{token}/issues", json=said)


@pytest.fixture
def floor(make: Any) -> Any:
    floor = make.floor(labellers=2, assets=2, wanted=2, purpose="To tell cats from dogs")
    floor.lead = make.member(floor.project, make.user("ops_lead", name="Leo Lead"))
    floor.expert = make.member(floor.project, make.user("expert", name="Eva Expert"))
    for i, person in enumerate(floor.labellers):
        person.name = f"Secret Name{i}"
    make.session.commit()
    return floor


def test_asked_at_the_desk_answered_on_the_page(
    client_for: Any, make: Any, session: Any, floor: Any
) -> None:
    guidelines.publish(session, floor.project, "# Look", floor.lead)
    desk, lead = client_for(floor.labellers[0]), client_for(floor.lead)
    token = _next(desk)["token"]
    asked = _ask(desk, token, EVIL, pin={"at": "passage", "start": 0, "end": 4})
    assert asked.status_code == 201, asked.text
    assert _ask(desk, token, EVIL).json["token"] == asked.json["token"]
    one = asked.json
    assert set(one) == {
        "token", "work", "project", "pin", "about", "state", "mine", "escalated", "entry", "unread",
        "opened_at", "comments",
    }  # fmt: skip
    assert (one["work"], one["state"], one["about"]) == (token, "open", "a passage of the text")
    assert (
        one["comments"] == [{"who": "You", "mine": True, "at": one["opened_at"], "body": EVIL}]
        or one["comments"][0]["body"] == EVIL
    )

    # Nothing is blocked: the best answer is submitted meanwhile.
    label = {"label": {"class": "a"}, "key": "k" * 8, "revision": 0, "tab": "t1", "active_ms": 0}
    assert desk.post(f"{DESK}/{token}/submit", json=label).status_code == 200

    base = f"/projects/{floor.project.id}"
    assert "1 open question<" in lead.get(base).text
    listed = lead.get(f"{base}/issues").text
    assert "Secret Name0" in listed and "<img src=x" not in listed
    (issue,) = session.query(Issue).all()
    page = lead.get(f"{base}/issues/{issue.id}").text
    assert '<mark id="pin">text</mark>' in page
    assert "Handed in meanwhile: A" in page and "To tell cats from dogs" in page
    assert "<img src=x" not in page and "<script>alert" not in page
    assert "**no**" in page

    key = re.search(r'name="key" value="(\w+)"', page)
    assert key
    form = {"action": "reply", "body": "A <b>cat</b>.", "key": key[1]}
    for _ in range(2):
        assert lead.post(f"{base}/issues/{issue.id}", data=form).status_code == 303
    mine = desk.get(f"{DESK}/issues").json
    assert mine["unread"] == 1
    (told,) = mine["issues"]
    assert [said["who"] for said in told["comments"]] == ["You", "Leo Lead"]
    assert (told["state"], told["unread"], told["comments"][1]["body"]) == (
        "answered", 1, "A <b>cat</b>.",
    )  # fmt: skip
    assert "your question has an answer" in desk.get("/notices").text
    assert desk.post(f"{DESK}/issues/{one['token']}/read", json={}).json["unread"] == 0

    refused = lead.post(f"{base}/issues/{issue.id}", data={"action": "entry", "markdown": " "})
    assert refused.status_code == 422
    entry = {"action": "entry", "markdown": f"**Q** {EVIL}\n\nA cat."}
    assert lead.post(f"{base}/issues/{issue.id}", data=entry).status_code == 303
    assert desk.get(f"{DESK}/issues").json["issues"][0]["entry"] == 2
    work = _next(desk)
    html = desk.get(f"{DESK}/{work['token']}/brief").json["guideline"]["html"]
    assert "Questions and answers" in html and "<img" not in html
    assert desk.post(f"{DESK}/issues/{one['token']}/resolve", json={}).json["state"] == "resolved"
    assert "1</strong> resolved" in lead.get(f"{base}/issues?state=all&pin=passage").text
    assert lead.post(f"{base}/issues/{issue.id}", data={"action": "reopen"}).status_code == 303
    assert lead.post(f"{base}/issues/{issue.id}", data={"action": "dance"}).status_code == 422


def test_labellers_never_learn_of_each_other(
    client_for: Any, session: Any, make: Any, floor: Any
) -> None:
    one, other, expert = (client_for(u) for u in (*floor.labellers, floor.expert))
    first, second = _next(one), _next(other)
    assert first["text"] == second["text"]
    asked = _ask(one, first["token"]).json
    (issue,) = session.query(Issue).all()
    base = f"/api/v1/projects/{floor.project.id}/issues"
    talk.comment(session, issue, floor.expert, "Hm.", key="expert-says")
    session.commit()

    own = one.get(f"{DESK}/{first['token']}/issues").json["issues"]
    assert [said["who"] for said in own[0]["comments"]] == ["You", "An expert"]
    assert other.get(f"{DESK}/{second['token']}/issues").json == {"issues": [], "unread": 0}
    assert other.get(f"{DESK}/issues").json["issues"] == []
    path = f"{DESK}/issues/{asked['token']}"
    for answer in (
        other.get(f"{path}/comments"),
        other.post(f"{path}/comments", json={"body": "x", "key": "k" * 8}),
        other.post(f"{path}/resolve", json={}),
        other.post(f"{path}/read", json={}),
        _ask(other, first["token"], key="another-key"),
    ):
        assert answer.status_code == 404, answer.text
    assert other.get(f"{base}/{issue.id}").status_code == 403
    # An expert may yet decide on it: neither who asked, nor what the client calls the asset.
    for text in (
        expert.get(f"/projects/{floor.project.id}/issues").text,
        expert.get(f"/projects/{floor.project.id}/issues/{issue.id}").text,
        expert.get(f"{base}/{issue.id}").text,
        expert.get("/questions").text,
    ):
        assert "A labeller" in text and "Secret" not in text
        assert floor.assets[0].external_id not in text
    assert expert.get(f"{base}/{issue.id}").json["asset"] is None
    # Nor is it found out by trying numbers, which tell when an asset was imported.
    for number in (issue.asset_id, issue.asset_id + 1):
        assert len(expert.get(f"{base}?asset={number}").json["issues"]) == 1
        assert "What is this" in expert.get(f"/questions?asset={number}").text
    stranger = client_for("expert")
    assert stranger.get(f"{base}/{issue.id}").status_code == 404
    assert stranger.get(f"/projects/{floor.project.id}/issues/{issue.id}").status_code == 404
    assert "What is this" not in stranger.get("/questions").text


def test_the_api_of_those_who_answer(client_for: Any, session: Any, floor: Any) -> None:
    desk, lead = client_for(floor.labellers[0]), client_for(floor.lead)
    _ask(desk, _next(desk)["token"])
    base = f"/api/v1/projects/{floor.project.id}/issues"
    listed = lead.get(f"{base}?state=open&pin=asset&asset={floor.assets[0].id}").json
    (one,) = listed["issues"]
    assert (one["asset"], one["asked_by"]) == (floor.assets[0].id, "Secret Name0")
    assert listed["counts"] == {"open": 1, "answered": 0, "resolved": 0, "escalated": 0}
    assert listed["time_to_answer"] == {"median": None, "n": 0, "low": None, "high": None}
    assert lead.get(f"{base}?state=open&escalated=true").json["issues"] == []
    assert lead.get(f"{base}?state=never").status_code == 422
    path = f"{base}/{one['id']}"
    said = {"body": "A cat.", "key": "an-answer-key"}
    for _ in range(2):
        assert len(lead.post(f"{path}/comments", json=said).json["comments"]) == 2
    named = {**said, "key": "another-key", "mentions": [floor.labellers[1].id]}
    refused = lead.post(f"{path}/comments", json=named)
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "mentions")
    states = [
        lead.post(f"{path}/state", json={"action": act}).json for act in ("escalate", "resolve")
    ]
    assert states[0]["escalated_at"] and states[1]["state"] == "resolved"
    assert lead.post(f"{path}/state", json={"action": "escalate"}).status_code == 409
    entered = lead.post(f"{path}/entry", json={"markdown": "**Q**\n\nA"})
    assert entered.json["entry"] == 1
    assert lead.post(f"{path}/entry", json={"markdown": "again"}).status_code == 409
    assert lead.get(base).json["time_to_answer"]["n"] == 1


def test_a_point_of_a_picture_is_drawn_for_whoever_answers(
    client_for: Any, make: Any, settings: Any, monkeypatch: Any
) -> None:
    monkeypatch.setenv("TOUCHSTONE_HOME", str(settings.home))
    folder = settings.home / "media"
    folder.mkdir(parents=True)
    Image.new("RGB", (40, 20)).save(folder / "p.png")
    floor = make.floor(assets=0, medium="image")
    floor.assets = make.assets(floor.batch, 1, uri=str(folder / "p.png"), text=None)
    make.tasks(floor.lane, floor.assets)
    expert = make.member(floor.project, make.user("expert"))
    make.session.commit()
    desk = client_for(floor.labellers[0])
    token = _next(desk)["token"]
    # Beyond the picture is no refusal: whether its size is known would tell gold from work.
    far = {"at": "point", "x": 1000, "y": 10.5}
    assert _ask(desk, token, pin=far).status_code == 201
    box = {"at": "object", "object": "1", "box": [10, 5, 99, 4]}
    assert _ask(desk, token, pin=box, key="second-key").status_code == 201
    client = client_for(expert)
    ids = [row["id"] for row in client.get(
        f"/api/v1/projects/{floor.project.id}/issues").json["issues"]]  # fmt: skip
    base = f"/projects/{floor.project.id}/issues"
    drawn, boxed = (client.get(f"{base}/{i}").text for i in reversed(ids))
    assert 'viewBox="0 0 40 20"' in drawn and "translate(40 10.5)" in drawn
    assert '<rect x="10.0" y="5.0" width="30.0" height="4.0"/>' in boxed
    shown = client.get(f"{base}/{ids[0]}/medium")
    assert (shown.status_code, shown.mimetype) == (200, "image/png")


def test_what_is_no_question_is_refused(client_for: Any, floor: Any) -> None:
    desk = client_for(floor.labellers[0])
    token = _next(desk)["token"]
    for more in (
        {"body": ""},
        {"body": "x" * 4001},
        {"body": "a\0b"},
        {"key": "short"},
        {"pin": {"at": "point", "x": "1", "y": 1}},
        {"pin": {"at": "passage", "start": 0, "end": 9999}},
        {"pin": {"at": "guideline"}},
        {"asset": 1},
    ):
        assert _ask(desk, token, **{"body": "Why?", **more}).status_code == 422, more
    assert _ask(desk, token, "x" * 2**18).status_code == 413
    assert desk.get(f"{DESK}/issues").json["issues"] == []


@pytest.mark.parametrize("kind", ["work", "gold"])
def test_a_reviewer_sees_of_gold_what_is_seen_of_work(
    client_for: Any, make: Any, session: Any, sessions: Any, kind: str
) -> None:
    """What they asked whose answers lie there, without a name; of gold no more than one asker."""
    floor = make.floor(labellers=2, assets=2, settings=ALL)
    reviewer = make.member(floor.project, make.user("reviewer"))
    lead = make.member(floor.project, make.user("ops_lead", name="Leo Lead"))
    if kind == "gold":
        asset = make.assets(floor.batch, 1)[0]
        made = gold.make(session, floor.project, asset, [{"class": "a"}], lead)
        for person in floor.labellers:
            pace = {"until_next": 0, "gold_id": made.id, "gap_after": 99}
            session.add(GoldPace(labeller_id=person.id, project_id=floor.project.id, **pace))
    session.commit()
    hands = Hands(session, sessions)
    for i, person in enumerate(floor.labellers if kind == "gold" else floor.labellers[:1]):
        desk = client_for(person)
        work = _next(desk)
        asked = _ask(desk, work["token"], f"Question {i}")
        assert asked.status_code == 201 and "gold" not in asked.text.lower()
        hands.hand_in(person, work, key="b")
    first, *more = session.query(Issue).order_by(Issue.id)
    assert [one.asset_id for one in more] == ([made.asset_id] if kind == "gold" else [])
    talk.comment(session, first, lead, "So.", key="lead-says")
    # A reviewer may label as well: nothing else is left.
    session.execute(update(Task).where(Task.stage == "label").values(wanted=Task.n_done))
    session.commit()
    review = client_for(reviewer)
    work = _next(review)
    assert work["stage"] == "review"
    (seen,) = review.get(f"{DESK}/{work['token']}/issues").json["issues"]
    assert [(said["who"], said["body"]) for said in seen["comments"]] == [
        ("A labeller", "Question 0"),
        ("A lead", "So."),
    ]
    assert (seen["work"], seen["mine"]) == (None, False)
    assert review.get(f"{DESK}/issues").json["issues"] == []
    assert review.get(f"{DESK}/issues/{seen['token']}/comments").status_code == 404
