"""Gold by page and by API: listed, made of reviewed labels, decided, retired together."""

import pytest
from sqlalchemy import select

from ops.flags import raise_flag
from ops.models import Flag
from quality import gold
from quality.models import Gold


@pytest.fixture
def floor(make, session):
    floor = make.floor(assets=6, labellers=1)
    floor.lead = make.member(floor.project, make.user(role="ops_lead"))
    floor.gold = [
        gold.make(session, floor.project, asset, [{"class": "a"}], None)
        for asset in floor.assets[:2]
    ]
    for asset in floor.assets[2:4]:
        make.decided(asset, "b", method="review")
    session.commit()
    floor.base = f"/projects/{floor.project.id}/gold"
    floor.api = f"/api/v1{floor.base}"
    return floor


@pytest.fixture
def question(session, floor):
    """A function: a reviewer's dispute of the first gold."""

    def question():
        raise_flag(
            session,
            project_id=floor.project.id,
            kind="gold_disputed",
            reason="A reviewer answered c.",
            asset_id=floor.gold[0].asset_id,
            evidence={"answered": "c"},
        )
        session.commit()
        return floor.gold[0].id

    return question


def test_the_list_filters_and_retires_what_is_ticked(floor, client_for, session):
    client = client_for(floor.lead)
    shown = client.get(floor.base)
    assert shown.text.count('name="gold"') == 2 and "no answer yet" in shown.text
    assert "No gold here is of this kind." in client.get(f"{floor.base}?show=never_right").text
    ticked = {"gold": [g.id for g in floor.gold], "reason": "worn"}
    answer = client.post(f"{floor.base}/retire", data=ticked)
    assert "2 retired" in client.get(answer.headers["Location"]).text
    session.expire_all()
    assert {g.state for g in session.scalars(select(Gold))} == {"retired"}
    answer = client.post(f"{floor.base}/retire", data={"reason": "x"})
    assert "Nothing was retired" in client.get(answer.headers["Location"]).text


def test_reviewed_labels_are_made_gold(floor, client_for, session):
    client = client_for(floor.lead)
    page = client.get(f"{floor.base}/reviewed").text
    assert page.count('name="asset"') == 2
    ticked = {"asset": [a.id for a in floor.assets[2:4]], "for_assessment": "1"}
    answer = client.post(f"{floor.base}/reviewed", data=ticked)
    assert "2 made gold" in client.get(answer.headers["Location"]).text
    session.expire_all()
    kept = session.scalars(select(Gold).where(Gold.for_assessment)).all()
    assert [g.class_key for g in kept] == ["b", "b"]
    answer = client.post(f"{floor.base}/reviewed", data={"asset": floor.assets[5].id})
    assert "only labels that a person decided" in client.get(answer.headers["Location"]).text


@pytest.mark.parametrize(
    ("decision", "answers", "state"),
    [
        ("accept:c", [{"class": "a"}, {"class": "c"}], "active"),
        ("replace:c", [{"class": "c"}], "active"),
        ("keep", [{"class": "a"}], "active"),
        ("retire", [{"class": "a"}], "retired"),
    ],
)
def test_gold_in_question_is_decided_on_its_page(
    floor, client_for, session, question, decision, answers, state
):
    gold_id = question()
    client = client_for(floor.lead)
    page = client.get(f"{floor.base}/contention").text
    assert "A reviewer answered c." in page and 'value="accept:c"' in page
    client.post(f"{floor.base}/contention/{gold_id}", data={"decision": decision})
    session.expire_all()
    assert gold.latest_version(session, gold_id).answers == answers
    assert session.get(Gold, gold_id).state == state
    assert session.scalars(select(Flag).where(Flag.resolved_at.is_(None))).all() == []
    assert "No gold is in question" in client.get(f"{floor.base}/contention").text


def test_what_cannot_be_decided_is_said_and_changes_nothing(floor, client_for, session, question):
    gold_id = question()
    client = client_for(floor.lead)
    for decision in ("accept", "replace:zebra", "nonsense"):
        answer = client.post(f"{floor.base}/contention/{gold_id}", data={"decision": decision})
        assert "Nothing was decided" in client.get(answer.headers["Location"]).text, decision
    session.expire_all()
    assert gold.latest_version(session, gold_id).version == 1


def test_credits_are_set_on_the_page(floor, client_for, session):
    client = client_for(floor.lead)
    given = {"credit.a": "1", "credit.b": "0.5", "credit.c": "", "reason": "b is near"}
    one = floor.gold[0].id
    client.post(f"{floor.base}/{one}", data={"action": "revise", **given})
    assert gold.latest_version(session, one).answers == [
        {"class": "a"}, {"class": "b", "credit": 0.5},
    ]  # fmt: skip
    assert "50 %" in client.get(floor.base).text
    answer = client.post(
        f"{floor.base}/{one}", data={"action": "revise", "credit.a": "x", "reason": "r"}
    )
    assert "Gold was not changed" in client.get(answer.headers["Location"]).text


def test_the_api_does_all_of_it(floor, client_for, session, question):
    client = client_for(floor.lead)
    listed = client.get(f"{floor.api}/reviewed").json["assets"]
    assert [(row["class"], row["method"]) for row in listed] == [("b", "review")] * 2
    made = client.post(floor.api, json={"assets": [row["asset"] for row in listed]})
    assert made.status_code == 201 and len(made.json["gold"]) == 2
    asset = floor.assets[4].id
    answers = [{"class": "a"}, {"class": "b", "credit": 0.25}]
    more = client.post(floor.api, json={"assets": [asset], "answers": answers})
    assert more.status_code == 201
    shown = client.get(floor.api).json["gold"]
    assert shown[0]["asset"] == asset and len(shown) == 5
    assert shown[0]["answers"] == [
        {"class": k, "label": {"class": k}, "credit": c, "tolerance": None, "overlap": None}
        for k, c in (("a", 1.0), ("b", 0.25))
    ]
    one = f"{floor.api}/{shown[0]['id']}"
    revised = client.post(one, json={"answers": [{"class": "c"}], "reason": "a mistake"})
    assert revised.json["version"] == 2 and revised.json["answers"][0]["class"] == "c"
    gold_id = question()
    [case] = client.get(f"{floor.api}/contention").json["cases"]
    assert case["gold"] == gold_id and case["answers"] == [
        {
            "class": "c", "key": "c", "label": {"class": "c"}, "words": "C",
            "n": 0, "good": 0, "credit": 0.0, "reviewers": 1,
        }
    ]  # fmt: skip
    body = {"decision": "accept", "class": "c", "credit": 0.5}
    assert client.post(f"{floor.api}/contention/{gold_id}", json=body).status_code == 204
    again = client.post(f"{floor.api}/contention/{gold_id}", json=body)
    assert again.status_code == 409
    for wrong in ({}, {"gold": [gold_id], "fault": "never_right"}):
        refused = client.post(f"{floor.api}/retire", json={"reason": "r", **wrong})
        assert refused.status_code == 422, refused.json
    retired = client.post(f"{floor.api}/retire", json={"gold": [gold_id], "reason": "worn"})
    assert retired.json == {"retired": 1}
    nothing = client.post(f"{floor.api}/retire", json={"fault": "delivered", "reason": "r"})
    assert nothing.json == {"retired": 0}
    assert [g["id"] for g in client.get(f"{floor.api}?show=retired").json["gold"]] == [gold_id]
