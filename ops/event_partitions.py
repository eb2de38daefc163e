"""Months of work events: one partition each, made ahead; the default one holds what has none.

The service owns no tables. Functions that run as the owner (migration 0009) make and drop months,
take each lock for a moment only and give up rather than let a labeller wait: they are asked again.
"""

import time
from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from ops import clock_time
from ops.db import transaction
from ops.errors import Conflict, NotReady

# Months beyond this one that are kept ready.
AHEAD = 2
# Tries, and the pause after the first; the next are twice as long each: whoever keeps the tables
# busy may take seconds, and work goes on between.
ATTEMPTS = 8
PAUSE_SECONDS = 0.1
_BUSY = "55P03"  # lock_not_available
_NOT_SEALED = "55000"  # object_not_in_prerequisite_state
_NO_TABLE = "42P01"
# What the functions hold as a month; other dates stay in the default partition.
_FIRST, _LAST = date(2000, 1, 1), date(2199, 12, 1)

_MONTHS = text(
    r"""
    SELECT to_date(right(relname, 7), 'YYYY_MM') AS first, relname AS name,
           greatest(reltuples, 0)::bigint AS about, pg_total_relation_size(c.oid) AS bytes
    FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
    WHERE inhparent = 'work_event'::regclass AND relname ~ '^work_event_\d{4}_\d{2}$'
    ORDER BY 1
    """
)
_ASTRAY = text(
    """
    SELECT DISTINCT date_trunc('month', at AT TIME ZONE 'UTC')::date AS first
    FROM work_event_default ORDER BY 1
    """
)


class Month(NamedTuple):
    """A partition: its first day, its table, about how many rows, and its size with indexes."""

    first: date
    name: str
    about: int
    bytes: int


def months(session: Session) -> list[Month]:
    """The months that have a partition, the oldest first."""
    return [Month(*row) for row in session.execute(_MONTHS)]


def following(first: date) -> date:
    """The first day of the month after."""
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def earlier(first: date, months: int) -> date:
    """The first day of the month so many months before."""
    n = first.year * 12 + first.month - 1 - months
    return date(n // 12, n % 12 + 1, 1)


def keep_ready(sessions: sessionmaker[Session]) -> int:
    """Make this month, the next ones, and those of events that had none; how many were made.

    Events that landed in the default partition move into the month made for them. Raises Conflict
    when the tables stay busy; whatever was made stays.
    """
    with transaction(sessions) as session:
        missing = _missing(session)
    for first in missing:
        make(sessions, first)
    return len(missing)


def make(sessions: sessionmaker[Session], first: date) -> int:
    """Make the month that begins on `first`; returns how many events moved into it."""
    return _asked(sessions, "make_event_month", first)


def drop(sessions: sessionmaker[Session], first: date) -> int:
    """Drop the month that begins on `first` with all its events; returns how many.

    Raises NotReady unless every event of it is in a file.
    """
    return _asked(sessions, "drop_event_month", first)


def _missing(session: Session) -> list[date]:
    first = clock_time.now().date().replace(day=1)
    wanted = {row.first for row in session.execute(_ASTRAY)}
    for _ in range(AHEAD + 1):
        wanted.add(first)
        first = following(first)
    there = {month.first for month in months(session)}
    return sorted(one for one in wanted - there if _FIRST <= one <= _LAST)


def _asked(sessions: sessionmaker[Session], function: str, first: date) -> int:
    """Call a function on a month until the locks are free, each time in a short transaction."""

    def call() -> int:
        with transaction(sessions) as session:
            asked = text(f"SELECT {function}(:first)")
            return int(session.execute(asked, {"first": first}).scalar_one())

    return _patiently(call, f"{first:%Y-%m}")


def _patiently(call: Callable[[], int], month: str) -> int:
    for attempt in range(ATTEMPTS):
        try:
            return call()
        except DBAPIError as error:
            said = _said(error)
            if said[0] == _NOT_SEALED:
                raise NotReady(f"The month {month} cannot be dropped: {said[1]}.") from None
            if said[0] == _NO_TABLE:
                raise NotReady(f"The database has no month {month}.") from None
            if said[0] != _BUSY:
                raise
        time.sleep(PAUSE_SECONDS * 2**attempt)
    raise Conflict(f"The month {month} stays as it is: work events are too busy; try again later.")


def _said(error: DBAPIError) -> tuple[str, str]:
    """The server's code and first line."""
    cause: Any = error.orig
    return getattr(cause, "sqlstate", None) or "", str(cause).splitlines()[0]
