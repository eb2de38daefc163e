"""Gold of every label type, by the API and on the pages."""

import json

import pytest
from sqlalchemy import select

from ops import labels, ontologies
from ops.models import Task
from quality import gold
from quality.judging import judge
from quality.models import Gold
from tests.db.every_type import CASES, MERGED, floor_of

every_type = pytest.mark.parametrize("label_type", CASES)


@pytest.fixture
def at_hand(make, session):
    """`at_hand(label_type)` → a floor of that type whose lead may run it, with its addresses."""

    def at_hand(label_type):
        floor = floor_of(make, label_type, labellers=3, assets=4, wanted=1)
        floor.lead = make.member(floor.project, make.user(role="ops_lead"))
        floor.base = f"/projects/{floor.project.id}/gold"
        floor.api = f"/api/v1/projects/{floor.project.id}/gold"
        session.commit()
        return floor

    return at_hand


def in_words(session, floor, label):
    ontology = ontologies.current(session, floor.project.id)
    return labels.in_words(floor.project.label_type, label, ontology)


@every_type
def test_the_api_takes_and_shows_labels_of_the_type(at_hand, client_for, session, label_type):
    case, floor = CASES[label_type], at_hand(label_type)
    client = client_for(floor.lead)
    answers = [{"label": case.right}, {"label": case.wrong, "credit": 0.25}]
    made = client.post(floor.api, json={"assets": [floor.assets[0].id], "answers": answers})
    assert made.status_code == 201, made.json
    [shown] = client.get(floor.api).json["gold"]
    assert [(one["label"], one["credit"]) for one in shown["answers"]] == [
        (case.right, 1.0), (case.wrong, 0.25),
    ]  # fmt: skip
    terms = {"tolerance": 0.2, "overlap": 0.7}
    revised = client.post(
        f"{floor.api}/{shown['id']}",
        json={"answers": [{"label": case.wrong, **terms}], "reason": "a mistake"},
    )
    assert revised.status_code == 200, revised.json
    [one] = revised.json["answers"]
    assert one["label"] == case.wrong and terms.items() <= one.items()
    page = client.get(floor.base)
    assert page.status_code == 200
    said = "B" if label_type == "class" else in_words(session, floor, case.wrong)
    assert said in page.text.replace("&#34;", '"')


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ([{"label": {"objects": [{"id": "1", "class": "a", "box": [0, 0, 900, 5]}]}}], "objects"),
        ([{"label": {"objects": [{"id": "1", "class": "x", "box": [0, 0, 9, 5]}]}}], "objects"),
        ([{"label": {"class": "a"}}], "objects"),
        ([{"class": "a", "label": {"objects": []}}], "answers"),
        ([{}], "answers"),
        ([{"label": {"objects": [], "credit": 1}}], "label"),
        ([{"label": {"objects": []}, "tolerance": 1}], "answers"),
        ([{"label": {"objects": []}, "overlap": 0}], "answers"),
    ],
)
def test_what_is_no_label_is_refused_whole(at_hand, client_for, session, answers, field):
    floor = at_hand("boxes")
    asked = {"assets": [floor.assets[0].id], "answers": answers}
    refused = client_for(floor.lead).post(floor.api, json=asked)
    assert refused.status_code == 422
    assert field in json.dumps(refused.json)
    assert session.scalars(select(Gold)).all() == []


FORMS = {
    "class": lambda label: {"class": label["class"]},
    "rating": lambda label: {"choice": str(label["rating"])},
    "preference": lambda label: {"choice": label["preference"]},
    "tags": lambda label: {"tag": label["tags"]},
    "transcription": lambda label: {"text": label["text"]},
}


@every_type
def test_the_pages_take_and_change_labels_of_the_type(at_hand, client_for, session, label_type):
    case, floor = CASES[label_type], at_hand(label_type)
    client = client_for(floor.lead)
    asset = floor.assets[0].id
    assert client.get(f"{floor.base}/mark?asset={asset}").status_code == 200
    form = FORMS.get(label_type, lambda label: {"label": json.dumps(label)})(case.right)
    answer = client.post(floor.base, data={"asset": str(asset), **form})
    assert answer.status_code == 303, answer.text
    one = session.scalars(select(Gold)).one()
    assert gold.latest_version(session, one.id).answers == [case.right]
    if label_type != "class":
        changed = json.dumps([{**case.wrong, "tolerance": 0.1}])
        data = {"action": "revise", "reason": "a mistake", "answers": changed}
        client.post(f"{floor.base}/{one.id}", data=data)
        session.expire_all()
        assert gold.latest_version(session, one.id).answers == [{**case.wrong, "tolerance": 0.1}]


@pytest.mark.parametrize("text", ["", "[", "[]", '{"objects": 1}', '{"objects": [{}]}', "1e999"])
def test_what_is_pasted_wrong_is_said_beside_what_was_pasted(at_hand, client_for, session, text):
    floor = at_hand("boxes")
    client = client_for(floor.lead)
    answer = client.post(floor.base, data={"asset": str(floor.assets[0].id), "label": text})
    assert answer.status_code == 422
    assert session.scalars(select(Gold)).all() == []


@pytest.mark.parametrize("label_type", MERGED)
def test_gold_in_question_is_decided_on_the_page(
    at_hand, client_for, session, sessions, make, label_type
):
    from tests.db.answering import answer

    case, floor = CASES[label_type], at_hand(label_type)
    reviewer = make.member(floor.project, make.user(role="reviewer"))
    made = gold.make(session, floor.project, floor.assets[0], [case.wrong], None)
    answer(session, session.get(Task, made.task_id), floor.labellers[0], None, **case.wrong)
    [task] = make.tasks(make.lane(floor.batch, "review"), [floor.assets[0]])
    answer(session, task, reviewer, None, verdict="fix", **case.right)
    session.commit()
    judge(sessions)
    client = client_for(floor.lead)
    page = client.get(f"{floor.base}/contention")
    words = in_words(session, floor, case.right)
    assert page.status_code == 200 and words in page.text.replace("&#34;", '"')
    [asked] = client.get(f"{floor.api}/contention").json["cases"]
    told = {one["words"]: one for one in asked["answers"]}
    assert told[words]["label"] == case.right and told[words]["reviewers"] == 1
    key = told[words]["key"]
    client.post(f"{floor.base}/contention/{asked['gold']}", data={"decision": f"replace:{key}"})
    session.expire_all()
    assert gold.latest_version(session, made.id).answers == [case.right]


@every_type
def test_reviewed_labels_of_every_type_become_gold(at_hand, client_for, session, make, label_type):
    case, floor = CASES[label_type], at_hand(label_type)
    make.decided(floor.assets[0], label=case.right, method="review")
    client = client_for(floor.lead)
    page = client.get(f"{floor.base}/reviewed")
    assert page.status_code == 200
    [row] = client.get(f"{floor.api}/reviewed").json["assets"]
    assert row["label"] == case.right and row["class"] == case.right.get("class")
    made = client.post(floor.api, json={"assets": [row["asset"]]})
    assert made.status_code == 201
    one = session.scalars(select(Gold)).one()
    assert gold.latest_version(session, one.id).answers == [case.right]
