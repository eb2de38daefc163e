"""Gold accuracy, agreement, first-pass acceptance and rework: over time, and by group."""

from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import Date, cast, func, select
from sqlalchemy.orm import Session

from metrics import definitions
from metrics.models import LineRollup
from metrics.reads.narrow import EVERYTHING, Narrow
from metrics.reads.sums import Scope, frame, sums
from ops.models import Organisation, Project, Team, User

if TYPE_CHECKING:
    from pandas import DataFrame

# The groups that figures are told by → the column of the roll-up.
GROUPS = {
    "project": "project_id",
    "team": "team_id",
    "vendor": "vendor_id",
    "class": "label_class",
    "stage": "stage",
    "labeller": "labeller_id",
}
QUALITY = ("gold", "agreement", "acceptance")
_NAMED: dict[str, Any] = {
    "project": Project, "team": Team, "vendor": Organisation, "labeller": User,
}  # fmt: skip
NOWHERE = "nowhere"


def quality_days(
    session: Session, scope: Scope, since: date, until: date, narrow: Narrow = EVERYTHING
) -> "DataFrame":
    """One row per day with what the shares of QUALITY are made of (see `sums`). One statement."""
    return sums(session, scope, since, until, ["day"], narrow=narrow, medians=False)


def rework_days(
    session: Session, scope: Scope, since: date, until: date, narrow: Narrow = EVERYTHING
) -> "DataFrame":
    """day (UTC), sent_back, finished: what came to rework, and labelling tasks finished.

    Of projects and batches alone: a task that comes back is nobody's until it is taken. One
    statement.
    """
    of = LineRollup
    day = cast(func.timezone("UTC", of.hour), Date)
    back = func.coalesce(func.sum(of.arrived).filter(of.stage == "rework"), 0)
    done = func.coalesce(func.sum(of.finished).filter(of.stage == "label"), 0)
    counted = select(day.label("day"), back.label("sent_back"), done.label("finished")).where(
        of.project_id.in_(scope), day >= since, day < until
    )
    for column, value in ((of.project_id, narrow.project_id), (of.batch_id, narrow.batch_id)):
        if value is not None:
            counted = counted.where(column == value)
    return frame(session, counted.group_by(day).order_by(day)).astype(
        {"sent_back": int, "finished": int}
    )


def quality_by(
    session: Session,
    scope: Scope,
    since: date,
    until: date,
    group: str,
    narrow: Narrow = EVERYTHING,
) -> "DataFrame":
    """One row for each value of `group` (of GROUPS): key, name, labels, and of each of QUALITY its
    value, `_low`, `_high` and `_n`; most labels first. Two statements."""
    column = GROUPS[group]
    found = sums(session, scope, since, until, [column], narrow=narrow, medians=False)
    found = found.rename(columns={column: "key"})
    names = _names(session, group, found.key.tolist())
    found["name"] = [names.get(key, _unnamed(group, key)) for key in found.key]
    kept = [f"{name}{end}" for name in QUALITY for end in ("", "_low", "_high", "_n")]
    found = found[found[[f"{name}_n" for name in QUALITY]].sum(axis=1) > 0]
    found = found.sort_values(["labels", "key"], ascending=[False, True], ignore_index=True)
    return found[["key", "name", "labels", *kept]]


def _names(session: Session, group: str, keys: list[Any]) -> dict[Any, str]:
    kind = _NAMED.get(group)
    if kind is None:
        return {}
    rows = session.execute(select(kind.id, kind.name).where(kind.id.in_(keys)))
    return {row.id: row.name for row in rows}


def _unnamed(group: str, key: Any) -> str:
    if group in _NAMED:
        return NOWHERE
    return str(key) if key else "no single class"


def shares_by_stretch(
    rows: "DataFrame", stretch: dict[date, date], hits: str, n: str
) -> "DataFrame":
    """Sums of days as a share for each stretch: at_day, value, low, high, n; NaN where undefined.

    No statement.
    """
    import pandas as pd

    at = rows.day.map(stretch)
    found = rows.groupby(at)[[hits, n]].sum()
    # What comes back may have been finished before: bounded, as `definitions.rework_rate` says.
    value, low, high = definitions.shares(found[[hits, n]].min(axis=1), found[n])
    return pd.DataFrame(
        {"at_day": found.index, "value": value, "low": low, "high": high, "n": found[n].to_numpy()}
    )
