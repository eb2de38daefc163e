"""What people earned: statements, frozen."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Identity,
    Numeric,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ops.db import Base, Moment
from ops.models import User


class EarningsStatement(Base):
    """What somebody earned from one day to another (both included), as it was settled.

    Append-only. What comes later for days that are settled stands in the next statement, as a
    difference. `lines` are the days, projects, stages, units, rates and amounts it adds up.
    """

    __tablename__ = "earnings_statement"
    __table_args__ = (
        UniqueConstraint("user_id", "currency", "first_day"),
        CheckConstraint("first_day <= last_day", name="order"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    currency: Mapped[str] = mapped_column(String(3))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    total: Mapped[Decimal] = mapped_column(Numeric(14, 4))
    lines: Mapped[list[Any]]
    # SHA-256 of the whole statement, see metrics.earnings.statements.
    digest: Mapped[str] = mapped_column(String(64))
    settled_by: Mapped[int] = mapped_column(ForeignKey(User.id))
    settled_at: Mapped[datetime] = mapped_column(Moment)

    user: Mapped[User] = relationship(foreign_keys=[user_id])


class EarningsShown(Base):
    """What a labeller is shown of what is not settled yet, through their own day of `at`.

    It changes once a day: what a single label did to it cannot be told.
    """

    __tablename__ = "earnings_shown"

    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    lines: Mapped[list[Any]]
