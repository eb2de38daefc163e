"""Forecasts made as time goes by and kept, so that they can be held against what came."""

from datetime import timedelta

import structlog
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session, sessionmaker

from metrics.forecasting import backtest
from metrics.forecasting.floor import Expected, Floor, basis, floor
from metrics.models import Forecast
from ops import clock_time
from ops.db import transaction
from ops.models import Project
from ops.one_by_one import one_by_one

# Between two forecasts of a batch whose numbers nobody else asked for.
OFTEN = timedelta(minutes=15)
# From this age on the last forecast of a day stands for all of that day.
FINE = timedelta(days=2)

_DUE = text(
    """
    SELECT project.id FROM project
    WHERE project.state = 'running' AND EXISTS (
        SELECT FROM batch LEFT JOIN LATERAL (
            SELECT at FROM forecast WHERE forecast.batch_id = batch.id ORDER BY at DESC LIMIT 1
        ) last ON true
        WHERE batch.project_id = project.id AND batch.state = 'open' AND NOT batch.paused
          AND coalesce(last.at < :before, true))
    ORDER BY project.id
    """
)
_THIN = text(
    """
    DELETE FROM forecast old WHERE old.at < :before AND EXISTS (
        SELECT FROM forecast later WHERE later.batch_id = old.batch_id AND later.at > old.at
          AND (later.at AT TIME ZONE 'UTC')::date = (old.at AT TIME ZONE 'UTC')::date)
    """
)


def forecast_all(sessions: sessionmaker[Session]) -> int:
    """Forecast the open batches of running projects anew; returns how many batches.

    One transaction a project: what one of them has wrong keeps nobody else waiting.
    """
    now = clock_time.now()
    with transaction(sessions) as session:
        session.execute(_THIN, {"before": now - FINE})
        due = list(session.scalars(_DUE, {"before": now - OFTEN}))

    def forecast_it(session: Session, project_id: int) -> int:
        return forecast_project(session, session.get_one(Project, project_id))

    return one_by_one(sessions, due, forecast_it)


def forecast_project(session: Session, project: Project) -> int:
    """Forecast the open batches of a project and keep it; returns how many."""
    found = floor(session, project, clock_time.now())
    for i, expected in enumerate(expectations(found)):
        keep(session, found, i, expected)
    return len(found.batches)


def expectations(found: Floor) -> list[Expected]:
    """What is expected of each batch of a floor, or why nothing can be told."""
    if found.why:
        return [Expected(None, None, None, None, None, found.why) for _ in found.batches]
    return found.expected(found.run()) if found.batches else []


def keep(session: Session, found: Floor, i: int, expected: Expected, **more: bool) -> None:
    """Write down a forecast of batch `i`; one that is there for this moment stays as it is."""
    row = {
        "batch_id": found.batches[i].id,
        "at": found.at,
        "finish_50": expected.finish_50,
        "finish_90": expected.finish_90,
        "cost_50": expected.cost_50,
        "cost_90": expected.cost_90,
        "why": expected.why,
        "basis": basis(found, i) | more,
    }
    session.execute(upsert(Forecast).values(row).on_conflict_do_nothing())


def look_back(sessions: sessionmaker[Session]) -> int:
    """Forecast what is complete as it would have been forecast then, where nobody did; how many.

    Brings a history that was imported, or that is older than forecasts are, to where its forecasts
    can be judged.
    """
    with transaction(sessions) as session:
        projects_ = list(session.scalars(text("SELECT id FROM project ORDER BY id")))
    made = 0
    for project_id in projects_:
        with transaction(sessions) as session:
            for found, expected in backtest.missing(session, session.get_one(Project, project_id)):
                keep(session, found, 0, expected, looked_back=True)
                made += 1
    if made:
        structlog.get_logger().info("forecasts looked back", made=made)
    return made
