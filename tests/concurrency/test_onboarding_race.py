"""Attempts raced with real commits: beginnings, answers and endings happen once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from sqlalchemy import func, select

from ops.db import transaction
from ops.errors import Conflict
from ops.models import Certificate, User
from quality import gold
from quality.models import Assessment, Attempt, AttemptQuestion, Gold
from quality.onboarding import assessments, attempts, changes, exclusions

pytestmark = pytest.mark.serial
TERMS = {"title": "t", "questions": 5, "pass_mark": 0.2, "attempts": 2}


@pytest.fixture
def floor(session, make):
    floor = make.floor(assets=20)
    for asset in floor.assets:
        gold.make(session, floor.project, asset, [{"class": "a"}], None)
    manager = make.user(role="onboarding_manager")
    floor.assessment = assessments.create(
        session, floor.project, floor.project.skill, TERMS, manager
    )
    session.commit()
    return floor


def together(n, call):
    gate = threading.Barrier(n)

    def run(i):
        gate.wait()
        return call(i)

    with ThreadPoolExecutor(n) as pool:
        return [f.result() for f in [pool.submit(run, i) for i in range(n)]]


def test_begun_by_many_clicks_is_one_attempt(session, sessions, floor):
    labeller_id, assessment_id = floor.labellers[0].id, floor.assessment.id

    def begin(_):
        with transaction(sessions) as own:
            return attempts.begin(
                own, own.get(Assessment, assessment_id), own.get(User, labeller_id)
            ).id

    assert len(set(together(8, begin))) == 1
    assert session.scalar(select(func.count()).select_from(Attempt)) == 1
    assert session.scalar(select(func.count()).select_from(AttemptQuestion)) == 5


def test_answered_from_many_tabs_the_first_counts_and_one_certificate_is_granted(
    session, sessions, floor
):
    attempt = attempts.begin(session, floor.assessment, floor.labellers[0])
    tokens = [q.token for q in attempts.questions_of(session, attempt)]
    session.commit()
    attempt_id = attempt.id

    def answer_all(i):
        taken = 0
        for token in tokens:
            with transaction(sessions) as own:
                mine = own.get(Attempt, attempt_id)
                taken += attempts.answer(own, mine, token, {"class": "ab"[i % 2]})
        return taken

    assert sum(together(6, answer_all)) == 5
    session.expire_all()
    done = session.get(Attempt, attempt_id)
    right = session.scalar(select(func.sum(AttemptQuestion.correct)))
    assert done.correct == right and done.passed == (right >= 1)
    assert session.scalar(select(func.count()).select_from(Certificate)) == int(done.passed)


def test_a_question_taken_out_while_attempts_end_counts_in_none_of_them(session, sessions, make):
    floor = make.floor(assets=3, labellers=4)
    golds = [gold.make(session, floor.project, a, [{"class": "a"}], None) for a in floor.assets]
    terms = {"title": "t", "questions": 3, "pass_mark": 0.9}
    made = assessments.create(session, floor.project, floor.project.skill, terms, make.user())
    begun = []
    for i, labeller in enumerate(floor.labellers):
        attempt = attempts.begin(session, made, labeller)
        for question in attempts.questions_of(session, attempt)[: 3 if i == 0 else 2]:
            attempts.answer(session, attempt, question.token, {"class": "a"})
        begun.append(attempt.id)
    session.commit()
    out, assessment_id, by = golds[0].id, made.id, make.user(role="onboarding_manager").id
    session.commit()

    def act(i):
        with transaction(sessions) as own:
            if i:
                attempt = own.get(Attempt, begun[i])
                question = attempts.show(own, attempt)
                return question and attempts.answer(own, attempt, question.token, {"class": "a"})
        while True:  # what was shown may be others' by then: look again
            with transaction(sessions) as own:
                found = own.get(Assessment, assessment_id)
                seen = changes.fingerprint(exclusions.without(own, found, out))
                with suppress(Conflict):
                    return exclusions.take_out(
                        own, found, own.get(Gold, out), own.get(User, by), reason="x", seen=seen
                    )

    together(4, act)
    for attempt in session.scalars(select(Attempt).execution_options(populate_existing=True)):
        if attempt.finished_at is None:  # its last question was taken out before it was shown
            attempts.finish(session, attempt)
        assert (attempt.counted, attempt.correct, attempt.passed) == (2, 2.0, True)


def test_work_and_an_assessment_begun_together_share_no_gold(session, sessions, floor):
    labeller_id, lane_id = floor.labellers[0].id, floor.lane.id

    def act(i):
        with transaction(sessions) as own:
            if i == 0:
                assessment = own.get(Assessment, floor.assessment.id)
                begun = attempts.begin(own, assessment, own.get(User, labeller_id))
                asked = attempts.questions_of(own, begun)
                return {q.gold_version_id for q in asked}
            from ops.models import Lane

            picked = own.get(Gold, gold.pick(own, labeller_id, own.get(Lane, lane_id)))
            version = gold.latest_version(own, picked.id).id
            # What the claim writes: from now on this gold is met.
            from ops.models import Task
            from tests.db.answering import answer

            answer(own, own.get(Task, picked.task_id), own.get(User, labeller_id), "a")
            return {version}

    found = together(6, act)
    assert sum(map(len, found)) == len(set().union(*found)) == 10
