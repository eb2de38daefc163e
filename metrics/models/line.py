"""The line: what came to each stage and left it, by the hour, and how far each task is."""

from datetime import datetime

from sqlalchemy import ForeignKey, Identity, Index, Integer, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from ops.db import Base, Moment
from ops.models import Batch, Project


class LineRollup(Base):
    """What came to a stage of a batch in an hour, and what left it.

    `wait_*` are the times of tasks begun in the hour, from their arrival to the first lease;
    `cycle_*` and `lead_*` those of tasks finished in it, from the first lease and from the arrival
    to the last answer: bins of `metrics.definitions.LINE_BINS`, ascending, and how many fell into
    each. `looked` are the tasks of this stage at which a later stage looked in the hour, `passed`
    those that it let stand. `repeats` are answers in this hour about an asset that the labeller had
    answered before, `alike` those that say the same.
    """

    __tablename__ = "line_rollup"
    __table_args__ = (Index("ix_line_rollup_project", "project_id", "hour"),)

    hour: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey(Batch.id), primary_key=True)
    stage: Mapped[str] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id))
    arrived: Mapped[int] = mapped_column(default=0)
    started: Mapped[int] = mapped_column(default=0)
    finished: Mapped[int] = mapped_column(default=0)
    looked: Mapped[int] = mapped_column(default=0)
    passed: Mapped[int] = mapped_column(default=0)
    repeats: Mapped[int] = mapped_column(default=0)
    alike: Mapped[int] = mapped_column(default=0)
    wait_bins: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger), default=list)
    wait_counts: Mapped[list[int]] = mapped_column(ARRAY(Integer), default=list)
    cycle_bins: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger), default=list)
    cycle_counts: Mapped[list[int]] = mapped_column(ARRAY(Integer), default=list)
    lead_bins: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger), default=list)
    lead_counts: Mapped[list[int]] = mapped_column(ARRAY(Integer), default=list)


class LineTask(Base):
    """How far a task is, as `line_rollup` has counted it: what is taken off when it changes."""

    __tablename__ = "line_task"
    __table_args__ = (
        # What is in progress, the oldest first.
        Index(
            "ix_line_task_open",
            "project_id",
            "arrived_at",
            postgresql_where=text("finished_at IS NULL"),
        ),
    )

    # What it names is not checked by foreign keys, which would lock the rows of work at hand.
    task_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    project_id: Mapped[int]
    batch_id: Mapped[int]
    stage: Mapped[str]
    arrived_at: Mapped[datetime] = mapped_column(Moment)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    # Of a finished review or decision: the stage it looked at, and whether it let that stand.
    looked_at: Mapped[str | None]
    stands: Mapped[bool] = mapped_column(default=False)
    # Answers here by somebody who had answered about the asset before, and when the last came.
    repeats: Mapped[int] = mapped_column(SmallInteger, default=0)
    alike: Mapped[int] = mapped_column(SmallInteger, default=0)
    repeated_at: Mapped[datetime | None] = mapped_column(Moment)


class LineTouched(Base):
    """Tasks to be looked at again: written by triggers on `task`, and from work events."""

    __tablename__ = "line_touched"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    # No foreign key: whoever opens a hundred thousand tasks should not check each of them.
    task_id: Mapped[int]
