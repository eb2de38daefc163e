"""Batches: how far they are, and when they will be through at the present rate."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, case, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from metrics.reads.sums import Scope, frame
from ops import clock_time
from ops.models import (
    Asset,
    Batch,
    Consensus,
    GateVerdict,
    Lane,
    Organisation,
    Project,
    Task,
    WorkEvent,
)

if TYPE_CHECKING:
    from pandas import DataFrame

# How long back the present rate is measured: the shortest span that holds an answer.
SPANS = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=24))


def batches(
    session: Session, scope: Scope, *, batch_id: int | None = None, delivered: bool = True
) -> "DataFrame":
    """One row per batch, newest first: where it stands. One statement.

    batch_id, batch, project_id, project, organisation, state, paused, priority, due_at, created_at,
    completed_at; assets, labelled (assets with a label in force); answers_wanted and answers_done
    over every stage, leased; open_label, open_review, open_adjudicate (tasks not finished; rework
    counts as label); gate_passed, gate_reasons (of the last verdict, None before the first);
    done_share; answers_per_hour and hours_left at the present rate (NaN when nothing came in
    within a day).
    """
    newest = (
        select(GateVerdict)
        .ext(distinct_on(GateVerdict.batch_id))
        .order_by(GateVerdict.batch_id, GateVerdict.id.desc())
        .subquery("verdict")
    )
    statement = (
        select(
            Batch.id.label("batch_id"), Batch.name.label("batch"),
            Project.id.label("project_id"), Project.name.label("project"),
            Organisation.name.label("organisation"), Batch.state, Batch.paused, Batch.priority,
            Batch.due_at, Batch.created_at, Batch.completed_at,
            _count(Asset.id, Asset).label("assets"),
            _count(func.distinct(Consensus.asset_id), Consensus).label("labelled"),
            *_work_columns(work := _work()), *_rate_columns(rate := _rate()),
            newest.c.passed.label("gate_passed"),
            func.jsonb_array_length(newest.c.reasons).label("gate_reasons"),
        )
        .join(Project, Project.id == Batch.project_id)
        .join(Organisation, Organisation.id == Project.organisation_id)
        .outerjoin(work, work.c.batch_id == Batch.id)
        .outerjoin(rate, rate.c.batch_id == Batch.id)
        .outerjoin(newest, newest.c.batch_id == Batch.id)
        .where(Batch.project_id.in_(scope))
        .order_by(Batch.created_at.desc(), Batch.id.desc())
    )  # fmt: skip
    if batch_id is not None:
        statement = statement.where(Batch.id == batch_id)
    if not delivered:
        statement = statement.where(Batch.state != "delivered")
    return _with_time_left(frame(session, statement))


def _count(what: Any, table: Any) -> Any:
    return select(func.count(what)).where(table.batch_id == Batch.id).scalar_subquery()


def _work() -> Any:
    unfinished = or_(Task.open, Task.n_leased > 0)
    stage = case((Task.stage == "rework", "label"), else_=Task.stage)
    opened = [
        func.count().filter(unfinished, stage == name).label(f"open_{name}")
        for name in ("label", "review", "adjudicate")
    ]
    return (
        select(
            Lane.batch_id,
            func.sum(Task.wanted).label("answers_wanted"),
            func.sum(Task.n_done).label("answers_done"),
            func.sum(Task.n_leased).label("leased"),
            *opened,
        )
        .join(Task, Task.lane_id == Lane.id)
        .group_by(Lane.batch_id)
        .subquery("work")
    )


WORK = ("answers_wanted", "answers_done", "leased", "open_label", "open_review", "open_adjudicate")


def _work_columns(work: Any) -> list[Any]:
    return [func.coalesce(work.c[name], 0).cast(Integer).label(name) for name in WORK]


def _rate() -> Any:
    now = clock_time.now()
    counts = [
        func.count().filter(WorkEvent.at >= now - span).label(f"in_{i}")
        for i, span in enumerate(SPANS)
    ]
    return (
        select(WorkEvent.batch_id, *counts)
        .where(WorkEvent.at >= now - SPANS[-1], WorkEvent.kind == "submitted")
        .group_by(WorkEvent.batch_id)
        .subquery("rate")
    )


def _rate_columns(rate: Any) -> list[Any]:
    return [func.coalesce(rate.c[f"in_{i}"], 0).label(f"in_{i}") for i in range(len(SPANS))]


def _with_time_left(table: "DataFrame") -> "DataFrame":
    import numpy as np

    rate = np.full(len(table), np.nan)
    for i, span in reversed(list(enumerate(SPANS))):
        n = table.pop(f"in_{i}").to_numpy(float)
        rate = np.where(n > 0, n / (span / timedelta(hours=1)), rate)
    wanted, done = table.answers_wanted.to_numpy(float), table.answers_done.to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        table["done_share"] = np.where(wanted > 0, done / wanted, np.nan)
    table["answers_per_hour"] = rate
    table["hours_left"] = np.where(wanted > done, (wanted - done) / rate, 0.0)
    return table
