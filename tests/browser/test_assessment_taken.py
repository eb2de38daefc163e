"""An adaptive assessment of boxes, taken with the editor of the desk under the labeller's hands."""

import pytest
from PIL import Image
from sqlalchemy import select

from quality import gold
from quality.models import Attempt, AttemptQuestion
from quality.onboarding import assessments
from tests.browser.test_accessible import faults
from tests.db.every_type import CASES, HEIGHT, WIDTH, floor_of

pytestmark = pytest.mark.browser
# Two right answers pass, two wrong ones fail.
TERMS = {
    "title": "Boxes", "questions": 3, "pass_mark": 0.95, "fail_mark": 0.05, "false_pass": 0.1,
    "false_fail": 0.1, "least_questions": 2,
}  # fmt: skip


def test_boxes_are_drawn_handed_in_and_judged_until_it_is_sure(session, make, browse, settings):
    floor = floor_of(make, "boxes", labellers=1, assets=3)
    right = {"objects": [{"id": "1", "class": "a", "box": [60.0, 30.0, 80.0, 40.0]}]}
    assert CASES["boxes"].picture
    settings.media.mkdir(parents=True, exist_ok=True)
    for i, asset in enumerate(floor.assets):
        place = settings.media / f"{i}.png"
        Image.new("RGB", (WIDTH, HEIGHT), (60 + 40 * i, 120, 90)).save(place)
        asset.uri, asset.text = str(place), None
        gold.make(session, floor.project, asset, [right | {"tolerance": 0.3}], None)
    manager = make.user(role="onboarding_manager")
    assessments.create(session, floor.project, floor.project.skill, TERMS, manager)
    session.commit()

    page = browse(floor.labellers[0], "/onboarding", reduced_motion="reduce")
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("text=Begin, 30 minutes")
    page.wait_for_selector(".editor-stage img, .editor-stage canvas, .editor-stage svg")
    page.wait_for_timeout(200)  # a key pressed sooner was meant for what came before
    page.keyboard.press("Enter")
    lacking = page.locator(".question-lacking")
    lacking.wait_for()
    assert "Question 1" in page.inner_text("body") and "of 3" not in page.inner_text("main")
    assert not faults(page)
    for n in (1, 2):
        page.wait_for_selector(f"text='Question {n}'")
        page.wait_for_selector(".question:not([aria-busy])")
        page.wait_for_timeout(200)
        stage = page.locator(".editor-stage").bounding_box()
        scale = min(stage["width"] / WIDTH, stage["height"] / HEIGHT)
        middle = stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2
        page.keyboard.press("a")
        page.mouse.move(middle[0] - 34 * scale, middle[1] - 17 * scale)
        page.mouse.down()
        page.mouse.move(middle[0] + 34 * scale, middle[1] + 17 * scale, steps=4)
        page.mouse.up()
        page.keyboard.press("Enter")
    page.wait_for_selector("text='Passed'")
    assert "2 of 2 right" in page.inner_text("main")
    assert "After 2 questions the result was sure" in page.inner_text("main")
    session.rollback()
    attempt = session.scalars(select(Attempt)).one()
    asked = session.scalars(select(AttemptQuestion)).all()
    assert (attempt.ended_by, attempt.passed, len(asked)) == ("sure", True, 2)
    assert all(q.payload["objects"][0]["class"] == "a" and q.correct == 1 for q in asked)
    assert all(q.shown_at < q.answered_at for q in asked)
