"""Review, rework and adjudication on the desk: three verdicts, by keyboard, without names."""

import os
from pathlib import Path

import pytest

from quality.judging import judge
from tests.browser.desk import answer, answers, at_work, pictures, saved, until
from tests.db.staging import Hands

pytestmark = pytest.mark.browser

LOOK = os.environ.get("TOUCHSTONE_SCREENSHOTS")
ALL = {"review": {"newcomer": 1.0, "known": 1.0, "trusted": 1.0}}


def picture(page, name):
    """A screenshot for whoever wants to look: set TOUCHSTONE_SCREENSHOTS to a folder."""
    if LOOK:
        page.screenshot(path=str(Path(LOOK) / f"{name}.png"))


@pytest.fixture
def floor(make, settings):
    """One picture labelled by its labeller, and a reviewer and an expert."""
    floor = pictures(make, settings.home / "media", 1, settings=ALL)
    floor.author = floor.labellers[0]
    floor.reviewer = make.member(floor.project, make.user("reviewer", name="Rita Reviewer"))
    floor.expert = make.member(floor.project, make.user("expert", name="Erik Expert"))
    make.session.commit()
    return floor


@pytest.fixture
def hands(session, sessions, floor):
    """Hands of those who work away from the screen; the label is given."""
    hands = Hands(session, sessions)
    hands.give(floor.author, "label", key="a")
    return hands


def payload(sessions):
    return answers(sessions)[-1][2].payload


def on_screen(page):
    at_work(page)
    page.wait_for_timeout(200)  # nobody can have judged it sooner, and the desk knows


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["Enter"], {"class": "a", "verdict": "accept"}),
        (["b", "Enter"], {"class": "b", "verdict": "fix", "errors": [{"type": "wrong_class"}]}),
    ],
)
def test_accept_and_fix_are_a_key_or_two(browse, floor, hands, sessions, keys, expected):
    page = browse(floor.reviewer, "/desk")
    on_screen(page)
    assert page.inner_text("#desk-stage") == "Review"
    assert page.is_hidden("#desk-said")
    picture(page, f"review-{expected['verdict']}")
    for key in keys:
        page.keyboard.press(key)
    saved(page)
    assert payload(sessions) == expected


def test_sent_back_with_a_remark_and_mended(browse, floor, hands, sessions):
    page = browse(floor.reviewer, "/desk")
    on_screen(page)
    page.keyboard.press("Shift+B")  # a class owns b
    assert page.inner_text("#desk-submit-text") == "Send back"
    page.keyboard.press("Enter")  # without saying what is wrong nothing goes
    assert page.inner_text("#desk-lacking") == "Say what is wrong: press a digit."
    page.keyboard.press("1")
    page.keyboard.press("Enter")  # nor without a remark
    assert page.inner_text("#desk-lacking") == "Say what is to be changed."
    assert len(answers(sessions)) == 1
    page.keyboard.type("look at the colour again")
    page.click("[data-type=wrong_class] .desk-severity")
    page.reload()  # what was named wrong is part of the draft
    on_screen(page)
    assert page.inner_text("#desk-submit-text") == "Send back"
    assert page.input_value("[data-type=wrong_class] input") == "look at the colour again"
    picture(page, "review-return")
    page.click("#desk-act [data-do=submit]")
    saved(page)
    remark = "look at the colour again"
    wrong = {"type": "wrong_class", "severity": "minor", "remark": remark}
    assert payload(sessions) == {"verdict": "return", "errors": [wrong]}
    judge(sessions)

    desk = browse(floor.author, "/desk")
    on_screen(desk)
    assert desk.inner_text("#desk-stage") == "Rework"
    assert desk.inner_text("#desk-said-title") == "Sent back to you: you answered A"
    assert "look at the colour again" in desk.inner_text("#desk-said-lines")
    badges = desk.eval_on_selector_all(".editor-badge", "all => all.map(b => b.textContent)")
    assert badges == ["your answer", "", ""]
    assert floor.reviewer.name not in desk.content()
    desk.keyboard.press("b")
    assert desk.inner_text("#desk-submit-text") == "Change to B"
    picture(desk, "rework")
    desk.keyboard.press("Enter")
    saved(desk)
    assert payload(sessions) == {"class": "b"}
    judge(sessions)

    until(page, "() => document.getElementById('desk-state').dataset.kind === 'empty'")
    page.click("text=Look again now")
    on_screen(page)
    assert page.inner_text("#desk-submit-text") == "Accept B"
    assert "look at the colour again" in page.inner_text("#desk-said-lines")
    picture(page, "review-again")
    page.keyboard.press("Enter")
    saved(page)
    assert payload(sessions) == {"class": "b", "verdict": "accept"}


def test_who_stands_by_the_answer_says_why_and_an_expert_sees_both_sides(
    browse, floor, hands, sessions
):
    hands.give(floor.reviewer, "review", verdict="return", remark="this is B")
    page = browse(floor.author, "/desk")
    on_screen(page)
    page.keyboard.press("a")
    assert page.inner_text("#desk-submit-text") == "Stand by A"
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "desk-remark"
    page.keyboard.type("it is red, as the guideline says")
    picture(page, "rework-stand")
    page.keyboard.press("Enter")
    saved(page)
    assert payload(sessions)["verdict"] == "stand"
    judge(sessions)

    desk = browse(floor.expert, "/desk")
    on_screen(desk)
    assert desk.inner_text("#desk-said-title") == "Both sides"
    said = desk.inner_text("#desk-said-lines").splitlines()
    assert said == [
        "Reviewer sent it backthis is B",
        "Something else",
        "Labeller stands by Ait is red, as the guideline says",
    ]
    for who in (floor.author, floor.reviewer):
        assert who.name not in desk.content()
    picture(desk, "adjudicate")
    answer(desk, "a")
    saved(desk)
    assert payload(sessions) == {"class": "a", "verdict": "accept"}


def test_escape_or_a_class_means_not_to_send_back(browse, floor, hands, sessions):
    page = browse(floor.reviewer, "/desk")
    on_screen(page)
    page.keyboard.press("Shift+B")
    page.keyboard.press("Escape")
    assert page.inner_text("#desk-submit-text") == "Accept A"
    page.keyboard.press("Shift+B")
    page.click("#desk-keep")
    page.keyboard.press("c")
    assert page.inner_text("#desk-submit-text") == "Change to C"
    page.keyboard.press("Enter")
    saved(page)
    wrong = [{"type": "wrong_class"}]
    assert payload(sessions) == {"class": "c", "verdict": "fix", "errors": wrong}


def test_with_submit_on_choose_a_label_can_still_be_sent_back(browse, floor, hands, sessions):
    page = browse(floor.reviewer, "/desk")
    on_screen(page)
    page.keyboard.press("o")
    page.click("#desk-send-back")
    page.keyboard.press("4")
    page.keyboard.press("Escape")  # out of its remark; what is said of the whole is enough
    page.keyboard.press("r")
    page.keyboard.type("no")
    page.keyboard.press("Enter")
    saved(page)
    assert payload(sessions) == {"verdict": "return", "remark": "no", "errors": [{"type": "other"}]}


def test_several_answers_cannot_be_sent_back(browse, make, session, sessions):
    floor = make.floor(labellers=2, assets=1, wanted=2, settings=ALL)
    reviewer = make.member(floor.project, make.user("reviewer"))
    session.commit()
    hands = Hands(session, sessions)
    for who in floor.labellers:
        hands.give(who, "label", key="a")
    page = browse(reviewer, "/desk")
    on_screen(page)
    assert page.is_hidden("#desk-send-back")
    page.keyboard.press("Shift+B")
    assert page.inner_text("#desk-submit-text") == "Accept A"
