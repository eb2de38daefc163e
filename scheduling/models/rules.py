"""Rules of a project, and what they did to whom and why."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ops.db import Base, Moment
from ops.models import Project, User

SIGNALS = (
    "too_fast",
    "skips_in_row",
    "gold_accuracy",
    "agreement",
    "review_acceptance",
    "hours",
    "drift",
)
ACTIONS = ("warn", "train", "pause", "restrict", "suspend")
# pending: decided, not yet in effect · applied · appealed: applied, and its labeller objects ·
# lifted: time ran out, or the evidence for it went away · overridden: a lead took it back
FIRING_STATES = ("pending", "applied", "appealed", "upheld", "lifted", "overridden")
STANDING_FIRINGS = ("pending", "applied", "appealed", "upheld")


class Rule(Base):
    """If `signal` then `action`, in one project. `terms` belong to the signal, `measure` to what is
    done: {"hours"} of a pause, {"redo": true} to have unreviewed work done again."""

    __tablename__ = "rule"
    __table_args__ = (
        UniqueConstraint("project_id", "name"),
        CheckConstraint(f"signal IN {SIGNALS}", name="signal"),
        CheckConstraint(f"action IN {ACTIONS}", name="action"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id))
    name: Mapped[str]
    signal: Mapped[str]
    terms: Mapped[dict[str, Any]] = mapped_column(default=dict)
    action: Mapped[str]
    measure: Mapped[dict[str, Any]] = mapped_column(default=dict)
    enabled: Mapped[bool] = mapped_column(default=True)
    created_by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    created_at: Mapped[datetime] = mapped_column(Moment)


class RuleLook(Base):
    """Up to when the evidence of a project was looked at; without a row all of it is looked at."""

    __tablename__ = "rule_look"

    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id), primary_key=True)
    looked_at: Mapped[datetime] = mapped_column(Moment)


class RuleFiring(Base):
    """A rule that held for a labeller: the evidence, what was done, and what became of it.

    It takes effect a while after it was decided, by chance, so that its moment betrays no gold.
    """

    __tablename__ = "rule_firing"
    __table_args__ = (
        CheckConstraint(f"state IN {FIRING_STATES}", name="state"),
        Index(
            "uq_rule_firing_standing",
            "rule_id",
            "labeller_id",
            unique=True,
            postgresql_where=text(f"state IN {STANDING_FIRINGS}"),
        ),
        Index("ix_rule_firing_project", "project_id", "id"),
        Index("ix_rule_firing_labeller", "labeller_id", "id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey(Rule.id))
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id))
    labeller_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    state: Mapped[str] = mapped_column(default="pending")
    # What a lead reads, and what the labeller reads: the latter says nothing of gold.
    reason: Mapped[str]
    told: Mapped[str]
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    decided_at: Mapped[datetime] = mapped_column(Moment)
    takes_effect_at: Mapped[datetime] = mapped_column(Moment)
    applied_at: Mapped[datetime | None] = mapped_column(Moment)
    ends_at: Mapped[datetime | None] = mapped_column(Moment)
    appeal: Mapped[str] = mapped_column(default="")
    appealed_at: Mapped[datetime | None] = mapped_column(Moment)
    settled_by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    settled_at: Mapped[datetime | None] = mapped_column(Moment)
    settled_why: Mapped[str] = mapped_column(default="")

    rule: Mapped[Rule] = relationship()
    labeller: Mapped[User] = relationship(foreign_keys=[labeller_id])
