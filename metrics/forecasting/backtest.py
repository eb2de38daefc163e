"""Forecasts of batches that are complete, as they would have been made at the time.

Only what was known then is used: answers of the days before, the size of the batch, how many
answers an asset took in batches that were complete by then, shifts that were planned and absences
that were granted by then.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from metrics.forecasting.floor import Expected, Floor, in_order
from metrics.forecasting.history import WINDOW, History, history
from metrics.forecasting.model import LABEL, REVIEW, REWORK, STAGES, Observed, enough, simulate
from metrics.forecasting.plans import plan
from metrics.models import Forecast
from ops import clock_time, projects
from ops.models import Batch, Project
from quality.measures.arrays import Floats

# How far back, and how many days apart.
SPAN, STEP = 180, 3


def missing(session: Session, project: Project) -> Iterator[tuple[Floor, Expected]]:
    """What would have been expected of each complete batch, every `STEP` days of its work, where no
    forecast of that day is kept. The floor that comes with it holds that batch alone."""
    today = clock_time.now().date()
    since = today - timedelta(days=SPAN)
    batches = session.scalars(select(Batch).where(Batch.project_id == project.id)).all()
    complete = [b for b in batches if b.completed_at is not None and b.completed_at.date() > since]
    if not complete:
        return
    kept = {
        (batch, at.astimezone(UTC).date())
        for batch, at in session.execute(
            select(Forecast.batch_id, Forecast.at).where(
                Forecast.batch_id.in_([b.id for b in complete])
            )
        )
    }
    past = history(session, project, today, SPAN + WINDOW)
    usual = float(projects.settings_of(project).wanted_answers)
    for batch in complete:
        for day in _days(batch, past):
            if (batch.id, day) not in kept:
                found = _as_of(session, project, batches, batch, past, day, usual)
                if found is not None:
                    yield found


def _days(batch: Batch, past: History) -> list[date]:
    """The days of a batch's work from which it is forecast: not the first, not the last."""
    assert batch.completed_at is not None
    begun = max(batch.created_at.astimezone(UTC).date(), past.first + timedelta(days=7))
    end = batch.completed_at.astimezone(UTC).date()
    return [begun + timedelta(days=n) for n in range(1, (end - begun).days, STEP)]


def _as_of(
    session: Session,
    project: Project,
    batches: Sequence[Batch],
    batch: Batch,
    past: History,
    day: date,
    usual: float,
) -> tuple[Floor, Expected] | None:
    at = datetime.combine(day, time(), UTC)
    observed = past.before(day, staying=False)
    if enough(observed):
        return None
    others = [b for b in batches if _was_open(b, at)]
    others = sorted(others, key=in_order)
    each = _answers_an_asset(batches, past, day, usual)
    left = np.stack([_left(b, past, day, each, observed) for b in others])
    i = others.index(batch)
    present = np.ones(len(past.may))
    ahead = plan(session, project, past, at, staying=False)
    outcome = simulate(observed, left, present, ahead=ahead, runs=300)
    spent = np.array([_spent(b, past, day) for b in others])
    floor = Floor(at, project, others, left, spent, past, np.full(24, 1 / 24), ahead)
    expected = floor.expected(outcome)[i]
    return replace(floor, batches=[batch], left=left[[i]], spent=spent[[i]]), expected


def _was_open(batch: Batch, at: datetime) -> bool:
    return batch.created_at < at and (batch.completed_at is None or batch.completed_at > at)


def _place(batch: Batch, past: History) -> int | None:
    found = np.flatnonzero(past.batches == batch.id)
    return int(found[0]) if found.size else None


def _done(batch: Batch, past: History, day: date) -> Floats:
    """Answers of a batch before `day`, by stage."""
    place = _place(batch, past)
    if place is None:
        return np.zeros(len(STAGES))
    done: Floats = past.answers[: (day - past.first).days, place].sum(axis=0)
    return done


def _spent(batch: Batch, past: History, day: date) -> float:
    place = _place(batch, past)
    return 0.0 if place is None else float(past.spent[: (day - past.first).days, place].sum())


def _answers_an_asset(batches: Sequence[Batch], past: History, day: date, usual: float) -> float:
    """Answers of the stage label an asset took in batches complete before `day`; else as set."""
    answers = assets = 0.0
    for batch in batches:
        if batch.completed_at is not None and batch.completed_at.date() < day:
            done = _done(batch, past, day)[LABEL]
            if done > 0:
                answers, assets = answers + done, assets + batch.n_assets
    return answers / assets if assets else usual


def _left(batch: Batch, past: History, day: date, each: float, observed: Observed) -> Floats:
    done = _done(batch, past, day)
    left = np.zeros(len(STAGES))
    left[LABEL] = max(batch.n_assets * each - done[LABEL], 0)

    def rate(seen: tuple[float, float]) -> float:
        return seen[0] / seen[1] if seen[1] > 0 else 0.0

    made = done[LABEL] + done[REWORK]
    left[REVIEW] = max(rate(observed.reviews) * made - done[REVIEW], 0)
    left[REWORK] = max(rate(observed.reworks) * done[REVIEW] - done[REWORK], 0)
    return left
