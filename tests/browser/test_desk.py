"""The desk in Chromium: real keys, real pictures, the real database."""

import pytest

from tests.browser.desk import (
    answer,
    answers,
    assignments,
    at_work,
    pictures,
    saved,
    seen,
    text_of,
    until,
    work_through,
)

pytestmark = pytest.mark.browser


@pytest.fixture
def floor(make, settings):
    return pictures(make, settings.home / "media", 7)


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
    told = {"errors": [{"type": "wrong_class"}]} if verdict == "fix" else {}
    said = {"class": given, "verdict": verdict, "remark": "seen s and g"}
    assert label.payload == said | told


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
