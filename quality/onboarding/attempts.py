"""Taking an assessment: begun, answered question by question, finished, and what it grants.

The server keeps the time. An attempt that is left half done is finished by the clock; its
unanswered questions are wrong. Questions are drawn ahead and shown one after the other; those of an
adaptive assessment that were never shown are taken back when it ends, so that the labeller may meet
them another time.
"""

import secrets
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session, sessionmaker

from ops import certificates, clock_time, labels, ontologies
from ops.db import transaction
from ops.errors import NotFound, NotReady
from ops.models import Certificate, OntologyVersion, Project, Skill, User
from quality import gold
from quality.gold_answers import credit
from quality.judging.alike import size_of, yardstick
from quality.models import (
    Assessment,
    Attempt,
    AttemptQuestion,
    Gold,
    GoldVersion,
    ItemExclusion,
)
from quality.onboarding import admission, scoring
from quality.onboarding.assessments import record
from quality.onboarding.drawing import draw
from quality.onboarding.pool import Question, pool, thirds


def begin(session: Session, assessment: Assessment, labeller: User) -> Attempt:
    """The labeller's running attempt, or a new one with questions they never met.

    Raises Conflict when the assessment is closed, passed already or its attempts are used up, and
    NotReady when too few new questions are left.
    """
    gold.lock_exposure(session, labeller.id)  # one beginning at a time for each labeller
    mine = of_labeller(session, assessment, labeller)
    running = next((a for a in mine if a.finished_at is None), None)
    if running is not None:
        if clock_time.now() < running.ends_at:
            return running
        finish(session, running)
    admission.refuse(session, assessment, labeller, mine)
    seed = secrets.randbits(31)
    questions = _drawn(session, assessment, labeller, seed)
    if len(questions) < assessment.questions:  # an adaptive one may need them all
        raise NotReady(
            "There are not enough questions left that you have not met. "
            "Ask your onboarding manager to add some."
        )
    at = clock_time.now()
    attempt = Attempt(
        assessment_id=assessment.id,
        labeller_id=labeller.id,
        number=len(mine) + 1,
        seed=seed,
        started_at=at,
        ends_at=at + timedelta(minutes=assessment.minutes),
    )
    session.add(attempt)
    session.flush()
    session.add_all(
        AttemptQuestion(attempt_id=attempt.id, position=i, gold_version_id=question.version_id)
        for i, question in enumerate(questions, 1)
    )
    session.flush()
    record(session, assessment, labeller, "attempt.begun", number=attempt.number)
    return attempt


def _drawn(session: Session, assessment: Assessment, labeller: User, seed: int) -> list[Question]:
    # What is easy and hard does not depend on what this labeller has left to meet.
    parts = thirds(pool(session, assessment.project_id)) if assessment.mix else None
    fresh = pool(session, assessment.project_id, labeller.id, assessment)
    return draw(fresh, assessment.questions, seed, assessment.mix, parts)


def of_labeller(session: Session, assessment: Assessment, labeller: User) -> Sequence[Attempt]:
    """The labeller's attempts at it, the first first."""
    mine = (Attempt.assessment_id == assessment.id) & (Attempt.labeller_id == labeller.id)
    return session.scalars(select(Attempt).where(mine).order_by(Attempt.number)).all()


def find(session: Session, labeller: User, token: uuid.UUID) -> Attempt:
    """The labeller's own attempt. Raises NotFound."""
    mine = (Attempt.token == token) & (Attempt.labeller_id == labeller.id)
    attempt = session.scalar(select(Attempt).where(mine))
    if attempt is None:
        raise NotFound("There is no such attempt.")
    return attempt


def questions_of(session: Session, attempt: Attempt) -> Sequence[AttemptQuestion]:
    """The questions in the order they are asked."""
    asked = select(AttemptQuestion).where(AttemptQuestion.attempt_id == attempt.id)
    return session.scalars(asked.order_by(AttemptQuestion.position)).all()


def show(session: Session, attempt: Attempt) -> AttemptQuestion | None:
    """The question to answer now, seen from this moment on; None when there is none left.

    What was taken out of the assessment meanwhile is passed over.
    """
    question = session.scalar(_open(attempt).order_by(AttemptQuestion.position).limit(1))
    if question is not None and question.shown_at is None:
        question.shown_at = clock_time.now()
        session.flush()
    return question


def _open(attempt: Attempt) -> Select[AttemptQuestion]:
    out = select(ItemExclusion.gold_id).where(ItemExclusion.assessment_id == attempt.assessment_id)
    return (
        select(AttemptQuestion)
        .join(GoldVersion, GoldVersion.id == AttemptQuestion.gold_version_id)
        .where(
            AttemptQuestion.attempt_id == attempt.id,
            AttemptQuestion.answered_at.is_(None),
            GoldVersion.gold_id.not_in(out),
        )
    )


def answer(
    session: Session, attempt: Attempt, question_token: uuid.UUID, payload: dict[str, Any]
) -> bool:
    """Answer a question; says whether it was taken. The first answer counts, and only in time.

    With the last question, as soon as an adaptive assessment is sure, or when time has run out, the
    attempt is finished. Raises NotFound for a question of another attempt, InvalidInput
    for a label that breaks the ontology.
    """
    _lock(session, attempt)
    question = session.scalar(
        select(AttemptQuestion).where(
            AttemptQuestion.attempt_id == attempt.id, AttemptQuestion.token == question_token
        )
    )
    if question is None:
        raise NotFound("There is no such question.")
    if attempt.finished_at is not None or question.answered_at is not None:
        return False
    if clock_time.now() >= attempt.ends_at:
        finish(session, attempt)
        return False
    assessment = session.get_one(Assessment, attempt.assessment_id)
    _take(session, assessment, question, payload)
    labeller = session.get_one(User, attempt.labeller_id)
    record(
        session,
        assessment,
        labeller,
        "attempt.answered",
        number=attempt.number,
        position=question.position,
    )
    decided = assessment.fail_mark is not None and _verdict(session, attempt).passed is not None
    if decided or session.scalar(_open(attempt).limit(1)) is None:
        finish(session, attempt)
    return True


def _take(
    session: Session, assessment: Assessment, question: AttemptQuestion, payload: dict[str, Any]
) -> None:
    ontology = ontologies.current(session, assessment.project_id) or OntologyVersion()
    project = session.get_one(Project, assessment.project_id)
    version = session.get_one(GoldVersion, question.gold_version_id)
    asset = session.get_one(Gold, version.gold_id).asset
    size = size_of(asset)
    length = len(asset.text) if asset.text is not None else None
    checked = labels.check(project.label_type, ontology, payload, size=size, length=length)
    label = labels.content(checked)
    question.payload, question.answered_at = label, clock_time.now()
    question.correct = credit(version.answers, label, yardstick(session, project), size)
    session.flush()


def _lock(session: Session, attempt: Attempt) -> None:
    # The row is changed, not only locked: a writer that waited for it sees the change.
    session.execute(
        update(Attempt).where(Attempt.id == attempt.id).values(finished_at=Attempt.finished_at)
    )
    session.refresh(attempt)


def _verdict(session: Session, attempt: Attempt) -> scoring.Verdict:
    """What the answers so far come to."""
    asked = (
        select(GoldVersion.gold_id, AttemptQuestion.correct)
        .join(GoldVersion, GoldVersion.id == AttemptQuestion.gold_version_id)
        .where(AttemptQuestion.attempt_id == attempt.id)
        .order_by(AttemptQuestion.position)
    )
    out = select(ItemExclusion.gold_id).where(ItemExclusion.assessment_id == attempt.assessment_id)
    answers = [scoring.Answer(*row) for row in session.execute(asked)]
    assessment = session.get_one(Assessment, attempt.assessment_id)
    return scoring.verdict(assessment, answers, set(session.scalars(out)))


def finish(session: Session, attempt: Attempt) -> None:
    """Score the attempt; on passing, grant the certificate. Finishing twice is once."""
    _lock(session, attempt)
    if attempt.finished_at is not None:
        return
    # Whoever takes a question out waits, or this waits for them and then knows what is out.
    taken = select(Assessment).where(Assessment.id == attempt.assessment_id)
    assessment = session.scalars(taken.with_for_update(read=True)).one()
    labeller = session.get_one(User, attempt.labeller_id)
    left = session.scalar(_open(attempt).limit(1)) is not None
    found = _verdict(session, attempt)
    sure = assessment.fail_mark is not None and found.passed is not None
    attempt.correct, attempt.counted = found.correct, found.counted
    attempt.finished_at = clock_time.now()
    attempt.passed = scoring.at_the_end(assessment, found, in_time=not left)
    attempt.ended_by = "all_answered" if not left else "sure" if sure else "time"
    if attempt.passed:
        attempt.certificate_id = grant(session, assessment, labeller).id
    if assessment.fail_mark is not None:
        never = AttemptQuestion.shown_at.is_(None) & AttemptQuestion.answered_at.is_(None)
        mine = AttemptQuestion.attempt_id == attempt.id
        session.execute(delete(AttemptQuestion).where(mine, never))
    session.flush()
    record(
        session,
        assessment,
        labeller,
        "attempt.finished",
        number=attempt.number,
        correct=found.correct,
        counted=found.counted,
        passed=attempt.passed,
        ended_by=attempt.ended_by,
    )


def grant(session: Session, assessment: Assessment, labeller: User) -> Certificate:
    """The certificate of the assessment, from now on."""
    return certificates.grant(
        session,
        user=labeller,
        skill=session.get_one(Skill, assessment.skill_id),
        level=assessment.level,
        source="assessment",
        by=None,
        valid_until=clock_time.now() + timedelta(days=assessment.valid_days),
        reason=f"assessment {assessment.id}: {assessment.title}",
    )


def finish_overdue(sessions: sessionmaker[Session]) -> int:
    """Finish attempts whose time has run out; returns how many."""
    overdue = select(Attempt).where(
        Attempt.finished_at.is_(None), Attempt.ends_at <= clock_time.now()
    )
    with transaction(sessions) as session:
        found = session.scalars(overdue.with_for_update(skip_locked=True)).all()
        for attempt in found:
            finish(session, attempt)
        return len(found)
