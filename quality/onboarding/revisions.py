"""Gold revised after an assessment asked it: its answers scored by the version in force."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops.errors import Conflict
from ops.models import Project, User
from quality import gold as golds
from quality.gold_answers import credit
from quality.judging.alike import size_of, yardstick
from quality.models import Assessment, Attempt, AttemptQuestion, Gold, GoldVersion
from quality.onboarding import answered, changes
from quality.onboarding.assessments import record
from quality.onboarding.changes import Change


def anew(session: Session, assessment: Assessment, gold: Gold) -> list[Change]:
    """What scoring by the version in force would change, in attempts scored by an older one."""
    worth = {q.attempt_id: value for q, value in _worth(session, assessment, gold)}
    out = set(answered.exclusions(session, assessment))
    found = changes.of(session, assessment, gold.id, out, worth)
    return [change for change in found if change.attempt.id in worth]


def _worth(
    session: Session, assessment: Assessment, gold: Gold
) -> list[tuple[AttemptQuestion, float]]:
    """The answers that an older version scored, and what they are worth by the one in force."""
    version = golds.latest_version(session, gold.id)
    stick = yardstick(session, session.get_one(Project, gold.project_id))
    size = size_of(gold.asset)
    return [
        (question, credit(version.answers, question.payload or {}, stick, size))
        for question in _older(session, assessment, gold, version)
    ]


def _older(
    session: Session, assessment: Assessment, gold: Gold, version: GoldVersion
) -> Sequence[AttemptQuestion]:
    asked = (
        select(AttemptQuestion)
        .join(Attempt, Attempt.id == AttemptQuestion.attempt_id)
        .join(GoldVersion, GoldVersion.id == AttemptQuestion.gold_version_id)
        .where(
            Attempt.assessment_id == assessment.id,
            Attempt.finished_at.is_not(None),
            Attempt.voided_at.is_(None),
            AttemptQuestion.answered_at.is_not(None),
            GoldVersion.gold_id == gold.id,
            GoldVersion.version < version.version,
        )
    )
    return session.scalars(asked.order_by(AttemptQuestion.id)).all()


def score_anew(
    session: Session, assessment: Assessment, gold: Gold, by: User, *, seen: str
) -> list[Change]:
    """Score by the version in force what an older one scored; returns what changed.

    `seen` is the fingerprint of the changes that were shown. Raises Conflict when they are others
    by now, or when there is nothing to score anew.
    """
    changes.lock(session, assessment)
    found = anew(session, assessment, gold)
    if not found:
        raise Conflict("All answers are scored by the version in force.")
    changes.as_shown(found, seen)
    version = golds.latest_version(session, gold.id)
    for question, value in _worth(session, assessment, gold):
        question.gold_version_id, question.correct = version.id, value
    session.flush()
    changes.apply(session, assessment, found)
    record(
        session,
        assessment,
        by,
        "assessment.item_scored_anew",
        gold=gold.id,
        version=version.version,
        attempts=len(found),
        pass_now=[c.attempt.id for c in found if c.kind == "passes"],
    )
    return found
