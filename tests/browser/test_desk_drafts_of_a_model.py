"""A model's drafts at the desk: accepted, changed, thrown away, all above a number, or withheld."""

import os
import random
import uuid
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select, update

from ops import ontologies, projects, references, versions
from ops.models import Assignment, OntologyVersion
from ops.reference_rows import Said
from quality.judging import judge
from quality.lot import lot
from quality.models import Assistance
from scheduling import dispatch
from tests.browser.desk import answers, at_work, saved, until
from tests.browser.test_desk_shapes import HEIGHT, WIDTH, box, drag, on_screen, press

pytestmark = pytest.mark.browser

LOOK = os.environ.get("TOUCHSTONE_SCREENSHOTS")
SHARE = 0.5
CLASSES = [{"name": "Car", "key": "car"}, {"name": "Person", "key": "person"}]


def token(withheld: bool) -> uuid.UUID:
    """A token whose draft is withheld, or shown."""
    rng = random.Random(1)
    while True:
        found = uuid.UUID(int=rng.getrandbits(128), version=4)
        if (lot(f"assistance.without:{found}") < SHARE) == withheld:
            return found


@pytest.fixture
def assisted(make: Any, session: Any, settings: Any) -> Any:
    """A function: a desk with two pieces on it, the draft of the first withheld."""

    def assisted(label_type: str, medium: str, proposed: list[dict[str, Any]], **said: Any) -> Any:
        floor = make.floor(
            assets=0, label_type=label_type, medium=medium, settings={"max_leases": 2}
        )
        lead = make.user(role="ops_lead")
        content = ontologies.whole(label_type, classes=CLASSES)
        versions.publish(
            session, OntologyVersion, floor.project, lead, content=content, event="published"
        )
        for i in range(len(proposed)):
            more = (
                {} if medium == "text" else {"text": None, "uri": picture_file(settings.media, i)}
            )
            floor.assets += make.assets(floor.batch, 1, **more)
        floor.tasks = make.tasks(floor.lane, floor.assets)
        rows = [Said(a.external_id, p, **said) for a, p in zip(floor.assets, proposed, strict=True)]
        references.give_predictions(session, floor.project, "detector", rows, by=None)
        terms = {"model": "detector", "share_without": SHARE}
        projects.save_settings(session, floor.project, {"assist": terms}, lead)
        [one] = floor.labellers
        for withheld in (True, False):
            held = dispatch.claim(session, one)
            session.execute(
                update(Assignment).where(Assignment.id == held.id).values(token=token(withheld))
            )
        session.commit()
        return floor

    return assisted


def picture_file(folder: Path, i: int) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{i}.png"
    Image.linear_gradient("L").resize((WIDTH, HEIGHT)).convert("RGB").save(path)
    return str(path)


def look(page: Any, name: str) -> None:
    if LOOK:
        Path(LOOK).mkdir(parents=True, exist_ok=True)
        for scheme in ("light", "dark"):
            page.evaluate(f"() => document.documentElement.dataset.bsTheme = '{scheme}'")
            page.wait_for_timeout(100)
            page.screenshot(path=f"{LOOK}/{name}-{scheme}.png")
        page.evaluate("() => document.documentElement.dataset.bsTheme = 'light'")


def became(sessions: Any) -> list[tuple[Any, ...]]:
    """What became of the drafts: withheld, kept, changed, thrown away, added; in order."""
    judge(sessions)
    with sessions() as session:
        found = session.scalars(select(Assistance).order_by(Assistance.assignment_id))
        return [(a.withheld, a.kept, a.changed, a.thrown, a.added) for a in found]


def drafts(page: Any) -> int:
    return page.locator("[data-line].is-draft, .editor-line.is-draft").count()


def test_boxes_are_accepted_changed_thrown_away_and_all_above(
    browse: Any, assisted: Any, sessions: Any
) -> None:
    def scored(n: int, key: str, score: float, *sides: float) -> dict[str, Any]:
        return box(n, key, *sides, score=score)

    first = [
        scored(1, "car", 0.95, 100, 80, 200, 160),
        scored(2, "person", 0.875, 400, 100, 80, 120),
        scored(3, "car", 0.55, 50, 300, 100, 60),
        scored(4, "person", 0.82, 500, 260, 60.5, 90.25),
        scored(5, "car", 0.1, 300, 300, 50, 50),  # less sure than what is shown
    ]
    floor = assisted("boxes", "image", [{"objects": first}, {"objects": first}])
    page = browse(floor.labellers[0], "/desk")
    on_screen(page)
    # The first shows none, and takes one more Enter for the empty label, as work without a model.
    assert page.locator(".is-drafts").is_hidden() and drafts(page) == 0
    press("Enter")(page)
    assert "Nothing is marked" in page.inner_text("#desk-lacking")
    press("Enter")(page)
    until(page, "() => document.querySelectorAll('[data-line].is-draft').length === 4")
    on_screen(page)
    assert page.locator(".editor-drawn g.is-draft").count() == 4
    assert page.locator("svg text", has_text="Person 0.88").count() == 1
    assert "proposed 0.95" in page.inner_text(".editor-note")
    assert page.inner_text(".is-drafts h2") == "4 drafts of a model, undecided"
    look(page, "drafts-boxes")
    press("y", "ArrowRight", "j", "Delete")(page)  # the first as it is, the second moved, no third
    assert drafts(page) == 1
    press("Escape", "1")(page)
    drag((200, 20), (260, 60))(page)
    press("Control+z", "Control+z", "Control+z", "Control+Shift+z")(page)
    assert drafts(page) == 2  # the third is undecided again
    press("Control+Shift+z", "Control+Shift+z")(page)
    page.reload()  # what was decided stays decided
    on_screen(page)
    assert drafts(page) == 1
    page.fill(".editor-above input", "0.9")
    page.locator(".editor-stage").focus()
    press("Enter")(page)
    said = "1 draft is undecided: Enter again throws it away."
    until(page, f"() => document.getElementById('desk-lacking').innerText === '{said}'")
    page.fill(".editor-above input", "0.8")
    page.locator(".editor-stage").focus()
    press("Enter")(page)
    assert page.inner_text("#desk-lacking").endswith("throws it away, A accepts those above 0.80.")
    look(page, "drafts-asked")
    press("a", "Enter")(page)
    saved(page)

    two, one = (label.payload for _, _, label in answers(sessions))
    assert one == {"objects": [
        box(1, "car", 100, 80, 200, 160), box(2, "person", 401, 100, 80, 120),
        box(4, "person", 500, 260, 60.5, 90.25), box(5, "car", 200, 20, 60, 40),
    ]}  # fmt: skip
    assert two == {"objects": []}
    assert became(sessions) == [(True, 0, 0, 0, 0), (False, 2, 1, 1, 1)]


def test_passages_are_accepted_changed_and_the_rest_thrown_away(
    browse: Any, assisted: Any, sessions: Any
) -> None:
    spans = [
        {"id": n, "class": "car", "start": start, "end": start + 2, "score": score}
        for n, start, score in (("x", 0, 0.9), ("y", 2, 0.7), ("z", 4, None))
    ]
    link = {"from": "x", "to": "z", "class": "car"}
    label = {"spans": spans, "relations": [link]}
    floor = assisted("spans", "text", [label, label])
    page = browse(floor.labellers[0], "/desk")
    at_work(page)
    assert drafts(page) == 0
    page.wait_for_timeout(200)
    press("Enter", "Enter")(page)
    until(page, "() => document.querySelectorAll('.editor-line.is-draft').length === 3")
    page.wait_for_timeout(200)
    assert page.locator("mark.editor-span.is-draft").count() == 3
    look(page, "drafts-spans")
    press("y", "2", "Enter")(page)
    assert page.inner_text("#desk-lacking").startswith(
        "1 draft is undecided: Enter again throws it"
    )
    press("Enter")(page)
    saved(page)
    [_, (_, _, label)] = answers(sessions)
    plain = [{k: v for k, v in one.items() if k != "score"} for one in spans[:2]]
    assert label.payload == {"spans": [plain[0], plain[1] | {"class": "person"}]}
    assert became(sessions) == [(True, 0, 0, 0, 0), (False, 1, 1, 1, 0)]


def test_a_class_is_proposed_and_taken_by_its_own_key_only(
    browse: Any, assisted: Any, sessions: Any
) -> None:
    floor = assisted("class", "text", [{"class": "person"}] * 2, confidence=0.874)
    page = browse(floor.labellers[0], "/desk")
    at_work(page)
    assert not page.locator(".editor-badge:visible, .editor-begin:visible").count()
    page.wait_for_timeout(200)
    press("1", "Enter")(page)
    until(page, "() => !document.querySelector('[data-key=person] .editor-badge').hidden")
    assert page.inner_text("[data-key=person] .editor-badge") == "proposed 0.87"
    look(page, "drafts-class")
    page.wait_for_timeout(200)
    press("Enter")(page)
    assert page.inner_text("#desk-lacking") == "Choose a class first."
    assert page.locator("[data-key=person]").get_attribute("aria-pressed") == "false"
    press("y")(page)
    assert page.locator("[data-key=person]").get_attribute("aria-pressed") == "true"
    press("Enter")(page)
    saved(page)
    assert [label.payload for _, _, label in answers(sessions)] == [
        {"class": "car"}, {"class": "person"},
    ]  # fmt: skip
    assert became(sessions) == [(True, 0, 0, 0, 1), (False, 1, 0, 0, 0)]
