"""A guideline that must be read, at the desk: after the work at hand, before the next task."""

import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ops import guidelines
from ops.models import ProjectMember
from tests.browser.desk import answer, answers, at_work, eventually, saved, text_of, until

pytestmark = pytest.mark.browser

LOOK = os.environ.get("TOUCHSTONE_SCREENSHOTS")
MANY = "\n\n".join(f"Rule {i}: look at it, and look again before you answer." for i in range(40))


def picture(page: Any, name: str) -> None:
    """A screenshot for whoever wants to look: set TOUCHSTONE_SCREENSHOTS to a folder."""
    if LOOK:
        page.screenshot(path=str(Path(LOOK) / f"{name}.png"))


def test_what_must_be_read_comes_after_the_work_at_hand_and_before_the_next(
    browse: Any, make: Any, session: Any, sessions: Any
) -> None:
    floor = make.floor(assets=5, settings={"max_leases": 2})
    me, lead = floor.labellers[0], make.member(floor.project, make.user("ops_lead"))
    text = f"# What to do\n\nChoose the larger one.\n\n{MANY}"
    guidelines.publish(session, floor.project, text, lead)
    session.commit()
    page = browse(me, "/desk")
    at_work(page)
    until(page, "() => !document.getElementById('desk-new').hidden")  # nobody has read it yet
    first = text_of(page)

    # While the labeller works, the lead publishes by the page what must be read.
    run = browse(lead, f"/projects/{floor.project.id}/guideline")
    assert run.is_checked("input[name=must_read]")
    run.fill("textarea", text.replace("larger", "smaller") + "\n\n**Skip** what you cannot see.")
    run.click("text=Publish version 2")
    run.click("text=What changed in version 2")
    assert run.inner_text(".changes del") == "larger"
    picture(run, "guideline-changes")

    # What is on the screen and what was fetched ahead is finished.
    answer(page, "a")
    until(page, f"() => document.querySelector('.editor-passage').innerText !== {first!r}")
    at_work(page)
    page.wait_for_timeout(200)
    answer(page, "b")
    until(page, "() => document.getElementById('desk-state').dataset.kind === 'guideline'")
    saved(page)
    assert len(answers(sessions)) == 2
    assert page.inner_text(".desk-to-read del") == "larger"
    assert page.inner_text(".desk-to-read ins >> nth=0") == "smaller"
    assert "what changed since version 1 is marked" in page.inner_text("#desk-state-text")
    picture(page, "guideline-to-read")

    # Enter is not enough before the end was on the screen.
    page.keyboard.press("Enter")
    page.wait_for_timeout(100)
    assert "Scroll to the end" in page.inner_text("#desk-state-more")
    assert read_by(sessions, floor, me) == 0
    page.keyboard.press("End")
    until(page, "() => document.getElementById('desk-state-more').textContent === ''")
    page.keyboard.press("Enter")
    at_work(page)
    assert read_by(sessions, floor, me) == 2
    assert page.is_hidden("#desk-new")
    page.wait_for_timeout(200)
    answer(page, "c")
    saved(page)
    assert len(answers(sessions)) == 3

    # A version that need not be read is only marked; the panel says what changed.
    guidelines.publish(session, floor.project, "Choose none.", lead)
    session.commit()
    page.reload()
    at_work(page)
    until(page, "() => !document.getElementById('desk-new').hidden")
    page.keyboard.press("g")
    page.click("#desk-guideline-new >> text=I have read it")
    until(page, "() => document.getElementById('desk-new').hidden")
    eventually(page, lambda: read_by(sessions, floor, me) == 3)


def read_by(sessions: Any, floor: Any, user: Any) -> int:
    mine = select(ProjectMember.guideline_read).where(
        ProjectMember.project_id == floor.project.id, ProjectMember.user_id == user.id
    )
    with sessions() as session:
        return session.scalars(mine).one()
