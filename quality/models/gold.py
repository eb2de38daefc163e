"""Gold: known answers, versioned and hidden, and what was scored against them."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ops.db import Base, Moment
from ops.models import Asset, Assignment, Label, Project, Task, User


class Gold(Base):
    """An asset whose answer is known. Its task has round 0 and wants no answers."""

    __tablename__ = "gold"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'retired')", name="state"),
        Index(
            "ix_gold_active",
            "project_id",
            "class_key",
            "exposures",
            postgresql_where=text("state = 'active' AND NOT for_assessment"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id))
    asset_id: Mapped[int] = mapped_column(ForeignKey(Asset.id), unique=True)
    task_id: Mapped[int] = mapped_column(ForeignKey(Task.id), unique=True)
    state: Mapped[str] = mapped_column(default="active")
    # How often it was handed out: the least exposed goes first.
    exposures: Mapped[int] = mapped_column(default=0)
    # The class of its first accepted answer, so that a labeller meets all of them.
    class_key: Mapped[str] = mapped_column(default="", server_default="")
    # Learnt from the answers: how much they tell of who gave them; see quality.gold_telling.
    difficulty: Mapped[float | None]
    discrimination: Mapped[float | None]
    answers_n: Mapped[int] = mapped_column(default=0, server_default="0")
    # The share of it kept for assessments rather than slipped into work.
    for_assessment: Mapped[bool] = mapped_column(default=False)
    created_by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    created_at: Mapped[datetime] = mapped_column(Moment)

    asset: Mapped[Asset] = relationship()


class GoldVersion(Base):
    """The accepted answers of a gold at one version: label payloads, any of them right."""

    __tablename__ = "gold_version"
    __table_args__ = (UniqueConstraint("gold_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    gold_id: Mapped[int] = mapped_column(ForeignKey(Gold.id))
    version: Mapped[int]
    answers: Mapped[list[Any]]
    reason: Mapped[str] = mapped_column(default="")
    created_by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    created_at: Mapped[datetime] = mapped_column(Moment)


class GoldScore(Base):
    """An answer to gold, scored exactly once per gold version."""

    __tablename__ = "gold_score"
    __table_args__ = (UniqueConstraint("assignment_id", "gold_version_id"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey(Assignment.id))
    gold_version_id: Mapped[int] = mapped_column(ForeignKey(GoldVersion.id))
    label_id: Mapped[int] = mapped_column(ForeignKey(Label.id))
    correct: Mapped[float]
    at: Mapped[datetime] = mapped_column(Moment)
