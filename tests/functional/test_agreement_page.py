"""The agreement of a batch on its page: α, who agrees with whom, what stands against what."""

import re

import pytest

from tests.db.answering import answer
from tests.db.every_type import CASES, floor_of

THINGS = ("boxes", "polygons", "masks", "keypoints", "spans")


@pytest.mark.parametrize("label_type", CASES)
def test_agreement_is_shown_for_every_type(session, make, client_for, label_type):
    case = CASES[label_type]
    floor = floor_of(make, label_type, labellers=3, assets=3, wanted=3)
    lead = make.member(floor.project, make.user(role="ops_lead"))
    lasts = (case.right, case.right, case.wrong)
    for task, last in zip(floor.tasks, lasts, strict=True):
        for who, label in zip(floor.labellers, (case.right, case.right, last), strict=True):
            answer(session, task, who, None, **label)
    session.commit()
    page = client_for(lead).get(f"/batches/{floor.batch.id}").text
    shown = page.split('id="agreement"')[1].split("</section>")[0]
    assert "From first answers to 3 items" in shown
    assert ("Krippendorff" in shown) == (label_type in (*THINGS, "class", "rating", "preference"))
    # The first two always say the same; the third does on two items of three.
    for who in floor.labellers:
        assert who.name in shown
    cells = re.findall(r"<title>([^<]*): (\d+) % of (\d+) shared items</title>", shown)
    of = {names: int(percent) for names, percent, _ in cells}
    one, two, three = (who.name for who in floor.labellers)
    assert len(cells) == 6 and {n for _, _, n in cells} == {"3"}
    assert of[f"{one}, {two}"] == of[f"{two}, {one}"] == 100
    assert of[f"{one}, {three}"] == of[f"{three}, {two}"] < 100
    if label_type in ("class", "preference"):
        assert of[f"{one}, {three}"] == 67
    odd = floor.assets[2].external_id
    confused = "What stands against what" in shown
    assert confused == ("Krippendorff" in shown)
    assert (f"search={odd}" in shown) == confused


def test_without_two_answers_agreement_is_undefined(session, make, client_for):
    floor = floor_of(make, "boxes", labellers=1, assets=1, wanted=1)
    lead = make.member(floor.project, make.user(role="ops_lead"))
    answer(session, floor.tasks[0], floor.labellers[0], None, **CASES["boxes"].right)
    session.commit()
    page = client_for(lead).get(f"/batches/{floor.batch.id}").text
    assert "No item has answers of two labellers, so their agreement is undefined." in page
