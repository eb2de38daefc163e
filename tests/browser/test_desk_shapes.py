"""Shapes at the desk, drawn on the picture's own pixels: the whole job, by mouse and by keys."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ops import ontologies, versions
from ops.labels import rle as runs_of
from ops.models import OntologyVersion
from quality.judging import judge
from tests.browser.desk import answers, at_work, saved, until
from tests.db.staging import Hands
from tests.unit.label_payloads import rle

pytestmark = pytest.mark.browser

LOOK = os.environ.get("TOUCHSTONE_SCREENSHOTS")
REVIEWED = {"review": {"newcomer": 1.0, "known": 1.0, "trusted": 1.0}}
WIDTH, HEIGHT = 640, 400
CLASSES = [{"name": "Car", "key": "car"}, {"name": "Person", "key": "person"}]
COLOUR = {"name": "Colour", "key": "colour", "kind": "choice", "choices": ["black", "white"]}
SITS = {"name": "Sits", "key": "sits", "kind": "flag", "of": ["person"]}
SKELETON = {"points": ["head", "left", "right"], "edges": [[0, 1], [0, 2]]}
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


def double_click(point: tuple[float, float]) -> Act:
    return lambda page: page.mouse.dblclick(*place(page, point))


def all_of(*acts: Act) -> Act:
    def act(page: Any) -> None:
        for one in acts:
            one(page)

    return act


@dataclass
class Job:
    """What is done by mouse, by keys, to mend it and to fix it; and what is stored each time."""

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


def outline(n: int, key: str, *ring: tuple[float, float]) -> dict[str, Any]:
    return {"id": str(n), "class": key, "polygons": [[[list(point) for point in ring]]]}


def figure(n: int, key: str, *points: tuple[float, float, int]) -> dict[str, Any]:
    return {"id": str(n), "class": key, "points": [list(point) for point in points]}


def swept(
    begin: tuple[float, float], end: tuple[float, float] | None = None, radius: float = 13
) -> Any:
    """The pixels whose middle is within `radius` of the way from one point to another."""
    (ax, ay), (bx, by) = begin, end or begin
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    length = (bx - ax) ** 2 + (by - ay) ** 2 or 1
    along = np.clip(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length, 0, 1)
    return np.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay)) <= radius


def mask(n: int, key: str, plane: Any) -> dict[str, Any]:
    return {"id": str(n), "class": key, "rle": rle(plane)}


MENDED = (swept((330, 201), radius=50) | swept((330, 201), (420, 201))) & ~swept(
    (300, 170), (300, 230)
)
JOBS: dict[str, Job] = {
    "boxes": Job(
        {"classes": CLASSES, "attributes": [COLOUR, SITS]},
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
    "polygons": Job(
        {"classes": CLASSES},
        # Closed by Enter, by a double click, and by its first corner; a corner taken back.
        all_of(
            press("1"), click((100, 100), (200, 110), (150, 200)), press("Enter", "2"),
            click((300, 100), (400, 100), (500, 340), (400, 200)), press("Control+z"),
            click((400, 210)), double_click((300, 220)),
            click((20, 20), (60, 20), (60, 60), (20, 20)),
        ),
        {"objects": [outline(1, "car", (100, 100), (200, 110), (150, 200)),
                     outline(2, "person", (300, 100), (400, 100), (500, 340), (400, 210),
                             (300, 220)),
                     outline(3, "person", (20, 20), (60, 20), (60, 60))]},
        # Placed in the middle; moved; a corner moved, one added after it, and that one moved.
        press("1", "n", "ArrowRight", ".", "Shift+ArrowUp", "i", "ArrowUp", "Escape",
              "Control+Shift+ArrowRight"),
        {"objects": [outline(1, "car", (241, 140), (326, 144), (411, 150), (411, 250),
                             (241, 250))]},
        # A corner dragged, one deleted, one added on an edge; then the whole is dragged.
        all_of(
            click((300, 240)), drag((411, 250), (450, 280)), click((326, 144)), press("Delete"),
            drag((345.5, 265), (340, 330)), press("Escape"), drag((300, 200), (290, 200)),
        ),
        {"objects": [outline(1, "car", (231, 140), (401, 150), (440, 280), (330, 330),
                             (231, 250))]},
        press("Tab", "2", ",", "Delete"),
        {"objects": [outline(1, "person", (231, 140), (401, 150), (440, 280), (330, 330))]},
    ),
    "keypoints": Job(
        {"classes": [one | {"skeleton": SKELETON} for one in CLASSES]},
        # A hidden one, one that cannot be labelled, and a figure that ends before its time.
        all_of(
            press("1"), click((100, 100)), press("v"), click((80, 200), (120, 210)),
            press("x"), click((400, 100)), press("n", "2"), click((500, 50)), press("Enter"),
        ),
        {"objects": [figure(1, "car", (100, 100, 1), (80, 200, 2), (120, 210, 2)),
                     figure(2, "car", (0, 0, 0), (400, 100, 2), (0, 0, 0)),
                     figure(3, "person", (500, 50, 2), (0, 0, 0), (0, 0, 0))]},
        press("1", "n", "Shift+ArrowUp", ".", ".", "ArrowLeft", "v", ".", "Delete"),
        {"objects": [figure(1, "car", (320, 140, 2), (388, 215, 1), (0, 0, 0))]},
        all_of(
            click((360, 190)), drag((320, 140), (300, 100)), press(".", ".", "ArrowUp",
            "Shift+ArrowUp"), press("Escape"), drag((330, 130), (320, 130)),
        ),
        {"objects": [figure(1, "car", (290, 100, 2), (378, 215, 1), (334, 147.5, 2))]},
        press("Tab", "2", ",", "Delete", "Control+Shift+ArrowRight"),
        {"objects": [figure(1, "person", (290, 100, 2), (388, 215, 1), (0, 0, 0))]},
    ),
    "masks": Job(
        {"classes": CLASSES},
        # Two strokes of one mask, a second one, and a dab of which a part is erased.
        all_of(
            press("1"), drag((100, 100), (200, 100)), drag((200, 100), (200, 150)),
            press("1"), drag((400, 300), (450, 300)), press("2"), click((50, 320)),
            press("e"), drag((40, 320), (45, 320)),
        ),
        {"objects": [
            mask(1, "car", swept((100, 100), (200, 100)) | swept((200, 100), (200, 150))),
            mask(2, "car", swept((400, 300), (450, 300))),
            mask(3, "person", swept((50, 320)) & ~swept((40, 320), (45, 320))),
        ]},
        press("1", "n", "Shift+ArrowRight", "ArrowDown", ".", ","),
        {"objects": [mask(1, "car", swept((330, 201), radius=50))]},
        all_of(
            click((330, 201)), drag((330, 201), (420, 201)), press("e"),
            drag((300, 170), (300, 230)),
        ),
        {"objects": [mask(1, "car", MENDED)]},
        press("Tab", "2", "Shift+ArrowLeft"),
        {"objects": [mask(1, "person", np.roll(MENDED, -10, axis=1))]},
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


def _plane(given: dict[str, Any]) -> Any:
    runs = runs_of.decode(given["counts"], HEIGHT * WIDTH)
    return np.repeat(np.arange(len(runs)) % 2, runs).reshape(WIDTH, HEIGHT).T


def _same_masks(label: dict[str, Any], expected: dict[str, Any]) -> None:
    """The same pixels, but for a few at the very edge of the brush."""
    for one, other in zip(label["objects"], expected["objects"], strict=True):
        assert (one["id"], one["class"]) == (other["id"], other["class"])
        given, wanted = _plane(one["rle"]), _plane(other["rle"])
        assert (given != wanted).sum() <= 0.01 * wanted.sum(), one


def same(label: dict[str, Any], expected: dict[str, Any]) -> None:
    """The words are equal, the coordinates within half a px."""
    if any("rle" in one for one in expected["objects"]):
        _same_masks(label, expected)
        assert label.get("verdict") == expected.get("verdict")
        return
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


def beside(page: Any) -> None:
    """Side by side: both labels on the same px, whatever the zoom; a key goes to what differs."""
    press("Escape", "Escape", "w")(page)
    assert page.locator(".editor-captions span").all_inner_texts()[1] == "Yours"
    press("d", "+")(page)
    assert page.inner_text(".editor-told").startswith("1 of 1: ")
    boxes = page.evaluate(
        """() => [".editor-picture", ".editor-mirrored", ".editor-mirror .is-difference"].map(
        (s) => {
          const of = document.querySelector(s);
          const [box, pane] = [of, of.parentElement].map((e) => e.getBoundingClientRect());
          return [box.x - pane.x, box.y - pane.y, box.width, box.height];
        })"""
    )
    assert boxes[1] == pytest.approx(boxes[0], abs=0.01)
    assert boxes[2] == pytest.approx(boxes[0], abs=0.01)
    assert page.locator(".editor-mirror [data-mark]").count() == 1


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
    press("b", "Tab", "4")(page)
    assert page.inner_text("#desk-submit-text") == "Send back"
    page.keyboard.type("look again")
    picture(page, f"shapes-{label_type}-back")
    hand_in(page)
    pinned = {"type": "low_overlap", "object": "1", "remark": "look again"}
    assert last(sessions) == {"verdict": "return", "errors": [pinned]}
    judge(sessions)

    # In rework the earlier answer is what one begins with; the remark is pinned to its object.
    look_again(desk)
    assert desk.inner_text("#desk-said-lines li li") == "Not in the right place, Car: look again"
    assert desk.locator(".is-difference [data-pin]").count() == 1
    desk.keyboard.press("d")
    assert desk.inner_text(".editor-told").startswith("1 of 1: Not in the right place, Car")
    assert desk.get_attribute(".editor-line[aria-current]", "data-line") == "1"
    press("Escape", "f")(desk)
    job.mend(desk)
    picture(desk, f"shapes-{label_type}-rework")
    hand_in(desk)
    same(last(sessions), job.mended)
    judge(sessions)

    # The reviewer fixes it in the same editor.
    look_again(page)
    assert page.locator(".editor-legend li:not(.is-none)").count() == 0
    job.fix(page)
    differs = page.locator(".editor-legend li:not(.is-none)").all_inner_texts()
    assert differs == ["≠ 1 class changed"]
    picture(page, f"shapes-{label_type}-over")
    beside(page)
    picture(page, f"shapes-{label_type}-beside")
    hand_in(page)
    fixed = last(sessions)
    assert fixed.pop("errors") == [{"type": "wrong_class", "object": "1"}]
    same(fixed, job.fixed | {"verdict": "fix"})


def scale(page: Any) -> float:
    """How many px of the screen a px of the picture has."""
    return place(page, (1, 0))[0] - place(page, (0, 0))[0]


def test_boxes_lie_on_the_very_pixels_at_every_zoom(
    browse: Any, floor_of: Any, sessions: Any
) -> None:
    floor = floor_of("boxes")
    page = browse(floor.author, "/desk")
    on_screen(page)
    fitted = scale(page)
    drag((101, 77), (303, 211))(page)  # no class is chosen: the picture is moved
    moved = place(page, (0, 0))
    page.keyboard.press("f")
    assert place(page, (0, 0)) != moved
    page.keyboard.press("1")
    drag((101, 77), (303, 211))(page)
    page.mouse.move(*place(page, (320, 200)))
    for _ in range(5):
        page.mouse.wheel(0, -100)
    until(page, f"() => document.querySelector('.editor-picture').offsetWidth > {2.5 * WIDTH}")
    assert scale(page) > 2.5 * fitted
    drag((250, 170), (351, 233))(page)
    # With the space bar or the middle button the picture moves, although a class is chosen.
    here = place(page, (0, 0))
    page.keyboard.down("Space")
    drag((300, 200), (330, 220))(page)
    page.keyboard.up("Space")
    drag((300, 200), (310, 210), "middle")(page)
    there = place(page, (0, 0))
    assert there[0] - here[0] == pytest.approx(40 * scale(page), abs=1)
    drag((260.5, 180.5), (280, 200))(page)
    hand_in(page)
    same(
        last(sessions),
        {"objects": [box(1, "car", 101, 77, 202, 134), box(2, "car", 250, 170, 101, 63),
                     box(3, "car", 260.5, 180.5, 19.5, 19.5)]},
    )  # fmt: skip


_CHANGES = """() => {
  window.changes = 0;
  const count = (found) => { window.changes += found.length; };
  const all = { subtree: true, childList: true, attributes: true, characterData: true };
  new MutationObserver(count).observe(document.querySelector(".editor"), all);
}"""


def test_with_500_objects_only_the_one_that_changes_is_drawn_again(
    browse: Any, floor_of: Any, sessions: Any
) -> None:
    floor = floor_of("boxes")
    many = [box(n, "car", 20.0 * (n % 30), 20.0 * (n // 30), 15.0, 15.0) for n in range(500)]
    floor.hands.give(floor.author, "label", objects=many)
    page = browse(floor.reviewer, "/desk")
    on_screen(page)
    assert page.locator(".editor-drawn [data-object]").count() == 500
    assert page.inner_text(".editor-objects-title >> nth=-1") == "500 objects"
    page.evaluate(_CHANGES)
    drag((307, 307), (317, 317))(page)
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(50)
    # Each of seven moves and a key press changes a few nodes, not five hundred.
    assert 0 < page.evaluate("() => window.changes") < 250
    hand_in(page)
    moved = {one["id"]: one["box"] for one in last(sessions)["objects"]}
    assert moved.pop("465") == pytest.approx([311, 310, 15, 15], abs=0.5)
    assert moved == {one["id"]: one["box"] for one in many if one["id"] != "465"}


def test_what_is_hidden_or_locked_stays_as_it_is(browse: Any, floor_of: Any, sessions: Any) -> None:
    floor = floor_of("boxes")
    page = browse(floor.author, "/desk")
    on_screen(page)
    page.keyboard.press("1")
    drag((100, 100), (300, 300))(page)
    page.keyboard.press("l")
    page.keyboard.press("Delete")
    assert "locked" in page.inner_text(".editor-note")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    drag((200, 200), (250, 250))(page)  # nothing there can be moved: the picture is
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("h")
    assert page.is_hidden("[data-object='1']")
    page.click("[data-act=hide]")
    assert page.is_visible("[data-object='1']")
    page.click("[data-act=lock]")
    page.keyboard.press("ArrowLeft")
    hand_in(page)
    same(last(sessions), {"objects": [box(1, "car", 99, 100, 200, 200)]})


def test_a_picture_with_nothing_to_mark_is_confirmed(
    browse: Any, floor_of: Any, sessions: Any
) -> None:
    floor = floor_of("boxes")
    page = browse(floor.author, "/desk")
    on_screen(page)
    page.keyboard.press("Enter")
    page.wait_for_timeout(100)
    assert not answers(sessions)
    hand_in(page)
    assert last(sessions) == {"objects": []}


def test_brightness_and_contrast_change_the_picture_only(browse: Any, floor_of: Any) -> None:
    floor = floor_of("boxes")
    page = browse(floor.author, "/desk")
    on_screen(page)
    page.click("text=Brightness and contrast")
    page.focus("[data-light=contrast]")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("() => document.querySelector('.editor-picture').style.filter") == (
        "contrast(105%)"
    )
    page.click("text=As it is")
    assert page.evaluate("() => document.querySelector('.editor-picture').style.filter") == ""


_PAINTED = """points => {
  const context = document.querySelector(".editor-drawn canvas").getContext("2d");
  return points.map(([x, y]) => context.getImageData(x, y, 1, 1).data[3] > 0);
}"""
_BOXES = """() => [".editor-picture", ".editor-drawn"].map((name) => {
  const { x, y, width, height } = document.querySelector(name).getBoundingClientRect();
  return [x, y, width, height];
})"""


def test_in_a_semantic_label_no_pixel_has_two_classes(
    browse: Any, floor_of: Any, sessions: Any
) -> None:
    floor = floor_of("masks")
    car = np.zeros((HEIGHT, WIDTH), bool)
    car[100:300, 100:300] = True
    given = {"objects": [mask(1, "car", car)], "semantic": True}
    floor.hands.give(floor.author, "label", **given)
    page = browse(floor.reviewer, "/desk")
    on_screen(page)
    # The mask lies on the very pixels of the picture, whatever the zoom.
    assert page.evaluate(_PAINTED, [[100, 100], [299, 299]]) == [True, True]
    assert page.evaluate(_PAINTED, [[99, 100], [300, 299], [299, 300]]) == [False] * 3
    for key in "+++f":
        page.keyboard.press(key)
        under, over = page.evaluate(_BOXES)
        assert under == pytest.approx(over, abs=0.01)
    page.keyboard.press("2")
    drag((200, 200), (400, 200))(page)
    page.keyboard.press("1")
    drag((500, 200), (520, 200))(page)
    hand_in(page)
    person = swept((200, 200), (400, 200))
    _same_masks(
        last(sessions),
        {"objects": [mask(2, "person", person),
                     mask(3, "car", (car & ~person) | swept((500, 200), (520, 200)))]},
    )  # fmt: skip
    assert last(sessions)["semantic"] is True


def test_a_turned_box_stays_turned_and_within_the_picture(
    browse: Any, floor_of: Any, sessions: Any
) -> None:
    floor = floor_of("boxes")
    given = box(1, "car", 200, 100, 100, 60, angle=90.0)
    floor.hands.give(floor.author, "label", objects=[given, box(2, "car", 5, 5, 9, 9)])
    page = browse(floor.reviewer, "/desk")
    on_screen(page)
    # It stands upright from (220, 80) to (280, 180); what was its right side is now below.
    page.keyboard.press("Tab")
    drag((250, 180), (250, 200))(page)
    page.keyboard.press("Escape")
    drag((250, 150), (250, 60))(page)
    hand_in(page)
    moved = last(sessions)["objects"][0]
    assert moved["angle"] == 90.0
    assert moved["box"] == pytest.approx([190, 30, 120, 60], abs=0.5)
    assert moved["box"][1] == pytest.approx(30, abs=0.05)  # its edge is that of the picture
