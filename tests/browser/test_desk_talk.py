"""A question from the desk to the guideline and back: pinned, answered, settled."""

import os
from pathlib import Path

import pytest
from PIL import Image

from ops import guidelines
from ops.models import Issue
from quality import gate
from tests.browser.desk import answers, at_work, eventually, saved, until
from tests.browser.test_accessible import faults

pytestmark = pytest.mark.browser

LOOK = os.environ.get("TOUCHSTONE_SCREENSHOTS")
EVIL = "<img src=x onerror=alert(1)> what is **this**?"


def picture(page, name):
    """A screenshot for whoever wants to look: set TOUCHSTONE_SCREENSHOTS to a folder."""
    if LOOK:
        page.screenshot(path=str(Path(LOOK) / f"{name}.png"))


@pytest.fixture
def floor(make, settings):
    """Two pictures of 40 × 20 px, a labeller and a lead, and a guideline."""
    floor = make.floor(
        assets=0, medium="image", classes=["cat", "dog"], purpose="To tell cats from dogs"
    )
    folder = settings.home / "media"
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(2):
        Image.new("RGB", (40, 20), (40 + 90 * i, 90, 140)).save(folder / f"{i}.png")
        floor.assets += make.assets(floor.batch, 1, uri=str(folder / f"{i}.png"), text=None)
    make.tasks(floor.lane, floor.assets)
    floor.lead = make.member(floor.project, make.user("ops_lead", name="Leo Lead"))
    guidelines.publish(make.session, floor.project, "# Look\n\nLook at the ears first.", floor.lead)
    make.session.commit()
    return floor


def issues(sessions):
    with sessions() as session:
        return session.query(Issue).order_by(Issue.id).all()


def at(page, x, y):
    """Where a point of the picture is on the screen."""
    box = page.locator(".editor-picture").bounding_box()
    return box["x"] + box["width"] * x / 40, box["y"] + box["height"] * y / 20


def test_a_question_from_the_desk_to_the_guideline_and_back(browse, floor, sessions, session):
    desk = browse(floor.labellers[0], "/desk")
    at_work(desk)
    desk.keyboard.press("Shift+C")  # a class owns c
    assert desk.evaluate("() => document.activeElement.id") == "desk-ask-text"
    desk.keyboard.type(EVIL)
    desk.keyboard.press("Shift+Tab")  # to the choice of what it is about
    desk.keyboard.press("ArrowDown")
    assert desk.is_visible(".desk-pin.is-placed")
    desk.mouse.click(*at(desk, 10, 5))
    # By keys alone: a px at a time, with Shift ten.
    desk.focus(".desk-pin")
    for key in ("ArrowRight", "Shift+ArrowDown", "ArrowUp"):
        desk.keyboard.press(key)
    picture(desk, "talk-ask")
    assert faults(desk) == []
    desk.focus("#desk-ask-text")
    desk.keyboard.press("Control+Enter")
    eventually(desk, lambda: issues(sessions))
    (issue,) = issues(sessions)
    assert issue.pin["at"] == "point"
    assert issue.pin["x"] == pytest.approx(11, abs=0.3)
    assert issue.pin["y"] == pytest.approx(14, abs=0.3)
    until(desk, "() => document.getElementById('desk-questions').hidden")
    assert desk.locator(".desk-pin").count() == 0

    # The work goes on: keys are the work's again, and the best answer is submitted meanwhile.
    desk.keyboard.press("d")
    desk.keyboard.press("Enter")
    saved(desk)
    assert answers(sessions)[-1][2].payload == {"class": "dog"}
    at_work(desk)

    # About a passage of the guideline that is selected with the mouse.
    desk.keyboard.press("g")
    assert desk.inner_text("#desk-purpose") == "What the data is for: To tell cats from dogs"
    desk.locator("#desk-guideline-text p").dblclick(position={"x": 8, "y": 8})
    desk.click("#desk-guideline [data-do=ask]")
    desk.keyboard.type("Which ears?")
    assert "“Look”" in desk.inner_text("#desk-ask-pins")
    desk.keyboard.press("Control+Enter")
    eventually(desk, lambda: len(issues(sessions)) == 2)
    assert issues(sessions)[1].pin == {"at": "guideline", "quote": "Look"}

    lead = browse(floor.lead, f"/projects/{floor.project.id}")
    lead.click("text=2 open questions")
    picture(lead, "talk-list")
    lead.click("text=what is **this**?")
    lead.wait_for_selector(".issue-picture .dot")
    assert lead.locator(".issue-body img").count() == 0
    lead.fill("#body", "It is a <b>dog</b>.")
    lead.click("button[value=reply]")
    lead.wait_for_selector("text=Sent; whoever asked is told.")
    picture(lead, "talk-issue")
    lead.emulate_media(color_scheme="dark")
    lead.reload()
    lead.click("summary:has-text('Make it an entry')")
    assert "It is a" in lead.input_value("#entry")
    picture(lead, "talk-issue-dark")
    lead.click("button[value=entry]")
    lead.wait_for_selector("text=Version 2 of the guideline holds the answer.")

    desk.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    desk.reload()
    at_work(desk)
    until(desk, "() => document.getElementById('desk-answers').textContent === '1 answer'")
    desk.keyboard.press("Shift+C")
    thread = desk.locator(".desk-thread", has_text="what is **this**?")
    thread.locator("summary").click()
    until(desk, "() => document.querySelectorAll('.desk-thread[open] li').length === 2")
    assert "Leo Lead" in thread.inner_text() and "It is a <b>dog</b>." in thread.inner_text()
    assert "In the guideline since version 2." in thread.inner_text()
    assert desk.locator(".desk-thread img").count() == 0
    until(desk, "() => document.getElementById('desk-answers').hidden")
    picture(desk, "talk-answer")
    desk.emulate_media(color_scheme="dark")
    picture(desk, "talk-answer-dark")

    def held():
        return {reason["term"] for reason in gate.examine(session, floor.batch).reasons}

    assert "open_issues" in held()
    thread.locator("text=That settles it").click()
    eventually(desk, lambda: issues(sessions)[0].state == "resolved")
    session.expire_all()
    assert "open_issues" not in held()
    desk.keyboard.press("Escape")
    assert desk.is_hidden("#desk-questions")


def test_what_is_selected_is_what_is_asked_about(browse, make, sessions, traps):
    """A passage by characters, not JavaScript's units; what cannot be sent is kept, and is one."""
    floor = make.floor(assets=0, classes=["cat", "dog"])
    floor.assets = make.assets(floor.batch, 1, text="\U0001f44d\U0001f44d alpha beta\ngamma")
    make.tasks(floor.lane, floor.assets)
    make.session.commit()
    desk = browse(floor.labellers[0], "/desk")
    at_work(desk)
    desk.evaluate(
        """() => {
          const text = document.querySelector(".editor-passage").firstChild;
          getSelection().setBaseAndExtent(text, 11, text, 15);
        }"""
    )
    assert desk.evaluate("() => getSelection().toString()") == "beta"
    desk.keyboard.press("Shift+C")
    desk.keyboard.type("Why beta?")
    assert desk.inner_text("#desk-ask-pins label >> nth=0") == "The selected passage"
    traps.expect("ERR_INTERNET_DISCONNECTED")
    desk.context.set_offline(True)
    desk.keyboard.press("Control+Enter")
    until(desk, "() => document.getElementById('desk-ask-said').textContent.includes('kept here')")
    assert desk.input_value("#desk-ask-text") == "Why beta?"
    desk.context.set_offline(False)
    desk.keyboard.press("Control+Enter")
    until(desk, "() => document.getElementById('desk-sent').textContent === 'Sent'")
    (issue,) = issues(sessions)
    assert issue.pin == {"at": "passage", "start": 9, "end": 13}
    assert floor.assets[0].text[9:13] == "beta"


def test_a_chosen_object_is_what_is_asked_about(browse, make, sessions, settings):
    folder = settings.home / "media"
    folder.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (400, 300)).save(folder / "p.png")
    floor = make.floor(assets=0, medium="image", label_type="boxes", classes=["dog"])
    floor.assets = make.assets(floor.batch, 1, uri=str(folder / "p.png"), text=None)
    make.tasks(floor.lane, floor.assets)
    make.session.commit()
    desk = browse(floor.labellers[0], "/desk")
    at_work(desk)
    desk.keyboard.press("n")  # a box in the middle, which is chosen
    desk.keyboard.press("c")
    assert desk.inner_text("#desk-ask-pins label >> nth=0") == "The selected object (DOG)"
    assert desk.is_visible(".desk-pin.is-box")
    picture(desk, "talk-object")
    desk.keyboard.type("A dog?")
    desk.keyboard.press("Control+Enter")
    eventually(desk, lambda: issues(sessions))
    (issue,) = issues(sessions)
    desk.keyboard.press("Enter")
    saved(desk)
    (box,) = answers(sessions)[-1][2].payload["objects"]
    assert (issue.pin["object"], issue.pin["box"]) == (box["id"], box["box"])
