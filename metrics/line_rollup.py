"""Roll up the line: tasks that arrived at each stage, were begun and finished, by the hour.

Which tasks to look at comes from triggers (new ones, and those that want another number of answers)
and from new work events. Each is looked at as it is now, so the job may run twice, be killed, or
meet late events, and leaves what a rebuild would. It works in chunks, a short transaction each.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, sessionmaker

from metrics import line_sql
from metrics.definitions import LINE_BINS
from metrics.models import RollupState
from ops import clock_time
from ops.db import transaction

NAME = "line"
CHUNK = 2_000


def roll_up(sessions: sessionmaker[Session]) -> int:
    """Look again at whatever tasks changed; returns how many had moved."""
    with transaction(sessions) as session:
        gather(session)
    moved, more = 0, True
    while more:
        with transaction(sessions) as session:
            _lock(session)
            taken = _taken(session)
            moved += _apply(session, _with_later(session, taken))
            more = len(taken) > 0
    return moved


def advance(session: Session) -> int:
    """The same in one transaction of the caller's."""
    gather(session)
    moved = 0
    while taken := _taken(session):
        moved += _apply(session, _with_later(session, taken))
    return moved


def gather(session: Session) -> None:
    """Note the tasks of new work events; of a line never counted, and after a restore, all."""
    after = _lock(session)
    as_of = clock_time.now()
    below = _below(session)
    if after == 0 or after > below:
        session.execute(text(line_sql.GATHER_ALL))
    else:
        session.execute(text(line_sql.GATHER), {"after": after, "below": below})
    _remember(session, below, as_of)


def rebuild(
    sessions: sessionmaker[Session], progress: Callable[[float], None] | None = None
) -> int:
    """Count the whole line again from tasks and their assignments; returns how many tasks.

    `progress` is told the share that is done.
    """
    with transaction(sessions) as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        _lock(session)
        as_of = clock_time.now()
        for table in ("line_rollup", "line_task", "line_touched"):
            session.execute(text(f"DELETE FROM {table}"))
        below, counted = _below(session), 0
        last = session.scalar(text("SELECT max(id) FROM task")) or 0
        for first in range(1, last + 1, CHUNK):
            counted += _apply(session, list(range(first, min(first + CHUNK, last + 1))))
            if progress:
                progress(min(1.0, (first + CHUNK) / last))
        _remember(session, below, as_of)
    return counted


def _lock(session: Session) -> int:
    """Take the line's row, so that roll-ups follow one another; returns how far it has read."""
    first = insert(RollupState).values(name=NAME, below_xid=0, as_of=clock_time.now())
    session.execute(first.on_conflict_do_nothing())
    row = text("SELECT below_xid FROM rollup_state WHERE name = :name FOR UPDATE")
    return int(session.execute(row, {"name": NAME}).scalar_one())


def _below(session: Session) -> int:
    """Transactions below this number have ended, in the snapshots of statements that follow."""
    oldest = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    return int(session.execute(oldest).scalar_one())


def _remember(session: Session, below: int, as_of: Any) -> None:
    session.execute(
        text("UPDATE rollup_state SET below_xid = :below, as_of = :as_of WHERE name = :name"),
        {"below": below, "as_of": as_of, "name": NAME},
    )


def _taken(session: Session) -> list[int]:
    return list(session.scalars(text(line_sql.TAKE), {"most": CHUNK}))


def _with_later(session: Session, tasks: list[int]) -> list[int]:
    return list(session.scalars(text(line_sql.LATER), {"tasks": tasks})) if tasks else []


def _apply(session: Session, tasks: list[int]) -> int:
    """Bring the line up to these tasks as they are now; returns how many of them had moved."""
    if not tasks:
        return 0
    found = session.execute(text(line_sql.APPLY), {"tasks": tasks, "edges": list(LINE_BINS)}).one()
    if found.empty_hours:
        empty = {"hours": found.empty_hours, "batches": found.empty_batches}
        session.execute(text(line_sql.SWEEP), {**empty, "stages": found.empty_stages})
    return int(found.tasks)
