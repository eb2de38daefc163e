"""Whatever goes wrong at the desk, an answer is kept, sent once and overwrites nothing."""

from urllib.parse import urlsplit

import pytest

from ops import lanes
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
