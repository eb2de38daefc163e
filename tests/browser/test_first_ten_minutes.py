"""An operations lead's first ten minutes in Chromium: from nothing to a labeller at work."""

import io
import json
import time

import pytest
from PIL import Image
from playwright.sync_api import Error
from sqlalchemy import func, select

from ops.models import Asset, Batch, OntologyVersion, User
from quality.models import Gold

pytestmark = pytest.mark.browser


def until(page, condition: str, seconds: float = 10) -> None:
    """Wait until a JavaScript expression holds (the strict policy forbids wait_for_function)."""
    ends = time.monotonic() + seconds
    while not _holds(page, condition):
        assert time.monotonic() < ends, condition
        time.sleep(0.05)


def _holds(page, condition: str) -> bool:
    try:
        return page.evaluate(condition)
    except Error:  # the page is being left
        return False


def until_said(page, text: str) -> None:
    """Wait until the page shows `text`."""
    until(page, f"document.body?.innerText.includes({json.dumps(text)})")


READY = "document.readyState === 'complete'"
# In one go: between two presses of the driver the next page might come up and take the second.
BOTH_KEYS = """for (const key of ["1", "2"])
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }))"""


def picture(colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "PNG")
    return out.getvalue()


def files(n: int, **more: bytes) -> list[dict]:
    named = {f"{i:03}.png": picture(f"hsl({i * 5}, 90%, 50%)") for i in range(n)} | more
    return [{"name": name, "mimeType": "image/png", "buffer": data} for name, data in named.items()]


def press(page, text: str) -> None:
    page.locator("main").get_by_role("button", name=text, exact=True).click()


def follow(page, text: str) -> None:
    page.locator("main").get_by_role("link", name=text, exact=True).first.click()


@pytest.fixture
def people(make, session):
    """A lead and two labellers, in a system with nothing else."""
    lead, *labellers = make.user(role="ops_lead"), make.user(), make.user()
    session.commit()
    return lead, labellers


@pytest.fixture
def project(people, browse):
    """The page of the lead, on the overview of a new picture project."""
    page = browse(people[0], "/projects")
    follow(page, "Make the first project")
    page.fill("[name=name]", "Wetland birds")
    page.fill("[name=client_name]", "Marsh Trust")
    press(page, "Make the project")
    page.wait_for_url("**/projects/*")
    return page


def test_the_checklist_leads_from_nothing_to_a_labeller_with_a_picture(
    project, people, browse, sessions
):
    page, home = project, project.url
    assert "4 steps until work can go out" in page.inner_text("main")

    follow(page, "Import pictures")
    page.set_input_files("#pictures", files(45))
    press(page, "Import pictures")
    page.wait_for_url("**/assets?batch=*")
    until(
        page, "[...document.querySelectorAll('.thumb')].slice(0, 5).every(i => i.naturalWidth > 0)"
    )

    page.goto(home)
    follow(page, "Edit classes")
    for n, name in enumerate(["Heron", "Duck", "Owl", "No bird"]):
        until(page, f"document.querySelectorAll('.class-row').length > {n}")
        field = page.locator(".class-row").nth(n).locator("[name=name]")
        field.fill(name)
        if n in (2,):
            field.press("Enter")  # the fourth row comes with it
    press(page, "Save classes")
    page.wait_for_url("**/classes")
    until_said(page, "4 classes are in force")

    page.goto(home)
    follow(page, "Write guideline")
    page.locator("[name=markdown]").press_sequentially("# Birds\n\nChoose **one**.")
    until(page, "document.querySelector('#preview strong')?.textContent === 'one'")
    press(page, "Publish the guideline")

    page.goto(home)
    follow(page, "Add labellers")
    press(page, "Add to the project")
    until_said(page, "2 labellers joined")

    page.goto(home)
    follow(page, "Mark gold")
    page.goto(f"{home}/gold/mark")
    for n in range(3):
        until(page, f"{READY} && document.body.innerText.includes('{n} marked')")
        page.evaluate(BOTH_KEYS)  # the second is too early: the next picture is not there yet
    until_said(page, "3 marked")

    page.goto(home)
    press(page, "Start")
    until_said(page, "Work is going out")

    desk = browse(people[1][0], "/desk")
    until(desk, "document.querySelector('.editor-picture')?.naturalWidth > 0")
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Asset)) == 45
        assert session.scalar(select(func.count()).select_from(Gold)) == 3
        ontology = session.scalars(select(OntologyVersion)).one()
        assert [c["hotkey"] for c in ontology.classes] == ["1", "2", "3", "4"]
        assert len({c["colour"] for c in ontology.classes}) == 4


def test_one_broken_picture_among_many_imports_none_and_is_named(project, sessions):
    page = project
    follow(page, "Import pictures")
    page.set_input_files("#pictures", files(25, **{"broken.png": b"not a picture"}))
    press(page, "Import pictures")
    until(page, "document.querySelector('#upload-progress .text-danger') !== null")
    assert "broken.png is not a PNG" in page.inner_text("#upload-progress")
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Asset)) == 0
        assert session.scalar(select(func.count()).select_from(Batch)) == 0


def test_a_name_that_is_taken_comes_back_on_the_same_page(project, sessions, traps):
    traps.expect("422")
    page, home = project, project.url
    for said in ("2 new", "has a batch called First already"):
        page.goto(f"{home}/import")
        page.select_option("[name=batch]", "new")
        page.fill("[name=batch_name]", "First")
        page.set_input_files("#pictures", files(2))
        press(page, "Import pictures")
        until_said(page, said)
    page.fill("[name=batch_name]", "Second")
    page.set_input_files("#pictures", [{**f, "name": f"x{f['name']}"} for f in files(2)])
    press(page, "Import pictures")
    page.wait_for_url("**/assets?batch=*")
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Asset)) == 4


PAGES = ["", "/batches", "/assets", "/import", "/classes", "/guideline", "/people", "/gold"]
# Visible fields that a screen reader could not name.
NAMELESS = """[...document.querySelectorAll("main input, main select, main textarea")]
  .filter(field => field.type !== "hidden" && field.checkVisibility())
  .filter(field => !field.labels?.length && !field.ariaLabel).map(field => field.name)"""


def test_every_page_fits_its_screen_and_can_be_reached_by_keys(project):
    page, home = project, project.url
    for tail in [*PAGES, "/settings"]:
        page.goto(home + tail)
        width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1], (tail, width)
        assert page.evaluate(NAMELESS) == [], tail
    page.goto(home)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # skip to the content
    reached = set()
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.textContent.trim()"))
    assert {"Overview", "Settings", "Import pictures", "Edit classes", "Add labellers"} <= reached


def test_a_phone_sees_the_checklist_without_scrolling_sideways(people, project, browse):
    path = project.url.split("/", 3)[3]
    page = browse(people[0], f"/{path}", viewport={"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_account_can_be_made_a_member_by_name(project, people, sessions):
    page = project
    follow(page, "Add labellers")
    with sessions() as session:
        name = session.get_one(User, people[1][1].id).name
    page.select_option("[name=user]", label=f"{name} — Labeller")
    press(page, "Add to the project")
    until_said(page, f"{name} joined the project")
