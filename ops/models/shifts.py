"""When people work: who leads a team, moves to come, hours of the week, shifts, absences."""

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ops.db import Base, Moment
from ops.models.people import Organisation, Team, User
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


class PlannedMove(Base):
    """Where somebody will belong from a day on, in their own time; gone once they do."""

    __tablename__ = "planned_move"

    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True)
    from_day: Mapped[date] = mapped_column(Date)
    team_id: Mapped[int | None] = mapped_column(ForeignKey(Team.id))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey(Organisation.id))
    timezone: Mapped[str]
    planned_by: Mapped[int] = mapped_column(ForeignKey(User.id))


class WeeklyHours(Base):
    """When somebody can work, on one day of the week, in their own time, between two dates.

    `weekday` is 0 for Monday; `begins` and `ends` are minutes after midnight, so that a day may end
    at 1440. Another plan closes the old rows with `valid_until` (the first day on which they no
    longer hold) and adds new ones. No two rows of a person hold at one minute.
    """

    __tablename__ = "weekly_hours"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("0 <= begins AND begins < ends AND ends <= 1440", name="order"),
        CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name="validity"),
        ExcludeConstraint(
            (func.int8range(text("user_id"), text("user_id"), text("'[]'")), "&&"),
            (func.int4range(text("weekday"), text("weekday"), text("'[]'")), "&&"),
            (func.int4range(text("begins"), text("ends")), "&&"),
            (func.daterange(text("valid_from"), text("valid_until")), "&&"),
            using="gist",
            name="ex_weekly_hours_apart",
        ),
        Index("ix_weekly_hours_user", "user_id", "valid_from"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    weekday: Mapped[int] = mapped_column(SmallInteger)
    begins: Mapped[int] = mapped_column(SmallInteger)
    ends: Mapped[int] = mapped_column(SmallInteger)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)


class Shift(Base):
    """A span of time for which somebody is planned, for one project or any. None overlap."""

    __tablename__ = "shift"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="order"),
        CheckConstraint("ends_at - starts_at <= interval '25 hours'", name="length"),
        # Without an extension: a range of one number equals that number.
        ExcludeConstraint(
            (func.int8range(text("user_id"), text("user_id"), text("'[]'")), "&&"),
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
    """Days, the last included, on which somebody does not work; in their own time.

    What is asked or granted does not overlap with another of the same person.
    """

    __tablename__ = "absence"
    __table_args__ = (
        CheckConstraint(f"kind IN {ABSENCES}", name="kind"),
        CheckConstraint(f"state IN {ABSENCE_STATES}", name="state"),
        CheckConstraint("first_day <= last_day", name="order"),
        ExcludeConstraint(
            (func.int8range(text("user_id"), text("user_id"), text("'[]'")), "&&"),
            (func.daterange(text("first_day"), text("last_day"), text("'[]'")), "&&"),
            using="gist",
            where=text("state IN ('asked', 'granted')"),
            name="ex_absence_apart",
        ),
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
    # After it was granted, too: what was known of it until then stays known.
    withdrawn_at: Mapped[datetime | None] = mapped_column(Moment)

    user: Mapped[User] = relationship(foreign_keys=[user_id])

    def covers(self, day: date) -> bool:
        return self.first_day <= day <= self.last_day
