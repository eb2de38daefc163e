"""The desk in Chromium: real keys, real pictures, the real database."""

import json
from urllib.parse import urlsplit

import pytest

from ops import lanes
from ops.models import OntologyVersion
from tests.browser.desk import (
    answers,
    assignments,
    at_work,
    eventually,
    pictures,
    saved,
    seen,
    text_of,
    until,
)
from tests.browser.test_signin import check

pytestmark = pytest.mark.browser


@pytest.fixture
def floor(make, settings):
    return pictures(make, settings.home / "media", 7)


def answer(page, key: str) -> None:
    page.keyboard.press(key)
    page.keyboard.press("Enter")


def work_through(page, n: int) -> None:
    """Answer `n` pictures with the key that their colour means."""
    for _ in range(n):
        at_work(page)
        answer(page, seen(page))
        saved(page)


def test_keys_alone_label_what_was_seen(browse, floor, sessions):
    page = browse(floor.labellers[0], "/desk")
    work_through(page, 7)
    until(page, "() => document.getElementById('desk-state').dataset.kind === 'empty'")
    found = answers(sessions)
    assert len(found) == 7
    assert all(label.payload == {"class": asset.meta["is"]} for asset, _, label in found)
    assert all(lease.wall_ms >= lease.active_ms > 0 for _, lease, _ in found)
    assert page.title().startswith("No task")
    assert "nothing left" in page.inner_text("#desk-state-text")


def test_the_next_picture_is_there_before_it_is_asked_for(browse, floor, traps, capsys):
    traps.expect("ERR_INTERNET_DISCONNECTED")
    page = browse(floor.labellers[0], "/desk")
    at_work(page)
    with page.expect_response("**/medium"):
        pass
    page.wait_for_timeout(200)
    page.evaluate(
        """() => {
          const stage = document.querySelector(".editor-stage");
          addEventListener("keydown", (event) => {
            if (event.key === "Enter") window.pressed = event.timeStamp;
          }, true);
          new MutationObserver(() => requestAnimationFrame(() => {
            window.painted = performance.now() - window.pressed;
          })).observe(stage, { childList: true });
        }"""
    )
    page.context.set_offline(True)
    before = page.query_selector(".editor-picture").get_attribute("src")
    answer(page, seen(page))
    after = until(
        page, f"() => document.querySelector('.editor-picture').src.endsWith('{before}') ? 0 : 1"
    )
    assert after
    assert page.evaluate("() => document.querySelector('.editor-picture').naturalWidth") == 8
    took = until(page, "() => window.painted")
    with capsys.disabled():
        print(f"\nnext picture on the screen {took:.0f} ms after Enter")  # noqa: T201
    page.context.set_offline(False)
    saved(page)


def test_nothing_jumps_and_nothing_scrolls(browse, floor):
    page = browse(floor.labellers[0], "/desk")
    at_work(page)
    page.evaluate(
        """() => {
          window.shifts = 0;
          new PerformanceObserver((list) => {
            for (const shift of list.getEntries()) window.shifts += shift.value;
          }).observe({ type: "layout-shift" });
        }"""
    )
    work_through(page, 4)
    assert page.evaluate("() => window.shifts") == 0
    assert page.evaluate("() => document.documentElement.scrollHeight <= innerHeight")


def test_a_reload_shows_the_same_task_and_the_choice(browse, make, sessions):
    floor = make.floor(assets=4, classes="abc")
    make.session.commit()
    page = browse(floor.labellers[0], "/desk")
    at_work(page)
    text = text_of(page)
    page.keyboard.press("b")
    page.reload()
    at_work(page)
    assert text_of(page) == text
    assert page.get_attribute("[data-key=b]", "aria-pressed") == "true"
    page.keyboard.press("Enter")
    saved(page)
    [(asset, _, label)] = answers(sessions)
    assert (asset.text, label.payload) == (text, {"class": "b"})


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


def test_skip_with_a_reason(browse, floor, sessions):
    page = browse(floor.labellers[0], "/desk")
    at_work(page)
    first = page.query_selector(".editor-picture").get_attribute("src")
    page.keyboard.press("s")
    page.keyboard.press("3")
    source = "document.querySelector('.editor-picture').getAttribute('src')"
    until(page, f"() => {source} !== '{first}'")
    saved(page)
    [skipped] = [a for a in assignments(sessions) if a.state == "skipped"]
    assert skipped.skip_reason == "not_in_classes"
    page.keyboard.press("s")
    page.keyboard.press("Escape")
    assert len([a for a in assignments(sessions) if a.state == "skipped"]) == 1


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


def test_a_break_covers_the_task(browse, floor):
    page = browse(floor.labellers[0], "/desk")
    at_work(page)
    page.keyboard.press("p")
    assert page.is_visible("text=You are on a break")
    assert not page.is_visible(".editor-picture")
    page.keyboard.press("Enter")
    at_work(page)
    assert page.is_visible(".editor-picture")


@pytest.mark.parametrize(("key", "verdict", "given"), [(None, "accept", "a"), ("b", "fix", "b")])
def test_a_review_accepts_or_fixes(browse, make, sessions, key, verdict, given):
    from ops import clock_time
    from ops.models import Consensus

    floor = make.floor(assets=0, classes="abc")
    reviewer = make.member(floor.project, make.user("reviewer"))
    [asset] = make.assets(floor.batch, 1)
    make.tasks(make.lane(floor.batch, "review"), [asset])
    make.session.add(
        Consensus(
            asset_id=asset.id,
            batch_id=floor.batch.id,
            version=1,
            method="majority",
            label={"class": "a"},
            answers=3,
            at=clock_time.now(),
        )
    )
    make.session.commit()
    page = browse(reviewer, "/desk")
    at_work(page)
    assert page.inner_text("#desk-stage") == "Review"
    assert page.inner_text("#desk-submit-text") == "Accept A"
    page.wait_for_timeout(200)  # nobody can have judged it sooner, and the desk knows
    if key:
        page.keyboard.press(key)
        assert page.inner_text("#desk-submit-text") == "Change to B"
    page.keyboard.press("r")
    page.keyboard.type("seen s and g")
    page.keyboard.press("Enter")
    saved(page)
    [(_, _, label)] = answers(sessions)
    assert label.payload == {"class": given, "verdict": verdict, "remark": "seen s and g"}


def test_many_classes_are_searched(browse, make, sessions):
    names = [f"breed-{i:02}" for i in range(40)]
    floor = make.floor(assets=2)
    classes = [
        {"key": n, "name": n.title(), "colour": "#0072b2", "hotkey": "", "description": ""}
        for n in names
    ]
    make.session.add(
        OntologyVersion(
            project_id=floor.project.id,
            version=2,
            classes=classes,
            created_at=floor.project.created_at,
        )
    )
    make.session.commit()
    page = browse(floor.labellers[0], "/desk")
    at_work(page)
    assert page.evaluate(
        "() => { const c = document.querySelector('.editor-classes');"
        " return c.scrollHeight <= c.clientHeight && document.body.scrollHeight <= innerHeight; }"
    )
    page.keyboard.press("/")
    page.keyboard.type("d-37")
    assert page.locator(".editor-class:visible").all_inner_texts() == ["Breed-37"]
    page.keyboard.press("Enter")
    assert page.locator(".editor-class:visible").count() == 40
    assert page.get_attribute("[data-key=breed-37]", "aria-pressed") == "true"
    page.keyboard.press("Enter")
    saved(page)
    [(_, _, label)] = answers(sessions)
    assert label.payload == {"class": "breed-37"}


def test_submit_on_choose_is_remembered(browse, make, sessions):
    floor = make.floor(assets=3, classes="abc")
    make.session.commit()
    page = browse(floor.labellers[0], "/desk")
    at_work(page)
    page.keyboard.press("o")
    page.reload()
    at_work(page)
    page.wait_for_timeout(200)
    page.keyboard.press("c")
    saved(page)
    [(_, _, label)] = answers(sessions)
    assert label.payload == {"class": "c"}


def test_no_answer_of_the_api_tells_more_than_the_work(browse, floor):
    """What the browser gets holds no ids, names or dates of the asset."""
    heard = []
    page = browse(floor.labellers[0], "/account")
    page.on("response", lambda r: "/api/v1/desk/" in r.url and heard.append(r))
    page.goto("/desk")
    at_work(page)
    page.wait_for_timeout(300)
    names = {a.external_id for a in floor.assets}
    bodies = " ".join(r.text() for r in heard if "medium" not in r.url)
    assert not [n for n in names if n in bodies]
    for response in heard:
        assert not {"etag", "last-modified", "content-disposition"} & response.headers.keys()
    keys = {k for r in heard if r.url.endswith("/next") for k in json.loads(r.text())["work"] or {}}
    assert not {"id", "task", "asset", "batch", "gold"} & keys


def test_the_picture_zooms_and_fits(browse, floor):
    page = browse(floor.labellers[0], "/desk")
    at_work(page)

    def width() -> float:
        return page.evaluate("() => document.querySelector('.editor-picture').clientWidth")

    fitted = width()
    assert (
        fitted % 8 == 0
        and page.evaluate(
            "() => getComputedStyle(document.querySelector('.editor-picture')).imageRendering"
        )
        == "pixelated"
    )
    page.keyboard.press("+")
    assert width() > fitted
    page.keyboard.press("0")
    assert width() == fitted
    page.mouse.move(500, 400)
    page.mouse.wheel(0, 240)
    until(page, f"() => document.querySelector('.editor-picture').clientWidth < {fitted}")


def test_an_adjudication_shows_what_was_said_and_how_often(browse, make, sessions):
    from scheduling import dispatch, submit

    floor = make.floor(assets=1, wanted=3, labellers=3, classes="abc")
    expert = make.member(floor.project, make.user("expert"))
    for labeller, said in zip(floor.labellers, "aab", strict=True):
        lease = dispatch.claim(make.session, labeller)
        submit.submit(
            make.session,
            labeller,
            lease.token,
            label={"class": said},
            key=f"key {said} {labeller.id}",
            revision=0,
            active_ms=0,
            tab="t",
        )
    make.tasks(make.lane(floor.batch, "adjudicate"), floor.assets)
    make.session.commit()
    page = browse(expert, "/desk")
    at_work(page)
    assert page.inner_text("#desk-stage") == "Adjudication"
    badges = page.eval_on_selector_all(".editor-badge", "all => all.map(b => b.textContent)")
    assert badges == ["2 ×", "1 ×", ""]
    assert not [x for x in floor.labellers if x.name in page.content()]
    answer(page, "b")
    saved(page)
    assert answers(sessions)[-1][2].payload == {"class": "b", "verdict": "accept"}


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


def test_keys_of_a_layout_without_latin_letters(browse, floor):
    page = browse(floor.labellers[0], "/desk")
    at_work(page)
    press = """(more) => document.dispatchEvent(
      new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...more }))"""
    page.evaluate(press, {"key": "и", "code": "KeyB"})
    assert page.get_attribute("[data-key=b]", "aria-pressed") == "true"
    page.evaluate(press, {"key": "п", "code": "KeyG"})
    assert page.is_visible("#desk-guideline")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_on_the_desk_can_be_read(browse, floor, scheme):
    page = browse(floor.labellers[0], "/desk", color_scheme=scheme, reduced_motion="reduce")
    at_work(page)
    for key in ("", "b", "g", "Escape", "m", "Escape", "s", "Escape", "?", "Escape", "p"):
        if key:
            page.keyboard.press(key)
        page.wait_for_timeout(100)  # colours settle with the next frame
        check(page)
