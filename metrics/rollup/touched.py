"""Which hours of which labellers must be counted again."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from metrics.rollup import files, places
from metrics.rollup.sql import HOUR_US, JUDGEMENT, PLAIN, SUBMISSION

# A labeller and an hour (its number since 1970).
Hour = tuple[int, int]

# Events come by transaction number; so many at a time bound the memory.
AT_A_TIME = 200_000

_NEXT = text("""
    SELECT max(xid) + 1 FROM (
        SELECT xid FROM work_event WHERE xid >= :after AND xid < :below ORDER BY xid LIMIT :n
    ) newest
""")

# Of new events their own hours, and those of every submission of their assignments, because a
# judgement counts there and a correction moves it. Nothing happens to an assignment before its
# lease, which leaves the months before alone.
_TOUCHED = text(f"""
    WITH fresh AS MATERIALIZED (
        SELECT at, kind, labeller_id, assignment_id
        FROM work_event WHERE xid >= :after AND xid < :upto
    ), about AS MATERIALIZED (
        SELECT array_agg(a.id) AS ids, min(a.leased_at) AS since FROM assignment a
        WHERE a.id = ANY(ARRAY(
            SELECT DISTINCT assignment_id FROM fresh
            WHERE kind IN {JUDGEMENT} OR kind IN {SUBMISSION}))
    )
    SELECT DISTINCT labeller_id, floor(date_part('epoch', at) / 3600)::bigint AS hour
    FROM fresh WHERE kind IN {PLAIN} OR kind IN {SUBMISSION}
    UNION
    SELECT e.labeller_id, floor(date_part('epoch', e.at) / 3600)::bigint
    FROM work_event e
    WHERE e.assignment_id = ANY((SELECT ids FROM about)::bigint[])
      AND e.at >= (SELECT since FROM about)
      AND e.kind IN {SUBMISSION} AND e.xid < :below
""")

_OLD_ASSIGNMENTS = text(f"""
    SELECT id FROM assignment WHERE leased_at < :dropped AND id = ANY(ARRAY(
        SELECT assignment_id FROM work_event
        WHERE xid >= :after AND xid < :upto AND (kind IN {JUDGEMENT} OR kind IN {SUBMISSION})))
""")

_MOVED = text("SELECT DISTINCT user_id FROM past_affiliation WHERE xid >= :after AND xid < :below")
_CHANGES = text("""
    SELECT user_id, (extract(epoch FROM until) * 1000000)::bigint AS until_us
    FROM past_affiliation WHERE user_id = ANY(:labellers)
""")
_STORED = text("""
    SELECT labeller_id, extract(epoch FROM hour)::bigint / 3600 AS hour,
           day - DATE '1970-01-01' AS day, team_id, vendor_id
    FROM hourly_rollup WHERE labeller_id = ANY(:labellers) GROUP BY 1, 2, 3, 4, 5
""")


def next_stop(session: Session, after: int, below: int) -> int | None:
    """The transaction number up to which to go at once; None where nothing is new."""
    asked = {"after": after, "below": below, "n": AT_A_TIME}
    return session.execute(_NEXT, asked).scalar_one()


def hours(session: Session, after: int, upto: int, below: int) -> set[Hour]:
    """The hours that events of after ≤ xid < upto touch, as of `below`."""
    asked = {"after": after, "upto": upto, "below": below}
    found = {(row.labeller_id, row.hour) for row in session.execute(_TOUCHED, asked)}
    dropped = files.dropped_upto(session)
    if dropped is not None:
        old = session.scalars(_OLD_ASSIGNMENTS, asked | {"dropped": dropped}).all()
        found |= files.submission_hours(session, old)
    return found


def moved(session: Session, after: int, below: int) -> set[Hour]:
    """The hours of labellers who moved meanwhile that no longer lie where they are counted."""
    people = session.scalars(_MOVED, {"after": after, "below": below}).all()
    if not people:
        return set()
    stored = session.execute(_STORED, {"labellers": people}).all()
    if not stored:
        return set()
    numbers = [row.hour for row in stored]
    first, last = (places.hour(number) for number in (min(numbers), max(numbers) + 1))
    spans: dict[int, list[places.Place]] = {}
    for span in places.places(session, first, last, people):
        spans.setdefault(span.labeller_id, []).append(span)
    changed = {
        (row.user_id, row.until_us // HOUR_US)
        for row in session.execute(_CHANGES, {"labellers": people})
    }
    return {
        (row.labeller_id, row.hour)
        for row in stored
        if (row.labeller_id, row.hour) in changed or not _lies(row, spans[row.labeller_id])
    }


def _lies(row: Any, spans: Iterable[places.Place]) -> bool:
    """Whether some moment of the hour is the day, and under the team and vendor, of the row."""
    start = row.hour * HOUR_US
    for span in spans:
        first, last = max(start, span.since_us), min(start + HOUR_US, span.until_us) - 1
        belonged = (span.team_id, span.vendor_id) == (row.team_id, row.vendor_id)
        if first <= last and belonged and row.day in (span.day(first), span.day(last)):
            return True
    return False


def in_order(found: Collection[Hour]) -> list[Hour]:
    """By hour, so that those that are read together stand together."""
    return sorted(found, key=lambda one: (one[1], one[0]))
