"""The tables of this storey: roll-ups, and how far they have read."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Integer
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from ops.db import Base, Moment
from ops.models import Batch, Project, User


class DailyRollup(Base):
    """What one labeller did in one batch, stage and day (UTC), from work events alone.

    Judgements (gold, consensus, review) are counted on the day the answer was *submitted*, so that
    a day's accuracy is the accuracy of that day's work. `log_time_histogram` counts answers by
    `metrics.definitions.TIME_BINS` of log active time: medians over any set of rows come from sums.
    """

    __tablename__ = "daily_rollup"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    labeller_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey(Batch.id), primary_key=True)
    stage: Mapped[str] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id), index=True)
    leased: Mapped[int] = mapped_column(default=0)
    submitted: Mapped[int] = mapped_column(default=0)
    surplus: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    released: Mapped[int] = mapped_column(default=0)
    expired: Mapped[int] = mapped_column(default=0)
    active_ms: Mapped[int] = mapped_column(default=0)
    wall_ms: Mapped[int] = mapped_column(default=0)
    gold_n: Mapped[int] = mapped_column(default=0)
    gold_correct: Mapped[float] = mapped_column(default=0.0)
    consensus_n: Mapped[int] = mapped_column(default=0)
    consensus_agreed: Mapped[float] = mapped_column(default=0.0)
    review_n: Mapped[int] = mapped_column(default=0)
    review_accepted: Mapped[float] = mapped_column(default=0.0)
    log_time_histogram: Mapped[list[int]] = mapped_column(ARRAY(Integer), default=list)


class RollupState(Base):
    """How far a roll-up has read: every event with xid below `below_xid` is in."""

    __tablename__ = "rollup_state"

    name: Mapped[str] = mapped_column(primary_key=True)
    below_xid: Mapped[int] = mapped_column(default=0)
    as_of: Mapped[datetime] = mapped_column(Moment)
