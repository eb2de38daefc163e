"""The floor of a project as it is now, and what is to be expected of its open batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from metrics.forecasting.history import History, day_profile, history
from metrics.forecasting.model import (
    ADJUDICATE,
    REVIEW,
    REWORK,
    STAGES,
    UNCHANGED,
    Ahead,
    Change,
    Observed,
    Outcome,
    enough,
    simulate,
)
from metrics.forecasting.plans import plan
from metrics.models import DailyRollup
from ops import projects
from ops.models import Batch, Project
from quality.measures.arrays import Floats

# Answers that open tasks still want, by batch and stage. Where answers are asked for one at a time,
# those that finished tasks got in the end are expected of the others.
_LEFT = text(
    """
    SELECT lane.batch_id, task.stage,
           sum(greatest(CASE WHEN task.stage = 'label' THEN :usual ELSE 0 END, task.wanted)
               - task.n_done)::float8
    FROM lane JOIN task ON task.lane_id = lane.id
    WHERE lane.batch_id = ANY(:batches) AND task.round > 0 AND (task.open OR task.n_leased > 0)
    GROUP BY lane.batch_id, task.stage
    """
)
_USUAL = text(
    """
    SELECT coalesce(avg(wanted), 0)::float8 FROM (
        SELECT task.wanted FROM lane JOIN task ON task.lane_id = lane.id
        WHERE lane.project_id = :project AND lane.stage = 'label' AND task.round > 0
          AND task.n_done >= task.wanted AND task.wanted > 0
        LIMIT 20000) finished
    """
)


# Batch id → stage → answers.
Left = dict[int, dict[str, float]]


class Expected(NamedTuple):
    """What is expected of one batch: the moments and the costs not exceeded with 50 % and 90 %
    (None: beyond the horizon, or no price is set), the chance to be in time (None without a due
    date), and `why` where nothing can be told."""

    finish_50: datetime | None
    finish_90: datetime | None
    cost_50: float | None
    cost_90: float | None
    in_time: float | None
    why: str = ""


@dataclass(frozen=True)
class Floor:
    """B open batches in the order in which they get work, at one moment.

    left: B × S answers wanted. spent: B active hours so far. profile: how a day's work lies over
    its 24 hours of UTC.
    """

    at: datetime
    project: Project
    batches: Sequence[Batch]
    left: Floats
    spent: Floats
    past: History
    profile: Floats
    ahead: Ahead | None = None

    @property
    def why(self) -> str:
        """Why nothing can be told; empty where something can."""
        return enough(self.observed)

    @property
    def observed(self) -> Observed:
        """The days before this one. What lies at a stage came to it as well: where it is not worked
        off, the answers that were given there would say too little of what comes."""
        seen, lies = self.past.before(self.at.date()), self.left.sum(axis=0)
        return seen._replace(
            reviews=(seen.reviews[0] + lies[REVIEW], seen.reviews[1]),
            reworks=(seen.reworks[0] + lies[REWORK], seen.reworks[1]),
            adjudications=(seen.adjudications[0] + lies[ADJUDICATE], seen.adjudications[1]),
        )

    def run(self, change: Change = UNCHANGED, *, runs: int = 500, horizon: int = 365) -> Outcome:
        """Simulate. Raises ValueError with `why`."""
        today = self.at.date()
        return simulate(
            self.observed,
            self.left,
            self.past.present(today),
            today=self._to_come(),
            change=change,
            ahead=self.ahead,
            runs=runs,
            horizon=horizon,
        )

    def expected(self, outcome: Outcome) -> list[Expected]:
        """What the runs say of each batch."""
        price = projects.settings_of(self.project).cost_per_hour
        return [self._of(outcome, i, batch, price) for i, batch in enumerate(self.batches)]

    def _of(self, outcome: Outcome, i: int, batch: Batch, price: float | None) -> Expected:
        days = outcome.days[:, i]
        middle, late = (float(np.quantile(days, q, method="higher")) for q in (0.5, 0.9))
        hours = self.spent[i] + outcome.hours[:, i]
        costs: list[float | None] = [None, None]
        if price is not None and np.isfinite(middle):
            costs = [price * float(np.quantile(hours, q)) for q in (0.5, 0.9)]
        if not np.isfinite(late):
            costs[1] = None
        in_time = None
        if batch.due_at is not None:
            limit = self.days_until(batch.due_at)
            in_time = float(np.mean(days <= limit))
        why = "" if np.isfinite(middle) else self._stuck(i)
        return Expected(self.moment(middle), self.moment(late), costs[0], costs[1], in_time, why)

    def _stuck(self, i: int) -> str:
        observed = self.observed
        hours = observed.hours.sum(axis=0)
        for s, stage in enumerate(STAGES):
            nobody = not (hours[observed.may[:, s]] > 0).any()
            if self.left[i, s] > 0 and (nobody or observed.answers[:, s].sum() == 0):
                return f"nobody worked at the stage {stage} in the last eight weeks"
        return "at the present pace it takes more than a year"

    def _to_come(self) -> float:
        """The share of today's work that is still to come."""
        return max(1 - float(self._done(self.at)), 1e-6)

    def _done(self, at: datetime) -> float:
        """The share of a day's work that is done at this time of the day."""
        moment = at.astimezone(UTC)
        hour = moment.hour + moment.minute / 60 + moment.second / 3600
        return float(np.interp(hour, np.arange(25), np.concatenate([[0], np.cumsum(self.profile)])))

    def days_until(self, at: datetime) -> float:
        """`at` on the scale of `Outcome.days`; negative in the past."""
        days = (at.astimezone(UTC).date() - self.at.date()).days
        if days == 0:
            return self._done(at) - self._done(self.at)
        return self._to_come() + days - 1 + self._done(at)

    def moment(self, days: float) -> datetime | None:
        """The moment at this place on the scale of `Outcome.days`; None beyond the horizon."""
        if not np.isfinite(days):
            return None
        rest = days - self._to_come()
        whole = int(np.ceil(rest - 1e-9)) if rest > 0 else 0
        share = rest - (whole - 1) if rest > 0 else self._done(self.at) + days
        reached = np.concatenate([[0], np.cumsum(self.profile)])
        # Where nothing is done the share stands still: the first hour at which it is reached.
        hour = float(np.interp(min(share, 1.0), reached + np.arange(25) * 1e-9, np.arange(25)))
        day = self.at.date() + timedelta(days=whole)
        return datetime.combine(day, time(), UTC) + timedelta(hours=hour)


def floor(
    session: Session,
    project: Project,
    at: datetime,
    left: dict[int, dict[str, float]] | None = None,
) -> Floor:
    """The open batches of a project that are not paused, with what they still want.

    `left` (batch id → stage → answers) saves counting the tasks, for pages: theirs is what the last
    forecast was made of.
    """
    found = session.scalars(
        select(Batch).where(
            Batch.project_id == project.id, Batch.state == "open", Batch.paused.is_(False)
        )
    ).all()
    batches = sorted(found, key=in_order)
    ids = [batch.id for batch in batches]
    known = answers_left(session, project, ids) if left is None else left
    wanted = np.array(
        [[known.get(i, {}).get(stage, 0.0) for stage in STAGES] for i in ids], float
    ).reshape(len(ids), len(STAGES))
    past = history(session, project, at.date())
    return Floor(
        at,
        project,
        batches,
        wanted,
        _spent(session, ids),
        past,
        day_profile(session, project, at),
        plan(session, project, past, at),
    )


def in_order(batch: Batch) -> tuple[int, float, int]:
    """The order in which work of batches goes out: by priority, then by due date."""
    due = batch.due_at.timestamp() if batch.due_at is not None else float("inf")
    return -batch.priority, due, batch.id


def answers_left(session: Session, project: Project, batch_ids: list[int]) -> Left:
    """Answers that the open tasks of these batches still want: batch id → stage → number."""
    usual = 0.0
    if projects.settings_of(project).overlap.kind == "dynamic":
        usual = float(session.execute(_USUAL, {"project": project.id}).scalar_one())
    found: Left = {}
    for batch_id, stage, n in session.execute(_LEFT, {"batches": batch_ids, "usual": usual}):
        found.setdefault(batch_id, {})[stage] = float(n)
    return found


def _spent(session: Session, batch_ids: list[int]) -> Floats:
    rows = session.execute(
        select(DailyRollup.batch_id, func.sum(DailyRollup.active_ms))
        .where(DailyRollup.batch_id.in_(batch_ids))
        .group_by(DailyRollup.batch_id)
    )
    hours: dict[int, float] = {batch: float(ms) / 3_600_000 for batch, ms in rows}
    return np.array([hours.get(i, 0.0) for i in batch_ids], float)


def basis(floor: Floor, i: int) -> dict[str, Any]:
    """What a forecast of batch `i` was made of, to be kept beside it."""
    observed = floor.past.before(floor.at.date())
    return {
        "left": dict(zip(STAGES, (round(float(n), 2) for n in floor.left[i]), strict=True)),
        "spent_hours": round(float(floor.spent[i]), 3),
        "days": int((observed.hours.sum(axis=1) > 0).sum()),
        "people": [int(n) for n in floor.past.present(floor.at.date())],
        "planned_hours": round(float(floor.ahead.hours.sum()), 2) if floor.ahead else 0,
    }
