"""When people work: who leads a team, hours of the week, planned shifts, absences."""

from datetime import date, datetime, time

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    Time,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ops.db import Base, Moment
from ops.models.people import Team, User
from ops.models.projects import Project

ABSENCES = ("holiday", "sick", "training", "other")
ABSENCE_STATES = ("asked", "granted", "refused", "withdrawn")


class TeamLead(Base):
    """Somebody leads a team, from one moment to another."""

    __tablename__ = "team_lead"
    __table_args__ = (
        Index(
            "uq_team_lead_now",
            "team_id",
            "user_id",
            unique=True,
            postgresql_where=text("until IS NULL"),
        ),
        Index("ix_team_lead_user", "user_id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey(Team.id))
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    since: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime | None] = mapped_column(Moment)

    user: Mapped[User] = relationship()


class WeeklyHours(Base):
    """When somebody can work, on one day of the week, in their own time, between two dates.

    `weekday` is 0 for Monday. Hours that end at midnight end at 24:00. Another plan closes the old
    rows with `valid_until` (the first day that they no longer hold) and adds new ones.
    """

    __tablename__ = "weekly_hours"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("begins < ends", name="order"),
        CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name="validity"),
        Index("ix_weekly_hours_user", "user_id", "valid_from"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    weekday: Mapped[int] = mapped_column(SmallInteger)
    begins: Mapped[time] = mapped_column(Time)
    ends: Mapped[time] = mapped_column(Time)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)
    set_by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    set_at: Mapped[datetime] = mapped_column(Moment)


class Shift(Base):
    """A span of time for which somebody is planned, for one project or any. None overlap."""

    __tablename__ = "shift"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="order"),
        CheckConstraint("ends_at - starts_at <= interval '24 hours'", name="length"),
        # Without an extension: a range of one number equals that number.
        ExcludeConstraint(
            (func.int8range(text("user_id"), text("user_id"), "[]"), "&&"),
            (func.tstzrange(text("starts_at"), text("ends_at")), "&&"),
            using="gist",
            where=text("cancelled_at IS NULL"),
            name="ex_shift_apart",
        ),
        Index("ix_shift_starts", "starts_at"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    project_id: Mapped[int | None] = mapped_column(ForeignKey(Project.id))
    starts_at: Mapped[datetime] = mapped_column(Moment)
    ends_at: Mapped[datetime] = mapped_column(Moment)
    planned_by: Mapped[int] = mapped_column(ForeignKey(User.id))
    planned_at: Mapped[datetime] = mapped_column(Moment)
    cancelled_at: Mapped[datetime | None] = mapped_column(Moment)

    user: Mapped[User] = relationship(foreign_keys=[user_id])


class Absence(Base):
    """Days, the last included, on which somebody does not work; in their own time."""

    __tablename__ = "absence"
    __table_args__ = (
        CheckConstraint(f"kind IN {ABSENCES}", name="kind"),
        CheckConstraint(f"state IN {ABSENCE_STATES}", name="state"),
        CheckConstraint("first_day <= last_day", name="order"),
        Index("ix_absence_user", "user_id", "first_day"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    kind: Mapped[str]
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(default="asked")
    note: Mapped[str] = mapped_column(default="")
    asked_at: Mapped[datetime] = mapped_column(Moment)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    decided_at: Mapped[datetime | None] = mapped_column(Moment)

    user: Mapped[User] = relationship(foreign_keys=[user_id])
