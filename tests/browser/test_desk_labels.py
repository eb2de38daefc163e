"""Labels of every type on the desk: drawn, marked or listed, chosen among, accepted, sent back."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ops import labels, ontologies, versions
from ops.models import OntologyVersion
from quality.judging import judge
from tests.browser.desk import answers, at_work, saved
from tests.db.staging import Hands
from tests.unit.label_payloads import rle

pytestmark = pytest.mark.browser

LOOK = os.environ.get("TOUCHSTONE_SCREENSHOTS")
REVIEWED = {"review": {"newcomer": 1.0, "known": 1.0, "trusted": 1.0}}
WIDTH, HEIGHT = 320, 240
CLASSES = [{"name": "Cat", "key": "cat"}, {"name": "Dog <b>", "key": "dog"}]
SKELETON = {"points": ["head", "paw", "tail"], "edges": [[0, 1], [0, 2]]}
COLOUR = {"name": "Colour", "key": "colour", "kind": "choice", "choices": ["black", "white"]}
TEXT = "Anna 😀 met Bob in Rome."
ONTOLOGY: dict[str, dict[str, Any]] = {
    "boxes": {"classes": CLASSES, "attributes": [COLOUR]},
    "polygons": {"classes": CLASSES},
    "masks": {"classes": CLASSES},
    "keypoints": {"classes": [c | {"skeleton": SKELETON} for c in CLASSES]},
    "spans": {"classes": CLASSES},
    "tags": {"classes": CLASSES},
    "attributes": {"attributes": [COLOUR]},
    "transcription": {},
    "rating": {"scale": {"low": 1, "high": 5, "step": 1, "labels": {"4": "good"}}},
    "preference": {"reasons": [{"name": "Clearer", "key": "clear"}]},
}


def mask(x: int, y: int, w: int, h: int) -> dict[str, Any]:
    plane = np.zeros((HEIGHT, WIDTH), bool)
    plane[y : y + h, x : x + w] = True
    return rle(plane)


GIVEN: dict[str, dict[str, Any]] = {
    "boxes": {"objects": [
        {"id": "1", "class": "cat", "box": [20.0, 30.0, 100.0, 80.0],
         "attributes": {"colour": "black"}},
        {"id": "2", "class": "dog", "box": [200.0, 100.0, 60.0, 60.0], "angle": 30.0},
    ]},
    "polygons": {"objects": [
        {"id": "1", "class": "cat",
         "polygons": [[[[20.0, 20.0], [160.0, 30.0], [150.0, 160.0], [30.0, 150.0]],
                       [[60.0, 60.0], [100.0, 60.0], [100.0, 100.0], [60.0, 100.0]]]]},
    ]},
    "masks": {"objects": [{"id": "1", "class": "cat", "rle": mask(40, 50, 100, 80)}]},
    "keypoints": {"objects": [
        {"id": "1", "class": "cat", "points": [[160.0, 40.0, 2], [100.0, 180.0, 1],
                                               [230.0, 170.0, 2]]},
    ]},
    "spans": {"spans": [
        {"id": "1", "class": "cat", "start": 0, "end": 4},
        {"id": "2", "class": "dog", "start": 11, "end": 14},
    ], "relations": [{"from": "1", "to": "2", "class": "cat"}]},
    "tags": {"tags": ["cat", "dog"]},
    "attributes": {"attributes": {"colour": "black"}},
    "transcription": {"text": "Anna met <b>Bob</b>"},
    "rating": {"rating": 4},
    "preference": {"preference": "a", "reasons": ["clear"]},
}  # fmt: skip
# What must be on the screen of whoever reviews it.
LISTED = {
    "boxes": ["Cat\nColour: black", "Dog <b>"],
    "polygons": ["Cat"],
    "masks": ["Cat"],
    "keypoints": ["Cat"],
    "spans": ["Cat\n“Anna”", "Dog <b>\n“Bob”", "Cat\n“Anna” → “Bob”"],
    "tags": ["Cat", "Dog <b>"],
    "attributes": ["Colour: black"],
    "transcription": ["Anna met <b>Bob</b>"],
    "rating": ["4\ngood"],
    "preference": ["A is better\nClearer"],
}


@pytest.fixture(autouse=True)
def without_editors(monkeypatch: pytest.MonkeyPatch) -> None:
    """A desk that edits classes alone: what it does for a type whose editor is still to come."""
    monkeypatch.setattr(labels, "DESK_TYPES", ("class",))


@pytest.fixture
def floor_of(make: Any, session: Any, sessions: Any, settings: Any) -> Any:
    """floor_of(label type): one asset, its author, a reviewer, an expert, and their hands."""

    def build(label_type: str, labellers: int = 1, **more: Any) -> Any:
        picture = label_type in ("boxes", "polygons", "masks", "keypoints")
        floor = make.floor(
            assets=0, labellers=labellers, medium="image" if picture else "text",
            label_type=label_type, settings=REVIEWED | more,
        )  # fmt: skip
        content = ontologies.whole(label_type, **ONTOLOGY[label_type])
        published: dict[str, Any] = {"content": content, "event": "ontology.published"}
        versions.publish(session, OntologyVersion, floor.project, None, **published)
        asset: dict[str, Any] = {"text": TEXT}
        if picture:
            path = settings.home / "media" / "one.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (WIDTH, HEIGHT), (90, 120, 90)).save(path)
            asset = {"text": None, "uri": str(path)}
        floor.assets = make.assets(floor.batch, 1, **asset)
        make.tasks(floor.lane, floor.assets, wanted=labellers)
        floor.author = floor.labellers[0]
        floor.reviewer = make.member(floor.project, make.user("reviewer"))
        floor.expert = make.member(floor.project, make.user("expert"))
        session.commit()
        floor.hands = Hands(session, sessions)
        return floor

    return build


def on_screen(page: Any, name: str) -> None:
    at_work(page)
    page.wait_for_timeout(250)  # nobody can have judged it sooner, and the desk knows
    if LOOK:
        page.screenshot(path=str(Path(LOOK) / f"{name}.png"))


def listed(page: Any) -> list[str]:
    lines = page.locator(".editor-line")
    return [lines.nth(i).inner_text().strip() for i in range(lines.count())]


@pytest.mark.parametrize("label_type", list(GIVEN))
def test_a_reviewer_sees_the_label_and_accepts_it_with_a_key(
    browse: Any, floor_of: Any, sessions: Any, label_type: str
) -> None:
    floor = floor_of(label_type)
    floor.hands.give(floor.author, "label", **GIVEN[label_type])
    page = browse(floor.reviewer, "/desk")
    on_screen(page, f"labels-{label_type}")
    assert "no editor" in page.inner_text(".editor-note")
    assert listed(page) == LISTED[label_type]
    assert page.inner_text("#desk-submit-text") == "Accept the label"
    page.keyboard.press("Enter")
    saved(page)
    assert answers(sessions)[-1][2].payload == GIVEN[label_type] | {"verdict": "accept"}


def test_sent_back_and_stood_by_and_decided(browse: Any, floor_of: Any, sessions: Any) -> None:
    floor = floor_of("masks")
    floor.hands.give(floor.author, "label", **GIVEN["masks"])
    page = browse(floor.reviewer, "/desk")
    on_screen(page, "labels-return")
    page.keyboard.press("b")
    page.keyboard.type("the dog is larger")
    page.keyboard.press("Enter")
    saved(page)
    judge(sessions)
    desk = browse(floor.author, "/desk")
    on_screen(desk, "labels-rework")
    assert "stand by your answer" in desk.inner_text(".editor-note")
    desk.keyboard.press("1")
    assert desk.inner_text("#desk-submit-text") == "Stand by your answer"
    desk.keyboard.press("r")
    desk.keyboard.type("it is not")
    desk.keyboard.press("Enter")
    saved(desk)
    judge(sessions)
    expert = browse(floor.expert, "/desk")
    on_screen(expert, "labels-adjudicate")
    assert "the dog is larger" in expert.inner_text("#desk-said-lines")
    expert.keyboard.press("Enter")  # nothing is chosen yet
    expert.keyboard.press("1")
    expert.keyboard.press("Enter")
    saved(expert)
    stood, decided = (answer[2].payload for answer in answers(sessions)[-2:])
    assert stood == GIVEN["masks"] | {"verdict": "stand", "remark": "it is not"}
    assert decided == GIVEN["masks"] | {"verdict": "accept"}


def test_a_first_label_is_shown_and_can_be_skipped_only(
    browse: Any, floor_of: Any, session: Any
) -> None:
    floor = floor_of("masks")
    page = browse(floor.author, "/desk")
    on_screen(page, "labels-first")
    assert "no editor for masks" in page.inner_text(".editor-note")
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    assert not page.is_hidden(".editor-picture")
    page.keyboard.press("s")
    page.keyboard.press("5")
    page.wait_for_function("() => document.getElementById('desk-state').dataset.kind === 'empty'")


def _screen(page: Any, x: float, y: float) -> list[int]:
    """The colour on the canvas of masks, at a pixel of the picture."""
    return page.evaluate(
        "([x, y]) => [...document.querySelector('.editor-drawn canvas').getContext('2d')"
        ".getImageData(x, y, 1, 1).data]",
        [x, y],
    )


def test_shapes_lie_on_the_very_pixels_whatever_the_zoom(browse: Any, floor_of: Any) -> None:
    floor = floor_of("masks")
    floor.hands.give(floor.author, "label", **GIVEN["masks"])
    page = browse(floor.reviewer, "/desk")
    on_screen(page, "labels-pixels")
    inside = [_screen(page, x, y)[3] for x, y in ((40, 50), (139, 129))]
    outside = [_screen(page, x, y)[3] for x, y in ((39, 50), (140, 129), (139, 130))]
    assert all(inside) and not any(outside)
    for _ in range(3):
        page.keyboard.press("+")
    boxes = page.evaluate(
        "() => ['.editor-picture', '.editor-drawn'].map((s) => {"
        "const b = document.querySelector(s).getBoundingClientRect();"
        "return [b.x, b.y, b.width, b.height]; })"
    )
    assert boxes[0] == pytest.approx(boxes[1], abs=0.01)
