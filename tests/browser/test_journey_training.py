"""A course, the whole way: built and required by a manager, done by keyboard, and then the work."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ops import guidelines
from quality import gold
from quality.models import StepTry
from tests.browser.desk import at_work, pictures, seen
from tests.browser.test_first_ten_minutes import READY, follow, press, until

pytestmark = pytest.mark.browser

GUIDE = "# What to do\n\nOne class for each picture.\n\n## Colours\n\nA is red, B green, C blue."


def until_said(page: Any, text: str) -> None:
    """Wait until a page that has all its scripts shows `text`."""
    until(page, f"{READY} && document.body.innerText.includes({json.dumps(text)})")


def add(page: Any, kind: str, title: str, **fields: str) -> None:
    """A step of a kind; `gold` is the name of an asset."""
    follow(page, kind)
    page.get_by_label("Title", exact=True).fill(title)
    named = fields.pop("gold", None)
    if named:
        page.locator(".training-gold", has_text=named).click()
    for label, value in fields.items():
        page.get_by_label(label, exact=True).fill(value)
    if kind == "a page":
        page.get_by_label("A section of the guideline").select_option(label="Colours")
        press(page, "Take it over")
        until(page, "document.getElementById('markdown')?.value.includes('A is red')")
    if kind == "a quiz":
        page.get_by_label("Choice 2 of question 1 is right").check()
    press(page, "Save the step")
    until_said(page, f"{title} is kept.")


def build(page: Any, project: str, golds: list[str]) -> None:
    """A course of four steps, looked at, opened and required of everybody."""
    follow(page, "Make a course")
    page.get_by_label("Project").select_option(label=project)
    page.get_by_label("Title", exact=True).fill("Colours")
    press(page, "Make the course")
    until_said(page, "No steps yet")
    add(page, "a page", "What the colours mean")
    add(page, "a worked example", "One that is red", gold=golds[0])
    add(page, "a practice task", "Try one", gold=golds[1])
    add(
        page, "a quiz", "Asked", Question="Which is green?",
        **{"Choice 1 of question 1": "A", "Choice 2 of question 1": "B",
           "Why, of choice 1 of question 1": "A is red."},
    )  # fmt: skip
    page.get_by_role("button", name="Move Asked up").click()
    until_said(page, "3. Asked")
    follow(page, "3. Asked")
    until_said(page, "Nothing you answer here is kept.")
    page.go_back()
    press(page, "Open to labellers")
    until_said(page, "is open to those who work in")
    page.get_by_label("Everybody").check()
    press(page, "Save the requirement")
    until_said(page, "Everybody must do it before their next task")


def learn(page: Any) -> None:
    """The course by keyboard, with a wrong answer to each of what is asked."""
    page.keyboard.press("Enter")
    until_said(page, "step 1 of 4")
    until_said(page, "A is red, B green, C blue.")
    page.keyboard.press("Enter")
    until_said(page, "This is how it is labelled: A.")
    until(page, "document.querySelector('.viewer .editor-picture')?.naturalWidth > 0")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('.training-question.is-here')")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    until_said(page, "Not right yet.")
    until_said(page, "A is red.")
    page.keyboard.press("r")
    until(page, "document.querySelector('.training-question.is-here')")
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    until_said(page, "Right.")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('.editor-picture')?.naturalWidth > 0")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('[data-lacking]').textContent !== ''")
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    until_said(page, "A, where the accepted answer is B")
    page.keyboard.press("Enter")
    until_said(page, "Nearly done")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('.training-editor .editor-picture')?.naturalWidth > 0")
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    until_said(page, "Right.")
    page.keyboard.press("Enter")
    until_said(page, "100 % right at last")


def test_a_course_is_built_required_done_and_opens_the_work(
    browse: Any, make: Any, session: Any, sessions: Any, settings: Any
) -> None:
    floor = pictures(make, settings.media / "course", 4)
    known = make.assets(floor.batch, 0)
    for key, colour in (("a", (230, 25, 75)), ("b", (60, 180, 75))):
        path = Path(settings.media) / "course" / f"gold-{key}.png"
        _paint(path, colour)
        [asset] = make.assets(floor.batch, 1, uri=str(path), text=None)
        gold.make(session, floor.project, asset, [{"class": key}], None, for_assessment=True)
        known.append(asset)
    manager = make.member(floor.project, make.user("onboarding_manager"))
    guidelines.publish(session, floor.project, GUIDE, make.user("ops_lead"))
    session.commit()
    teaches = browse(manager, "/onboarding/training")
    build(teaches, floor.project.name, [asset.external_id for asset in known])

    learns = browse(floor.labellers[0], "/desk")
    until_said(learns, "A course comes before your first task")
    learn(learns)
    learns.keyboard.press("Enter")
    until(learns, "document.getElementById('desk-state')")
    at_work(learns)
    assert seen(learns) in "abc"

    teaches.reload()
    until_said(teaches, "finished")
    text = teaches.inner_text("main")
    assert re.search(r"1 began, 1 finished", text)
    assert re.search(r"Try one\s+Practice.*\s+1 of 1\s+0 % n 1", text)
    with sessions() as other:
        tried = select(StepTry.number, StepTry.correct).order_by(StepTry.id)
        assert other.execute(tried).all() == [
            (1, None), (1, None), (1, 0.0), (2, 1.0), (1, 0.0), (2, 1.0),
        ]  # fmt: skip


def _paint(path: Path, colour: tuple[int, int, int]) -> None:
    from PIL import Image

    Image.new("RGB", (80, 60), colour).save(path)
