"""Counting everything again: sealed days from their files, the rest from the database."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from metrics.rollup import places, sql, store
from metrics.rollup.engine import counting
from metrics.rollup.fence import Reach, alone, reach, remember
from metrics.rollup.places import EPOCH
from ops import event_archive
from ops.db import transaction

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Progress = Callable[[float], None] | None
# So much of the time goes into counting; the rest into writing.
_COUNTING = 0.5
# So many rows of hours are compared and written in one transaction.
ROWS_AT_A_TIME = 20_000
_PAUSE_SECONDS = 0.2
_BETWEEN = "hour >= %(first)s AND hour < %(stop)s"
_HOURS = text("SELECT hour, count(*) AS n FROM hourly_rollup GROUP BY hour")


def rebuild(sessions: sessionmaker[Session], name: str, progress: Progress) -> int:
    """See `metrics.rollup.rebuild`."""
    while True:
        with alone(sessions, name) as mine:
            if mine is not None:
                return count(mine, name, reach(mine, name), progress)
        time.sleep(_PAUSE_SECONDS)


def count(mine: sessionmaker[Session], name: str, now: Reach, progress: Progress) -> int:
    """The same for who holds the fence of `name` already."""
    with counting() as duck:
        _read(mine, duck, now.below)
        _count(duck, progress)
        rows: int = duck.execute("SELECT count(*) FROM counted").fetchall()[0][0]
        for done in _write(mine, duck):
            if progress:
                progress(_COUNTING + (1 - _COUNTING) * done)
    with transaction(mine) as session:
        session.execute(text(sql.DELETE_LEFT_OVER))
    remember(mine, name, now.below, now.as_of)
    if progress:
        progress(1.0)
    return rows


def _read(mine: sessionmaker[Session], duck: "DuckDBPyConnection", below: int) -> None:
    """Make `event` and `place`."""
    import pyarrow as pa

    from ops.event_files import SCHEMA

    with transaction(mine) as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        archive = event_archive.look(session)
        listed = [str(path) for path in archive.files()]
        rest = pa.RecordBatchReader.from_batches(SCHEMA, archive.rest(session, below))
        duck.register("rest", rest)
        duck.execute("CREATE TABLE unsealed AS SELECT * EXCLUDE data FROM rest")
        duck.unregister("rest")
        if listed:
            duck.read_parquet(listed).create_view("sealed")
            duck.execute(
                "CREATE VIEW event AS SELECT * EXCLUDE data FROM sealed "
                "UNION ALL BY NAME SELECT * FROM unsealed"
            )
        else:
            duck.execute("CREATE VIEW event AS SELECT * FROM unsealed")
        ends = duck.sql('SELECT epoch_us(min("at")), epoch_us(max("at")) FROM event').fetchall()
        spans = _places(session, *ends[0])
    duck.register("place", places.table(spans))


def _count(duck: "DuckDBPyConnection", progress: Progress) -> None:
    """Make `counted` of `event` and `place`."""
    with ThreadPoolExecutor(1) as pool:
        at_work = pool.submit(duck.execute, f"CREATE TABLE counted AS {sql.HOURS}")
        while not at_work.done():
            wait([at_work], _PAUSE_SECONDS)
            if progress:
                progress(_COUNTING * max(0.0, duck.query_progress()) / 100)
        at_work.result()


def _places(session: Session, first_us: int | None, last_us: int | None) -> list[places.Place]:
    if first_us is None or last_us is None:
        return []
    first, last = (EPOCH + timedelta(microseconds=us) for us in (first_us, last_us))
    return places.places(session, first, last)


def _write(mine: sessionmaker[Session], duck: "DuckDBPyConnection") -> Iterator[float]:
    """Stretch by stretch make what is stored what was counted; yields the share that is done."""
    bounds = [*_bounds(mine, duck)]
    for place, (first, stop) in enumerate(pairwise(bounds), 1):
        duck.execute(
            f"CREATE OR REPLACE TEMP TABLE fresh AS SELECT {sql.SENT} "
            "FROM counted WHERE hour >= ? AND hour < ?",
            [first, stop],
        )
        days = duck.execute("SELECT DISTINCT day, labeller_id FROM fresh").fetchall()
        with transaction(mine) as session:
            store.replace(session, duck, _BETWEEN, {"first": first, "stop": stop}, days)
        yield place / (len(bounds) - 1)


def _bounds(mine: sessionmaker[Session], duck: "DuckDBPyConnection") -> Iterator[datetime]:
    """Hours between which about ROWS_AT_A_TIME rows lie, over all that is counted or stored."""
    found = duck.sql("SELECT hour, count(*) AS n FROM counted GROUP BY hour").to_arrow_table()
    many: dict[datetime, int] = {row["hour"]: row["n"] for row in found.to_pylist()}
    with transaction(mine) as session:
        for row in session.execute(_HOURS):
            many[row.hour] = max(row.n, many.get(row.hour, 0))
    rows = 0
    for place, hour in enumerate(sorted(many)):
        if place == 0 or rows + many[hour] > ROWS_AT_A_TIME:
            yield hour
            rows = 0
        rows += many[hour]
    if many:
        yield max(many) + timedelta(hours=1)
