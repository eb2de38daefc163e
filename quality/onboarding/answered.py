"""What was answered in the finished attempts at an assessment."""

from collections.abc import Hashable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from quality.models import Assessment, Attempt, AttemptQuestion, GoldVersion, ItemExclusion

Value = TypeVar("Value", bound=Hashable)


class Row(NamedTuple):
    """One answer: by whom, to which version of which gold, what it said, what it is worth, and the
    seconds from when the question was shown (None where that is not known)."""

    attempt_id: int
    labeller_id: int
    gold_id: int
    version_id: int
    payload: dict[str, Any]
    credit: float
    shown_at: datetime | None
    answered_at: datetime

    @property
    def seconds(self) -> float | None:
        return (self.answered_at - self.shown_at).total_seconds() if self.shown_at else None


def rows(session: Session, assessment: Assessment) -> list[Row]:
    """Every answer of finished attempts that were not voided, in the order they were asked."""
    found = session.execute(
        select(
            Attempt.id,
            Attempt.labeller_id,
            GoldVersion.gold_id,
            GoldVersion.id,
            AttemptQuestion.payload,
            func.coalesce(AttemptQuestion.correct, 0.0),
            AttemptQuestion.shown_at,
            AttemptQuestion.answered_at,
        )
        .join(AttemptQuestion, AttemptQuestion.attempt_id == Attempt.id)
        .join(GoldVersion, GoldVersion.id == AttemptQuestion.gold_version_id)
        .where(
            Attempt.assessment_id == assessment.id,
            Attempt.finished_at.is_not(None),
            Attempt.voided_at.is_(None),
            AttemptQuestion.answered_at.is_not(None),
        )
        .order_by(Attempt.id, AttemptQuestion.position)
    )
    return [Row(*row) for row in found]


def exclusions(session: Session, assessment: Assessment) -> dict[int, ItemExclusion]:
    """Gold id → why the assessment asks it no more."""
    out = select(ItemExclusion).where(ItemExclusion.assessment_id == assessment.id)
    return {row.gold_id: row for row in session.scalars(out)}


def codes(values: Sequence[Value]) -> tuple[list[int], dict[Value, int]]:
    """The values as codes from 0 in the order of their first coming, and value → code."""
    known: dict[Value, int] = {}
    return [known.setdefault(value, len(known)) for value in values], known
