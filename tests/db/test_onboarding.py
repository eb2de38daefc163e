"""Assessments: set where there is gold, drawn fairly, scored once, certifying who passes."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from ops.errors import Conflict, InvalidInput, NotFound, NotReady
from ops.models import AuditEntry, Certificate
from quality import gold
from quality.measures.classes import rate
from quality.models import Attempt, AttemptQuestion, Gold, GoldVersion
from quality.onboarding import assessments, attempts, items, results
from quality.onboarding.drawing import draw
from quality.onboarding.pool import Question


def golden(session, make, n=12, **more):
    """A floor whose assets are all gold, the classes in turn."""
    floor = make.floor(assets=n, **more)
    for i, asset in enumerate(floor.assets):
        gold.make(session, floor.project, asset, [{"class": "abc"[i % 3]}], None)
    return floor


def assessed(session, make, floor, **terms):
    manager = make.user(role="onboarding_manager")
    values = {"title": "First", "questions": 6, "pass_mark": 0.8, "attempts": 2, **terms}
    return assessments.create(session, floor.project, floor.project.skill, values, manager)


def right_of(session, question):
    return session.get(GoldVersion, question.gold_version_id).answers[0]["class"]


def take(session, assessment, labeller, wrong=0):
    """A whole attempt with so many wrong answers."""
    attempt = attempts.begin(session, assessment, labeller)
    for i, question in enumerate(attempts.questions_of(session, attempt)):
        key = right_of(session, question)
        key = key if i >= wrong else "abc"[("abc".index(key) + 1) % 3]
        assert attempts.answer(session, attempt, question.token, {"class": key})
    session.refresh(attempt)
    return attempt


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"questions": 13}, "questions"),
        ({"questions": 0}, "questions"),
        ({"title": " "}, "title"),
        ({"pass_mark": 1.2}, "pass_mark"),
        ({"minutes": "soon"}, "minutes"),
        ({"level": 6}, "level"),
    ],
)
def test_refuses_terms_that_cannot_be_kept(session, make, terms, field):
    floor = golden(session, make)
    with pytest.raises(InvalidInput) as refused:
        assessed(session, make, floor, **terms)
    assert refused.value.errors[0]["field"] == field


pools = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 12), min_size=1).map(
    lambda sizes: [
        Question(100 * ord(key) + i, i, key, i % 3 == 0)
        for key, n in sizes.items()
        for i in range(n)
    ]
)


@given(pools, st.integers(1, 40), st.integers(0, 2**31))
def test_the_draw_is_even_over_classes_and_the_same_for_a_seed(pool, n, seed):
    drawn = draw(pool, n, seed)
    assert drawn == draw(list(reversed(pool)), n, seed)
    assert len(drawn) == min(n, len(pool)) == len({q.gold_id for q in drawn})
    have, got = Counter(q.key for q in pool), Counter(q.key for q in drawn)
    for key in have:
        # A class is short of another only when it has no more to give.
        assert got[key] == have[key] or got[key] >= max(got.values()) - 1
        kept = [q for q in pool if q.key == key and q.for_assessment]
        taken = [q for q in drawn if q.key == key]
        assert sum(q.for_assessment for q in taken) == min(len(kept), len(taken))


def test_passing_grants_the_certificate_with_the_attempt(session, make, clock):
    floor = golden(session, make)
    assessment = assessed(session, make, floor, valid_days=90, level=2)
    attempt = take(session, assessment, floor.labellers[0], wrong=1)
    assert (attempt.correct, attempt.passed) == (5, True)
    held = session.get(Certificate, attempt.certificate_id)
    assert (held.user_id, held.skill_id) == (floor.labellers[0].id, floor.project.skill_id)
    assert (held.level, held.source) == (2, "assessment")
    assert held.valid_until - held.granted_at == timedelta(days=90)
    with pytest.raises(Conflict, match="hold this certificate"):
        attempts.begin(session, assessment, floor.labellers[0])


def test_the_pass_mark_itself_passes_whatever_the_rounding(session, make):
    floor = golden(session, make)
    labeller = floor.labellers[0]
    assert take(session, assessed(session, make, floor, questions=5), labeller, wrong=1).passed
    other = make.member(floor.project, make.user())
    assert not take(session, assessed(session, make, floor, questions=5), other, wrong=2).passed


def test_attempts_are_limited_and_never_ask_twice(session, make):
    floor = golden(session, make)
    assessment = assessed(session, make, floor)
    labeller = floor.labellers[0]
    first, second = (take(session, assessment, labeller, wrong=6) for _ in range(2))
    asked = select(AttemptQuestion.gold_version_id)
    assert len(set(session.scalars(asked))) == 12
    assert (first.number, second.number) == (1, 2)
    with pytest.raises(Conflict, match="all 2 attempts"):
        attempts.begin(session, assessment, labeller)
    again = assessed(session, make, floor, title="Second")
    with pytest.raises(NotReady):
        attempts.begin(session, again, labeller)


def test_questions_are_exposure_for_work_and_work_for_questions(session, make):
    floor = golden(session, make)
    labeller = floor.labellers[0]
    attempt = attempts.begin(session, assessed(session, make, floor), labeller)
    versions = {q.gold_version_id for q in attempts.questions_of(session, attempt)}
    met = set(session.scalars(select(GoldVersion.gold_id).where(GoldVersion.id.in_(versions))))
    assert len(assessments.pool(session, floor.project.id, labeller.id)) == 6
    assert len(assessments.pool(session, floor.project.id)) == 12
    picked = {gold.pick(session, labeller.id, floor.lane) for _ in range(20)}
    assert len(picked) == 6 and not picked & met


def test_beginning_again_goes_on_where_one_was(session, make):
    floor = golden(session, make)
    assessment = assessed(session, make, floor)
    one = attempts.begin(session, assessment, floor.labellers[0])
    first = attempts.questions_of(session, one)[0]
    attempts.answer(session, one, first.token, {"class": "a"})
    assert attempts.begin(session, assessment, floor.labellers[0]).id == one.id
    assert session.scalar(select(func.count()).select_from(Attempt)) == 1


def test_the_first_answer_to_a_question_stays(session, make):
    floor = golden(session, make)
    attempt = attempts.begin(session, assessed(session, make, floor), floor.labellers[0])
    question = attempts.questions_of(session, attempt)[0]
    right = right_of(session, question)
    wrong = next(k for k in "abc" if k != right)
    assert attempts.answer(session, attempt, question.token, {"class": wrong})
    assert not attempts.answer(session, attempt, question.token, {"class": right})
    session.refresh(question)
    assert (question.payload, question.correct) == ({"class": wrong}, 0.0)
    with pytest.raises(InvalidInput):
        attempts.answer(
            session, attempt, attempts.questions_of(session, attempt)[1].token, {"class": "zzz"}
        )


def test_nobody_answers_for_another(session, make):
    floor = golden(session, make, labellers=2)
    assessment = assessed(session, make, floor)
    one, two = (attempts.begin(session, assessment, who) for who in floor.labellers)
    question = attempts.questions_of(session, one)[0]
    with pytest.raises(NotFound):
        attempts.answer(session, two, question.token, {"class": "a"})
    with pytest.raises(NotFound):
        attempts.find(session, floor.labellers[1], one.token)


def test_time_is_kept_by_the_server(session, sessions, make, clock):
    floor = golden(session, make)
    assessment = assessed(session, make, floor, minutes=10)
    attempt = attempts.begin(session, assessment, floor.labellers[0])
    first, second, *_ = attempts.questions_of(session, attempt)
    assert attempts.answer(session, attempt, first.token, {"class": right_of(session, first)})
    clock(minutes=10)
    assert not attempts.answer(session, attempt, second.token, {"class": "a"})
    session.refresh(attempt)
    assert (attempt.correct, attempt.passed) == (1, False)
    other = attempts.begin(session, assessment, make.member(floor.project, make.user()))
    session.commit()
    assert attempts.finish_overdue(sessions) == 0
    clock(minutes=11)
    assert attempts.finish_overdue(sessions) == 1
    session.refresh(other)
    assert other.passed is False and attempts.finish_overdue(sessions) == 0


def test_closed_and_foreign_assessments_cannot_be_begun(session, make):
    floor = golden(session, make)
    assessment = assessed(session, make, floor)
    stranger = make.user()
    with pytest.raises(NotFound):
        assessments.find(session, stranger, assessment.id)
    assert results.offers(session, stranger) == []
    assert len(results.offers(session, floor.labellers[0])) == 1
    assessments.set_open(session, assessment, False, make.user(role="onboarding_manager"))
    with pytest.raises(Conflict, match="closed"):
        attempts.begin(session, assessment, floor.labellers[0])


def test_results_count_as_brute_force_does(session, make):
    floor = golden(session, make, labellers=3)
    assessment = assessed(session, make, floor)
    for i, labeller in enumerate(floor.labellers):
        take(session, assessment, labeller, wrong=2 * i)
    rows = results.taken(session, assessment)
    assert {row.labeller.id: row.score for row in rows} == {
        labeller.id: rate(6 - 2 * i, 6) for i, labeller in enumerate(floor.labellers)
    }
    assert results.tallies(session, [assessment])[assessment.id] == (3, 3, 1)
    expected = {}
    for question in session.scalars(select(AttemptQuestion)):
        gold_id = session.get(GoldVersion, question.gold_version_id).gold_id
        k, n = expected.get(gold_id, (0, 0))
        expected[gold_id] = (k + question.correct, n + 1)
    found = items.listed(session, assessment)
    assert {row.gold.id: row.right for row in found} == {
        gold_id: rate(k, n) for gold_id, (k, n) in expected.items()
    }
    assert [row.right.value for row in found] == sorted(row.right.value for row in found)
    assert all(row.accepted == session_gold(session, row.gold.id) for row in found)


def session_gold(session, gold_id):
    accepted = gold.latest_version(session, session.get(Gold, gold_id).id).answers
    return accepted[0]["class"].upper()  # how the factories name a class


def test_every_step_leaves_an_audit_entry(session, make):
    floor = golden(session, make)
    take(session, assessed(session, make, floor), floor.labellers[0])
    actions = Counter(session.scalars(select(AuditEntry.action)))
    assert actions["assessment.set"] == actions["attempt.begun"] == actions["attempt.finished"] == 1
    assert actions["attempt.answered"] == 6 and actions["certificate.granted"] == 1
