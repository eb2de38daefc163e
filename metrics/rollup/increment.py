"""Counting again the hours that new events touch."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session, sessionmaker

from metrics.rollup import files, places, rows, sql, store, touched
from metrics.rollup.engine import counting
from metrics.rollup.fence import Reach, alone, reach, remember
from metrics.rollup.touched import Hour
from ops.db import transaction

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

Stretch = tuple[datetime, datetime]
# Hours of labellers that are counted and written at once.
AT_A_TIME = 3000
# Hours this near are read in one statement: a night or a free day between them.
_NEAR = 24

_OF_HOURS = """
    e.at >= %(first)s AND e.at < %(stop)s AND e.labeller_id = ANY(%(people)s::bigint[])
    AND e.xid < %(below)s"""
_OF_ASSIGNMENTS = f"""
    e.at >= %(first)s AND e.at < %(stop)s AND e.assignment_id = ANY(%(ids)s::bigint[])
    AND e.xid < %(below)s AND (e.kind IN {sql.SUBMISSION} OR e.kind IN {sql.JUDGEMENT})"""
_LEASED = """
    SELECT id, leased_at FROM assignment
    WHERE id = ANY(%(ids)s::bigint[]) AND leased_at < %(before)s"""
_EVER = datetime.max.replace(tzinfo=UTC)


def roll_up(sessions: sessionmaker[Session], name: str) -> int:
    """See `metrics.rollup.roll_up`."""
    with alone(sessions, name) as mine:
        return 0 if mine is None else advance(mine, name)


def advance(mine: sessionmaker[Session], name: str) -> int:
    """The same for who holds the fence of `name` already."""
    now = reach(mine, name)
    if now.after == 0 or now.after > now.below:
        # Nothing was counted yet; or a restored database counts transactions anew, and what was
        # read is no longer known.
        from metrics.rollup import whole

        return whole.count(mine, name, now, None)
    counted = _moved(mine, now)
    after: int = now.after
    while True:
        with transaction(mine) as session:
            upto = touched.next_stop(session, after, now.below)
        if upto is None:
            break
        with transaction(mine) as session:
            hours = touched.hours(session, after, upto, now.below)
        counted += count(mine, hours, now.below)
        remember(mine, name, upto, now.as_of)
        after = upto
    remember(mine, name, now.below, now.as_of)
    return counted


def _moved(mine: sessionmaker[Session], now: Reach) -> int:
    with transaction(mine) as session:
        hours = touched.moved(session, now.after, now.below)
    return count(mine, hours, now.below)


def count(mine: sessionmaker[Session], hours: Iterable[Hour], below: int) -> int:
    """Count these hours again from events below `below`; returns the number of rows counted."""
    counted, listed = 0, touched.in_order(set(hours))
    if not listed:
        return 0
    # One thread: claims go on beside it.
    with counting(threads=1) as duck:
        for start in range(0, len(listed), AT_A_TIME):
            some = listed[start : start + AT_A_TIME]
            _read(mine, duck, some, below)
            counted += duck.execute("SELECT count(*) FROM fresh").fetchall()[0][0]
            with transaction(mine) as session:
                store.replace(session, duck, *store.stored_where(some))
    return counted


def _read(
    mine: sessionmaker[Session], duck: "DuckDBPyConnection", hours: list[Hour], below: int
) -> None:
    """Make `fresh`: the rows of these hours, counted from raw."""
    import pyarrow as pa
    import pyarrow.compute as pc

    with transaction(mine) as session:
        read = [*_events(session, hours, below)]
    event = pa.concat_tables(read, promote_options="permissive")
    # What lies in a file and in the database came twice.
    once = "DISTINCT ON (id) " if pc.count_distinct(event["id"]).as_py() < len(event) else ""
    duck.register("read", event)
    duck.execute(f"CREATE OR REPLACE TABLE event AS SELECT {once}* FROM read")
    first, last = (places.hour(number) for number in (hours[0][1], hours[-1][1] + 1))
    with transaction(mine) as session:
        people = {who for who, _ in hours}
        duck.register("place", places.table(places.places(session, first, last, people)))
    who, number = zip(*hours, strict=True)
    asked = pa.table({"who": pa.array(who, pa.int64()), "number": pa.array(number, pa.int64())})
    duck.register("asked", asked)
    duck.execute(
        f"CREATE OR REPLACE TABLE fresh AS SELECT {sql.SENT} FROM ({sql.HOURS}) "
        f"WHERE (labeller_id, epoch_us(hour) // {sql.HOUR_US}) IN (SELECT (who, number) FROM asked)"
    )


def _events(session: Session, hours: list[Hour], below: int) -> "Iterator[pa.Table]":
    """The events of these hours, and of the assignments that were submitted in them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    people = sorted({who for who, _ in hours})
    stretches = [*_stretches(hours)]
    assignments: set[int] = set()
    for first, stop in stretches:
        asked = {"first": first, "stop": stop, "people": rows.literal(people), "below": below}
        there = rows.events(session, _OF_HOURS, asked)
        for table in (there, *files.events_between(session, first, stop, people)):
            yield table
            submitted = pc.is_in(table["kind"], pa.array(["submitted", "surplus"]))
            assignments |= set(table.filter(submitted)["assignment_id"].to_pylist())
    yield from _elsewhere(session, stretches, assignments, below)


def _elsewhere(
    session: Session, stretches: list[Stretch], assignments: set[int], below: int
) -> "Iterator[pa.Table]":
    """What else is known of these assignments: what was not read with the stretches."""
    for (_, first), (stop, _) in pairwise([*stretches, (_EVER, _EVER)]):
        asked = {"first": first, "stop": stop, "ids": rows.literal(assignments), "below": below}
        yield rows.events(session, _OF_ASSIGNMENTS, asked)
    # Nothing happens to an assignment before its lease.
    first, dropped = stretches[0][0], files.dropped_upto(session)
    before = max(first, dropped) if dropped else first
    asked = {"ids": rows.literal(assignments), "before": before}
    early = rows.driver(session).execute(_LEASED, asked).fetchall()
    if not early:
        return
    since = min(leased_at for _, leased_at in early)
    ids = rows.literal(number for number, _ in early)
    asked = {"first": since, "stop": first, "ids": ids, "below": below}
    yield rows.events(session, _OF_ASSIGNMENTS, asked)
    old = [number for number, leased_at in early if dropped and leased_at < dropped]
    found = files.events_of(session, old)
    if found is not None:
        yield found


def _stretches(hours: list[Hour]) -> Iterator[Stretch]:
    """Stretches of time that hold all of these hours, which are in order."""
    numbers = sorted({number for _, number in hours})
    first = last = numbers[0]
    for number in numbers[1:]:
        if number > last + _NEAR:
            yield places.hour(first), places.hour(last + 1)
            first = number
        last = number
    yield places.hour(first), places.hour(last + 1)
