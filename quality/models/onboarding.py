"""Skill assessments: questions drawn from gold, attempts, and the certificate they grant."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ops.db import Base, Moment
from ops.models import Certificate, Project, Skill, User
from quality.models.gold import Gold, GoldVersion


class Assessment(Base):
    """What a labeller must answer, how well, and what is granted on passing."""

    __tablename__ = "assessment"
    __table_args__ = (
        CheckConstraint("questions > 0", name="questions"),
        CheckConstraint("pass_mark > 0 AND pass_mark <= 1", name="pass_mark"),
        CheckConstraint("level BETWEEN 1 AND 5", name="level"),
        CheckConstraint("fail_mark IS NULL OR fail_mark < pass_mark", name="fail_mark"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id))
    skill_id: Mapped[int] = mapped_column(ForeignKey(Skill.id))
    level: Mapped[int] = mapped_column(default=1)
    title: Mapped[str]
    questions: Mapped[int]
    pass_mark: Mapped[float]
    minutes: Mapped[int] = mapped_column(default=30)
    attempts: Mapped[int] = mapped_column(default=3)
    valid_days: Mapped[int] = mapped_column(default=180)
    # Adaptive where there is a mark below which one must fail: asked until the decision is sure, at
    # most `questions`. The errors are how often somebody at either mark may be judged wrongly.
    fail_mark: Mapped[float | None]
    false_pass: Mapped[float] = mapped_column(default=0.05, server_default="0.05")
    false_fail: Mapped[float] = mapped_column(default=0.05, server_default="0.05")
    least_questions: Mapped[int] = mapped_column(default=1, server_default="1")
    cool_down_hours: Mapped[int] = mapped_column(default=0, server_default="0")
    # {"classes": {key: weight}, "difficulty": {"easy" | "medium" | "hard": weight}}; empty: even.
    mix: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    open: Mapped[bool] = mapped_column(default=True)
    # Until when its finished attempts were looked through for doubts.
    doubted_until: Mapped[datetime | None] = mapped_column(Moment)
    created_by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    created_at: Mapped[datetime] = mapped_column(Moment)

    skill: Mapped[Skill] = relationship()
    project: Mapped[Project] = relationship()


class Attempt(Base):
    """One labeller taking one assessment; at most one at a time."""

    __tablename__ = "attempt"
    __table_args__ = (
        Index(
            "uq_attempt_running",
            "assessment_id",
            "labeller_id",
            unique=True,
            postgresql_where=text("finished_at IS NULL"),
        ),
        UniqueConstraint("assessment_id", "labeller_id", "number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[uuid.UUID] = mapped_column(UUID, unique=True, default=uuid.uuid4)
    assessment_id: Mapped[int] = mapped_column(ForeignKey(Assessment.id))
    labeller_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    number: Mapped[int]
    seed: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(Moment)
    ends_at: Mapped[datetime] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    # The sum of credits, of how many questions, and what they decide.
    correct: Mapped[float | None]
    counted: Mapped[int | None]
    passed: Mapped[bool | None]
    # Why it ended: sure, all_answered or time.
    ended_by: Mapped[str] = mapped_column(default="", server_default="")
    # Another attempt was given in its place: it is none of those that the assessment allows.
    given_again_at: Mapped[datetime | None] = mapped_column(Moment)
    # A manager took the result back, and with it the certificate.
    voided_at: Mapped[datetime | None] = mapped_column(Moment)
    voided_by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    void_reason: Mapped[str] = mapped_column(default="", server_default="")
    certificate_id: Mapped[int | None] = mapped_column(ForeignKey(Certificate.id))

    assessment: Mapped[Assessment] = relationship()


class AttemptQuestion(Base):
    """One question of an attempt. It names gold by version; the labeller sees only `token`."""

    __tablename__ = "attempt_question"
    __table_args__ = (
        UniqueConstraint("attempt_id", "position"),
        Index("ix_attempt_question_gold_version", "gold_version_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[uuid.UUID] = mapped_column(UUID, unique=True, default=uuid.uuid4)
    attempt_id: Mapped[int] = mapped_column(ForeignKey(Attempt.id))
    position: Mapped[int] = mapped_column(Integer)
    gold_version_id: Mapped[int] = mapped_column(ForeignKey(GoldVersion.id))
    # When it was first on the screen: what it took to answer is counted from here.
    shown_at: Mapped[datetime | None] = mapped_column(Moment)
    payload: Mapped[dict[str, Any] | None]
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    correct: Mapped[float | None]


class ItemExclusion(Base):
    """A gold that an assessment asks no more, and why; what was answered to it counts no more."""

    __tablename__ = "item_exclusion"

    assessment_id: Mapped[int] = mapped_column(ForeignKey(Assessment.id), primary_key=True)
    gold_id: Mapped[int] = mapped_column(ForeignKey(Gold.id), primary_key=True)
    reason: Mapped[str]
    by: Mapped[int] = mapped_column(ForeignKey(User.id))
    at: Mapped[datetime] = mapped_column(Moment)


ATTEMPT_DOUBTS = ("too_fast", "too_alike", "exposed")


class AttemptDoubt(Base):
    """Why an attempt may not be the labeller's own work, with the evidence, until looked at."""

    __tablename__ = "attempt_doubt"
    __table_args__ = (
        CheckConstraint(f"kind IN {ATTEMPT_DOUBTS}", name="kind"),
        UniqueConstraint("attempt_id", "kind"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey(Attempt.id))
    kind: Mapped[str]
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime] = mapped_column(Moment)
    looked_at: Mapped[datetime | None] = mapped_column(Moment)
    looked_by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    outcome: Mapped[str] = mapped_column(default="")
