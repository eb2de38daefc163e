"""The line: what came to each stage and left it, how long that took, and what is in progress."""

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sqlalchemy import case, func, literal, select, true, union_all
from sqlalchemy.orm import Session

from metrics import definitions
from metrics.line_rollup import NAME
from metrics.models import LineRollup, LineTask, RollupState
from metrics.reads.narrow import EVERYTHING, Narrow
from metrics.reads.sums import Scope, frame
from ops import clock_time
from ops.models import Asset, Batch, Project, Task

if TYPE_CHECKING:
    from pandas import DataFrame

KINDS = ("wait", "cycle", "lead")
# Hours up to which tasks in progress are put together by their age.
AGES = ((1, "under 1 h"), (24, "1 to 24 h"), (72, "1 to 3 days"), (168, "3 to 7 days"))
OLDER = "over 7 days"


class Stage(NamedTuple):
    """A stage over a period: tasks that came and left, those in progress at its end, the times
    they took, what passed the next look, and how the stage keeps up."""

    stage: str
    arrived: int
    finished: int
    wip: int
    wait: definitions.Spread
    cycle: definitions.Spread
    lead: definitions.Spread
    passed: definitions.Share
    queue: definitions.Queue


class Line(NamedTuple):
    """All stages in their order, their rolled yield, where it sticks, and the days behind it.

    `days` has day (UTC), stage, arrived, started, finished, looked, passed, wip (at its end): a row
    for every day and stage, from the first day on which anything was in the line. `whole` is how
    many whole days the pace is taken from.
    """

    stages: tuple[Stage, ...]
    rolled: definitions.Ratio
    bottleneck: definitions.Bottleneck
    days: "DataFrame"
    whole: int


def line_as_of(session: Session) -> datetime | None:
    """The moment up to which the line is counted; None before the first. One statement."""
    return session.scalar(select(RollupState.as_of).where(RollupState.name == NAME))


def line(
    session: Session, scope: Scope, since: date, until: date, narrow: Narrow = EVERYTHING
) -> Line:
    """The line over whole UTC days, `since` ≤ day < `until`. Three statements."""
    days = _days(session, scope, since, until, narrow)
    times = _times(session, scope, since, until, narrow)
    # A day that is not over has finished less than it will.
    whole = days[days.day < clock_time.now().astimezone(UTC).date()]
    flows = [_flow(stage, days, whole) for stage in definitions.STAGES]
    sticks = definitions.bottleneck(flows)
    none = np.zeros(definitions.N_LINE_BINS, np.int64)
    stages = []
    for flow, queue in zip(flows, sticks.queues, strict=True):
        rows = days[days.stage == flow.stage]
        wait, cycle, lead = (times.get((flow.stage, kind), none) for kind in KINDS)
        stages.append(
            Stage(
                flow.stage, int(rows.arrived.sum()), int(rows.finished.sum()), flow.wip,
                definitions.waiting_time(wait), definitions.cycle_time(cycle),
                definitions.lead_time(lead),
                definitions.stage_yield(int(rows.passed.sum()), int(rows.looked.sum())),
                queue,
            )
        )  # fmt: skip
    rolled = definitions.rolled_throughput_yield([one.passed for one in stages])
    return Line(tuple(stages), rolled, sticks, days, int(whole.day.nunique()))


def _flow(stage: str, days: "DataFrame", whole: "DataFrame") -> definitions.Flow:
    rows, full = days[days.stage == stage], whole[whole.stage == stage]
    wip = int(rows.wip.iloc[-1]) if len(rows) else 0
    return definitions.Flow(stage, wip, full.arrived.tolist(), full.finished.tolist())


def _days(session: Session, scope: Scope, since: date, until: date, narrow: Narrow) -> "DataFrame":
    """From what is in progress now back to the first day: its history need not be read."""
    import pandas as pd

    open_now = (
        select(LineTask.stage, func.count().label("n"))
        .where(LineTask.finished_at.is_(None), LineTask.project_id.in_(scope))
        .where(*narrow.conditions(LineTask))
        .group_by(LineTask.stage)
    )
    now = dict(session.execute(open_now).all())
    day = func.date(func.timezone("UTC", LineRollup.hour)).label("day")
    counted = ("arrived", "started", "finished", "looked", "passed")
    totals = [func.sum(getattr(LineRollup, name)).label(name) for name in counted]
    moved = (
        select(day, LineRollup.stage, *totals)
        .where(LineRollup.hour >= _midnight(since), LineRollup.project_id.in_(scope))
        .where(*narrow.conditions(LineRollup))
        .group_by(day, LineRollup.stage)
    )
    found = frame(session, moved)
    last = max([until - timedelta(days=1), *found.day])
    every = [since + timedelta(days=i) for i in range((last - since).days + 1)]
    grid = pd.MultiIndex.from_product([definitions.STAGES, every], names=["stage", "day"])
    table = found.set_index(["stage", "day"]).reindex(grid, fill_value=0).reset_index()
    table[list(counted)] = table[list(counted)].astype(np.int64)
    parts = []
    for stage, rows in table.groupby("stage", sort=False):
        net = definitions.work_in_progress(rows.arrived, rows.finished)
        parts.append(rows.assign(wip=now.get(str(stage), 0) - net[-1] + net))
    whole = pd.concat(parts, ignore_index=True)
    # Days on which there was no line yet say nothing of its pace.
    there = whole[whole[["arrived", "finished", "wip"]].sum(axis=1) > 0]
    first = there.day.min() if len(there) else since
    return whole[(whole.day >= first) & (whole.day < until)].reset_index(drop=True)


def _times(
    session: Session, scope: Scope, since: date, until: date, narrow: Narrow
) -> dict[tuple[str, str], Any]:
    """(stage, kind of time) → histogram on the line's bins."""
    parts = []
    for kind in KINDS:
        bins, counts = (getattr(LineRollup, f"{kind}_{what}") for what in ("bins", "counts"))
        unnested = func.unnest(bins, counts).table_valued("bin", "n", name=kind).render_derived()
        parts.append(
            select(LineRollup.stage, literal(kind).label("kind"), unnested.c.bin, unnested.c.n)
            .join(unnested, true())
            .where(LineRollup.hour >= _midnight(since), LineRollup.hour < _midnight(until))
            .where(LineRollup.project_id.in_(scope), *narrow.conditions(LineRollup))
        )
    each = union_all(*parts).subquery("each")
    keys = each.c.stage, each.c.kind, each.c.bin
    found: dict[tuple[str, str], Any] = {}
    for stage, kind, place, n in session.execute(select(*keys, func.sum(each.c.n)).group_by(*keys)):
        counts = found.setdefault((stage, kind), np.zeros(definitions.N_LINE_BINS, np.int64))
        counts[place] += n
    return found


def oldest(
    session: Session, scope: Scope, narrow: Narrow = EVERYTHING, limit: int = 25
) -> "DataFrame":
    """The tasks that have been in progress for longest, whatever the period. One statement.

    stage, external_id, asset_id, batch_id, batch, project_id, project, arrived_at, started_at
    (None: nobody began), wanted, n_done, n_leased, age_hours.
    """
    statement = (
        select(
            LineTask.stage, Asset.external_id, Asset.id.label("asset_id"),
            Batch.id.label("batch_id"), Batch.name.label("batch"),
            Project.id.label("project_id"), Project.name.label("project"),
            LineTask.arrived_at, LineTask.started_at, Task.wanted, Task.n_done, Task.n_leased,
        )
        .join(Task, Task.id == LineTask.task_id)
        .join(Asset, Asset.id == Task.asset_id)
        .join(Batch, Batch.id == LineTask.batch_id)
        .join(Project, Project.id == LineTask.project_id)
        .where(LineTask.finished_at.is_(None), LineTask.project_id.in_(scope))
        .where(*narrow.conditions(LineTask))
        .order_by(LineTask.arrived_at, LineTask.task_id)
        .limit(limit)
    )  # fmt: skip
    found = frame(session, statement)
    now = clock_time.now()
    found["age_hours"] = [(now - at).total_seconds() / 3600 for at in found.arrived_at]
    return found


def ages(session: Session, scope: Scope, narrow: Narrow = EVERYTHING) -> "DataFrame":
    """How many tasks in progress are how old now: stage, age (as in AGES), n. One statement."""
    now = clock_time.now()
    steps = [(LineTask.arrived_at > now - timedelta(hours=hours), name) for hours, name in AGES]
    age = case(*steps, else_=OLDER).label("age")
    statement = (
        select(LineTask.stage, age, func.count().label("n"))
        .where(LineTask.finished_at.is_(None), LineTask.project_id.in_(scope))
        .where(*narrow.conditions(LineTask))
        .group_by(LineTask.stage, age)
    )
    return frame(session, statement)


def repeats(
    session: Session, scope: Scope, since: date, until: date, narrow: Narrow = EVERYTHING
) -> definitions.Share:
    """Consistency of those who met an asset again. One statement."""
    row = session.execute(
        select(func.sum(LineRollup.alike), func.sum(LineRollup.repeats))
        .where(LineRollup.hour >= _midnight(since), LineRollup.hour < _midnight(until))
        .where(LineRollup.project_id.in_(scope), *narrow.conditions(LineRollup))
    ).one()
    return definitions.consistency(int(row[0] or 0), int(row[1] or 0))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
