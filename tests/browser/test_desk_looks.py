"""How the desk looks and behaves under the hands: nothing jumps, everything can be read."""

import json

import pytest

from ops.models import OntologyVersion
from tests.browser.desk import (
    answers,
    at_work,
    pictures,
    saved,
    until,
    work_through,
)
from tests.browser.test_signin import check

pytestmark = pytest.mark.browser


@pytest.fixture
def floor(make, settings):
    return pictures(make, settings.home / "media", 7)


def test_nothing_jumps_and_nothing_scrolls(browse, floor):
    page = browse(floor.labellers[0], "/desk")
    at_work(page)
    # The task is in the document before it is on the screen: what its first frame moves is no jump.
    page.evaluate(
        """async () => {
          for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
          window.shifts = [];
          const box = ({ x, y, width, height }) => [x, y, width, height].map(Math.round).join(" ");
          new PerformanceObserver((list) => {
            for (const shift of list.getEntries())
              for (const { node, previousRect, currentRect } of shift.sources)
                window.shifts.push(
                  `${node?.id || node?.className || node?.nodeName}: ` +
                    `${box(previousRect)} to ${box(currentRect)}`,
                );
          }).observe({ type: "layout-shift" });
        }"""
    )
    work_through(page, 4)
    assert "; ".join(page.evaluate("() => window.shifts")) == ""
    assert page.evaluate("() => document.documentElement.scrollHeight <= innerHeight")


def test_a_break_covers_the_task(browse, floor):
    page = browse(floor.labellers[0], "/desk")
    at_work(page)
    page.keyboard.press("p")
    assert page.is_visible("text=You are on a break")
    assert not page.is_visible(".editor-picture")
    page.keyboard.press("Enter")
    at_work(page)
    assert page.is_visible(".editor-picture")


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
