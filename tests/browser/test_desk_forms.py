"""Forms and passages on the desk: the whole job of every such type, by keys and by mouse."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ops import labels, ontologies, versions
from ops.models import OntologyVersion
from quality.judging import judge
from tests.browser.desk import answers, at_work, saved, until
from tests.browser.test_signin import check
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
    wrong: tuple[str, ...] = ()
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
        wrong=("attribute",),
    ),
    "tags": Job(
        {"classes": CLASSES, "attributes": [COLOUR]},
        press("3", "1", "2", "2", "q", "2"),
        {"tags": ["person", "work"], "attributes": {"colour": "white"}},
        click(".editor-class[data-key=place]", ".editor-class[data-key=work]"),
        {"tags": ["person", "place"], "attributes": {"colour": "white"}},
        press("1"),
        {"tags": ["place"], "attributes": {"colour": "white"}},
        wrong=("extra",),
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
        wrong=("attribute",),
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
        wrong=("text",),
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
        wrong=("wrong_class",),
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
        wrong=("wrong_class", "attribute"),
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
        wrong=("wrong_class",),
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


def told_of(page: Any) -> list[str]:
    """What the line above the work says that differs."""
    return page.locator(".editor-legend li:not(.is-none)").all_inner_texts()


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
    assert "is-ready" in desk.get_attribute("#desk-act", "class")
    hand_in(desk, job.submit)
    assert last(sessions) == job.labelled
    judge(sessions)

    page = browse(floor.reviewer, "/desk")
    on_screen(page)
    assert page.inner_text("#desk-submit-text").startswith("Accept")
    picture(page, f"forms-{label_type}-review")
    page.keyboard.press(job.back)
    assert page.inner_text("#desk-submit-text") == "Send back"
    page.keyboard.press("1")
    page.keyboard.type("look again")
    hand_in(page)
    first = next(iter(labels.ERROR_WORDS[label_type]))
    errors = [{"type": first, "remark": "look again"}]
    assert last(sessions) == {"verdict": "return", "errors": errors}
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
    assert not told_of(page)
    job.fix(page)
    assert told_of(page)
    picture(page, f"forms-{label_type}-differs")
    hand_in(page, job.submit)
    fixed = last(sessions)
    errors = fixed.pop("errors")
    assert fixed == job.fixed | {"verdict": "fix"}
    assert tuple(error["type"] for error in errors) == job.wrong


@pytest.mark.parametrize("label_type", list(JOBS))
def test_a_review_accepts_with_one_key(
    browse: Any, floor_of: Any, sessions: Any, label_type: str
) -> None:
    job = JOBS[label_type]
    floor = floor_of(label_type, job.ontology, text=job.text, meta=job.meta)
    floor.hands.give(floor.author, "label", **job.labelled)
    page = browse(floor.reviewer, "/desk")
    on_screen(page)
    hand_in(page)
    assert last(sessions) == job.labelled | {"verdict": "accept"}


PAYLOADS = [
    "<script>window.hit=1</script>",
    '"><img src=x onerror="window.hit=1">',
    "';window.hit=1;//",
    "</textarea><svg onload=window.hit=1>",
    "{{7*7}}${window.hit=1}",
    "<style>*{display:none}</style>",
    "javascript:window.hit=1",
]


@pytest.mark.parametrize("label_type", list(JOBS))
def test_markup_stays_text(browse: Any, floor_of: Any, label_type: str) -> None:
    """In texts, names of classes and attributes, choices, reasons, words of a scale and remarks."""
    parts: dict[str, Any] = {}
    if label_type in ("class", "tags", "spans"):
        parts["classes"] = [{"name": p, "key": f"k{i}"} for i, p in enumerate(PAYLOADS)]
    if label_type in ("class", "tags", "attributes", "transcription", "spans"):
        parts["attributes"] = [
            {"name": p, "key": f"q{i}", "kind": "choice", "choices": PAYLOADS}
            for i, p in enumerate(PAYLOADS[:3])
        ]
    if label_type == "rating":
        labels = {str(i + 1): p for i, p in enumerate(PAYLOADS)}
        parts["scale"] = {"low": 1, "high": 7, "step": 1, "labels": labels}
    if label_type == "preference":
        parts["reasons"] = [{"name": p, "key": f"r{i}"} for i, p in enumerate(PAYLOADS)]
    text = " ".join(PAYLOADS)
    given = {
        "class": {"class": "k0", "attributes": {"q0": PAYLOADS[0]}},
        "tags": {"tags": ["k0", "k1"]},
        "attributes": {"attributes": {"q0": PAYLOADS[1]}},
        "transcription": {"text": text},
        "rating": {"rating": 2},
        "preference": {"preference": "a", "reasons": ["r0"]},
        "spans": {"spans": [{"id": '"><b>', "class": "k1", "start": 0, "end": 20},
                            {"id": "2", "class": "k0", "start": 5, "end": 60}],
                  "relations": [{"from": '"><b>', "to": "2", "class": "k3"}]},
    }[label_type]  # fmt: skip
    floor = floor_of(label_type, parts, text=text, meta={"a": text, "b": PAYLOADS[1]})
    floor.hands.give(floor.author, "label", **given)
    page = browse(floor.reviewer, "/desk")
    on_screen(page)
    page.keyboard.press("?")
    page.keyboard.press("Escape")
    assert text in page.evaluate("() => document.querySelector('.editor-passage').textContent")
    shown = page.evaluate("() => document.querySelector('#desk-work').textContent")
    for part in parts.values():
        for one in part if isinstance(part, list) else [{"name": part["labels"]["1"]}]:
            assert one["name"] in shown
    assert page.evaluate("() => window.hit") is None
    assert page.locator("#desk-work :is(script, img, style, b)").count() == 0


@pytest.mark.parametrize("label_type", ["tags", "transcription", "spans"])
def test_an_empty_label_is_asked_for_twice(
    browse: Any, floor_of: Any, sessions: Any, label_type: str
) -> None:
    floor = floor_of(label_type, JOBS[label_type].ontology | {"attributes": []})
    page = browse(floor.author, "/desk")
    on_screen(page)
    key = JOBS[label_type].submit
    page.keyboard.press(key)
    assert "once more" in page.inner_text("#desk-lacking")
    assert not answers(sessions)
    hand_in(page, key)
    empty = {"tags": {"tags": []}, "transcription": {"text": ""}, "spans": {"spans": []}}
    assert last(sessions) == empty[label_type]


def test_what_is_needed_is_asked_for_where_it_is(browse: Any, floor_of: Any, sessions: Any) -> None:
    floor = floor_of("spans", {"classes": CLASSES, "attributes": [COLOUR | {"required": True}]})
    page = browse(floor.author, "/desk")
    on_screen(page)
    press("ArrowRight", "1", "Escape", "Enter")(page)
    assert page.inner_text("#desk-lacking") == "“Anna”: answer “Colour”."
    press("q", "2")(page)
    hand_in(page)
    expected = span(1, "person", "Anna", attributes={"colour": "white"})
    assert last(sessions) == {"spans": [expected]}


def test_undone_and_done_again(browse: Any, floor_of: Any, sessions: Any) -> None:
    floor = floor_of("spans", {"classes": CLASSES})
    page = browse(floor.author, "/desk")
    on_screen(page)
    press("ArrowRight", "1", "ArrowRight", "2", "3")(page)
    names = "() => [...document.querySelectorAll('.editor-span')].map((s) => s.dataset.name)"
    assert page.evaluate(names) == ["Person", "Work"]
    press("Control+z")(page)
    assert page.evaluate(names) == ["Person", "Place"]
    press("Control+z")(page)
    assert page.evaluate(names) == ["Person"]
    press("Control+Shift+z", "Control+y")(page)
    assert page.evaluate(names) == ["Person", "Work"]
    press("Control+z", "Control+z")(page)
    page.reload()
    on_screen(page)
    hand_in(page)
    assert last(sessions) == {"spans": [span(1, "person", "Anna")]}


def test_passages_over_each_other_and_a_class_for_what_comes_next(
    browse: Any, floor_of: Any, sessions: Any
) -> None:
    floor = floor_of("spans", {"classes": CLASSES})
    page = browse(floor.author, "/desk")
    on_screen(page)
    page.keyboard.press("1")
    drag("met Bob Stone")(page)
    drag("Bob Stone in Rome")(page)
    press("Escape")(page)
    click_on("Stone")(page)  # the shortest that lies there, then the next one
    first = page.inner_text("[aria-current] .editor-line-about")
    click_on("Stone")(page)
    assert {first, page.inner_text("[aria-current] .editor-line-about")} == {
        "“met Bob Stone”", "“Bob Stone in Rome”",
    }  # fmt: skip
    picture(page, "forms-spans-over")
    hand_in(page)
    assert last(sessions) == {
        "spans": [span(1, "person", "met Bob Stone"), span(2, "person", "Bob Stone in Rome")]
    }


def test_an_expert_sees_the_answers_and_begins_with_one(
    browse: Any, floor_of: Any, sessions: Any
) -> None:
    floor = floor_of("transcription", {}, labellers=3, adjudicate_below=0)
    for who, text in zip(floor.labellers, ("one", "one", "two"), strict=True):
        floor.hands.give(who, "label", text=text)
    page = browse(floor.reviewer, "/desk")
    on_screen(page)
    names = page.locator(".editor-proposal .editor-name").all_inner_texts()
    assert names == ["The label", "Answer B"]
    # Held against the other answer, by characters; beside each other, and on to the first of them.
    page.keyboard.press("u")
    assert told_of(page) == ["+ 2 characters added", "− 2 characters removed"]
    woven = page.locator(".editor-woven").inner_html()
    assert woven == (
        '<del data-step="">tw</del>o<ins data-step="">ne</ins>'
    )  # fmt: skip
    page.keyboard.press("w")
    assert page.locator(".editor-texts h3").all_inner_texts() == [
        "Label in force (2 of 3)", "Answer B (1 of 3)", "Yours",
    ]  # fmt: skip
    page.keyboard.press("d")
    assert page.inner_text(".editor-told") == "1 of 2: removed “tw”"
    picture(page, "forms-compared")
    assert page.input_value(".editor-text") == "one"
    page.keyboard.press("Shift+Digit2")
    assert page.input_value(".editor-text") == "two"
    assert page.inner_text("#desk-submit-text") == "Change to answer B"
    picture(page, "forms-proposals")
    hand_in(page)
    assert last(sessions) == {"text": "two", "verdict": "fix", "errors": [{"type": "text"}]}


def test_an_expert_decides_between_two_sides(browse: Any, floor_of: Any, sessions: Any) -> None:
    floor = floor_of("tags", {"classes": CLASSES})
    floor.hands.give(floor.author, "label", tags=["person"])
    floor.hands.give(floor.reviewer, "review", verdict="return", remark="and the place?")
    floor.hands.give(floor.author, "rework", tags=["person"], verdict="stand", remark="no place")
    page = browse(floor.expert, "/desk")
    on_screen(page)
    assert "no place" in page.inner_text("#desk-said-lines")
    assert page.locator(".editor-class[aria-pressed=true]").count() == 0
    page.keyboard.press("Shift+Digit1")
    assert page.inner_text("#desk-submit-text") == "Decide for the answer"
    assert page.locator(".editor-class[aria-pressed=true]").all_inner_texts()[0].startswith("1")
    page.keyboard.press("2")
    assert page.inner_text("#desk-submit-text") == "Submit"
    picture(page, "forms-adjudicate")
    page.keyboard.press("2")
    hand_in(page)
    assert last(sessions) == {"tags": ["person"], "verdict": "accept"}


def test_a_long_document_stays_light(browse: Any, floor_of: Any, sessions: Any) -> None:
    """200 pages with 1,000 passages: a key touches some of the page, never all of it."""
    text = "\n\n".join(f"Part {i}. " + "Anna 😀 met Bob in Rome again. " * 17 for i in range(400))
    words = [i for i in range(len(text)) if text.startswith("Anna", i)][:5000:5]
    spans = [
        {"id": str(n), "class": "person", "start": i, "end": i + 4} for n, i in enumerate(words)
    ]
    floor = floor_of("spans", {"classes": CLASSES}, text=text)
    floor.hands.give(floor.author, "label", spans=spans)
    page = browse(floor.reviewer, "/desk")
    on_screen(page)
    press("j", "j")(page)
    touched = page.evaluate(
        """async () => {
          const touched = [];
          for (const key of ["j", "ArrowRight", "2", "Delete", "k"]) {
            let nodes = 0;
            const seen = new MutationObserver((records) => {
              for (const { addedNodes, removedNodes } of records)
                nodes += 1 + addedNodes.length + removedNodes.length;
            });
            seen.observe(document.body,
              {subtree: true, childList: true, attributes: true, characterData: true});
            document.activeElement.dispatchEvent(
              new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
            await new Promise(requestAnimationFrame);
            await new Promise(requestAnimationFrame);
            seen.disconnect();
            touched.push(nodes);
          }
          return touched;
        }"""
    )
    assert len(text) > 200_000
    assert all(0 < nodes < len(spans) / 4 for nodes in touched), touched
    hand_in(page)
    assert last(sessions) == {"spans": spans, "verdict": "accept"}


def test_a_long_scale_is_a_slider(browse: Any, floor_of: Any, sessions: Any) -> None:
    floor = floor_of("rating", {"scale": {"low": 0, "high": 10, "step": 0.5}})
    page = browse(floor.author, "/desk")
    on_screen(page)
    page.keyboard.press("Enter")
    assert page.inner_text("#desk-lacking") == "Choose a rating first."
    press("ArrowRight", "ArrowRight", "ArrowRight", "ArrowUp", "ArrowLeft")(page)
    assert page.inner_text("output") == "1"
    page.focus(".form-range")
    press("ArrowRight")(page)
    hand_in(page)
    assert last(sessions) == {"rating": 1.5}


def test_a_pair_beside_a_picture_and_nothing_else_of_the_metadata(
    browse: Any, floor_of: Any, make: Any, settings: Any, session: Any, sessions: Any
) -> None:
    from PIL import Image

    floor = make.floor(assets=0, medium="image", label_type="preference")
    published: dict[str, Any] = {
        "content": ontologies.whole("preference"), "event": "ontology.published",
    }  # fmt: skip
    versions.publish(session, OntologyVersion, floor.project, None, **published)
    path = settings.home / "media" / "one.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (320, 240), (90, 120, 90)).save(path)
    meta = {"a": "A green field", "b": "A red barn", "answer": "hidden"}
    floor.assets = make.assets(floor.batch, 1, text=None, uri=str(path), meta=meta)
    make.tasks(floor.lane, floor.assets)
    session.commit()
    heard: list[Any] = []
    page = browse(floor.labellers[0], "/account")
    page.on("response", lambda r: r.url.endswith("/next") and heard.append(r))
    page.goto("/desk")
    on_screen(page)
    assert page.locator(".editor-pair-text").all_inner_texts() == ["A green field", "A red barn"]
    assert "hidden" not in " ".join(r.text() for r in heard)
    assert page.is_hidden("[data-side=tie]")
    picture(page, "forms-preference-picture")
    page.keyboard.press("ArrowRight")
    hand_in(page)
    assert last(sessions) == {"preference": "b"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("label_type", list(JOBS))
def test_everything_can_be_read(browse: Any, floor_of: Any, label_type: str, scheme: str) -> None:
    job = JOBS[label_type]
    floor = floor_of(label_type, job.ontology, text=job.text, meta=job.meta)
    page = browse(floor.author, "/desk", color_scheme=scheme, reduced_motion="reduce")
    on_screen(page)
    page.click("#desk-hint-close")
    page.wait_for_timeout(100)
    check(page)
    job.label(page)
    page.wait_for_timeout(100)
    check(page)
    picture(page, f"forms-{label_type}-{scheme}")
    assert page.evaluate("() => document.documentElement.scrollHeight <= innerHeight")
    if label_type != "transcription":
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        page.wait_for_timeout(100)
        check(page)
