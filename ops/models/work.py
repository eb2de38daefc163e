"""The work itself: lanes, tasks, assignments, labels, work events.

`task` and `assignment` are hot: no payload, counters on the row, and every invariant of handing out
is a constraint here. `scheduling` locks and changes the rows; this storey owns their shape.
"""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ops import clock_time
from ops.db import Base, Moment
from ops.models.people import User
from ops.models.projects import STAGES, Asset, Batch, Project

# A check reads its list of words anew in every statement, which took longer than the rest of an
# insert; a function of the database, made by a migration, keeps them.
ASSIGNMENT_STATES = ("reserved", "leased", "submitted", "skipped", "released", "expired")
# layer_2 and layer_3 are further reviews; hard asks for experts.
LANE_KINDS = ("ordinary", "hard", "layer_2", "layer_3")
SKIP_REASONS = ("unclear", "broken", "not_in_classes", "offensive", "other")


class Lane(Base):
    """(project, batch, stage, set of requirements): whatever shuts out many tasks selects lanes.

    `requirements` is {skill id as text: level}; `generation` rises when rows land behind cursors
    (new assets, reopening, another order), which makes every labeller start again at the head.
    """

    __tablename__ = "lane"
    __table_args__ = (
        UniqueConstraint("batch_id", "stage", "kind", "requirement_key"),
        CheckConstraint(f"stage IN {STAGES}", name="stage"),
        CheckConstraint(f"kind IN {LANE_KINDS}", name="kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id), index=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey(Batch.id))
    stage: Mapped[str]
    kind: Mapped[str] = mapped_column(default="ordinary", server_default="ordinary")
    requirement_key: Mapped[str] = mapped_column(default="")
    requirements: Mapped[dict[str, Any]] = mapped_column(default=dict)
    generation: Mapped[int] = mapped_column(default=0)


class Task(Base):
    """One stage of work on an asset, wanting so many answers.

    Gold is a task of round 0 that wants no answers: never open, so never handed out as ordinary
    work, and its assignments do not count.
    """

    __tablename__ = "task"
    __table_args__ = (
        UniqueConstraint("asset_id", "stage", "round"),
        CheckConstraint("n_leased >= 0 AND n_done >= 0 AND wanted >= 0", name="counters"),
        CheckConstraint("n_done + n_leased <= wanted", name="never_over"),
        Index("ix_task_open", "lane_id", "npri", "id", postgresql_where=text("open")),
        Index(
            "ix_task_returned", "lane_id", "npri", "id", postgresql_where=text("open AND returned")
        ),
        # Each claim updates a row of this table: leave room for HOT updates beside it.
        {"postgresql_with": {"fillfactor": "80"}},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    lane_id: Mapped[int] = mapped_column(ForeignKey(Lane.id))
    asset_id: Mapped[int] = mapped_column(ForeignKey(Asset.id))
    stage: Mapped[str]
    round: Mapped[int] = mapped_column(SmallInteger, default=1)
    # Its place in the lane, the smallest first: by chance, or by how sure a model was of the asset.
    npri: Mapped[int] = mapped_column(default=0)
    wanted: Mapped[int] = mapped_column(SmallInteger, default=1)
    n_done: Mapped[int] = mapped_column(SmallInteger, default=0)
    n_leased: Mapped[int] = mapped_column(SmallInteger, default=0)
    returned: Mapped[bool] = mapped_column(default=False)
    open: Mapped[bool] = mapped_column(Computed("n_done + n_leased < wanted", persisted=True))
    created_at: Mapped[datetime] = mapped_column(Moment, default=clock_time.now)

    asset: Mapped[Asset] = relationship()
    lane: Mapped[Lane] = relationship()


class Assignment(Base):
    """A task leased to a labeller until submitted, skipped, released or expired: lease and answer.

    A labeller knows it by `token` alone. `counts` is false for gold and for surplus. Reserved, it
    is kept for the labeller until they ask for work, and takes up its place in the task like a
    lease.
    """

    __tablename__ = "assignment"
    __table_args__ = (
        CheckConstraint("is_assignment_state(state)", name="state"),
        # One answer per labeller and task; released and expired leases may come round again.
        Index(
            "uq_assignment_live",
            "task_id",
            "labeller_id",
            unique=True,
            postgresql_where=text(
                "state IN ('reserved', 'leased', 'submitted', 'skipped') AND NOT surplus"
            ),
        ),
        Index("ix_assignment_task", "task_id", "labeller_id"),
        Index("ix_assignment_mine", "labeller_id", "id"),
        # The one index of live leases: with two, statistics taken while nothing is leased make them
        # look alike, and a labeller's own leases would be looked for among everybody's.
        Index(
            "ix_assignment_held",
            "labeller_id",
            "expires_at",
            postgresql_where=text("state = 'leased'"),
        ),
        Index(
            "ix_assignment_reserved",
            "labeller_id",
            "expires_at",
            postgresql_where=text("state = 'reserved'"),
        ),
        # What I lost and may be offered again when there is nothing else.
        Index(
            "ix_assignment_lost",
            "labeller_id",
            postgresql_where=text("state IN ('released', 'expired')"),
        ),
        Index(
            "ix_assignment_unjudged",
            "id",
            postgresql_where=text("state = 'submitted' AND judged_at IS NULL"),
        ),
        {"postgresql_with": {"fillfactor": "80"}},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    token: Mapped[uuid.UUID] = mapped_column(
        UUID, unique=True, server_default=text("gen_random_uuid()")
    )
    task_id: Mapped[int] = mapped_column(ForeignKey(Task.id))
    labeller_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    # The project of its task. No foreign key: every claim would lock the project's one row.
    project_id: Mapped[int]
    state: Mapped[str] = mapped_column(default="leased", server_default="leased")
    counts: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    surplus: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    leased_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    # Set when the labeller's screen first shows it: a prefetched lease is not yet being worked on.
    shown_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    skip_reason: Mapped[str | None]
    # The one tab that may add active time, and the number of its last heartbeat.
    tab: Mapped[str | None]
    beat: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    beat_at: Mapped[datetime | None] = mapped_column(Moment)
    active_ms: Mapped[int] = mapped_column(default=0, server_default="0")
    # Of which in earlier tabs: a tab reports its own total.
    active_before_ms: Mapped[int] = mapped_column(default=0, server_default="0")
    # In front and silent for longer than counts as work; the rest of the wall time is away.
    idle_ms: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    idle_before_ms: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    # Moves, presses and clicks: how many, never which.
    inputs: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    inputs_before: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    wall_ms: Mapped[int | None]
    judged_at: Mapped[datetime | None] = mapped_column(Moment)

    task: Mapped[Task] = relationship()
    labeller: Mapped[User] = relationship()
    project: Mapped[Project] = relationship(
        primaryjoin="foreign(Assignment.project_id) == Project.id", viewonly=True
    )


class Label(Base):
    """An answer; revisions are appended, never overwritten. `payload` of a class is {"class": key}.

    A review or adjudication answers with {"class": key, "verdict": "accept"|"fix", "remark": …}.
    """

    __tablename__ = "label"
    __table_args__ = (
        UniqueConstraint("assignment_id", "revision"),
        UniqueConstraint("assignment_id", "client_key"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey(Assignment.id))
    revision: Mapped[int] = mapped_column(SmallInteger)
    payload: Mapped[dict[str, Any]]
    ontology_version_id: Mapped[int] = mapped_column(ForeignKey("ontology_version.id"))
    # Chosen by the client, so that a submission sent twice is one submission.
    client_key: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Moment)

    assignment: Mapped[Assignment] = relationship()


WORK_EVENTS = (
    "reserved",
    "leased",
    "submitted",
    "skipped",
    "released",
    "expired",
    "recalled",
    "reopened",
    "surplus",
    "gold_scored",
    "consensus_scored",
    "reviewed",
)


class WorkEvent(Base):
    """Something that happened to an assignment. Append-only: the raw material of every metric.

    submitted and surplus carry {"active_ms", "idle_ms", "wall_ms", "inputs", "class"}; skipped the
    same times, {"reason", "note"}; what ended otherwise the times; gold_scored, consensus_scored
    and reviewed {"correct": 0..1} about the assignment they name, dated at the
    moment of judgement.

    What it names is not checked by foreign keys: the statement that appends it has just locked or
    written the assignment, and nothing it names is ever deleted (docs/decisions/0004).
    """

    __tablename__ = "work_event"
    __table_args__ = (
        CheckConstraint("is_work_event_kind(kind)", name="kind"),
        Index("ix_work_event_at", "at", postgresql_using="brin"),
        # The roll-up reads what is new since the last; a BRIN costs a writer next to nothing.
        Index(
            "ix_work_event_xid",
            "xid",
            postgresql_using="brin",
            postgresql_with={"autosummarize": "on"},
        ),
        Index("ix_work_event_assignment", "assignment_id"),
        PrimaryKeyConstraint("at", "id"),
        # By month (ops/event_partitions.py); a key must hold what tells the partition.
        {"postgresql_partition_by": "RANGE (at)"},
    )

    id: Mapped[int] = mapped_column(Identity())
    # The writing transaction, so that a reader can tell which events can no longer appear below it.
    xid: Mapped[int] = mapped_column(server_default=text("pg_current_xact_id()::text::bigint"))
    at: Mapped[datetime] = mapped_column(Moment)
    kind: Mapped[str]
    labeller_id: Mapped[int]
    project_id: Mapped[int]
    batch_id: Mapped[int]
    stage: Mapped[str]
    task_id: Mapped[int]
    assignment_id: Mapped[int]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
