"""What the dispatcher remembers of each labeller's desk."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ops.db import Base, Moment
from ops.models import Assignment, Batch, Lane, Project, Task, User
from quality.models import Gold


class Desk(Base):
    """One row per labeller. Locked first by every claim: it makes a labeller's claims serial."""

    __tablename__ = "desk"

    labeller_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True)
    claims: Mapped[int] = mapped_column(default=0)
    claimed_at: Mapped[datetime | None] = mapped_column(Moment)
    # The project of the newest claim: people get better at what they stay on.
    project_id: Mapped[int | None] = mapped_column(ForeignKey(Project.id))


class DeskCursor(Base):
    """Where a labeller's search in a lane may start: the first open row not yet had, inclusive.

    Only valid while the lane's generation is the one it was set in.
    """

    __tablename__ = "desk_cursor"

    labeller_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True)
    lane_id: Mapped[int] = mapped_column(ForeignKey(Lane.id), primary_key=True)
    npri: Mapped[int]
    task_id: Mapped[int]
    generation: Mapped[int]


class GoldPace(Base):
    """How many more claims of a labeller in a project pass until gold is slipped in.

    Which gold, and how many claims then pass until the one after it, is settled at some claim
    before: handing gold out takes no longer than handing out work.
    """

    __tablename__ = "gold_pace"

    labeller_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id), primary_key=True)
    until_next: Mapped[int]
    gold_id: Mapped[int | None] = mapped_column(ForeignKey(Gold.id))
    gap_after: Mapped[int | None]


class DeskTally(Base):
    """What a labeller handed in of a batch in one of their own days, gold and surplus included."""

    __tablename__ = "desk_tally"
    __table_args__ = (Index("ix_desk_tally_day", "labeller_id", "day"),)

    labeller_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey(Batch.id), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    answers: Mapped[int] = mapped_column(default=0)
    active_ms: Mapped[int] = mapped_column(default=0)


class Draft(Base):
    """Unfinished work as its labeller left it, on whatever machine.

    `revision` rises with each save. `value` is the payload so far, null where nothing is said yet;
    it need not be valid. Kept for some days after its work ended, because what ended by the clock
    may come round again.
    """

    __tablename__ = "draft"

    assignment_id: Mapped[int] = mapped_column(ForeignKey(Assignment.id), primary_key=True)
    revision: Mapped[int]
    value: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    remark: Mapped[str] = mapped_column(default="", server_default="")
    tab: Mapped[str]
    saved_at: Mapped[datetime] = mapped_column(Moment, index=True)


class HardTask(Base):
    """A task sent to experts: why, until when, and when it was given back to everybody."""

    __tablename__ = "hard_task"

    task_id: Mapped[int] = mapped_column(ForeignKey(Task.id), primary_key=True)
    reason: Mapped[str]
    routed_at: Mapped[datetime] = mapped_column(Moment)
    due_at: Mapped[datetime] = mapped_column(Moment, index=True)
    escalated_at: Mapped[datetime | None] = mapped_column(Moment)
