"""Whatever goes wrong at the desk, an answer is kept, sent once and overwrites nothing."""

import contextlib
import re
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, text

from ops import lanes
from scheduling.models import Draft
from tests.browser.desk import (
    answer,
    answers,
    assignments,
    at_work,
    eventually,
    pictures,
    saved,
    seen,
    until,
)

pytestmark = pytest.mark.browser


@pytest.fixture
def floor(make, settings):
    return pictures(make, settings.home / "media", 7)


def draft_state(page, state):
    until(page, f"() => document.getElementById('desk-draft').dataset.state === '{state}'")


def drafts(sessions):
    """What the server has: (revision, value, remark), in order of the assignments."""
    with sessions() as session:
        rows = session.scalars(select(Draft).order_by(Draft.assignment_id)).all()
        return [(row.revision, row.value, row.remark) for row in rows]


@pytest.fixture
def tags(make):
    """A floor of texts of which several tags may be chosen: work in progress has many states."""
    floor = make.floor(assets=3, classes="abc", label_type="tags")
    make.session.commit()
    return floor


def pressed(page):
    """The tags chosen on the screen."""
    return page.evaluate(
        """() => [...document.querySelectorAll(".editor-class[aria-pressed=true]")]
                   .map((one) => one.querySelector("kbd").textContent)"""
    )


def test_unfinished_work_is_there_after_a_crash_and_on_another_machine(
    browse, tags, sessions, site
):
    office = browse(tags.labellers[0], "/desk")
    at_work(office)
    sent = []
    office.on("request", lambda r: r.url.endswith("/draft") and sent.append(r.post_data_json))
    office.keyboard.press("a")
    office.keyboard.press("b")
    assert not drafts(sessions)  # in a moment, not at every change
    draft_state(office, "saved")
    assert office.inner_text("#desk-draft") == "Draft saved"
    assert drafts(sessions) == [(1, {"tags": ["a", "b"]}, "")]
    office.evaluate("() => dispatchEvent(new Event('blur'))")
    office.keyboard.press("c")
    office.keyboard.press("c")
    office.evaluate("() => dispatchEvent(new Event('blur'))")
    office.wait_for_timeout(100)
    assert len(sent) == 1  # nothing changed since
    office.keyboard.press("c")
    office.evaluate("() => dispatchEvent(new Event('blur'))")
    draft_state(office, "saved")
    assert [said["revision"] for said in sent] == [0, 1]
    # What was done last is in this browser alone when the page is killed.
    office.route("**/draft", lambda route: route.abort())
    office.keyboard.press("a")
    crash(office)

    again = office.context.new_page()
    again.goto("/desk")
    at_work(again)
    assert pressed(again) == ["b", "c"]
    eventually(again, lambda: drafts(sessions) == [(3, {"tags": ["b", "c"]}, "")])
    again.close()

    home = browse(tags.labellers[0], "/desk")
    at_work(home)
    assert pressed(home) == ["b", "c"]
    draft_state(home, "saved")
    # What closes says so at once.
    home.keyboard.press("b")
    home.goto("/account")
    eventually(home, lambda: drafts(sessions) == [(4, {"tags": ["c"]}, "")])
    home.goto("/desk")
    at_work(home)
    assert pressed(home) == ["c"]
    home.keyboard.press("Enter")
    saved(home)
    [(_, _, label)] = answers(sessions)
    assert label.payload == {"tags": ["c"]}
    at_work(home)
    assert pressed(home) == []
    assert not home.evaluate("() => Object.keys(localStorage).filter((k) => /draft/.test(k))")
    home.reload()
    at_work(home)
    assert pressed(home) == []


def crash(page):
    """The page is killed: it can say no farewell."""
    session = page.context.new_cdp_session(page)
    with contextlib.suppress(Exception):
        session.send("Page.crash", timeout=1)
    page.close()


def test_two_machines_ask_and_overwrite_nothing(browse, tags, sessions, traps):
    traps.expect("409", "404")
    me = tags.labellers[0]
    office, home = browse(me, "/desk"), browse(me, "/desk")
    for page in (office, home):
        at_work(page)
    office.keyboard.press("a")
    draft_state(office, "saved")
    home.keyboard.press("b")
    draft_state(home, "conflict")
    notice = home.locator("#desk-notice")
    asked = notice.inner_text()
    assert re.search(r"changed on another machine at \d\d:\d\d", asked), asked
    assert "another tab" not in asked
    assert drafts(sessions) == [(1, {"tags": ["a"]}, "")]
    # Whatever is done meanwhile stays here, and is not sent.
    home.keyboard.press("c")
    home.wait_for_timeout(100)
    reach(home, "Show that version")
    assert pressed(home) == ["a"]
    assert "the version of another machine" in notice.inner_text()
    reach(home, "Back to mine")
    assert pressed(home) == ["b", "c"]
    draft_state(home, "saved")
    assert drafts(sessions) == [(2, {"tags": ["b", "c"]}, "")]
    # Now the first machine is behind, and keeps its own.
    office.keyboard.press("c")
    office.evaluate("() => dispatchEvent(new Event('blur'))")
    draft_state(office, "conflict")
    reach(office, "Keep mine")
    draft_state(office, "saved")
    assert not office.is_visible("#desk-notice")
    assert drafts(sessions) == [(3, {"tags": ["a", "c"]}, "")]
    # One answer is taken; what the other machine still has changes nothing.
    office.keyboard.press("Enter")
    saved(office)
    home.keyboard.press("a")
    home.evaluate("() => dispatchEvent(new Event('blur'))")
    home.wait_for_timeout(200)
    [(_, _, label)] = answers(sessions)
    assert label.payload == {"tags": ["a", "c"]}
    assert drafts(sessions) == [(3, {"tags": ["a", "c"]}, "")]


def reach(page, name):
    """Go to a button of the notice with the keyboard alone, and press it."""
    page.keyboard.press("F6")
    for _ in range(3):
        if page.evaluate("() => document.activeElement.textContent.trim()") == name:
            return page.keyboard.press("Enter")
        page.keyboard.press("Tab")
    raise AssertionError(f"{name} is not reached by keyboard")


def test_what_was_done_in_another_tab_is_there_when_this_one_goes_on(browse, tags, sessions):
    one = browse(tags.labellers[0], "/desk")
    at_work(one)
    one.keyboard.press("a")
    draft_state(one, "saved")
    two = one.context.new_page()
    two.goto("/desk")
    at_work(two)
    two.keyboard.press("b")
    draft_state(two, "saved")
    one.click("text=Work on it here")
    until(one, "() => document.querySelectorAll('.editor-class[aria-pressed=true]').length === 2")
    assert one.is_hidden("#desk-notice")
    one.keyboard.press("c")
    draft_state(one, "saved")
    assert drafts(sessions) == [(3, {"tags": ["a", "b", "c"]}, "")]


def test_an_outline_that_is_being_drawn_is_kept_too(browse, make, settings, sessions):
    floor = pictures(make, settings.home / "media", 1, label_type="polygons")
    page = browse(floor.labellers[0], "/desk")
    at_work(page)
    page.keyboard.press("a")
    box = page.locator(".editor-picture").bounding_box()

    def corner(x, y):
        page.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)

    corner(0.25, 0.25)
    corner(0.75, 0.25)
    page.evaluate("() => dispatchEvent(new Event('blur'))")
    draft_state(page, "saved")
    [(_, value, _)] = drafts(sessions)
    assert value["objects"] == [] and len(value["begun"]["trail"]) == 2
    crash(page)
    page = page.context.new_page()
    page.goto("/desk")
    at_work(page)
    corner(0.75, 0.75)
    page.keyboard.press("Control+z")  # the last corner, not what was before the crash
    corner(0.5, 0.75)
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    saved(page)
    [(_, _, label)] = answers(sessions)
    [one] = label.payload["objects"]
    assert set(label.payload) == {"objects"}
    [[ring]] = one["polygons"]
    assert [[round(c) for c in point] for point in ring] == [[2, 2], [6, 2], [4, 6]]


def test_offline_the_last_state_and_every_answer_arrive_once(browse, make, sessions, traps):
    traps.expect("ERR_INTERNET_DISCONNECTED")
    floor = make.floor(assets=4, classes="abc", label_type="tags", settings={"max_leases": 4})
    make.session.commit()
    page = browse(floor.labellers[0], "/desk")
    at_work(page)
    eventually(page, lambda: len(assignments(sessions)) == 2)
    page.wait_for_timeout(200)
    sent = []
    page.on("requestfinished", lambda r: sent.append((r.method, r.url.rsplit("/", 1)[1])))
    page.context.set_offline(True)
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    at_work(page)  # the next one was there already
    page.keyboard.press("b")
    page.evaluate("() => dispatchEvent(new Event('blur'))")
    draft_state(page, "here")
    assert page.inner_text("#desk-draft") == "Draft kept in this browser"
    page.keyboard.press("c")
    page.evaluate("() => dispatchEvent(new Event('blur'))")
    assert not answers(sessions) and not drafts(sessions)
    page.context.set_offline(False)
    page.evaluate("() => dispatchEvent(new Event('online'))")
    saved(page)
    draft_state(page, "saved")
    assert drafts(sessions) == [(1, {"tags": ["b", "c"]}, "")]
    assert sent.count(("PUT", "draft")) == 1
    page.keyboard.press("Enter")
    saved(page)
    kept = [label.payload for _, _, label in answers(sessions)]
    assert kept == [{"tags": ["a"]}, {"tags": ["b", "c"]}]
    assert sent.count(("POST", "submit")) == 2


def test_a_draft_comes_with_work_that_ran_out(browse, tags, sessions):
    page = browse(tags.labellers[0], "/desk")
    at_work(page)
    page.keyboard.press("b")
    draft_state(page, "saved")
    with sessions() as session:
        session.execute(text("DELETE FROM desk_cursor"))
        ended = "UPDATE assignment SET state = 'expired', ended_at = expires_at"
        session.execute(text(ended))
        session.execute(text("UPDATE task SET n_leased = 0, returned = true"))
        # Of the others nothing is left, so that this one comes round again.
        session.execute(text("UPDATE task SET wanted = 0 WHERE id > (SELECT min(id) FROM task)"))
        session.commit()
    page.goto("/account")
    page.goto("/desk")
    at_work(page)
    assert pressed(page) == ["b"]
    page.keyboard.press("c")
    page.evaluate("() => dispatchEvent(new Event('blur'))")
    draft_state(page, "saved")
    assert drafts(sessions) == [(1, {"tags": ["b"]}, ""), (1, {"tags": ["b", "c"]}, "")]


def test_an_answer_given_offline_arrives_once(browse, floor, sessions, traps):
    traps.expect("ERR_INTERNET_DISCONNECTED", "ERR_FAILED")
    page = browse(floor.labellers[0], "/desk")
    at_work(page)
    page.wait_for_timeout(300)
    page.context.set_offline(True)
    answer(page, seen(page))
    until(page, "() => document.getElementById('desk-saved').textContent.includes('saved here')")
    assert not answers(sessions)
    # A reload while the answer waits: the page is there again, the API is not yet.
    page.route("**/submit", lambda route: route.abort())
    page.context.set_offline(False)
    page.reload()
    until(page, "() => document.getElementById('desk-saved').dataset.state === 'waiting'")
    assert not answers(sessions)
    page.unroute("**/submit")
    page.evaluate("() => dispatchEvent(new Event('online'))")
    saved(page)
    [(asset, _, label)] = answers(sessions)
    assert label.payload == {"class": asset.meta["is"]}


def test_an_answer_whose_receipt_was_lost_counts_once(browse, floor, sessions, traps):
    traps.expect("ERR_FAILED")
    page = browse(floor.labellers[0], "/desk")
    at_work(page)
    sent = []

    def lose_the_first(route):
        sent.append(route.request.post_data_json["key"])
        if len(sent) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/submit", lose_the_first)
    answer(page, seen(page))
    until(page, "() => document.getElementById('desk-saved').dataset.state === 'waiting'")
    saved(page)
    assert len(sent) == 2 and len(set(sent)) == 1
    [(_, _, label)] = answers(sessions)
    assert label.client_key == sent[0]


def test_a_conflict_is_shown_and_overwrites_nothing(browse, make, sessions, traps):
    from scheduling import submit

    traps.expect("409")
    floor = make.floor(assets=3, classes="abc")
    make.session.commit()
    page = browse(floor.labellers[0], "/desk")
    at_work(page)
    eventually(page, lambda: any(a.shown_at for a in assignments(sessions)))
    [shown] = [a for a in assignments(sessions) if a.shown_at]
    with sessions() as session:
        me = session.get_one(type(floor.labellers[0]), floor.labellers[0].id)
        label = {"class": "a"}
        submit.submit(
            session, me, shown.token, label=label, key="elsewhere", revision=0, active_ms=0, tab="x"
        )
        session.commit()
    answer(page, "b")
    until(page, "() => !document.getElementById('desk-notice').hidden")
    assert "nothing was overwritten" in page.inner_text("#desk-notice-text")
    [(_, _, kept)] = answers(sessions)
    assert kept.payload == label
    at_work(page)  # and work goes on


def test_signed_out_keeps_the_answer_until_signed_in(browse, floor, sessions, traps):
    from tests.factories import PASSWORD

    traps.expect("400", "401")
    page = browse(floor.labellers[0], "/desk")
    at_work(page)
    page.wait_for_timeout(300)
    page.context.clear_cookies()
    answer(page, seen(page))
    until(page, "() => document.getElementById('desk-state').dataset.kind === 'signed-out'")
    assert "1 answer saved here" in page.inner_text("#desk-saved")
    assert not answers(sessions)
    page.get_by_role("link", name="Sign in").click()
    page.fill("input[name=email]", floor.labellers[0].email)
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: urlsplit(url).path == "/desk")
    at_work(page)
    saved(page)
    [(asset, _, label)] = answers(sessions)
    assert label.payload == {"class": asset.meta["is"]}


def test_leaving_gives_back_what_was_not_shown(browse, floor, sessions):
    page = browse(floor.labellers[0], "/desk")
    at_work(page)

    def states():
        return {bool(a.shown_at): a.state for a in assignments(sessions)}

    eventually(page, lambda: states() == {True: "leased", False: "leased"})
    page.wait_for_timeout(300)  # the second one's picture
    page.goto("/account")
    eventually(page, lambda: states() == {True: "leased", False: "released"})


def test_the_empty_desk_says_why_and_looks_again(browse, make):
    floor = make.floor(assets=0)
    make.session.commit()
    page = browse(floor.labellers[0], "/desk")
    until(page, "() => document.getElementById('desk-state').dataset.kind === 'empty'")
    assert page.inner_text("#desk-state-text")
    new = make.assets(floor.batch, 1)
    lanes.open_tasks(make.session, floor.lane, [a.id for a in new], wanted=1)
    make.session.commit()
    page.keyboard.press("Enter")
    at_work(page)


def test_a_picture_that_does_not_load_is_tried_again_or_skipped(
    browse, make, floor, sessions, traps
):
    traps.expect("502")
    for asset in floor.assets:
        asset.uri += ".gone"
    make.session.commit()
    page = browse(floor.labellers[0], "/desk")
    until(page, "() => document.getElementById('desk-state').dataset.kind === 'broken'")
    page.get_by_role("button", name="Skip as broken").click()
    eventually(page, lambda: [a for a in assignments(sessions) if a.skip_reason == "broken"])
