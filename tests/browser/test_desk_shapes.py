"""Shapes at the desk, drawn on the picture's own pixels: the whole job, by mouse and by keys."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ops import ontologies, versions
from ops.models import OntologyVersion
from quality.judging import judge
from tests.browser.desk import answers, at_work, saved, until
from tests.db.staging import Hands

pytestmark = pytest.mark.browser

LOOK = os.environ.get("TOUCHSTONE_SCREENSHOTS")
REVIEWED = {"review": {"newcomer": 1.0, "known": 1.0, "trusted": 1.0}}
WIDTH, HEIGHT = 640, 400
CLASSES = [{"name": "Car", "key": "car"}, {"name": "Person", "key": "person"}]
COLOUR = {"name": "Colour", "key": "colour", "kind": "choice", "choices": ["black", "white"],
          "of": ["car"]}  # fmt: skip
Act = Callable[[Any], None]

_PLACE = """([x, y]) => {
  const img = document.querySelector(".editor-picture");
  const box = img.getBoundingClientRect();
  const [across, down] = [box.width / img.naturalWidth, box.height / img.naturalHeight];
  return [box.left + x * across, box.top + y * down];
}"""


def place(page: Any, point: tuple[float, float]) -> list[float]:
    """Where a point of the picture, in its own px, is on the screen."""
    return page.evaluate(_PLACE, list(point))


def press(*keys: str) -> Act:
    def act(page: Any) -> None:
        for key in keys:
            page.keyboard.press(key)

    return act


def drag(begin: tuple[float, float], end: tuple[float, float], button: str = "left") -> Act:
    def act(page: Any) -> None:
        page.mouse.move(*place(page, begin))
        to = place(page, end)
        page.mouse.down(button=button)
        page.mouse.move(*to, steps=5)
        page.mouse.up(button=button)

    return act


def click(*points: tuple[float, float]) -> Act:
    def act(page: Any) -> None:
        for point in points:
            page.mouse.click(*place(page, point))

    return act


def press_button(selector: str) -> Act:
    return lambda page: page.click(selector)


def all_of(*acts: Act) -> Act:
    def act(page: Any) -> None:
        for one in acts:
            one(page)

    return act


@dataclass
class Job:
    """What is done with the mouse, with keys, to mend and to fix it; and what is stored each time."""

    ontology: dict[str, Any]
    mouse: Act
    drawn: dict[str, Any]
    keys: Act
    typed: dict[str, Any]
    mend: Act
    mended: dict[str, Any]
    fix: Act
    fixed: dict[str, Any]


def box(n: int, key: str, *sides: float, **more: Any) -> dict[str, Any]:
    return {"id": str(n), "class": key, "box": list(sides), **more}


JOBS: dict[str, Job] = {
    "boxes": Job(
        {"classes": CLASSES, "attributes": [COLOUR]},
        # Two cars, one within the other, and a person drawn out of the picture; the colour of one.
        all_of(
            press("1"), drag((100, 80), (300, 240)), drag((150, 100), (200, 140)),
            press("q", "1"), press("2"), drag((500, 300), (700, 500)),
        ),
        {"objects": [box(1, "car", 100, 80, 200, 160),
                     box(2, "car", 150, 100, 50, 40, attributes={"colour": "black"}),
                     box(3, "person", 500, 300, 140, 100)]},
        # In the middle, a quarter of the picture; moved, resized, and one of another class.
        press("1", "n", "ArrowRight", "Shift+ArrowDown", "Control+ArrowLeft",
              "Control+Shift+ArrowDown", "2", "n", "Shift+ArrowLeft", "Shift+ArrowLeft"),
        {"objects": [box(1, "car", 241, 160, 159, 110), box(2, "person", 220, 150, 160, 100)]},
        # Taken at its corner, at an edge, and by its middle.
        all_of(
            press("Escape"), click((250, 265)), drag((241, 160), (200, 120)),
            drag((300, 270), (300, 300)), press("Escape"), drag((230, 290), (210, 290)),
            click((378, 200)), press("Delete"),
        ),
        {"objects": [box(1, "car", 180, 120, 200, 180)]},
        press("Tab", "2", "Shift+ArrowUp", "Control+z", "Control+z", "Control+y"),
        {"objects": [box(1, "person", 180, 120, 200, 180)]},
    ),
}  # fmt: skip


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    if isinstance(value, (dict, list)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        found: dict[str, Any] = {}
        for key, each in items:
            found |= _flat(each, f"{path}.{key}")
        return found
    return {path: value if isinstance(value, (int, float)) else f"={value}"}


def same(label: dict[str, Any], expected: dict[str, Any]) -> None:
    """The words are equal, the coordinates within half a px."""
    given, wanted = _flat(label), _flat(expected)
    assert given.keys() == wanted.keys(), (label, expected)
    for path, value in wanted.items():
        if isinstance(value, str):
            assert given[path] == value, (path, label)
        else:
            assert given[path] == pytest.approx(value, abs=0.5), (path, label)


@pytest.fixture
def floor_of(make: Any, session: Any, sessions: Any, settings: Any) -> Any:
    """floor_of(type): one picture, its author, a reviewer, and the hands of the absent."""

    def build(label_type: str, size: tuple[int, int] = (WIDTH, HEIGHT), **more: Any) -> Any:
        floor = make.floor(
            assets=0, medium="image", label_type=label_type, settings=REVIEWED | more
        )
        content = ontologies.whole(label_type, **JOBS[label_type].ontology)
        published: dict[str, Any] = {"content": content, "event": "ontology.published"}
        versions.publish(session, OntologyVersion, floor.project, None, **published)
        path = settings.home / "media" / "one.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.linear_gradient("L").resize(size).convert("RGB").save(path)
        floor.assets = make.assets(floor.batch, 1, text=None, uri=str(path))
        make.tasks(floor.lane, floor.assets)
        floor.author = floor.labellers[0]
        floor.reviewer = make.member(floor.project, make.user("reviewer"))
        session.commit()
        floor.hands = Hands(session, sessions)
        return floor

    return build


def picture(page: Any, name: str) -> None:
    """A screenshot for whoever wants to look: set TOUCHSTONE_SCREENSHOTS to a folder."""
    if LOOK:
        page.screenshot(path=str(Path(LOOK) / f"{name}.png"))


def on_screen(page: Any) -> None:
    at_work(page)
    until(page, "() => document.querySelector('.editor-drawn.is-edited') !== null")
    page.wait_for_timeout(250)  # nobody can have judged it sooner, and the desk knows


def look_again(page: Any) -> None:
    until(page, "() => document.getElementById('desk-state').dataset.kind === 'empty'")
    page.click("text=Look again now")
    on_screen(page)


def last(sessions: Any) -> dict[str, Any]:
    return answers(sessions)[-1][2].payload


def hand_in(page: Any) -> None:
    page.keyboard.press("Enter")
    saved(page)


@pytest.mark.parametrize("label_type", list(JOBS))
def test_the_whole_job_by_mouse(browse: Any, floor_of: Any, sessions: Any, label_type: str) -> None:
    job = JOBS[label_type]
    floor = floor_of(label_type)
    desk = browse(floor.author, "/desk")
    on_screen(desk)
    job.mouse(desk)
    picture(desk, f"shapes-{label_type}")
    desk.reload()  # what was drawn is still there
    on_screen(desk)
    picture(desk, f"shapes-{label_type}-again")
    desk.click("#desk-act [data-do=submit]")
    saved(desk)
    same(last(sessions), job.drawn)
    judge(sessions)

    page = browse(floor.reviewer, "/desk")
    on_screen(page)
    assert page.inner_text("#desk-submit-text") == "Accept the label"
    picture(page, f"shapes-{label_type}-review")
    hand_in(page)
    same(last(sessions), job.drawn | {"verdict": "accept"})


@pytest.mark.parametrize("label_type", list(JOBS))
def test_the_whole_job_by_keys_sent_back_mended_and_fixed(
    browse: Any, floor_of: Any, sessions: Any, label_type: str
) -> None:
    job = JOBS[label_type]
    floor = floor_of(label_type)
    desk = browse(floor.author, "/desk")
    on_screen(desk)
    job.keys(desk)
    picture(desk, f"shapes-{label_type}-keys")
    hand_in(desk)
    same(last(sessions), job.typed)
    judge(sessions)

    page = browse(floor.reviewer, "/desk")
    on_screen(page)
    page.keyboard.press("b")
    assert page.inner_text("#desk-submit-text") == "Send back"
    page.keyboard.type("look again")
    hand_in(page)
    assert last(sessions) == {"verdict": "return", "remark": "look again"}
    judge(sessions)

    # In rework the earlier answer is what one begins with.
    look_again(desk)
    assert "look again" in desk.inner_text("#desk-said-lines")
    job.mend(desk)
    picture(desk, f"shapes-{label_type}-rework")
    hand_in(desk)
    same(last(sessions), job.mended)
    judge(sessions)

    # The reviewer fixes it in the same editor.
    look_again(page)
    job.fix(page)
    hand_in(page)
    same(last(sessions), job.fixed | {"verdict": "fix"})
