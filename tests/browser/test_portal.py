"""A client's morning: what waits for them, labels to look at, and what is right instead."""

import pytest
from PIL import Image
from sqlalchemy import select

from ops import client_questions, consensus, guidelines, talk
from ops.models import GuidelineWord, Issue
from quality.models import GoldProposal
from tests.browser.test_accessible import faults

pytestmark = pytest.mark.browser

BOX = {"id": "o1", "class": "cat", "box": [10.0, 10.0, 60.0, 40.0]}


@pytest.fixture
def floor(make, session, settings):
    """Pictures of 160 × 100 px with a finished box each, a question passed on, a guideline."""
    floor = make.floor(assets=0, medium="image", label_type="boxes", classes=["cat", "dog"])
    folder = settings.home / "media"
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(3):
        Image.new("RGB", (160, 100), (60 + 50 * i, 120, 110)).save(folder / f"{i}.png")
        floor.assets += make.assets(
            floor.batch, 1, uri=str(folder / f"{i}.png"), text=None, width=160, height=100
        )
    for asset in floor.assets:
        consensus.append(
            session, asset_id=asset.id, batch_id=floor.batch.id, method="merged",
            label={"objects": [BOX]}, probability=0.9, answers=2, agreement=0.9, posterior={},
        )  # fmt: skip
    floor.client = make.user("client", organisation_id=floor.project.organisation_id)
    lead = make.member(floor.project, make.user("ops_lead"))
    guidelines.publish(session, floor.project, "# Cats\n\nDraw every cat.", lead)
    asked = talk.open_issue(
        session, floor.project, floor.labellers[0], {"at": "point", "x": 40, "y": 30}, "Cat?",
        key="0123456789", asset=floor.assets[0],
    )  # fmt: skip
    client_questions.pass_on(session, asked, lead, "Is a lynx a cat to you?")
    session.commit()
    return floor


def test_a_client_answers_approves_looks_and_proposes(floor, session, browse):
    page = browse(floor.client, "/portal", reduced_motion="reduce")
    page.get_by_role("link", name="1 question waits for your answer").click()
    page.get_by_role("link", name="Is a lynx a cat to you?").click()
    page.locator(".pinned circle").first.wait_for()
    assert page.locator(".pinned circle").count() == 2
    assert faults(page) == []
    page.get_by_label("Your answer").fill("No, only the kept ones.")
    page.get_by_role("button", name="Answer", exact=True).click()
    page.get_by_text("those who run the project are told").wait_for()

    page.get_by_role("link", name="Guideline").click()
    page.get_by_role("button", name="Approve it").wait_for()
    assert faults(page) == []
    page.get_by_role("button", name="Approve it").click()
    page.get_by_text("Version 1 is approved").wait_for()
    assert page.get_by_role("button", name="Approve it").count() == 0

    page.goto(f"/portal/batches/{floor.batch.id}")
    page.get_by_role("link", name="Look at labels").click()
    page.locator(".samples figure svg").first.wait_for()
    assert page.locator(".samples figure svg rect").count() == 6  # a light line and a coloured one
    assert faults(page) == []
    name = floor.assets[1].external_id
    page.get_by_role("link", name=name).click()
    page.locator(".viewer:not([aria-busy]) [data-object]").first.wait_for()
    assert faults(page) == []
    page.get_by_role("link", name="Mark what is right instead").click()
    page.locator(".proposing:not([aria-busy]) .editor-picture").wait_for()
    assert faults(page) == []
    # A second one is there too: drawn with the mouse, beside the one that was found.
    frame = page.locator(".editor-picture").bounding_box()
    page.keyboard.press("d")
    scale = frame["width"] / 160
    page.mouse.move(frame["x"] + 100 * scale, frame["y"] + 50 * scale)
    page.mouse.down()
    page.mouse.move(frame["x"] + 140 * scale, frame["y"] + 80 * scale, steps=4)
    page.mouse.up()
    page.get_by_label("How you know").fill("I took the picture.")
    page.get_by_role("button", name="Propose this answer").click()
    page.get_by_role("row", name=name).get_by_text("waits for a decision").wait_for()

    session.expire_all()
    assert session.scalars(select(Issue)).one().client_answer == "No, only the kept ones."
    assert session.scalars(select(GuidelineWord)).one().word == "approved"
    made = session.scalars(select(GoldProposal)).one()
    assert (made.asset_id, made.remark) == (floor.assets[1].id, "I took the picture.")
    kept, drawn = made.label["objects"]
    assert kept["box"] == BOX["box"]
    assert drawn["class"] == "dog"
    assert drawn["box"] == pytest.approx([100, 50, 40, 30], abs=2)
