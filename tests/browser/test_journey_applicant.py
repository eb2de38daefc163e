"""Somebody applies, is moved and taken on by a manager, is certified, and gets the first task."""

from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from ops.applicants import facts, own_data
from ops.models import Applicant, Skill
from quality import gold
from quality.onboarding import assessments
from tests.browser.desk import answer, at_work, eventually

pytestmark = pytest.mark.browser
PASSWORD = "an applicant's password"
QUESTIONS = 3


@pytest.fixture
def floor(make, session):
    """A project whose work asks for a certificate that an assessment grants, and its manager."""
    floor = make.floor(assets=0, labellers=0)
    skill, batch = floor.project.skill_id, make.batch(floor.project)
    lane = make.lane(batch, requirements={str(skill): 1}, requirement_key=f"{skill}:1")
    make.tasks(lane, make.assets(batch, 4))
    floor.manager = make.member(floor.project, make.user(role="onboarding_manager"))
    for asset in make.assets(make.batch(floor.project), 2 * QUESTIONS):
        gold.make(session, floor.project, asset, [{"class": "a"}], None)
    terms = {"title": "First level", "questions": QUESTIONS, "minutes": 10}
    own = session.get_one(Skill, skill)
    assessments.create(session, floor.project, own, terms, floor.manager)
    session.commit()
    return floor


def stage_of(sessions):
    with sessions() as session:
        return session.scalars(select(Applicant)).one().stage.name


def open_it(manager, project):
    """An opening made from the empty pipeline; the path of its public link."""
    manager.get_by_role("link", name="Pipeline", exact=True).click()
    manager.get_by_role("link", name="Make the first opening").click()
    manager.get_by_label("Title").fill("Bird labeller")
    manager.get_by_label("Languages you ask for").fill("English, Twi")
    manager.get_by_label("Project").select_option(label=project.name)
    manager.get_by_role("button", name="Make the opening").click()
    return urlsplit(
        manager.get_by_label("Public link: whoever has it can apply").input_value()
    ).path


def apply(public):
    """The form, refused once with the faults at their fields, then sent."""
    public.get_by_label("Your name").fill("Amina Mensah")
    public.get_by_role("button", name="Send the application").click()
    public.locator("#consent-fault").wait_for()
    assert public.get_by_label("Your name").input_value() == "Amina Mensah"
    public.get_by_label("E-mail").fill("amina@example.com")
    public.get_by_label("Country you live in").fill("Ghana")
    public.get_by_label("Time zone").select_option("Africa/Accra")
    public.get_by_label("Twi").check()
    public.get_by_label("Hours a week").fill("20")
    public.get_by_label("Monday").check()
    public.get_by_label("I agree").check()
    assert public.evaluate("document.documentElement.scrollWidth <= innerWidth")
    public.get_by_role("button", name="Send the application").click()
    public.get_by_role("heading", name="What happens next").wait_for()
    assert "Twi" in public.inner_text("main")


def move_along(manager, sessions):
    """By mouse to Screened, by keys to Interview, in the dialog to Assessment."""
    manager.goto("/onboarding/pipeline")
    card = manager.locator(".board-card", has_text="Amina Mensah")
    card.drag_to(manager.locator(".board-column", has_text="Screened"))
    eventually(manager, lambda: stage_of(sessions) == "Screened")
    card.get_by_role("link").focus()
    manager.keyboard.press("Shift+ArrowRight")
    eventually(manager, lambda: stage_of(sessions) == "Interview")
    manager.get_by_text("Amina Mensah is in Interview now").wait_for()
    assert manager.evaluate("document.activeElement.textContent") == "Amina Mensah"
    manager.keyboard.press("m")
    manager.get_by_label("Reason").fill("A good talk")
    manager.get_by_role("dialog").get_by_role("button", name="Move").click()
    eventually(manager, lambda: stage_of(sessions) == "Assessment")


def take_on(manager):
    """The path of the invitation that is shown once."""
    manager.get_by_role("link", name="Amina Mensah").click()
    manager.get_by_text("A good talk").first.wait_for()
    manager.get_by_role("button", name="Take on").click()
    return urlsplit(manager.get_by_label("Invitation link").input_value()).path


def pass_assessment(page):
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/onboarding")
    page.get_by_role("button", name="Begin").click()
    for number in range(1, QUESTIONS + 1):
        page.get_by_text(f"Question {number} of {QUESTIONS}").wait_for()
        page.locator("[data-work]:not([aria-busy])").wait_for()
        page.wait_for_timeout(200)  # a key pressed at once would be meant for the last question
        page.keyboard.press("a")
        page.get_by_role("button", name="Hand in").click()
    page.get_by_role("heading", name="Passed", exact=True).wait_for()


def test_an_applicant_becomes_a_labeller_and_gets_the_first_task(floor, sessions, browse, traps):
    traps.expect("422")  # the form that is refused once
    manager = browse(floor.manager, "/onboarding")
    link = open_it(manager, floor.project)
    person = browse(None, link, viewport={"width": 390, "height": 844})
    apply(person)
    move_along(manager, sessions)
    invitation = take_on(manager)

    person = browse(None, invitation)
    person.get_by_label("New password").fill(PASSWORD)
    person.get_by_role("button", name="Begin").click()
    person.wait_for_url("**/desk")
    pass_assessment(person)
    assert stage_of(sessions) == "Certified"
    with sessions() as session:
        held = own_data.collected(session, session.scalars(select(Applicant)).one())
    assert held["account"]["attempts"][0]["passed"] is True

    person.goto("/desk")
    at_work(person)
    answer(person, "a")
    eventually(person, lambda: facts.follow(sessions) == 1)
    assert stage_of(sessions) == "Active"
    manager.goto("/onboarding/pipeline")
    manager.get_by_role("link", name="Amina Mensah").click()
    manager.get_by_text("First level, attempt 1: passed").first.wait_for()
    story = manager.inner_text("main")
    for said in ("First level, attempt 1: passed", "Moved from Certified to Active", "Applied"):
        assert said in story, said
