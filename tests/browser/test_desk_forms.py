"""Forms and passages on the desk: the whole job of every such type, by keys and by mouse."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ops import ontologies, versions
from ops.models import OntologyVersion
from quality.judging import judge
from tests.browser.desk import answers, at_work, saved, until
from tests.db.staging import Hands

pytestmark = pytest.mark.browser

LOOK = os.environ.get("TOUCHSTONE_SCREENSHOTS")
REVIEWED = {"review": {"newcomer": 1.0, "known": 1.0, "trusted": 1.0}}
CLASSES = [{"name": name.title(), "key": name} for name in ("person", "place", "work")]
COLOUR = {"name": "Colour", "key": "colour", "kind": "choice", "choices": ["black", "white"]}
QUESTIONS = [
    COLOUR | {"required": True},
    {"name": "Seen", "key": "seen", "kind": "choices", "choices": ["day", "night", "rain"]},
    {"name": "Blurred", "key": "blurred", "kind": "flag"},
    {"name": "Seats", "key": "seats", "kind": "number", "low": 1, "high": 9},
    {"name": "Plate", "key": "plate", "kind": "text"},
]
# A face of two UTF-16 units stands before everything that is marked.
TEXT = "😀 Anna met Bob Stone in Rome, and Bob met Anna."


def press(*keys: str) -> Callable[[Any], None]:
    def act(page: Any) -> None:
        for key in keys:
            page.keyboard.press(key)

    return act


def write(text: str) -> Callable[[Any], None]:
    def act(page: Any) -> None:
        page.keyboard.press("Control+a")
        page.keyboard.type(text)

    return act


def click(*selectors: str) -> Callable[[Any], None]:
    def act(page: Any) -> None:
        for selector in selectors:
            page.click(selector)

    return act


def both(*acts: Callable[[Any], None]) -> Callable[[Any], None]:
    def act(page: Any) -> None:
        for one in acts:
            one(page)

    return act


_PLACE = """([start, end]) => {
  const body = document.querySelector(".editor-passage");
  const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  let seen = 0;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const inside = (place) => place >= seen && place <= seen + node.length;
    if (inside(start) && start < seen + node.length) range.setStart(node, start - seen);
    if (inside(end) && end > seen) { range.setEnd(node, end - seen); break; }
    seen += node.length;
  }
  range.startContainer.parentElement.scrollIntoView({ block: "nearest" });
  const boxes = [...range.getClientRects()];
  const [first, last] = [boxes[0], boxes.at(-1)];
  const middle = (box) => box.top + box.height / 2;
  return [[first.left + 1, middle(first)], [last.right - 1, middle(last)]];
}"""


def place(page: Any, words: str, text: str = TEXT, nth: int = 0) -> list[list[float]]:
    """Where `words` stand on the screen: [x, y] of their beginning and end."""
    at = -1
    for _ in range(nth + 1):
        at = text.index(words, at + 1)
    before = len(text[:at].encode("utf-16-le")) // 2
    return page.evaluate(_PLACE, [before, before + len(words.encode("utf-16-le")) // 2])


def drag(words: str, nth: int = 0) -> Callable[[Any], None]:
    def act(page: Any) -> None:
        begin, end = place(page, words, nth=nth)
        page.mouse.move(*begin)
        page.mouse.down()
        page.mouse.move(*end, steps=4)
        page.mouse.up()

    return act


def click_on(words: str, nth: int = 0) -> Callable[[Any], None]:
    def act(page: Any) -> None:
        begin, end = place(page, words, nth=nth)
        page.mouse.click((begin[0] + end[0]) / 2, begin[1])

    return act


def span(n: int, key: str, words: str, nth: int = 0, **more: Any) -> dict[str, Any]:
    at = -1
    for _ in range(nth + 1):
        at = TEXT.index(words, at + 1)
    return {"id": str(n), "class": key, "start": at, "end": at + len(words), **more}


@dataclass
class Job:
    """What the labeller does by keys, mends by mouse, and the reviewer fixes; what is stored."""

    ontology: dict[str, Any]
    label: Callable[[Any], None]
    labelled: dict[str, Any]
    mend: Callable[[Any], None]
    mended: dict[str, Any]
    fix: Callable[[Any], None]
    fixed: dict[str, Any]
    submit: str = "Enter"
    back: str = "b"
    text: str = TEXT
    meta: dict[str, Any] | None = None


JOBS: dict[str, Job] = {
    "class": Job(
        {"classes": CLASSES, "attributes": QUESTIONS},
        press("2", "q", "1"),
        {"class": "place", "attributes": {"colour": "black"}},
        click(".editor-class[data-key=work]", "text=white"),
        {"class": "work", "attributes": {"colour": "white"}},
        press("q", "ArrowUp", "ArrowUp", "ArrowUp", "ArrowUp", "1", "Escape"),
        {"class": "work", "attributes": {"colour": "black"}},
    ),
    "tags": Job(
        {"classes": CLASSES, "attributes": [COLOUR]},
        press("3", "1", "2", "2", "q", "2"),
        {"tags": ["person", "work"], "attributes": {"colour": "white"}},
        click(".editor-class[data-key=place]", ".editor-class[data-key=work]"),
        {"tags": ["person", "place"], "attributes": {"colour": "white"}},
        press("1"),
        {"tags": ["place"], "attributes": {"colour": "white"}},
    ),
    "attributes": Job(
        {"attributes": QUESTIONS},
        both(press("2", "1", "3", "ArrowDown", "2"), write("4"), press("Enter"), write("XY 12")),
        {"attributes": {"colour": "white", "seen": ["day", "rain"], "blurred": False, "seats": 4,
                        "plate": "XY 12"}},
        click("[data-attribute=colour] >> text=black", "[data-attribute=blurred] >> text=yes"),
        {"attributes": {"colour": "black", "seen": ["day", "rain"], "blurred": True, "seats": 4,
                        "plate": "XY 12"}},
        press("2"),
        {"attributes": {"colour": "white", "seen": ["day", "rain"], "blurred": True, "seats": 4,
                        "plate": "XY 12"}},
        submit="Control+Enter",
    ),
    "transcription": Job(
        {},
        write("Anna <b>met</b>\nBob 😀"),
        {"text": "Anna <b>met</b>\nBob 😀"},
        both(click(".editor-text"), write("שלום Anna")),
        {"text": "שלום Anna"},
        both(press("t"), write("Anna")),
        {"text": "Anna"},
        submit="Control+Enter",
    ),
    "rating": Job(
        {"scale": {"low": 1, "high": 5, "step": 1, "labels": {"4": "good"}}},
        press("2", "ArrowRight", "ArrowDown"),
        {"rating": 4},
        click(".editor-option >> nth=4"),
        {"rating": 5},
        press("ArrowLeft", "ArrowLeft"),
        {"rating": 3},
    ),
    "preference": Job(
        {"reasons": [{"name": "Clearer", "key": "clear"}, {"name": "Truer", "key": "true"}],
         "tie": True},
        press("a", "2", "1", "2"),
        {"preference": "a", "reasons": ["clear"]},
        click("[data-side=b].editor-class", "text=Truer"),
        {"preference": "b", "reasons": ["clear", "true"]},
        press("t", "1"),
        {"preference": "tie", "reasons": ["true"]},
        back="Shift+B",
        meta={"a": "The <b>first</b> answer", "b": "The second\nanswer", "hidden": "gold"},
    ),
    "spans": Job(
        {"classes": CLASSES},
        both(
            # Anna; Bob Stone, first one word too far; Rome; Anna → Bob.
            press("ArrowRight", "1", "ArrowRight", "ArrowRight"),
            press("Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowLeft", "1"),
            press("ArrowRight", "ArrowRight", "2", "k", "k", "l", "j", "3"),
        ),
        {"spans": [span(1, "person", "Anna"), span(2, "person", "Bob Stone"),
                   span(3, "place", "Rome")],
         "relations": [{"from": "1", "to": "2", "class": "work"}]},
        both(
            drag("Stone in Rome"), press("3"),
            click_on("Anna"), press("Delete"),
            drag("Anna", 1), click(".editor-class[data-key=person]"),
        ),
        {"spans": [span(2, "person", "Bob Stone"), span(3, "place", "Rome"),
                   span(4, "work", "Stone in Rome"), span(5, "person", "Anna", 1)]},
        press("j", ",", ",", ",", ",", ",", ",", "Shift+.", "Shift+,", "2"),
        {"spans": [span(2, "place", "Bob"), span(3, "place", "Rome"),
                   span(4, "work", "Stone in Rome"), span(5, "person", "Anna", 1)]},
    ),
}  # fmt: skip


@pytest.fixture
def floor_of(make: Any, session: Any, sessions: Any) -> Any:
    """floor_of(type, ontology): one asset, its authors, a reviewer, an expert, and their hands."""

    def build(
        label_type: str, ontology: dict[str, Any], *, text: str = TEXT,
        meta: dict[str, Any] | None = None, labellers: int = 1, **more: Any,
    ) -> Any:  # fmt: skip
        settings = REVIEWED | more
        floor = make.floor(assets=0, labellers=labellers, label_type=label_type, settings=settings)
        content = ontologies.whole(label_type, **ontology)
        published: dict[str, Any] = {"content": content, "event": "ontology.published"}
        versions.publish(session, OntologyVersion, floor.project, None, **published)
        floor.assets = make.assets(floor.batch, 1, text=text, meta=meta or {})
        make.tasks(floor.lane, floor.assets, wanted=labellers)
        floor.author = floor.labellers[0]
        floor.reviewer = make.member(floor.project, make.user("reviewer"))
        floor.expert = make.member(floor.project, make.user("expert"))
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
    page.wait_for_timeout(250)  # nobody can have judged it sooner, and the desk knows


def last(sessions: Any) -> dict[str, Any]:
    return answers(sessions)[-1][2].payload


def hand_in(page: Any, key: str = "Enter") -> None:
    page.keyboard.press(key)
    saved(page)


@pytest.mark.parametrize("label_type", list(JOBS))
def test_the_whole_job(browse: Any, floor_of: Any, sessions: Any, label_type: str) -> None:
    job = JOBS[label_type]
    floor = floor_of(label_type, job.ontology, text=job.text, meta=job.meta)

    # By keys, and a reload in between.
    desk = browse(floor.author, "/desk")
    on_screen(desk)
    job.label(desk)
    picture(desk, f"forms-{label_type}")
    desk.reload()
    on_screen(desk)
    hand_in(desk, job.submit)
    assert last(sessions) == job.labelled
    judge(sessions)

    page = browse(floor.reviewer, "/desk")
    on_screen(page)
    assert page.inner_text("#desk-submit-text").startswith("Accept")
    picture(page, f"forms-{label_type}-review")
    if label_type == "transcription":
        page.keyboard.press("Escape")
    page.keyboard.press(job.back if label_type != "class" else "b")
    assert page.inner_text("#desk-submit-text") == "Send back"
    page.keyboard.type("look again")
    hand_in(page)
    assert last(sessions) == {"verdict": "return", "remark": "look again"}
    judge(sessions)

    # By mouse, from the earlier answer.
    until(desk, "() => document.getElementById('desk-state').dataset.kind === 'empty'")
    desk.click("text=Look again now")
    on_screen(desk)
    assert "look again" in desk.inner_text("#desk-said-lines")
    job.mend(desk)
    picture(desk, f"forms-{label_type}-rework")
    desk.click("#desk-act [data-do=submit]")
    saved(desk)
    assert last(sessions) == job.mended
    judge(sessions)

    # The reviewer fixes it in the same editor.
    until(page, "() => document.getElementById('desk-state').dataset.kind === 'empty'")
    page.click("text=Look again now")
    on_screen(page)
    if label_type == "transcription":
        page.keyboard.press("Escape")
    job.fix(page)
    hand_in(page, job.submit)
    assert last(sessions) == job.fixed | {"verdict": "fix"}


@pytest.mark.parametrize("label_type", list(JOBS))
def test_a_review_accepts_with_one_key(
    browse: Any, floor_of: Any, sessions: Any, label_type: str
) -> None:
    job = JOBS[label_type]
    floor = floor_of(label_type, job.ontology, text=job.text, meta=job.meta)
    floor.hands.give(floor.author, "label", **job.labelled)
    page = browse(floor.reviewer, "/desk")
    on_screen(page)
    hand_in(page, "Control+Enter" if label_type == "transcription" else "Enter")
    assert last(sessions) == job.labelled | {"verdict": "accept"}
