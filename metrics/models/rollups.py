"""What was counted from work events: by the hour, by the day, and along the line."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, Date, Index, Integer, Numeric, SmallInteger
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from ops.db import Base, Moment

# Shares are sums of parts of one, kept exact, so that a rebuild equals the sum of increments.
Sum = Numeric(18, 6)


class Counted:
    """The columns that hours and days share; every one of them is a sum.

    Judgements (gold, consensus, review) are counted at the moment the answer was *submitted*, so
    that an hour's accuracy is the accuracy of that hour's work. `time_bins` are the bins of
    `metrics.definitions.TIME_BINS` into which log active times fell, ascending, and `time_counts`
    how many fell into each: medians over any set of rows come from sums.

    What a row names is not checked by foreign keys, as in the events it is counted from: nothing
    they name is ever deleted, and a rebuild writes a million rows.
    """

    labeller_id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int]
    stage: Mapped[str] = mapped_column(primary_key=True)
    # The class that was answered; empty where an answer is no choice, and of what is no answer.
    label_class: Mapped[str] = mapped_column(primary_key=True)
    # Where the labeller belonged then; 0 is nowhere.
    team_id: Mapped[int] = mapped_column(primary_key=True)
    vendor_id: Mapped[int] = mapped_column(primary_key=True)
    leased: Mapped[int] = mapped_column(default=0)
    submitted: Mapped[int] = mapped_column(default=0)
    surplus: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    released: Mapped[int] = mapped_column(default=0)
    expired: Mapped[int] = mapped_column(default=0)
    active_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    idle_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    wall_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    gold_n: Mapped[int] = mapped_column(default=0)
    gold_correct: Mapped[Decimal] = mapped_column(Sum, default=0)
    consensus_n: Mapped[int] = mapped_column(default=0)
    consensus_agreed: Mapped[Decimal] = mapped_column(Sum, default=0)
    review_n: Mapped[int] = mapped_column(default=0)
    review_accepted: Mapped[Decimal] = mapped_column(Sum, default=0)
    time_bins: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger), default=list)
    time_counts: Mapped[list[int]] = mapped_column(ARRAY(Integer), default=list)


class HourlyRollup(Counted, Base):
    """What one labeller did in one batch, stage, class and hour, from work events alone."""

    __tablename__ = "hourly_rollup"
    __table_args__ = (
        Index("ix_hourly_rollup_project", "project_id", "hour"),
        Index("ix_hourly_rollup_labeller", "labeller_id", "day"),
    )

    hour: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    # The labeller's own day, in the time zone they had then. It may change within an hour of UTC.
    day: Mapped[date] = mapped_column(Date, primary_key=True)


class DailyRollup(Counted, Base):
    """The sum of a labeller's hours over their own day."""

    __tablename__ = "daily_rollup"
    __table_args__ = (Index("ix_daily_rollup_project", "project_id", "day"),)

    day: Mapped[date] = mapped_column(Date, primary_key=True)


class RollupState(Base):
    """How far a roll-up has read: every event with xid below `below_xid` is in."""

    __tablename__ = "rollup_state"

    name: Mapped[str] = mapped_column(primary_key=True)
    below_xid: Mapped[int] = mapped_column(default=0)
    as_of: Mapped[datetime] = mapped_column(Moment)
