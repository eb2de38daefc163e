"""What work is paid: rates from a day on, and corrections. Rows are appended, never changed."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Date, ForeignKey, Identity, Index, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column

from ops.db import Base, Moment
from ops.models.people import Organisation, Team, User
from ops.models.projects import STAGES, Project

# An active hour, a label that was handed in, a label that was accepted.
PAY_BASES = ("hour", "label", "accepted")


class PayRate(Base):
    """What one unit of work is paid from a day on, to whom it is narrowed.

    Whatever is null stands for all. Of several that fit the narrowest holds (person, team, vendor;
    then project, then stage), of equally narrow ones that whose `valid_from` came last, then the
    newest. An amount of null ends the narrower rate: the wider one holds again. Days are the
    labeller's own.
    """

    __tablename__ = "pay_rate"
    __table_args__ = (
        CheckConstraint(f"basis IN {PAY_BASES}", name="basis"),
        CheckConstraint(f"stage IN {STAGES}", name="stage"),
        CheckConstraint("amount IS NULL OR amount >= 0", name="amount"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint("num_nonnulls(user_id, team_id, vendor_id) <= 1", name="one_whom"),
        Index("ix_pay_rate_from", "valid_from"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    team_id: Mapped[int | None] = mapped_column(ForeignKey(Team.id))
    vendor_id: Mapped[int | None] = mapped_column(ForeignKey(Organisation.id))
    project_id: Mapped[int | None] = mapped_column(ForeignKey(Project.id))
    stage: Mapped[str | None]
    basis: Mapped[str]
    amount: Mapped[Decimal | None] = mapped_column(Numeric(12, 4))
    currency: Mapped[str] = mapped_column(String(3))
    valid_from: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(default="")


class PayAdjustment(Base):
    """An amount added to somebody's earnings, or taken off, by hand and with a reason."""

    __tablename__ = "pay_adjustment"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        Index("ix_pay_adjustment_user", "user_id", "day"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    day: Mapped[date] = mapped_column(Date)
    amount: Mapped[Decimal] = mapped_column(Numeric(12, 4))
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str]
    by: Mapped[int] = mapped_column(ForeignKey(User.id))
    at: Mapped[datetime] = mapped_column(Moment)
