"""A client audits a delivery and rejects three items; they are mended, and nothing else changes."""

import os
from pathlib import Path

import pytest

from ops import sealer
from tests.browser.desk import at_work, saved
from tests.db.staging import Hands
from tests.finished import TERMS, finished

pytestmark = pytest.mark.browser

LOOK = os.environ.get("TOUCHSTONE_SCREENSHOTS")
LOOKED, WRONG = 6, 3


def picture(page, name):
    """A screenshot for whoever wants to look: set TOUCHSTONE_SCREENSHOTS to a folder."""
    if LOOK:
        page.screenshot(path=str(Path(LOOK) / f"{name}.png"), full_page=True)


@pytest.fixture
def done(make, session):
    settings = {
        "gate": TERMS,
        "review": {"newcomer": 1.0, "known": 1.0, "trusted": 1.0},
        "service": {"accuracy": 0.9, "turnaround_days": 5, "answer_days": 2},
    }
    done = finished(make, session, assets=12, alone=True, settings=settings)
    done.reviewer = make.member(done.project, make.user("reviewer"))
    people = {"organisation_id": done.project.organisation_id}
    done.client = make.user("client", name="Clara Client", **people)
    session.commit()
    return done


def delivered(page, sessions, done):
    """The lead lets the batch go; its seal stands."""
    page.goto(f"/batches/{done.batch.id}")
    page.click("text=Deliver to the client")
    page.wait_for_selector("text=Delivered:")
    sealer.seal(sessions)


def exported(page, number):
    """The canonical file of a delivery, by the names of its items."""
    answer = page.request.get(f"/portal/deliveries/{number}/labels.jsonl")
    assert answer.ok
    lines = answer.text().splitlines()
    return {line.split('"external_id":"')[1].split('"')[0]: line for line in lines}


def audit(page, wrong):
    """Go through the sample by keyboard; the first `wrong` items are wrong."""
    page.click("text=Draw the sample")
    page.click("button:has-text('Begin')")
    for place in range(1, LOOKED + 1):
        page.wait_for_selector(f"text=· {place} of {LOOKED}")
        page.wait_for_load_state()  # the keys are there
        if place == 1 and wrong:
            page.keyboard.press("w")  # without saying what is wrong it does not go on
            page.wait_for_selector("[role=alert]")
            page.wait_for_load_state()
            picture(page, "audit-item")
        if place <= wrong:
            page.keyboard.press("1")
            page.keyboard.press("c")
            page.keyboard.type("It is B.")
            page.keyboard.press("Escape")
        with page.expect_navigation():
            page.keyboard.press("w" if place <= wrong else "r")


def test_the_second_delivery_differs_exactly_in_what_the_client_rejected(
    browse, done, session, sessions, traps
):
    traps.expect("422")  # a wrong item without saying what is wrong
    lead = browse(done.lead)
    lead.on("dialog", lambda dialog: dialog.accept())
    delivered(lead, sessions, done)

    client = browse(done.client, "/portal")
    client.on("dialog", lambda dialog: dialog.accept())
    client.goto("/portal/deliveries/1/audit")
    assert "if none is wrong" in client.inner_text(".audit-proposed")
    picture(client, "audit-begin")
    client.fill("#n", str(LOOKED))
    audit(client, WRONG)
    assert f"{LOOKED - WRONG} of {LOOKED} are right" in client.inner_text("main")
    picture(client, "audit-decide")
    client.fill("#remarks", "Three are B.")
    client.click(f"text=Reject {WRONG} items")
    client.wait_for_selector("text=Clara Client rejected this delivery")
    picture(client, "audit-rejected")
    before = exported(client, 1)

    lead.goto(f"/batches/{done.batch.id}/acceptance")
    assert lead.locator(".cause-table tbody tr").count() == WRONG
    assert "Three are B." in lead.inner_text("main")
    picture(lead, "acceptance")
    lead.goto(f"/batches/{done.batch.id}")
    assert lead.locator("text=Deliver to the client").count() == 0

    hands = Hands(session, sessions)
    author = next(person for person in done.labellers if hands.take(person) is not None)
    desk = browse(author, "/desk")
    at_work(desk)
    assert "It is B." in desk.inner_text("#desk")
    desk.keyboard.press("b")
    desk.keyboard.press("Enter")
    saved(desk)
    desk.context.close()
    for _ in range(WRONG - 1):
        who = next(person for person in done.labellers if hands.take(person) is not None)
        hands.give(who, "rework", key="b")
    for _ in range(WRONG):
        hands.give(done.reviewer, "review", key="b", verdict="accept")

    delivered(lead, sessions, done)
    after = exported(client, 2)
    differ = {name for name in before if before[name] != after[name]}
    assert len(differ) == WRONG
    assert before == exported(client, 1)
    assert all('"class":"b"' in after[name] for name in differ)

    client.goto("/portal/deliveries/2/changes")
    listed = client.locator("tbody tr td:first-child").all_inner_texts()
    assert set(listed) == differ
    client.click("tbody tr td:first-child a")
    client.wait_for_selector(".editor-values")
    assert "Delivery 1" in client.inner_text(".editor-values")
    picture(client, "changes-item")

    client.goto("/portal/deliveries/2/audit")
    client.click("text=Draw the sample")
    client.click("text=Accept the delivery")
    client.wait_for_selector("text=Clara Client accepted this delivery")
