"""Reading all work events: sealed days from their files, the rest from the database.

What is sealed while somebody reads is neither read twice nor left out: `look` notes what lies in
files at one moment, and the rest is whatever these do not hold.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from ops import config
from ops.errors import ArchiveDamaged
from ops.models import EventDay

if TYPE_CHECKING:
    import pyarrow as pa

# Dropping months takes the same lock alone (migration 0009).
_KEEP = text("SELECT pg_advisory_xact_lock_shared(hashtextextended('events.kept', 0))")

# Not in these files. Each comes with the values of `_values`.
_AFTER = "e.at >= %(upto)s"
_LATE = """
    e.at < %(upto)s AND e.xid >= %(oldest)s AND NOT EXISTS (
        SELECT FROM unnest(%(days)s::date[], %(sealed_below)s::bigint[]) AS f (day, below_xid)
        WHERE f.day = (e.at AT TIME ZONE 'UTC')::date AND e.xid < f.below_xid)"""
_NOT_DROPPED = """
    NOT EXISTS (
        SELECT FROM unnest(%(days)s::date[], %(sealed_below)s::bigint[]) AS f (day, below_xid)
        WHERE f.day = (e.at AT TIME ZONE 'UTC')::date AND e.xid < f.below_xid)"""
_BETWEEN = "e.at >= %(first)s AND e.at < %(stop)s AND e.xid < %(below)s"


def folder(home: Path | None = None) -> Path:
    """Where the files of events lie: in the home folder, by default that of the configuration."""
    return (home or config.load().home).resolve() / "events"


def midnight(day: date) -> datetime:
    """The moment at which `day` begins, in UTC."""
    return datetime.combine(day, time(), UTC)


def checked(place: Path, day: EventDay) -> Path:
    """The file of a sealed day below `place`; raises ArchiveDamaged unless it is as sealed."""
    from ops.event_files import sha256

    path = place / day.file
    try:
        if sha256(path) == day.sha256:
            return path
    except OSError as error:
        raise ArchiveDamaged(
            f"The events of {day.day} cannot be read: {path}: {error.strerror}."
        ) from error
    raise ArchiveDamaged(f"The events of {day.day} were changed since they were sealed: {path}.")


@dataclass(frozen=True)
class Archive:
    """What lies in files, as of one moment: `days`, ascending, below the folder `place`."""

    place: Path
    days: tuple[EventDay, ...]

    @property
    def upto(self) -> datetime | None:
        """The end of the last sealed day."""
        return midnight(self.days[-1].day + timedelta(days=1)) if self.days else None

    def files(self, *, check: bool = True) -> list[Path]:
        """The files, one a day; digests are compared unless `check` is false.

        Raises ArchiveDamaged, naming the day.
        """
        if not check:
            return [self.place / day.file for day in self.days]
        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(lambda day: checked(self.place, day), self.days))

    def rest(self, session: Session, below: int) -> "Iterator[pa.RecordBatch]":
        """Exactly the events of transactions before `below` that no file of this archive holds."""
        from ops.event_rows import rows

        if not self.days:
            yield from rows(session, "e.xid < %(below)s", {"below": below})
            return
        values = _values(self.days) | {"upto": self.upto, "below": below}
        for where in (_AFTER, _LATE):
            yield from rows(session, f"{where} AND e.xid < %(below)s", values)


def look(session: Session, home: Path | None = None) -> Archive:
    """What is sealed now. No month is dropped before the transaction ends; sealing goes on."""
    session.execute(_KEEP)
    days = session.scalars(select(EventDay).order_by(EventDay.day)).all()
    return Archive(folder(home), tuple(days))


def dropped_upto(session: Session) -> datetime | None:
    """The moment before which the database may lack events; None while it has them all."""
    last = select(EventDay.day).where(EventDay.dropped).order_by(EventDay.day.desc()).limit(1)
    day = session.scalar(last)
    return midnight(day + timedelta(days=1)) if day else None


def history(
    session: Session, first: datetime, stop: datetime, below: int, home: Path | None = None
) -> "Iterator[pa.RecordBatch]":
    """All events of first ≤ at < stop of transactions before `below`, in no particular order.

    From files where the database no longer has them. Raises ArchiveDamaged.
    """
    from ops.event_files import read
    from ops.event_rows import rows

    archive = look(session, home)
    days = [
        day
        for day in archive.days
        if day.dropped
        and midnight(day.day) < stop
        and midnight(day.day + timedelta(days=1)) > first
    ]
    for day in days:
        for batch in read(checked(archive.place, day)):
            yield _within(batch, first, stop, below)
    values = {"first": first, "stop": stop, "below": below} | _values(days)
    yield from rows(session, f"{_BETWEEN} AND {_NOT_DROPPED}" if days else _BETWEEN, values)


def _within(
    batch: "pa.RecordBatch", first: datetime, stop: datetime, below: int
) -> "pa.RecordBatch":
    import pyarrow as pa
    import pyarrow.compute as pc

    at, kind = batch.column("at"), pa.timestamp("us", tz="UTC")
    inside = pc.and_(
        pc.greater_equal(at, pa.scalar(first, kind)), pc.less(at, pa.scalar(stop, kind))
    )
    return batch.filter(pc.and_(inside, pc.less(batch.column("xid"), below)))


def _values(days: Sequence[EventDay]) -> dict[str, Any]:
    below = [day.below_xid for day in days]
    return {
        "days": [day.day for day in days],
        "sealed_below": below,
        "oldest": min(below, default=0),
    }
