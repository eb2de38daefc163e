"""An assessment of labels of every type: taken on the page, worth what it is like."""

import json
import re

import pytest
from sqlalchemy import select

from quality import gold
from quality.judging import alike
from quality.models import AttemptQuestion
from tests.db.every_type import CASES, floor_of

FORMS = {
    "class": lambda label: {"class": label["class"]},
    "rating": lambda label: {"choice": str(label["rating"])},
    "preference": lambda label: {"choice": label["preference"]},
    "tags": lambda label: {"tag": label["tags"]},
    "transcription": lambda label: {"text": label["text"]},
}


@pytest.mark.parametrize("label_type", CASES)
def test_an_answer_is_worth_its_likeness_to_the_gold(session, make, client_for, label_type):
    case = CASES[label_type]
    floor = floor_of(make, label_type, labellers=1, assets=3)
    for asset in floor.assets:
        gold.make(session, floor.project, asset, [case.right], None)
    manager = make.member(floor.project, make.user(role="onboarding_manager"))
    session.commit()
    terms = {
        "title": "First level", "project": str(floor.project.id), "skill": "", "questions": "3",
        "pass_percent": "90", "minutes": "10", "attempts": "2", "level": "1", "valid_days": "30",
    }  # fmt: skip
    set_by = client_for(manager)
    made = set_by.post("/onboarding/assessments/new", data=terms)
    assert made.status_code == 303, made.text
    number = made.location.rsplit("/", 1)[1]
    labeller = client_for(floor.labellers[0])
    place = labeller.post(f"/onboarding/assessments/{number}/begin").location
    said = (case.right, case.near, case.wrong)
    for label in said:
        page = labeller.get(place)
        assert page.status_code == 200
        url = re.search(r'action="(/onboarding/take/[0-9a-f-]+/[0-9a-f-]+)"', page.text).group(1)
        if label_type != "class" and label_type != "transcription" and label_type != "tags":
            labeller.post(url, data={"label": "[", "choice": "nonsense"})
            assert "Not taken" in labeller.get(place).text
        form = FORMS.get(label_type, lambda label: {"label": json.dumps(label)})(label)
        assert labeller.post(url, data=form).status_code == 303
    measure = alike.yardstick(session, floor.project)
    worth = session.scalars(select(AttemptQuestion.correct).order_by(AttemptQuestion.position))
    assert list(worth) == pytest.approx([measure(label, case.right) for label in said])
    assert labeller.get(f"{place}/result").status_code == 200
    results = set_by.get(f"/onboarding/assessments/{number}")
    assert results.status_code == 200
