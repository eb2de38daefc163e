"""Forecasts as they were kept: of what is open now, and how well they held for what is complete."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from metrics.definitions import Share, share
from metrics.forecasting.floor import Floor, floor
from metrics.models import Forecast
from metrics.reads.sums import Scope
from ops.models import Batch, Project


class Held(NamedTuple):
    """How often complete batches came no later than was forecast: with 50 %, with 90 %. `forecasts`
    of `batches`; forecasts of one batch resemble one another, so n counts batches."""

    at_50: Share
    at_90: Share
    forecasts: int
    batches: int
    looked_back: int


# One forecast a day and batch: each of its days counts as much as another.
_HELD = text(
    """
    SELECT batch_id, avg((completed_at <= coalesce(finish_50, 'infinity'))::int) AS at_50,
           avg((completed_at <= coalesce(finish_90, 'infinity'))::int) AS at_90,
           count(*) AS n, count(*) FILTER (WHERE basis ? 'looked_back') AS looked_back
    FROM (
        SELECT DISTINCT ON (f.batch_id, (f.at AT TIME ZONE 'UTC')::date) f.*, batch.completed_at
        FROM batch JOIN forecast f ON f.batch_id = batch.id AND f.at < batch.completed_at
        WHERE batch.project_id = ANY(:projects) AND batch.completed_at IS NOT NULL AND f.why = ''
        ORDER BY f.batch_id, (f.at AT TIME ZONE 'UTC')::date, f.at
    ) daily GROUP BY batch_id
    """
)


def newest(session: Session, scope: Scope, batch_id: int | None = None) -> list[Row[Any]]:
    """The last forecast of each open batch, those due first: project_id, project, batch_id, batch,
    due_at, paused, at, finish_50, finish_90, cost_50, cost_90, why, basis (no `at`: none yet)."""
    last = (
        select(Forecast)
        .ext(distinct_on(Forecast.batch_id))
        .order_by(Forecast.batch_id, Forecast.at.desc())
        .subquery("last")
    )
    found = (
        select(
            Project.id.label("project_id"), Project.name.label("project"),
            Batch.id.label("batch_id"), Batch.name.label("batch"), Batch.due_at, Batch.paused,
            last.c.at, last.c.finish_50, last.c.finish_90, last.c.cost_50, last.c.cost_90,
            last.c.why, last.c.basis,
        )
        .join(Project, Project.id == Batch.project_id)
        .outerjoin(last, last.c.batch_id == Batch.id)
        .where(Batch.project_id.in_(scope), Batch.state == "open")
        .order_by(Batch.due_at.asc().nulls_last(), Batch.id)
    )  # fmt: skip
    if batch_id is not None:
        found = found.where(Batch.id == batch_id)
    return list(session.execute(found).all())


def now(session: Session, project_id: int, rows: list[Row[Any]], at: datetime) -> Floor:
    """The floor of a project at this moment, its queues as the rows of `newest` have them."""
    left = {row.batch_id: dict(row.basis["left"]) for row in rows if row.basis}
    return floor(session, session.get_one(Project, project_id), at, left)


def path(session: Session, batch_id: int) -> list[Row[Any]]:
    """How the forecast of a batch moved: at, finish_50, finish_90, oldest first; one a day."""
    return list(
        session.execute(
            text(
                """
                SELECT DISTINCT ON ((at AT TIME ZONE 'UTC')::date) at, finish_50, finish_90
                FROM forecast WHERE batch_id = :batch
                ORDER BY (at AT TIME ZONE 'UTC')::date, at DESC
                """
            ),
            {"batch": batch_id},
        ).all()
    )


def held(session: Session, scope: Scope) -> Held:
    """How well forecasts held for the batches in scope that are complete."""
    ids = [int(i) for i in session.scalars(select(Project.id).where(Project.id.in_(scope)))]
    rows = session.execute(_HELD, {"projects": ids}).all()
    n = len(rows)
    return Held(
        share(sum(float(row.at_50) for row in rows), n),
        share(sum(float(row.at_90) for row in rows), n),
        sum(row.n for row in rows),
        n,
        sum(row.looked_back for row in rows),
    )
