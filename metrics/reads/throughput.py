"""How much, when and by whom: labels by the day and by the hour of the week."""

from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from metrics.models import HourlyRollup
from metrics.reads.narrow import EVERYTHING, Narrow
from metrics.reads.sums import Scope, frame, of_stages, sums, within
from ops.models import Batch, Organisation, Project, Skill, Team, User

if TYPE_CHECKING:
    from pandas import DataFrame

# What labels are told apart by: its name in an address → the column of the roll-up.
PARTS = {
    "project": "project_id",
    "batch": "batch_id",
    "team": "team_id",
    "vendor": "vendor_id",
    "stage": "stage",
    "class": "label_class",
    "labeller": "labeller_id",
}
_NAMED: dict[str, Any] = {
    "project": Project, "batch": Batch, "team": Team, "vendor": Organisation, "labeller": User,
    "skill": Skill,
}  # fmt: skip
NOWHERE, NO_CLASS = "none", "no class"


def by_day(
    session: Session,
    scope: Scope,
    since: date,
    until: date,
    part: str,
    stages: Collection[str] | None = None,
    narrow: Narrow = EVERYTHING,
) -> "DataFrame":
    """One row per day and value of `part` (one of PARTS): see `sums`, without times; and `key`,
    `name`. Two statements."""
    column = PARTS[part]
    found = sums(
        session, scope, since, until, ["day", column], *of_stages(stages), narrow=narrow,
        medians=False,
    )  # fmt: skip
    found["key"] = found[column]
    found["name"] = named(session, part, found.key.unique().tolist(), found.key)
    return found


def named(session: Session, part: str, ids: list[Any], keys: Any) -> list[str]:
    """The names of `keys`, which are among `ids`. One statement, none where they are words."""
    if part not in _NAMED:
        return [str(key) or NO_CLASS for key in keys]
    kind = _NAMED[part]
    rows = session.execute(select(kind.id, kind.name).where(kind.id.in_([int(i) for i in ids])))
    known = {row.id: row.name for row in rows}
    return [known.get(int(key), NOWHERE) for key in keys]


def by_hour_of_week(
    session: Session,
    scope: Scope,
    since: date,
    until: date,
    zone: str,
    stages: Collection[str] | None = None,
    narrow: Narrow = EVERYTHING,
) -> "DataFrame":
    """Labels by weekday (0 is Monday) and hour of the clock in `zone`: weekday, hour, labels.

    Counted from hours of UTC, so where a zone is off by half an hour they lie half an hour early.
    The period is that of the labellers' own days. One statement.
    """
    clock = func.timezone(zone, HourlyRollup.hour)
    weekday = (func.extract("isodow", clock) - 1).label("weekday")
    hour = func.extract("hour", clock).label("hour")
    labels = func.sum(HourlyRollup.submitted + HourlyRollup.surplus).label("labels")
    statement = within(select(weekday, hour, labels), scope, since, until, HourlyRollup)
    statement = statement.where(*of_stages(stages, HourlyRollup), *narrow.conditions(HourlyRollup))
    found = frame(session, statement.group_by(weekday, hour).order_by(weekday, hour))
    return found.astype(int)
