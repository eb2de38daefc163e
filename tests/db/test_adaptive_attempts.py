"""Adaptive assessments taken: they end when sure, give back what was not shown, wait."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from ops import clock_time
from ops.errors import Conflict, InvalidInput
from quality import gold
from quality.measures import adaptive
from quality.models import Attempt, AttemptQuestion, GoldVersion
from quality.onboarding import (
    admission,
    assessments,
    attempts,
    proof,
    results,
    scoring,
    taking_back,
)
from quality.onboarding.drawing import draw
from quality.onboarding.pool import Question, cells, pool

TERMS = {
    "title": "First", "questions": 20, "pass_mark": 0.9, "fail_mark": 0.5, "false_pass": 0.05,
    "false_fail": 0.05, "least_questions": 3, "attempts": 2, "cool_down_hours": 24,
}  # fmt: skip
PLAN = adaptive.plan(adaptive.Terms(0.9, 0.5, 0.05, 0.05, 3, 20))


@pytest.fixture
def clock():
    start = clock_time.now()
    moved = [timedelta(0)]
    clock_time.use(lambda: (start + moved[0]).timestamp())  # noqa: PLW0108 - it moves

    def move(**by):
        moved[0] += timedelta(**by)

    return move


@pytest.fixture
def floor(session, make):
    floor = make.floor(assets=30, labellers=1)
    for i, asset in enumerate(floor.assets):
        gold.make(session, floor.project, asset, [{"class": "abc"[i % 3]}], None)
    floor.manager = make.user(role="onboarding_manager")
    return floor


@pytest.fixture
def assessment(session, floor):
    return assessments.create(session, floor.project, floor.project.skill, TERMS, floor.manager)


def take(session, assessment, labeller, rights):
    """Answer as `rights` says until it ends; returns the attempt and how many were answered."""
    attempt = attempts.begin(session, assessment, labeller)
    answered = 0
    for right in rights:
        question = attempts.show(session, attempt)
        if question is None or attempt.finished_at is not None:
            break
        key = session.get(GoldVersion, question.gold_version_id).answers[0]["class"]
        key = key if right else "abc"[("abc".index(key) + 1) % 3]
        attempts.answer(session, attempt, question.token, {"class": key})
        session.refresh(attempt)
        answered += 1
    return attempt, answered


def test_it_ends_as_soon_as_it_is_sure_and_gives_back_what_was_not_shown(
    session, floor, assessment, clock
):
    labeller = floor.labellers[0]
    attempt, answered = take(session, assessment, labeller, [True] * 20)
    quickest = int((PLAN.passing <= range(1, 21)).argmax()) + 1
    assert (answered, attempt.passed, attempt.ended_by) == (quickest, True, "sure")
    assert attempt.counted == attempt.correct == quickest
    kept = session.scalars(select(AttemptQuestion)).all()
    assert len(kept) == quickest and all(q.shown_at for q in kept)
    assert len(pool(session, floor.project.id, labeller.id)) == 30 - quickest
    low, high = adaptive.interval(PLAN, quickest, quickest)
    assert results.score(assessment, attempt)[1:3] == (low, high)
    assert proof.of(assessment).asked == quickest


def test_drawn_gold_goes_to_nobody_while_the_attempt_runs(session, floor, assessment, clock):
    attempts.begin(session, assessment, floor.labellers[0])
    assert len(pool(session, floor.project.id, floor.labellers[0].id)) == 30 - 20


def test_out_of_time_undecided_is_not_passed(session, floor, assessment, clock):
    attempt, answered = take(session, assessment, floor.labellers[0], [True, False, True])
    assert attempt.finished_at is None and answered == 3
    clock(minutes=31)
    attempts.finish(session, attempt)
    assert (attempt.passed, attempt.ended_by, attempt.counted) == (False, "time", 3)


def test_hours_lie_between_two_attempts_unless_another_is_given(session, floor, assessment, clock):
    labeller = floor.labellers[0]
    attempt, _ = take(session, assessment, labeller, [False] * 20)
    assert attempt.passed is False
    with pytest.raises(Conflict, match=r"24 hours lie between two attempts.* from .*, your time"):
        attempts.begin(session, assessment, labeller)
    told = results.next_for(session, assessment, labeller)
    assert told.when == attempt.finished_at + timedelta(hours=24) and told.left == 1
    clock(hours=23, minutes=59)
    with pytest.raises(Conflict):
        attempts.begin(session, assessment, labeller)
    clock(minutes=1)
    attempts.begin(session, assessment, labeller)
    second = session.scalars(select(Attempt).where(Attempt.number == 2)).one()
    attempts.finish(session, second)
    with pytest.raises(Conflict, match="used all 2"):
        admission.refuse(session, assessment, labeller, [attempt, second])
    taking_back.give_again(session, second, floor.manager)
    clock(hours=24)
    assert results.next_for(session, assessment, labeller).why is None
    with pytest.raises(Conflict, match="already"):
        taking_back.give_again(session, second, floor.manager)


def test_a_voided_attempt_takes_its_certificate_along(session, floor, assessment, clock):
    attempt, _ = take(session, assessment, floor.labellers[0], [True] * 20)
    with pytest.raises(InvalidInput):
        taking_back.void(session, attempt, floor.manager, reason=" ")
    taking_back.void(session, attempt, floor.manager, reason="somebody else took it")
    certificate = taking_back.certificate_of(session, attempt)
    assert certificate.revoked_at is not None and "somebody else" in certificate.reason
    assert results.tallies(session, [assessment])[assessment.id].passed == 0
    with pytest.raises(Conflict, match="voided already"):
        taking_back.void(session, attempt, floor.manager, reason="again")


def test_terms_that_cannot_be_kept_are_refused_in_words(session, floor):
    only_a = {"classes": {"a": 1, "b": 0, "c": 0}, "difficulty": {}}
    for more, field, says in (
        ({"questions": 8}, "questions", "ask up to 1[0-9] or more"),
        ({"fail_mark": 0.95}, "fail_mark", "below the pass mark"),
        ({"least_questions": 21}, "least_questions", "no more than"),
        ({"pass_mark": 1.0}, "pass_mark", "below 100"),
        ({"mix": only_a}, "questions", "10 active gold that may be drawn"),
    ):
        with pytest.raises(InvalidInput, match=says) as refused:
            assessments.create(
                session, floor.project, floor.project.skill, {**TERMS, **more}, floor.manager
            )
        assert refused.value.errors[0]["field"] == field


def test_the_draw_follows_the_weights_and_what_was_shown_least():
    questions = [
        Question(i, i, "ab"[i % 2], False, difficulty=float(i), shown=i % 5) for i in range(60)
    ]
    assert cells(questions) == {
        "a": {"easy": 10, "medium": 10, "hard": 10}, "b": {"easy": 10, "medium": 10, "hard": 10},
    }  # fmt: skip
    mix = {"classes": {"a": 3}, "difficulty": {"easy": 0, "medium": 1, "hard": 1}}
    found = draw(questions, 16, 7, mix)
    assert Counter(q.key for q in found) == {"a": 12, "b": 4}
    assert all(q.difficulty >= 20 for q in found)
    assert found == draw(questions, 16, 7, mix) and found != draw(questions, 16, 8, mix)
    plain = draw(questions, 12, 3)
    assert Counter(q.key for q in plain) == {"a": 6, "b": 6} and {q.shown for q in plain} == {0}


def test_what_is_taken_out_leaves_the_path_of_an_adaptive_attempt(session, floor, assessment):
    answers = [scoring.Answer(i, float(i != 2)) for i in range(9)]
    whole = PLAN.end([a.credit for a in answers])
    found = scoring.verdict(assessment, answers)
    assert (found.counted, found.passed) == (whole[0], whole[1] and whole[1] == "passed")
    without = PLAN.end([1.0] * 8)
    found = scoring.verdict(assessment, answers, {2})
    assert (found.counted, found.passed) == (without[0], without[1] == "passed")
