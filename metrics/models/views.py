"""What leads keep of the dashboards: views by name, and alerts."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ops.db import Base, Moment
from ops.models import Project, User

ALERTS = ("accuracy_drop", "forecast_past_due", "gold_exhausted", "queue_starved")


class SavedView(Base):
    """A page of the dashboards with its filters, under a name; shared with all leads or not."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("user_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    name: Mapped[str]
    # A path below /dashboards/, and its query without the question mark.
    path: Mapped[str]
    query: Mapped[str] = mapped_column(default="")
    shared: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Moment)


class AlertRule(Base):
    """Tell the leads of a project when a figure passes a threshold; `terms` belong to the kind."""

    __tablename__ = "alert_rule"
    __table_args__ = (
        UniqueConstraint("project_id", "kind"),
        CheckConstraint(f"kind IN {ALERTS}", name="kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id))
    kind: Mapped[str]
    terms: Mapped[dict[str, Any]] = mapped_column(default=dict)
    enabled: Mapped[bool] = mapped_column(default=True)
    created_by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    created_at: Mapped[datetime] = mapped_column(Moment)


class AlertFiring(Base):
    """An alert that held for a subject (a batch, a labeller, the project): what was seen, and when.

    It stands until the figure is back or a lead says they have seen it.
    """

    __tablename__ = "alert_firing"
    __table_args__ = (
        Index(
            "uq_alert_firing_standing",
            "rule_id",
            "subject",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_alert_firing_project", "project_id", "id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey(AlertRule.id))
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id))
    subject: Mapped[str]
    reason: Mapped[str]
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    began_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    seen_by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    seen_at: Mapped[datetime | None] = mapped_column(Moment)
