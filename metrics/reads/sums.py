"""Sums of roll-up rows over any grouping, and the figures that follow from them."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import Select, func, select, true
from sqlalchemy.orm import Session

from metrics import definitions
from metrics.models import DailyRollup, HourlyRollup
from metrics.reads.narrow import EVERYTHING, Narrow
from ops.models import Project

if TYPE_CHECKING:
    from pandas import DataFrame

Scope = Select[Any] | Collection[int]

TOTALS = (
    "leased", "submitted", "surplus", "skipped", "released", "expired", "active_ms", "idle_ms",
    "wall_ms", "gold_n", "gold_correct", "consensus_n", "consensus_agreed", "review_n",
    "review_accepted",
)  # fmt: skip
# The stages in which labels are made; the others judge them.
LABELLING = ("label", "rework")
# figure → (hits, n): the columns a share is made of.
SHARES = {
    "gold": ("gold_correct", "gold_n"),
    "agreement": ("consensus_agreed", "consensus_n"),
    "acceptance": ("review_accepted", "review_n"),
    "skip_rate": ("skipped", "decided"),
    "expiry_rate": ("ended", "leased"),
}


def frame(session: Session, statement: Any) -> "DataFrame":
    """The rows of `statement` as a DataFrame with its column names."""
    import pandas as pd

    result = session.execute(statement)
    return pd.DataFrame(result.fetchall(), columns=list(result.keys()))


def table_of(by: Collection[str]) -> Any:
    """The roll-up that has these columns: hours where `hour` is asked for, else days."""
    return HourlyRollup if "hour" in by else DailyRollup


def of_stages(stages: Collection[str] | None, rollup: Any = DailyRollup) -> list[Any]:
    """The condition that rows are of these stages; none for all stages."""
    return [] if stages is None else [rollup.stage.in_(stages)]


def within(
    statement: Any, scope: Scope, since: date | None, until: date | None, rollup: Any = DailyRollup
) -> Any:
    """`statement` over a roll-up, limited to what may be seen and to a period of days."""
    statement = statement.where(rollup.project_id.in_(scope))
    if since is not None:
        statement = statement.where(rollup.day >= since)
    return statement if until is None else statement.where(rollup.day < until)


def sums(
    session: Session,
    scope: Scope,
    since: date | None,
    until: date | None,
    by: Sequence[str],
    *conditions: Any,
    narrow: Narrow = EVERYTHING,
    medians: bool = True,
) -> "DataFrame":
    """One row per value of `by` with totals and every figure.

    `by`: any of day, hour, labeller_id, team_id, vendor_id, project_id, batch_id, stage,
    label_class (columns of a roll-up) and skill_id (that of the project); `conditions` are about
    `table_of(by)`. Besides `by` and TOTALS: labels, active_hours, efficiency, cost,
    cost_per_label; median_seconds, mad_log and timed_n; and for each of SHARES its value, `_low`,
    `_high` and `_n`. Two statements (one without `medians`). Costs differ by project, so `cost`
    needs project_id among `by`.
    """
    rollup = table_of(by)
    keys = [_column(rollup, name) for name in by]
    totals = [func.sum(getattr(rollup, name)).label(name) for name in TOTALS]
    asked = (*conditions, *narrow.conditions(rollup))
    statement = within(select(*keys, *totals), scope, since, until, rollup).where(*asked)
    found = frame(session, _grouped(statement, rollup, keys, by).order_by(*keys))
    for name in TOTALS:
        kind = float if name.endswith(("correct", "agreed", "accepted")) else np.int64
        found[name] = found[name].astype(kind)
    add_figures(found)
    if medians:
        timed = within(bins(keys, rollup, by), scope, since, until, rollup).where(*asked)
        _add_times(session, found, timed, by)
    return found


def _column(rollup: Any, name: str) -> Any:
    return Project.skill_id if name == "skill_id" else getattr(rollup, name)


def _grouped(statement: Any, rollup: Any, keys: Sequence[Any], by: Collection[str]) -> Any:
    if "skill_id" in by:
        statement = statement.join(Project, Project.id == rollup.project_id)
    return statement.group_by(*keys)


def add_figures(table: "DataFrame") -> None:
    """Add to a frame of TOTALS the figures that follow from them."""
    table["labels"] = table.submitted + table.surplus
    table["active_hours"] = table.active_ms / 3_600_000
    table["efficiency"] = [
        definitions.efficiency(n, ms) for n, ms in zip(table.labels, table.active_ms, strict=True)
    ]
    table["efficiency"] = table.efficiency.astype(float)
    table["decided"] = table.labels + table.skipped
    table["ended"] = np.minimum(table.expired, table.leased)
    for figure, (hits, n) in SHARES.items():
        value, low, high = definitions.shares(table[hits], table[n])
        table[figure], table[f"{figure}_low"], table[f"{figure}_high"] = value, low, high
        table[f"{figure}_n"] = table[n]


def add_costs(session: Session, table: "DataFrame") -> None:
    """Add project (its name), cost and cost_per_label to a frame with project_id. One statement."""
    price = Project.settings["cost_per_hour"].astext
    ids = [int(i) for i in table.project_id.unique()]
    rows = session.execute(select(Project.id, Project.name, price).where(Project.id.in_(ids)))
    known = {i: (name, float(p) if p is not None else None) for i, name, p in rows}
    prices = [known[i][1] for i in table.project_id]
    table["project"] = [known[i][0] for i in table.project_id]
    table["cost"] = [definitions.cost(ms, p) for ms, p in zip(table.active_ms, prices, strict=True)]
    table["cost_per_label"] = [
        definitions.cost_per_label(n, ms, p)
        for n, ms, p in zip(table.labels, table.active_ms, prices, strict=True)
    ]
    table[["cost", "cost_per_label"]] = table[["cost", "cost_per_label"]].astype(float)


def bins(keys: Sequence[Any], rollup: Any = DailyRollup, by: Collection[str] = ()) -> Any:
    """Answers by time bin, zero-based, summed over the rows of each key; empty bins left out.

    `by` are the names of `keys`, where skill_id is among them.
    """
    unnested = (
        func.unnest(rollup.time_bins, rollup.time_counts)
        .table_valued("bin", "n", name="time")
        .render_derived()
    )
    total = func.sum(unnested.c.n).label("n")
    statement = (
        select(*keys, unnested.c.bin.label("bin"), total).select_from(rollup).join(unnested, true())
    )
    return _grouped(statement, rollup, [*keys, unnested.c.bin], by)


def _add_times(session: Session, table: "DataFrame", statement: Any, by: Sequence[str]) -> None:
    histograms: dict[tuple[Any, ...], Any] = {}
    for *key, place, n in session.execute(statement):
        counts = histograms.setdefault(tuple(key), np.zeros(definitions.N_TIME_BINS, np.int64))
        counts[int(place)] += int(n)
    none = np.zeros(definitions.N_TIME_BINS, np.int64)
    found = [
        definitions.active_time(histograms.get(tuple(key), none))
        for key in table[list(by)].itertuples(index=False, name=None)
    ]
    table["median_seconds"] = np.array([f.median_seconds for f in found], float)
    table["mad_log"] = np.array([f.mad_log for f in found], float)
    table["timed_n"] = np.array([f.n for f in found], np.int64)
