"""Re-score runs over time: how fast, what they found, and how much of it reviews confirmed."""

from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from metrics.reads.sums import Scope, frame
from ops.models import Project
from quality.measures.classes import wilson

if TYPE_CHECKING:
    from pandas import DataFrame

MOST = 200
_RUNS = text(
    """
    WITH run AS (
        SELECT run.*, batch.name AS batch, batch.project_id, project.name AS project
        FROM rescore_run run JOIN batch ON batch.id = run.batch_id
        JOIN project ON project.id = batch.project_id
        WHERE batch.project_id = ANY(:projects)
          AND (CAST(:batch AS bigint) IS NULL OR batch.id = :batch)
        ORDER BY run.requested_at DESC, run.id DESC LIMIT :most
    )
    SELECT run.id AS run_id, run.name, run.version, run.state, run.batch_id, run.batch,
           run.project_id, run.project, run.requested_at, run.started_at, run.finished_at,
           run.error, run.provenance ->> 'device' AS device,
           coalesce(run.provenance ->> 'model', 'the labels themselves') AS model,
           (run.summary ->> 'error_rate')::float8 AS error_rate,
           (run.summary ->> 'low')::float8 AS error_low,
           (run.summary ->> 'high')::float8 AS error_high,
           coalesce((run.summary ->> 'weak')::bool, false) AS weak,
           made.items, told.suspects, told.changed, told.accepted
    FROM run LEFT JOIN LATERAL (
        SELECT sum(items) AS items FROM rescore_chunk chunk
        WHERE chunk.run_id = run.id AND chunk.index >= 0) made ON true
    LEFT JOIN LATERAL (
        SELECT count(*) AS suspects, count(*) FILTER (WHERE outcome = 'changed') AS changed,
               count(*) FILTER (WHERE outcome = 'accepted') AS accepted
        FROM label_score score WHERE score.run_id = run.id AND score.suspect) told ON true
    ORDER BY run.requested_at DESC, run.id DESC
    """
)


def runs(
    session: Session,
    scope: Scope,
    project_id: int | None = None,
    batch_id: int | None = None,
    limit: int = MOST,
) -> "DataFrame":
    """The newest runs first: run_id, name, version, state, batch_id, batch, project_id, project,
    requested_at, started_at, finished_at, error, device, model, error_rate, error_low, error_high,
    weak, labels (scored), seconds, per_second, suspects, changed, accepted, reviewed, precision
    with precision_low and precision_high (Wilson, 95 %). Two statements."""
    of = select(Project.id).where(Project.id.in_(scope))
    if project_id is not None:
        of = of.where(Project.id == project_id)
    values = {"projects": list(session.scalars(of)), "batch": batch_id, "most": limit}
    found = frame(session, _RUNS.bindparams(**values))
    for name in ("suspects", "changed", "accepted"):
        found[name] = found[name].fillna(0).astype(int)
    found["labels"] = found["items"].astype(float)
    found["seconds"] = _seconds(found)
    known = found.seconds.where(found.seconds > 0)
    found["per_second"] = found.labels / known
    found["reviewed"] = found.changed + found.accepted
    found["precision"] = found.changed / found.reviewed.where(found.reviewed > 0)
    found["precision_low"], found["precision_high"] = wilson(found.changed, found.reviewed)
    for name in ("error_rate", "error_low", "error_high", "precision"):
        found[name] = found[name].astype(float)
    return found.drop(columns=["items"])


def _seconds(found: "DataFrame") -> Any:
    import pandas as pd

    ended, began = (pd.to_datetime(found[name], utc=True) for name in ("finished_at", "started_at"))
    spent = (ended - began).dt.total_seconds()
    return spent.where(found.state == "done", np.nan)


def by_error(session: Session, scope: Scope, run_id: int) -> "DataFrame":
    """Suspects of a run by what is wrong with them: error, suspects, changed, accepted, precision,
    low, high. One statement."""
    statement = text(
        """
        SELECT coalesce(score.error, 'doubted') AS error, count(*) AS suspects,
               count(*) FILTER (WHERE outcome = 'changed') AS changed,
               count(*) FILTER (WHERE outcome = 'accepted') AS accepted
        FROM label_score score JOIN rescore_run run ON run.id = score.run_id
        JOIN batch ON batch.id = run.batch_id
        WHERE score.run_id = :run AND score.suspect AND batch.project_id = ANY(:projects)
        GROUP BY 1 ORDER BY 2 DESC, 1
        """
    )
    seen = list(session.scalars(select(Project.id).where(Project.id.in_(scope))))
    found = frame(session, statement.bindparams(run=run_id, projects=seen))
    n = found.changed + found.accepted
    found["precision"] = found.changed / n.where(n > 0)
    found["low"], found["high"] = wilson(found.changed, n)
    return found


def count(session: Session, scope: Scope, project_id: int | None = None) -> int:
    """How many runs there are. One statement."""
    from ops.models import Batch
    from quality.models import RescoreRun

    of = select(func.count()).select_from(RescoreRun).join(Batch, Batch.id == RescoreRun.batch_id)
    of = of.where(Batch.project_id.in_(scope))
    return (
        session.scalar(of if project_id is None else of.where(Batch.project_id == project_id)) or 0
    )
