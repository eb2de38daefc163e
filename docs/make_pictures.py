"""Makes the pictures of the desk in docs/pictures, from the real pages in a real browser.

    .venv/bin/python -m docs.make_pictures [a word in the names of those wanted]

It needs Chromium, the bundled browser code and the tools of the tests: each picture is taken of a
throw-away installation, as a browser test has it.
"""

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from docs import drawings
from docs.drawings import FIELDS, JOINTS, PLAYERS, label
from ops import clock_time, ontologies, projects, references, versions
from ops.models import OntologyVersion, ProjectRequirement
from ops.reference_rows import Said
from quality.models import Evidence, Standing
from scheduling import dispatch
from scheduling.desk import drafts
from tests.browser.desk import at_work, until
from tests.db.answering import answer
from tests.db.staging import Hands
from tests.unit.label_payloads import rle

FOLDER = Path(__file__).with_name("pictures")
COLOURS = 256  # of a palette: enough for drawn pictures, and a third of the bytes
REVIEWED = {"review": {"newcomer": 1.0, "known": 1.0, "trusted": 1.0}}
CAR, PERSON, TREE = "car", "person", "tree"
STREET, THINGS = drawings.street()
NEWS = (
    "Ada Lovelace met Charles Babbage in London in 1833. Nine years later she translated a paper "
    "by Luigi Menabrea on the Analytical Engine for Scientific Memoirs, and added notes of her "
    "own, three times as long as the paper. Menabrea had heard Babbage speak in Turin."
)
QUESTION = "How do I keep cut basil fresh for a week?"
GOOD = (
    "Trim the stems, stand them in a glass of water like flowers and put a loose bag over the "
    "leaves. Keep it on the counter, not in the fridge: cold turns basil black. Change the water "
    "every other day."
)
POOR = "Put the basil into the fridge. It keeps for a long time there, some say for months."


def classes(*names: str, **more: Any) -> list[dict[str, Any]]:
    return [{"name": name, "key": name.lower(), **more} for name in names]


def thing(name: str, key: str, by: float = 0, **more: Any) -> dict[str, Any]:
    """The box of a thing in the street, `by` px beside where it is."""
    x, y, width, height = STREET.box(THINGS[name])
    return {"class": key, "box": [x + by, y, width, height], **more}


def cut(name: str, key: str) -> dict[str, Any]:
    return {"class": key, "rle": rle(STREET.planes[THINGS[name]])}


def figure(x: float, y: float, height: float, _: str, pose: Any) -> dict[str, Any]:
    at = drawings.joints(x, y, height, pose)
    return {"class": PERSON, "points": [[round(px), round(py), 2] for px, py in at]}


def span(n: int, key: str, words: str, nth: int = 0) -> dict[str, Any]:
    at = -1
    for _ in range(nth + 1):
        at = NEWS.index(words, at + 1)
    return {"id": str(n), "class": key, "start": at, "end": at + len(words)}


BOXED = label(
    thing("red car", CAR, attributes={"colour": "red"}),
    thing("blue car", CAR, attributes={"colour": "blue"}),
    thing("walker", PERSON), thing("child", PERSON),
    thing("left tree", TREE), thing("right tree", TREE),
)  # fmt: skip
COLOUR = {"name": "Colour", "key": "colour", "kind": "choice", "choices": ["red", "blue", "white"],
          "of": [CAR]}  # fmt: skip
SCENE = [
    {"name": "Weather", "key": "weather", "kind": "choice", "choices": ["clear", "rain", "fog"]},
    {"name": "Seen", "key": "seen", "kind": "choices", "choices": ["cars", "people", "animals"]},
    {"name": "By night", "key": "night", "kind": "flag"},
    {"name": "Parked cars", "key": "parked", "kind": "number", "low": 0, "high": 20},
    {"name": "Words on signs", "key": "signs", "kind": "text"},
]

# What is on the desk of each label type: {ontology, picture or text, meta, what was done, keys}.
DESKS: dict[str, dict[str, Any]] = {
    "class": {"ontology": {"classes": classes("Street", "Farmland", "Sport", "Document")},
              "picture": drawings.farm().image, "draft": {"class": "farmland"}},
    "tags": {"ontology": {"classes": classes("People", "Cars", "Trees", "Water", "Animals")},
             "picture": STREET.image, "draft": {"tags": ["cars", "people", "trees"]}},
    "attributes": {"ontology": {"attributes": SCENE}, "picture": STREET.image,
                   "draft": {"attributes": {"weather": "clear", "seen": ["cars", "people"],
                                            "night": False, "parked": 2}}},
    "boxes": {"ontology": {"classes": classes("Car", "Person", "Tree"), "attributes": [COLOUR]},
              "picture": STREET.image, "draft": BOXED, "keys": ["j"]},
    "polygons": {"ontology": {"classes": classes(*(name.title() for name in FIELDS))},
                 "picture": drawings.farm().image, "keys": ["j", "j"],
                 "draft": label(*({"class": key, "polygons": [
                     [[list(point) for point in ring] for ring in rings]]}
                     for key, rings in FIELDS.items()))},
    "masks": {"ontology": {"classes": classes("Car", "Person", "Tree")}, "picture": STREET.image,
              "keys": ["j"],
              "draft": label(cut("red car", CAR), cut("blue car", CAR), cut("walker", PERSON),
                             cut("child", PERSON), cut("left tree", TREE))},
    "keypoints": {"ontology": {"classes": classes("Person", skeleton={
                      "points": JOINTS, "edges": [list(bone) for bone in drawings.BONES]})},
                  "picture": drawings.pitch().image, "keys": ["j"],
                  "draft": label(*(figure(*player) for player in PLAYERS))},
    "spans": {"ontology": {"classes": classes("Person", "Place", "Work", "Date")}, "text": NEWS,
              "draft": {"spans": [span(1, "person", "Ada Lovelace"),
                                  span(2, "person", "Charles Babbage"), span(3, "place", "London"),
                                  span(4, "date", "1833"), span(5, "person", "Luigi Menabrea"),
                                  span(6, "work", "Scientific Memoirs"), span(7, "place", "Turin")],
                        "relations": [{"from": "5", "to": "6", "class": "work"}]}},
    "transcription": {"ontology": {}, "picture": drawings.receipt(),
                      "draft": {"text": "\n".join(drawings.RECEIPT[:8])}},
    "rating": {"ontology": {"scale": {"low": 1, "high": 5, "step": 1, "labels": {
                   "1": "useless", "3": "partly right", "5": "complete and right"}}},
               "text": f"{QUESTION}\n\n{GOOD}", "draft": {"rating": 4}},
    "preference": {"ontology": {"reasons": [{"name": "Truer", "key": "truer"},
                                            {"name": "Clearer", "key": "clearer"},
                                            {"name": "Shorter", "key": "shorter"}], "tie": True},
                   "text": QUESTION, "meta": {"a": GOOD, "b": POOR},
                   "draft": {"preference": "a", "reasons": ["truer"]}},
}  # fmt: skip


def desk_page(browse: Callable[..., Any], who: Any) -> Any:
    """The desk of `who` with work on it, once the first hint was read."""
    page = browse(who, "/desk", color_scheme="light")
    at_work(page)
    page.click("text=Got it")
    return page


def take(page: Any, name: str) -> None:
    """The picture `name` of what is on the screen, with a palette."""
    page.wait_for_timeout(400)  # what fades has faded
    path = FOLDER / f"{name}.png"
    page.screenshot(path=str(path))
    with Image.open(path) as taken:
        palette = taken.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    palette.save(path, optimize=True)


@pytest.fixture
def desk_of(make: Any, session: Any, settings: Any) -> Callable[..., Any]:
    """desk_of(type, ontology, …): a floor of one asset, or `labellers` who see the same one."""

    def desk_of(
        label_type: str, ontology: dict[str, Any], *, name: str, picture: Image.Image | None = None,
        text: str | None = None, meta: dict[str, Any] | None = None, assets: int = 1, **more: Any,
    ) -> Any:  # fmt: skip
        medium = "image" if picture else "text"
        floor = make.floor(assets=0, label_type=label_type, medium=medium, name=name, **more)
        floor.labellers[0].name = "Maya Lind"
        content = ontologies.whole(label_type, **ontology)
        told: dict[str, Any] = {"content": content, "event": "ontology.published"}
        versions.publish(session, OntologyVersion, floor.project, None, **told)
        uri = None
        if picture:
            settings.media.mkdir(parents=True, exist_ok=True)
            picture.convert("RGB").save(settings.media / "asset.png")
            uri = str(settings.media / "asset.png")
        floor.assets = make.assets(floor.batch, assets, text=text, uri=uri, meta=meta or {})
        floor.tasks = make.tasks(floor.lane, floor.assets)
        session.commit()
        return floor

    return desk_of


def begun(session: Any, who: Any, value: dict[str, Any], remark: str = "") -> Any:
    """The next work of `who`, of which `value` is done already; returns its token."""
    token = dispatch.next_work(session, who).token
    drafts.save(session, who, token, value=value, remark=remark, revision=0, tab="before")
    session.commit()
    return token


@pytest.mark.parametrize("label_type", list(DESKS))
def test_label_type(browse: Any, desk_of: Any, session: Any, label_type: str) -> None:
    shown = dict(DESKS[label_type])
    value, keys = shown.pop("draft"), shown.pop("keys", [])
    floor = desk_of(label_type, name=label_type.title(), **shown)
    begun(session, floor.labellers[0], value)
    page = desk_page(browse, floor.labellers[0])
    for key in keys:
        page.keyboard.press(key)
    take(page, f"desk-{label_type}")


def test_review(browse: Any, desk_of: Any, make: Any, session: Any, sessions: Any) -> None:
    ontology = {"classes": classes("Car", "Person", "Tree")}
    floor = desk_of("boxes", ontology, name="Street scenes", picture=STREET.image,
                    settings=REVIEWED)  # fmt: skip
    reviewer = make.member(floor.project, make.user("reviewer", name="Tom Reyes"))
    session.commit()
    given = label(thing("red car", CAR), thing("blue car", CAR, by=-40), thing("walker", PERSON),
                  thing("left tree", TREE), thing("right tree", CAR))  # fmt: skip
    Hands(session, sessions).give(floor.labellers[0], "label", **given)
    mended = label(thing("red car", CAR), thing("blue car", CAR), thing("walker", PERSON),
                   thing("left tree", TREE), thing("right tree", TREE),
                   thing("child", PERSON))  # fmt: skip
    begun(session, reviewer, mended)
    page = desk_page(browse, reviewer)
    take(page, "desk-review-overlaid")
    page.keyboard.press("w")
    take(page, "desk-review")


def test_drafts_of_a_model(browse: Any, desk_of: Any, make: Any, session: Any) -> None:
    ontology = {"classes": classes("Car", "Person", "Tree")}
    floor = desk_of("boxes", ontology, name="Street scenes", picture=STREET.image)
    sure = {"red car": (CAR, 0.97), "blue car": (CAR, 0.91), "walker": (PERSON, 0.86),
            "left tree": (TREE, 0.82), "right tree": (CAR, 0.44)}  # fmt: skip
    said = label(*(thing(name, key, score=score) for name, (key, score) in sure.items()))
    rows = [Said(floor.assets[0].external_id, said)]
    references.give_predictions(session, floor.project, "detector", rows, by=None)
    terms = {"model": "detector", "share_without": 0.0}
    projects.save_settings(session, floor.project, {"assist": terms}, make.user(role="ops_lead"))
    session.commit()
    page = desk_page(browse, floor.labellers[0])
    until(page, "() => document.querySelectorAll('[data-line].is-draft').length === 5")
    page.keyboard.press("y")
    take(page, "desk-drafts")


def test_question(browse: Any, desk_of: Any, session: Any) -> None:
    shown = {name: DESKS["boxes"][name] for name in ("ontology", "picture")}
    floor = desk_of("boxes", name="Street scenes", **shown)
    begun(session, floor.labellers[0], BOXED)
    page = desk_page(browse, floor.labellers[0])
    page.keyboard.press("j")
    page.keyboard.press("c")
    page.fill("#desk-ask-text", "Does the shadow under a car belong to its box?")
    take(page, "desk-question")


def test_conflict(browse: Any, traps: Any, desk_of: Any, session: Any) -> None:
    traps.expect("409")
    shown = {name: DESKS["tags"][name] for name in ("ontology", "picture")}
    floor = desk_of("tags", name="What is seen", **shown)
    [one] = floor.labellers
    token = begun(session, one, {"tags": ["cars"]})
    page = desk_page(browse, one)
    value = {"tags": ["cars", "people"]}
    drafts.save(session, one, token, value=value, remark="", revision=1, tab="elsewhere")
    session.commit()
    page.keyboard.press("3")
    until(page, "() => !document.getElementById('desk-notice').hidden")
    take(page, "desk-conflict")


def test_my_page(browse: Any, desk_of: Any, make: Any, session: Any) -> None:
    ontology = {"classes": classes("Street", "Farmland", "Sport", "Document")}
    skill = make.skill(name="Street scenes")
    floor = desk_of("class", ontology, name="What is seen", picture=STREET.image, assets=140,
                    skill=skill)  # fmt: skip
    me, now = floor.labellers[0], clock_time.now()
    for i, task in enumerate(floor.tasks):
        day, nth = divmod(i, 10)
        at = now - timedelta(days=day + day // 5 * 2, minutes=2 * nth)
        given = answer(session, task, me, "street", at=at,
                       active_ms=5200 + 260 * day + 900 * (i * 7 % 11))  # fmt: skip
        if i == 24:
            make.decided(task.asset, "sport", method="review")
            session.add(Evidence(
                labeller_id=me.id, skill_id=skill.id, project_id=floor.project.id,
                assignment_id=given.id, kind="review", correct=0.0, classes=4,
                at=now - timedelta(days=2),
            ))  # fmt: skip
    session.add(Standing(
        labeller_id=me.id, skill_id=skill.id, mean=0.93, low=0.87, high=0.97, updated_at=now,
        shown_mean=0.93, shown_low=0.87, shown_high=0.97, shown_n=64, shown_at=now,
    ))  # fmt: skip
    make.certificate(me, skill, days=90)
    medical = make.skill(name="Medical pictures")
    session.add(ProjectRequirement(project_id=floor.project.id, stage="label", skill_id=medical.id))
    session.commit()
    take(browse(me, "/desk/me", color_scheme="light"), "my-page")


if __name__ == "__main__":
    # In a process of its own: pytest has to see its plugins imported.
    wanted = ["-k", sys.argv[1]] if sys.argv[1:] else []
    plugins = ["-p", "tests.conftest", "-p", "tests.browser.conftest"]
    sys.exit(subprocess.call([sys.executable, "-m", "pytest", *plugins, *wanted, __file__]))
