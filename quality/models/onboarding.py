"""Skill assessments: questions drawn from gold, attempts, and the certificate they grant."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ops.db import Base, Moment
from ops.models import Certificate, Project, Skill, User
from quality.models.gold import GoldVersion


class Assessment(Base):
    """What a labeller must answer, how well, and what is granted on passing."""

    __tablename__ = "assessment"
    __table_args__ = (
        CheckConstraint("questions > 0", name="questions"),
        CheckConstraint("pass_mark > 0 AND pass_mark <= 1", name="pass_mark"),
        CheckConstraint("level BETWEEN 1 AND 5", name="level"),
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
    open: Mapped[bool] = mapped_column(default=True)
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
    correct: Mapped[float | None]
    passed: Mapped[bool | None]
    certificate_id: Mapped[int | None] = mapped_column(ForeignKey(Certificate.id))

    assessment: Mapped[Assessment] = relationship()


class AttemptQuestion(Base):
    """One question of an attempt. It names gold by version; the labeller sees only `token`."""

    __tablename__ = "attempt_question"
    __table_args__ = (UniqueConstraint("attempt_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[uuid.UUID] = mapped_column(UUID, unique=True, default=uuid.uuid4)
    attempt_id: Mapped[int] = mapped_column(ForeignKey(Attempt.id))
    position: Mapped[int] = mapped_column(Integer)
    gold_version_id: Mapped[int] = mapped_column(ForeignKey(GoldVersion.id))
    payload: Mapped[dict[str, Any] | None]
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    correct: Mapped[float | None]
