"""What comes out of an hour, what a label costs and what that is made of, how time is used."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from metrics import definitions
from metrics.models import HourlyRollup
from metrics.reads.narrow import EVERYTHING, Narrow
from metrics.reads.sums import LABELLING, Scope, of_stages, sums, within
from ops.models import Organisation, Project, Team, User

if TYPE_CHECKING:
    from pandas import DataFrame

# What the table may be by, and the column of the roll-up.
BY = {
    "project": "project_id",
    "team": "team_id",
    "vendor": "vendor_id",
    "labeller": "labeller_id",
    "stage": "stage",
    "class": "label_class",
}
_NAMES: dict[str, Any] = {
    "project": Project,
    "team": Team,
    "vendor": Organisation,
    "labeller": User,
}
NUMBERS = (
    "labels", "active_hours", "efficiency", "efficiency_low", "efficiency_high", "clusters",
    "acceptance", "acceptance_low", "acceptance_high", "acceptance_n",
)  # fmt: skip
NOWHERE, NO_CLASS = "nowhere", "no class"
HOUR_MS = 3_600_000
# The newest answers with a draft, and without, from which the time that drafts save is taken.
TIMES = 1000


class Costs(NamedTuple):
    """What labels cost over a period, in one project or in all that set a price.

    `spent` is the whole cost; `parts` has stage, active_hours, cost, and per_label: cost ÷ first
    labels.
    """

    name: str
    labels: int
    spent: float
    per_label: definitions.Ratio
    per_accepted: definitions.Ratio
    accepted: definitions.Share
    parts: "DataFrame"


class Priced(NamedTuple):
    """The costs of all projects that set a price together, of each of them by name, and the names
    of those with work and no price."""

    all: Costs
    projects: list[Costs]
    unpriced: list[str]


class Hours(NamedTuple):
    """How the time of a period was used, in hours: `active`, `idle` (in front, silent), `away`
    (the rest of the time that work was on the screen), `there` (hours of the clock in which people
    did anything); `stages` has stage, active, idle, away; `use` is active ÷ there."""

    active: float
    idle: float
    away: float
    there: float
    use: definitions.Ratio
    stages: "DataFrame"


def work(
    session: Session, scope: Scope, since: date, until: date, narrow: Narrow = EVERYTHING
) -> "DataFrame":
    """What was done, by project, stage and labeller: what `efficiency`, `costs` and `hours` are
    made of. All stages, because a label is paid for at all of them. One statement."""
    by = ["project_id", "stage", "labeller_id"]
    return sums(session, scope, since, until, by, narrow=replace(narrow, stage=None),
                medians=False)  # fmt: skip


def efficiency(done: "DataFrame", stage: str | None = None) -> definitions.Ratio:
    """Labels per active hour (at one stage: its answers); labellers are the clusters."""
    stages = LABELLING if stage is None else (stage,)
    found = done[done.stage.isin(stages)]
    people = found.groupby("labeller_id")[["labels", "active_ms", "active_hours"]].sum()
    return _per_hour(people)


def _per_hour(rows: "DataFrame") -> definitions.Ratio:
    timed = rows[rows.active_ms > 0]
    found = definitions.ratio(timed.labels, timed.active_hours)
    return found._replace(
        value=definitions.efficiency(int(rows.labels.sum()), int(rows.active_ms.sum()))
    )


def efficiency_by(
    session: Session,
    scope: Scope,
    since: date,
    until: date,
    by: str,
    narrow: Narrow = EVERYTHING,
) -> "DataFrame":
    """One row per value of `by` (a key of BY), most labels first. Two statements.

    id, name, labels (of a stage that makes none: answers), active_hours, efficiency,
    efficiency_low, efficiency_high, clusters (labellers; days of one labeller); acceptance with its
    low, high and n.
    """
    import pandas as pd

    column = BY[by]
    cluster = "day" if by == "labeller" else "labeller_id"
    stages = None if by == "stage" or narrow.stage else LABELLING
    found = sums(session, scope, since, until, [column, cluster], *of_stages(stages),
                 narrow=narrow, medians=False)  # fmt: skip
    if by == "class":
        found = found[found.labels > 0]
    rows = []
    for value, some in found.groupby(column):
        rate = _per_hour(some)
        accepted = definitions.first_pass_acceptance(
            float(some.review_accepted.sum()), int(some.review_n.sum())
        )
        rows.append({
            "id": value, "labels": int(some.labels.sum()),
            "active_hours": float(some.active_hours.sum()), "efficiency": rate.value,
            "efficiency_low": rate.low, "efficiency_high": rate.high, "clusters": rate.n,
            "acceptance": accepted.value, "acceptance_low": accepted.low,
            "acceptance_high": accepted.high, "acceptance_n": accepted.n,
        })  # fmt: skip
    table = pd.DataFrame(rows, columns=["id", *NUMBERS])
    table[list(NUMBERS)] = table[list(NUMBERS)].astype(float)
    table.insert(1, "name", _named(session, by, table.id.tolist()))
    return table.sort_values(["labels", "name"], ascending=[False, True], ignore_index=True)


def _named(session: Session, by: str, ids: Sequence[Any]) -> list[str]:
    if by not in _NAMES:
        return [str(one) or NO_CLASS for one in ids]
    model = _NAMES[by]
    wanted = [int(one) for one in ids]
    rows = session.execute(select(model.id, model.name).where(model.id.in_(wanted)))
    known: dict[int, str] = {row[0]: row[1] for row in rows}
    return [str(known.get(one, NOWHERE)) for one in wanted]


def costs(session: Session, done: "DataFrame") -> Priced:
    """What a label costs, and what that is made of. One statement."""
    known = _prices(session, done.project_id.unique())
    price = {project: p for project, (_, p) in known.items() if p is not None}
    unpriced = sorted(name for name, p in known.values() if p is None)
    found = done[done.project_id.isin(price)].copy()
    found["spent"] = found.active_hours * found.project_id.map(price).astype(float)
    found["first"] = np.where(found.stage == "label", found.labels, 0)
    each = [_costs(known[i][0], found[found.project_id == i]) for i in price]
    return Priced(_costs("", found), sorted(each, key=lambda one: one.name), unpriced)


def _costs(name: str, found: "DataFrame") -> Costs:
    """The costs of rows with stage, labeller_id, first, spent and what was reviewed."""
    labels = int(found["first"].sum())
    people = found.groupby("labeller_id")[["first", "spent"]].sum()
    makers = found[found.stage.isin(LABELLING)].groupby("labeller_id")[["first", "spent"]].sum()
    first = found[found.stage == "label"]
    accepted = definitions.first_pass_acceptance(
        float(first.review_accepted.sum()), int(first.review_n.sum())
    )
    parts = found.groupby("stage")[["active_hours", "spent"]].sum()
    parts = parts.reindex(definitions.STAGES, fill_value=0.0).reset_index()
    parts = parts.rename(columns={"spent": "cost"})
    parts["per_label"] = parts.cost / labels if labels else np.nan
    return Costs(
        name, labels, float(found.spent.sum()),
        definitions.cost_of_labels(makers["first"], makers.spent),
        definitions.cost_per_accepted_label(people["first"], people.spent, accepted),
        accepted, parts,
    )  # fmt: skip


def _prices(session: Session, ids: Any) -> dict[int, tuple[str, float | None]]:
    """Project → its name and its cost per hour, None where it sets none."""
    price = Project.settings["cost_per_hour"].astext
    wanted = [int(one) for one in ids]
    rows = session.execute(select(Project.id, Project.name, price).where(Project.id.in_(wanted)))
    return {row[0]: (row[1], None if row[2] is None else float(row[2])) for row in rows}


def hours(
    session: Session,
    scope: Scope,
    since: date,
    until: date,
    done: "DataFrame",
    narrow: Narrow = EVERYTHING,
) -> Hours:
    """How the time was used, by stage; utilisation with labellers as clusters. One statement."""
    some = done if narrow.stage is None else done[done.stage == narrow.stage]
    stages = some.groupby("stage")[["active_ms", "idle_ms", "wall_ms"]].sum()
    stages = stages.reindex(definitions.STAGES, fill_value=0) / HOUR_MS
    stages["away_ms"] = (stages.wall_ms - stages.active_ms - stages.idle_ms).clip(lower=0)
    names = {"active_ms": "active", "idle_ms": "idle", "away_ms": "away"}
    stages = stages.rename(columns=names)[list(names.values())].reset_index()
    people = session.execute(_there(scope, since, until, narrow)).all()
    use = definitions.utilisation_interval([int(r.ms) for r in people], [r.hours for r in people])
    return Hours(
        float(stages.active.sum()), float(stages.idle.sum()), float(stages.away.sum()),
        float(sum(r.hours for r in people)), use, stages,
    )  # fmt: skip


def _there(scope: Scope, since: date, until: date, narrow: Narrow) -> Any:
    """For each labeller the hours of the clock in which they did anything, and the active time."""
    hour = HourlyRollup.hour
    # A labeller's day lies within a day of that of UTC: so much of the index is enough.
    near = (hour >= since - timedelta(days=1), hour < until + timedelta(days=1))
    each = within(
        select(HourlyRollup.labeller_id, hour, func.sum(HourlyRollup.active_ms).label("ms")),
        scope, since, until, HourlyRollup,
    ).where(*near, *narrow.conditions(HourlyRollup))  # fmt: skip
    found = each.group_by(HourlyRollup.labeller_id, hour).subquery("each")
    totals = func.count().label("hours"), func.sum(found.c.ms).label("ms")
    return select(*totals).group_by(found.c.labeller_id)


_DRAFTED = text(
    """
    SELECT withheld, active_ms FROM (
        SELECT begun.withheld, a.active_ms, row_number() OVER (
            PARTITION BY begun.withheld ORDER BY a.id DESC) AS place
        FROM reference_model model JOIN assistance begun ON begun.model_id = model.id
        JOIN assignment a ON a.id = begun.assignment_id
        WHERE model.project_id = ANY(:projects) AND begun.kept IS NOT NULL AND begun.spoke
          AND a.active_ms > 0
    ) newest WHERE place <= :times
    """
)


def drafts(session: Session, scope: Scope) -> definitions.TimeSaved:
    """What the drafts of models save, from the newest answers with and without. Two statements."""
    ids = list(session.scalars(select(Project.id).where(Project.id.in_(scope))))
    rows = session.execute(_DRAFTED, {"projects": ids, "times": TIMES}).all()
    groups = [[row.active_ms for row in rows if row.withheld == w] for w in (False, True)]
    return definitions.time_saved(*groups)
