"""How far batches are, as a page about all of them shows it: from counters and counted work."""

from typing import TYPE_CHECKING

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from metrics.models import Forecast
from metrics.models.line import LineTask
from metrics.reads.sums import Scope, frame
from ops.models import Batch, Project

if TYPE_CHECKING:
    from pandas import DataFrame

STAGES = ("label", "review", "rework", "adjudicate")


def progress(session: Session, scope: Scope, batch_id: int | None = None) -> "DataFrame":
    """One row per batch that is not delivered, the one due first on top. One statement.

    batch_id, batch, project_id, project, state, paused, due_at, assets, label, review, rework and
    adjudicate (tasks in progress, of the line as it is counted), and of the newest forecast
    finish_50, finish_90, why and forecast_at. `through` is the share of the assets whose labels
    are all given (NaN without assets).
    """
    import numpy as np

    going = (
        select(
            LineTask.batch_id,
            *(func.count().filter(LineTask.stage == stage).label(stage) for stage in STAGES),
        )
        .where(LineTask.finished_at.is_(None), LineTask.project_id.in_(scope))
        .group_by(LineTask.batch_id)
        .subquery("going")
    )
    newest = (
        select(Forecast.finish_50, Forecast.finish_90, Forecast.why, Forecast.at)
        .where(Forecast.batch_id == Batch.id)
        .order_by(Forecast.at.desc())
        .limit(1)
        .lateral("newest")
    )
    statement = (
        select(
            Batch.id.label("batch_id"), Batch.name.label("batch"),
            Project.id.label("project_id"), Project.name.label("project"),
            Batch.state, Batch.paused, Batch.due_at, Batch.n_assets.label("assets"),
            *(func.coalesce(going.c[stage], 0).label(stage) for stage in STAGES),
            newest.c.finish_50, newest.c.finish_90, newest.c.why,
            newest.c.at.label("forecast_at"),
        )
        .join(Project, Project.id == Batch.project_id)
        .outerjoin(going, going.c.batch_id == Batch.id)
        .outerjoin(newest, true())
        .where(Batch.project_id.in_(scope), Batch.state != "delivered")
        .order_by(Batch.due_at.asc().nulls_last(), Batch.id)
    )  # fmt: skip
    if batch_id is not None:
        statement = statement.where(Batch.id == batch_id)
    found = frame(session, statement)
    assets = found.assets.to_numpy(float)
    left = np.minimum(found.label.to_numpy(float) + found.rework.to_numpy(float), assets)
    with np.errstate(divide="ignore", invalid="ignore"):
        found["through"] = np.where(assets > 0, 1 - left / assets, np.nan)
    return found
