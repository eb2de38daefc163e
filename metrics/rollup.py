"""Roll up raw work events into one row per day, labeller, batch and stage.

A roll-up never adds to a row: it finds the rows that new events touch and counts these again from
raw. So it may run twice, be killed, or meet late and corrected events, and always leaves what a
rebuild would. It reads events below the oldest transaction still running; a writer that commits
late is read late, never missed.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, sessionmaker

from metrics import rollup_sql
from metrics.definitions import N_TIME_BINS, TIME_BINS
from metrics.models import RollupState
from ops import clock_time
from ops.db import transaction

NAME = "daily"
CHUNK = timedelta(days=31)
Key = tuple[int, int, str]


def roll_up(sessions: sessionmaker[Session]) -> int:
    """Count again whatever new events touch; returns the number of rows counted."""
    with transaction(sessions) as session:
        return advance(session)


def advance(session: Session) -> int:
    """The same inside a transaction of the caller's. Roll-ups run one after the other."""
    after, below, as_of = _lock(session)
    if after > below:
        # A restored database counts transactions anew: what was read is no longer known.
        return _rebuild(session, below, as_of, None)
    touched = _touched(session, after, below)
    for day, keys in sorted(touched.items()):
        _count_again(session, day, day + timedelta(days=1), below, keys)
    _remember(session, below, as_of)
    return sum(len(keys) for keys in touched.values())


def rebuild(
    sessions: sessionmaker[Session], progress: Callable[[float], None] | None = None
) -> int:
    """Count everything again from raw; returns the number of rows.

    `progress` is told the share that is done.
    """
    with transaction(sessions) as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        _, below, as_of = _lock(session)
        return _rebuild(session, below, as_of, progress)


def _rebuild(
    session: Session, below: int, as_of: datetime, progress: Callable[[float], None] | None
) -> int:
    session.execute(text("DELETE FROM daily_rollup"))
    first, last = session.execute(
        text("SELECT min(at), max(at) FROM work_event WHERE xid < :below"), {"below": below}
    ).one()
    rows = 0
    if first is not None:
        start, stop = _day(first), _day(last) + timedelta(days=1)
        day = start
        while day < stop:
            upto = min(day + CHUNK, stop)
            rows += _count_again(session, day, upto, below, None)
            day = upto
            if progress:
                progress((day - start) / (stop - start))
    _remember(session, below, as_of)
    return rows


def _lock(session: Session) -> tuple[int, int, datetime]:
    """Take the roll-up's row; returns how far it has read, how far it may, and the moment."""
    session.execute(
        insert(RollupState)
        .values(name=NAME, below_xid=0, as_of=clock_time.now())
        .on_conflict_do_nothing()
    )
    after = session.execute(
        text("SELECT below_xid FROM rollup_state WHERE name = :name FOR UPDATE"), {"name": NAME}
    ).scalar_one()
    as_of = clock_time.now()
    # A statement of its own: in the snapshots that follow, all below this number has ended.
    below = session.execute(
        text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    ).scalar_one()
    return after, below, as_of


def _remember(session: Session, below: int, as_of: datetime) -> None:
    session.execute(
        text("UPDATE rollup_state SET below_xid = :below, as_of = :as_of WHERE name = :name"),
        {"below": below, "as_of": as_of, "name": NAME},
    )


def _touched(session: Session, after: int, below: int) -> dict[date, list[Key]]:
    rows = session.execute(text(rollup_sql.TOUCHED), {"after": after, "below": below})
    touched: dict[date, list[Key]] = defaultdict(list)
    for day, labeller, batch, stage in rows:
        touched[day].append((labeller, batch, stage))
    return touched


def _count_again(
    session: Session, first: date, stop: date, below: int, keys: list[Key] | None
) -> int:
    """Delete and insert the rows of first ≤ day < stop: of these keys, or of all of them."""
    values: dict[str, Any] = {
        "first": first,
        "stop": stop,
        "start_at": _midnight(first),
        "stop_at": _midnight(stop),
        "below": below,
        "edges": list(TIME_BINS),
        "last_bin": N_TIME_BINS - 1,
    }
    if keys is not None:
        labellers, batches, stages = zip(*keys, strict=True)
        values |= {"labellers": list(labellers), "batches": list(batches), "stages": list(stages)}
        session.execute(text(rollup_sql.DELETE_KEYS), values)
    counted: Any = session.execute(text(rollup_sql.count(only_keys=keys is not None)), values)
    return int(counted.rowcount)


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
