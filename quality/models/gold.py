"""Gold: known answers, versioned and hidden, and what was scored against them."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ops.db import Base, Moment
from ops.models import Asset, Assignment, Batch, Label, Project, Task, User

IN_WORK = "state = 'active' AND NOT for_assessment"


class Gold(Base):
    """An asset whose answer is known. Its task has round 0 and wants no answers."""

    __tablename__ = "gold"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'retired')", name="state"),
        Index("ix_gold_batch", "batch_id", "lot", postgresql_where=text(IN_WORK)),
        Index("ix_gold_project", "project_id", "lot", postgresql_where=text(IN_WORK)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id))
    asset_id: Mapped[int] = mapped_column(ForeignKey(Asset.id), unique=True)
    task_id: Mapped[int] = mapped_column(ForeignKey(Task.id), unique=True)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey(Batch.id))
    # Its place in a random order of all gold, from which a choice looks at a part.
    lot: Mapped[float] = mapped_column(server_default=text("random()"))
    state: Mapped[str] = mapped_column(default="active")
    # How often it was handed out: the least exposed go first.
    exposures: Mapped[int] = mapped_column(default=0)
    # The class of its first accepted answer, so that a labeller meets all of them.
    class_key: Mapped[str] = mapped_column(default="", server_default="")
    # Learnt from the answers: how hard it is, in logits, and how far it tells the able from the
    # less able; see `quality.measures.items`.
    difficulty: Mapped[float | None]
    discrimination: Mapped[float | None]
    answers_n: Mapped[int] = mapped_column(default=0, server_default="0")
    # The share of it kept for assessments rather than slipped into work.
    for_assessment: Mapped[bool] = mapped_column(default=False)
    created_by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    created_at: Mapped[datetime] = mapped_column(Moment)

    asset: Mapped[Asset] = relationship()


class GoldSeen(Base):
    """How many gold of each class a labeller was handed in a project: the least met comes next."""

    __tablename__ = "gold_seen"

    labeller_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id), primary_key=True)
    class_key: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(default=0)


class GoldVersion(Base):
    """The accepted answers of a gold at one version: label payloads, the best match counts.

    An answer may carry a "credit" in (0, 1] for being nearly right; without it is worth 1.
    """

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
