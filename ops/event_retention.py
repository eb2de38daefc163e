"""How long the database keeps work events: whole months go, once files hold all of them."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from ops import clock_time, config, event_archive, event_partitions
from ops.db import transaction
from ops.errors import ArchiveDamaged, InvalidInput, NotReady
from ops.event_archive import midnight
from ops.models import EventDay

# Rules look back at what they undid, gold and pace at the last weeks.
LEAST = 2

_NOT_IN_FILES = text(
    """
    SELECT min(e.day) FROM (
        SELECT (at AT TIME ZONE 'UTC')::date AS day, count(*) AS n, max(xid) AS newest
        FROM work_event WHERE at >= :first AND at < :stop GROUP BY 1) e
    LEFT JOIN event_day d ON d.day = e.day
    WHERE d.day IS NULL OR e.n > d.rows OR e.newest >= d.below_xid
    """
)


class Past(NamedTuple):
    """A month that need not stay, and why it cannot go (None: it can)."""

    first: date
    why_not: str | None


def past(session: Session, months: int, settings: config.Settings | None = None) -> list[Past]:
    """Months with a partition that are older than the last `months` whole ones, the oldest first.

    Digests of their files are compared. Raises InvalidInput naming `months`.
    """
    if months < LEAST:
        raise InvalidInput(f"must be {LEAST} or more", field="months")
    settings = settings or config.load()
    until = event_partitions.earlier(clock_time.now().date().replace(day=1), months)
    place = event_archive.folder(settings.home)
    return [
        Past(month.first, _why_not(session, place, month.first))
        for month in event_partitions.months(session)
        if month.first < until
    ]


def retain(
    sessions: sessionmaker[Session],
    months: int,
    settings: config.Settings | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[date, int]:
    """Drop months older than the last `months` whole ones; returns {first day: events dropped}.

    Raises NotReady before anything is dropped, naming the first month that files do not hold.
    """
    with transaction(sessions) as session:
        found = past(session, months, settings)
    for month in found:
        if month.why_not:
            raise NotReady(f"The month {month.first:%Y-%m} cannot be dropped: {month.why_not}.")
    dropped = {}
    for month in found:
        dropped[month.first] = event_partitions.drop(sessions, month.first)
        if progress:
            progress(len(dropped), len(found))
    return dropped


def apply(sessions: sessionmaker[Session]) -> int:
    """Drop what the settings let go; returns how many months. Does nothing where all is kept."""
    settings = config.load()
    if not settings.keep_events_months:
        return 0
    return len(retain(sessions, settings.keep_events_months, settings))


def _why_not(session: Session, place: Path, first: date) -> str | None:
    start, stop = midnight(first), midnight(event_partitions.following(first))
    unsealed = session.execute(_NOT_IN_FILES, {"first": start, "stop": stop}).scalar()
    if unsealed:
        return f"{unsealed} is not sealed; run `touchstone events seal`"
    days = select(EventDay).where(EventDay.day >= first, EventDay.day < stop.date())
    try:
        for day in session.scalars(days):
            event_archive.checked(place, day)
    except ArchiveDamaged as error:
        return error.message.rstrip(".")
    return None
