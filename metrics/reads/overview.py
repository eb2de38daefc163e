"""The figures of a period beside those of the period before."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from metrics import definitions
from metrics.models import DailyRollup
from metrics.reads.narrow import EVERYTHING, Narrow
from metrics.reads.sums import SHARES, TOTALS, Scope, add_figures, of_stages, sums

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class Figure:
    """A line of the overview. `better` says which way is good: 1 up, -1 down, 0 neither."""

    key: str
    name: str
    unit: str
    better: int


FIGURES = (
    Figure("labels", "Labels", "labels", 1),
    Figure("active_hours", "Active time", "hours", 0),
    Figure("efficiency", "Efficiency", "labels per active hour", 1),
    Figure("gold", "Gold accuracy", "share", 1),
    Figure("agreement", "Agreement with consensus", "share", 1),
    Figure("acceptance", "Accepted at first review", "share", 1),
    Figure("skip_rate", "Skipped", "share", -1),
    Figure("expiry_rate", "Expired leases", "share", -1),
    Figure("labellers", "Labellers at work", "people", 0),
)


def overview(
    session: Session,
    scope: Scope,
    since: date,
    until: date,
    stages: Collection[str] | None = None,
    narrow: Narrow = EVERYTHING,
) -> "DataFrame":
    """One row per figure of FIGURES: the period, and the one of equal length before it.

    Columns: key, name, unit, better, now, low, high, n, before, before_low, before_high, before_n,
    before_days.
    before_days counts the days before on which work was done. low, high and n are NaN where a
    figure is a count; those of efficiency come from the differences between labellers. Three
    statements.
    """
    import pandas as pd

    start = since - (until - since)
    conditions = [*of_stages(stages), *narrow.conditions(DailyRollup)]
    now = _period(session, scope, since, until, conditions)
    before = _period(session, scope, start, since, conditions)
    rows = []
    for figure in FIGURES:
        row: dict[str, object] = {
            "key": figure.key, "name": figure.name, "unit": figure.unit, "better": figure.better,
        }  # fmt: skip
        for prefix, period in (("", now), ("before_", before)):
            row[prefix.rstrip("_") or "now"] = period.get(figure.key)
            for part in ("low", "high", "n"):
                row[prefix + part] = period.get(f"{figure.key}_{part}")
        rows.append(row)
    table = pd.DataFrame(rows)
    table["before_days"] = len(
        sums(session, scope, start, since, ["day"], *conditions, medians=False)
    )
    numbers = [c for c in table.columns if c not in ("key", "name", "unit")]
    table[numbers] = table[numbers].astype(float)
    return table


def _period(
    session: Session, scope: Scope, since: date, until: date, conditions: list[Any]
) -> dict[str, float]:
    by = ["labeller_id"]
    by_labeller = sums(session, scope, since, until, by, *conditions, medians=False)
    total = by_labeller[list(TOTALS)].sum().to_frame().T
    add_figures(total)
    values = {str(name): float(value) for name, value in total.iloc[0].items()}
    values["labellers"] = int((by_labeller.labels > 0).sum())
    low, high = definitions.efficiency_interval(by_labeller.labels, by_labeller.active_ms)
    values["efficiency_n"] = values["labels"]
    if low is not None and high is not None:
        values["efficiency_low"], values["efficiency_high"] = low, high
    assert values.keys() >= set(SHARES)
    return values
