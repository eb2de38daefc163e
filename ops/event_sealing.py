"""Sealing: days of work events that are over for a while are written to files, one a day.

A file holds the events of a day from transactions below the oldest that still ran when sealing
began: that set can no longer change, so it is read in short statements, and nobody waits for it. An
event that comes later, or is dated back, makes a new version of its day's file. A file without its
row in the database is nothing yet, and is written again.

Days are sealed in ascending order; `Archive.rest` relies on it.
"""

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session, sessionmaker

from ops import clock_time, config, event_archive, event_partitions
from ops.db import alone, transaction
from ops.errors import ArchiveDamaged, ConfigError
from ops.event_archive import midnight
from ops.models import EventDay

if TYPE_CHECKING:
    import pyarrow as pa

# So many events at most are read by one statement, unless one hour has more.
PORTION = 250_000
# A version that was superseded stays so long: for whoever reads it, and for a backup made before.
KEPT_SECONDS = 30 * 86_400
HORIZON = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")

_HOURS = """
    SELECT date_trunc('hour', at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS hour, count(*) AS n
    FROM {table} WHERE at >= :first AND at < :stop AND xid < :below {more} GROUP BY 1"""
_UNSEALED = text(_HOURS.format(table="work_event", more=""))
_ASTRAY = text(_HOURS.format(table="work_event_default", more=""))
_LATE = text(
    _HOURS.format(
        table="work_event",
        more="""AND xid >= :oldest AND NOT EXISTS (
            SELECT FROM event_day f
            WHERE f.day = (at AT TIME ZONE 'UTC')::date AND xid < f.below_xid)""",
    )
)
_THIS_DATABASE = text(
    """
    SELECT left(encode(sha256(convert_to(system_identifier || '.' || oid, 'UTF8')), 'hex'), 8)
    FROM pg_control_system(), pg_database WHERE datname = current_database()
    """
)
_EVER = midnight(date(1, 1, 2))

Hours = dict[datetime, int]


@dataclass(frozen=True)
class Sealing:
    """One run: everything that no longer changes below the transaction `below`."""

    sessions: sessionmaker[Session]
    place: Path
    below: int
    stop: datetime


def seal(
    sessions: sessionmaker[Session],
    settings: config.Settings | None = None,
    progress: Callable[[int, int], None] | None = None,
    *,
    check: bool = False,
) -> int:
    """Write the files that are missing or have become old; returns how many days were written.

    With `check` the digests of all files are compared, and those that are not what was sealed are
    written again. `progress` hears (events written, of all). Where somebody else is at it nothing
    happens. Raises ArchiveDamaged when the database no longer has the events of such a file.
    """
    settings = settings or config.load()
    with alone(sessions, "events.seal") as mine:
        if not mine:
            return 0
        run = _begin(sessions, settings)
        days = due(run)
        if check:
            days = dict(sorted((_damaged(run) | days).items()))
        total, done = sum(sum(hours.values()) for hours in days.values()), 0
        for day, hours in days.items():
            seal_day(run, day, hours)
            done += sum(hours.values())
            if progress:
                progress(done, total)
        with transaction(sessions) as session:
            # Nothing below is left out now: late events are looked for above.
            up_to_here = update(EventDay).where(EventDay.below_xid < run.below)
            session.execute(up_to_here.values(below_xid=run.below))
        _tidy(sessions, run.place)
        return len(days)


def due(run: Sealing) -> dict[date, Hours]:
    """Days with events that no file holds, ascending, each with its hours and their numbers."""
    found: Hours = {}
    with transaction(run.sessions) as session:
        last, oldest = session.execute(
            select(func.max(EventDay.day), func.min(EventDay.below_xid))
        ).one()
        months = [month.first for month in event_partitions.months(session)]
    upto = midnight(last + timedelta(days=1)) if last else _EVER
    spans = [
        (_UNSEALED, midnight(one), midnight(event_partitions.following(one))) for one in months
    ]
    for query, first, stop in [*spans, (_ASTRAY, _EVER, run.stop)]:
        _count(run, found, query, max(first, upto), min(stop, run.stop))
    if last:
        _count(run, found, _LATE, _EVER, upto, oldest=oldest)
    days: dict[date, Hours] = defaultdict(dict)
    for hour in sorted(found):
        days[hour.astimezone(UTC).date()][hour] = found[hour]
    return dict(days)


def _damaged(run: Sealing) -> dict[date, Hours]:
    """Days whose file is not what was sealed."""
    found: dict[date, Hours] = {}
    with transaction(run.sessions) as session:
        sealed = session.scalars(select(EventDay)).all()
    for day in sealed:
        try:
            event_archive.checked(run.place, day)
        except ArchiveDamaged:
            if day.dropped:
                raise
            found[day.day] = {}  # its hours are counted when it is written
    return found


def seal_day(run: Sealing, day: date, hours: Hours) -> None:
    """Write the file of one day, of `hours` and of what its file held; its row with it."""
    from ops import event_files

    with transaction(run.sessions) as session:
        row = session.get(EventDay, day)
        version = row.version + 1 if row else 1
        name = f"{_shelf(session)}/{day:%Y}/{day}.v{version}.parquet"
        about = {"day": f"{day}", "version": f"{version}", "below_xid": f"{run.below}"}
        events = _events(session, run, row, hours)
        written = event_files.write(run.place / name, events, about)
        if row is None:
            row = EventDay(day=day)
            session.add(row)
        else:
            _superseded(run.place / row.file)
        row.version, row.file, row.below_xid = version, name, run.below
        row.rows, row.bytes, row.sha256 = written
        row.sealed_at = clock_time.now()


def _events(
    session: Session, run: Sealing, old: EventDay | None, hours: Hours
) -> "Iterator[pa.RecordBatch]":
    """The events of a day, in order: those of its file, where there is one, and newer ones."""
    from ops import event_files

    if old is None:
        return _fresh(session, run, hours, since=0)
    try:
        path = event_archive.checked(run.place, old)
    except ArchiveDamaged:
        if old.dropped:
            raise
        whole: Hours = {}
        start = midnight(old.day)
        _count(run, whole, _UNSEALED, start, start + timedelta(days=1))
        return _fresh(session, run, dict(sorted(whole.items())), since=0)
    fresh = _fresh(session, run, hours, since=old.below_xid)
    return event_files.merged(event_files.read(path), fresh)


def _fresh(session: Session, run: Sealing, hours: Hours, since: int) -> "Iterator[pa.RecordBatch]":
    from ops.event_rows import rows

    where = "e.at >= %(first)s AND e.at < %(stop)s AND e.xid >= %(since)s AND e.xid < %(below)s"
    for first, stop in portions(hours):
        values = {"first": first, "stop": stop, "since": since, "below": run.below}
        yield from rows(session, where, values, order="e.at, e.id")


def portions(hours: Hours, most: int = PORTION) -> Iterator[tuple[datetime, datetime]]:
    """Spans of time, in order, that hold `hours`, each with at most `most` events or one hour."""
    first, n, stop = None, 0, None
    for hour, events in hours.items():
        if first is not None and stop is not None and n + events > most:
            yield first, stop
            first, n = None, 0
        first, n, stop = first or hour, n + events, hour + timedelta(hours=1)
    if first is not None and stop is not None:
        yield first, stop


def _begin(sessions: sessionmaker[Session], settings: config.Settings) -> Sealing:
    with transaction(sessions) as session:
        # A statement of its own: in later ones all below this number has ended.
        below = session.execute(HORIZON).scalar_one()
        newest = session.scalar(select(func.max(EventDay.below_xid))) or 0
    if newest > below:
        raise ConfigError(
            "The database counts transactions below those of its sealed events: bring it back with "
            "`touchstone db restore`, which lets it catch up."
        )
    today = midnight(clock_time.now().date())
    stop = today - timedelta(days=settings.seal_events_after_days)
    return Sealing(sessions, event_archive.folder(settings.home), below, stop)


def _count(
    run: Sealing, found: Hours, query: Any, first: datetime, stop: datetime, **more: Any
) -> None:
    """Add to `found` the events of first ≤ at < stop, by hour, in a short transaction."""
    if first >= stop:
        return
    values = {"first": first, "stop": stop, "below": run.below, **more}
    with transaction(run.sessions) as session:
        for hour, n in session.execute(query, values):
            found[hour] = found.get(hour, 0) + n


def _shelf(session: Session) -> str:
    """The folder of what this very database seals: a copy of it elsewhere never writes there."""
    return str(session.execute(_THIS_DATABASE).scalar_one())


def _superseded(path: Path) -> None:
    """From now on its age counts."""
    if path.exists():
        os.utime(path)


def _tidy(sessions: sessionmaker[Session], place: Path) -> None:
    """Delete what a killed process left, and versions that were superseded long ago."""
    with transaction(sessions) as session:
        known = {place / file for file in session.scalars(select(EventDay.file))}
        shelf = place / _shelf(session)
    old = time.time() - KEPT_SECONDS  # as file systems count it
    for path in shelf.glob("*/*"):
        stray = path.suffix == ".part"
        if stray or (path not in known and path.stat().st_mtime < old):
            path.unlink()
