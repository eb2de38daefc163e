"""What there is of work events, by month: in the database and in files."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from ops import event_partitions
from ops.models import EventDay


@dataclass(frozen=True)
class MonthStatus:
    """A month of events; `first` None is what lies in the default partition."""

    first: date | None
    rows: int  # in the database
    bytes: int  # there, with indexes
    sealed_days: int
    sealed_rows: int
    sealed_bytes: int
    dropped: bool  # the database lacks what the files hold
    in_database: bool

    def as_json(self) -> dict[str, Any]:
        """Plain data; the month as "2026-11", or null."""
        month = {"month": f"{self.first:%Y-%m}" if self.first else None}
        return month | {name: value for name, value in vars(self).items() if name != "first"}


def by_month(session: Session) -> list[MonthStatus]:
    """Every month that is in the database or in files, the oldest first; the default one last."""
    kept = {month.first: month for month in event_partitions.months(session)}
    sealed = _sealed(session)
    found = []
    for first in sorted(kept.keys() | sealed.keys()):
        month = kept.get(first)
        days, rows, size, dropped = sealed.get(first, (0, 0, 0, False))
        found.append(
            MonthStatus(
                first=first,
                rows=_count(session, month.name) if month else 0,
                bytes=month.bytes if month else 0,
                sealed_days=days,
                sealed_rows=rows,
                sealed_bytes=size,
                dropped=dropped,
                in_database=month is not None,
            )
        )
    astray = _count(session, "work_event_default")
    size = session.scalar(text("SELECT pg_total_relation_size('work_event_default')")) or 0
    return [*found, MonthStatus(None, astray, size, 0, 0, 0, False, True)]


def _sealed(session: Session) -> dict[date, tuple[int, int, int, bool]]:
    month = func.date_trunc("month", EventDay.day)
    rows = session.execute(
        select(
            month,
            func.count(),
            func.sum(EventDay.rows),
            func.sum(EventDay.bytes),
            func.bool_or(EventDay.dropped),
        ).group_by(month)
    )
    return {
        first.date(): (days, int(n), int(size), dropped) for first, days, n, size, dropped in rows
    }


def _count(session: Session, table: str) -> int:
    """`table` comes from the catalogue."""
    return int(session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)
