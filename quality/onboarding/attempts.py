"""Taking an assessment: begun, answered question by question, finished, and what it grants.

The server keeps the time. An attempt that is left half done is finished by the clock; its
unanswered questions are wrong.
"""

import random
import secrets
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, sessionmaker

from ops import certificates, clock_time, labels, ontologies
from ops.db import transaction
from ops.errors import Conflict, NotFound, NotReady
from ops.models import Certificate, OntologyVersion, Project, Skill, User
from quality import gold
from quality.gold_answers import credit
from quality.judging.alike import size_of, yardstick
from quality.models import Assessment, Attempt, AttemptQuestion, Gold, GoldVersion
from quality.onboarding.assessments import Question, by_class, pool, record


def draw(questions: Sequence[Question], n: int, seed: int) -> list[Question]:
    """`n` questions in random order, the classes as even as the pool allows; the same for a seed.

    Gold kept for assessments goes first, so that work keeps its own.
    """
    rng = random.Random(seed)
    stacks = []
    for key, some in sorted(by_class(questions).items()):
        shuffled = sorted(some, key=lambda question: question.gold_id)
        rng.shuffle(shuffled)
        shuffled.sort(key=lambda question: not question.for_assessment)
        stacks.append((key, shuffled))
    rng.shuffle(stacks)
    turns = max((len(some) for _, some in stacks), default=0)
    in_turn = [some[i] for i in range(turns) for _, some in stacks if i < len(some)]
    chosen = in_turn[:n]
    rng.shuffle(chosen)
    return chosen


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
    refuse(session, assessment, labeller, len(mine))
    seed = secrets.randbits(31)
    questions = draw(pool(session, assessment.project_id, labeller.id), assessment.questions, seed)
    if len(questions) < assessment.questions:
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


def of_labeller(session: Session, assessment: Assessment, labeller: User) -> Sequence[Attempt]:
    """The labeller's attempts at it, the first first."""
    mine = (Attempt.assessment_id == assessment.id) & (Attempt.labeller_id == labeller.id)
    return session.scalars(select(Attempt).where(mine).order_by(Attempt.number)).all()


def refuse(session: Session, assessment: Assessment, labeller: User, used: int) -> None:
    """Raise Conflict, in words, where no further attempt may begin."""
    if not assessment.open:
        raise Conflict("This assessment is closed.")
    held = select(Certificate.id).where(
        Certificate.user_id == labeller.id,
        Certificate.skill_id == assessment.skill_id,
        Certificate.level >= assessment.level,
        Certificate.revoked_at.is_(None),
        Certificate.valid_until > clock_time.now(),
    )
    if session.scalar(held.limit(1)):
        raise Conflict("You hold this certificate already.")
    if used >= assessment.attempts:
        raise Conflict(f"You have used all {assessment.attempts} attempts at this assessment.")


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


def answer(
    session: Session, attempt: Attempt, question_token: uuid.UUID, payload: dict[str, Any]
) -> bool:
    """Answer a question; says whether it was taken. The first answer counts, and only in time.

    With the last question, or when time has run out, the attempt is finished. Raises NotFound for
    a question of another attempt, InvalidInput for a label that breaks the ontology.
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
    ontology = ontologies.current(session, assessment.project_id)
    project = session.get_one(Project, assessment.project_id)
    version = session.get_one(GoldVersion, question.gold_version_id)
    asset = session.get_one(Gold, version.gold_id).asset
    size = size_of(asset)
    length = len(asset.text) if asset.text is not None else None
    checked = labels.check(
        project.label_type, ontology or OntologyVersion(), payload, size=size, length=length
    )
    label = labels.content(checked)
    question.payload, question.answered_at = label, clock_time.now()
    question.correct = credit(version.answers, label, yardstick(session, project), size)
    session.flush()
    labeller = session.get_one(User, attempt.labeller_id)
    record(
        session,
        assessment,
        labeller,
        "attempt.answered",
        number=attempt.number,
        position=question.position,
    )
    left = select(func.count()).where(
        AttemptQuestion.attempt_id == attempt.id, AttemptQuestion.answered_at.is_(None)
    )
    if session.scalar(left) == 0:
        finish(session, attempt)
    return True


def _lock(session: Session, attempt: Attempt) -> None:
    # The row is changed, not only locked: a writer that waited for it sees the change.
    session.execute(
        update(Attempt).where(Attempt.id == attempt.id).values(finished_at=Attempt.finished_at)
    )
    session.refresh(attempt)


def finish(session: Session, attempt: Attempt) -> None:
    """Score the attempt; on passing, grant the certificate. Finishing twice is once."""
    _lock(session, attempt)
    if attempt.finished_at is not None:
        return
    assessment = session.get_one(Assessment, attempt.assessment_id)
    labeller = session.get_one(User, attempt.labeller_id)
    right = func.coalesce(func.sum(AttemptQuestion.correct), 0.0)
    mine = select(right).where(AttemptQuestion.attempt_id == attempt.id)
    score = session.execute(mine).scalar_one() or 0.0
    attempt.correct = score
    attempt.finished_at = clock_time.now()
    # Nine of ten is 0.9 whatever the rounding of the sum.
    attempt.passed = score >= assessment.pass_mark * assessment.questions - 1e-9
    if attempt.passed:
        attempt.certificate_id = _grant(session, assessment, labeller).id
    session.flush()
    record(
        session,
        assessment,
        labeller,
        "attempt.finished",
        number=attempt.number,
        correct=score,
        passed=attempt.passed,
    )


def _grant(session: Session, assessment: Assessment, labeller: User) -> Certificate:
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
