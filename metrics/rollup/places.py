"""Where labellers belonged when: their team, vendor and the offset of their clock, as spans.

A span holds from `since_us` to before `until_us` (microseconds of the epoch); the spans of one
labeller touch one another and cover all time. Where somebody belonged comes from what
`past_affiliation` says was so until a moment, and from `user_account` since then.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from ops.local_time import zone_named

if TYPE_CHECKING:
    import pyarrow as pa

EVER = 2**62
SECOND_US = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# The last row of each labeller is what is so now.
_AFFILIATIONS = """
SELECT b.user_id, b.until, b.timezone, coalesce(b.team_id, 0) AS team_id,
       CASE WHEN o.kind = 'vendor' THEN o.id ELSE 0 END AS vendor_id
FROM (
    SELECT user_id, until, id, timezone, team_id, organisation_id FROM past_affiliation
    UNION ALL
    SELECT id, NULL, NULL, timezone, team_id, organisation_id FROM user_account
) b LEFT JOIN organisation o ON o.id = b.organisation_id
WHERE CAST(:labellers AS bigint[]) IS NULL OR b.user_id = ANY(:labellers)
ORDER BY b.user_id, b.until NULLS LAST, b.id
"""


def hour(number: int) -> datetime:
    """When the hour of this number begins, in UTC; 0 is the first of 1970."""
    return EPOCH + timedelta(hours=number)


class Place(NamedTuple):
    """One span of one labeller."""

    labeller_id: int
    since_us: int
    until_us: int
    offset_us: int
    team_id: int
    vendor_id: int

    def day(self, us: int) -> int:
        """The number of the labeller's day (since 1970) at a moment within the span."""
        return (us + self.offset_us) // (86_400 * SECOND_US)


def places(
    session: Session, first: datetime, last: datetime, labellers: Collection[int] | None = None
) -> list[Place]:
    """The spans of these labellers, or of all; clocks are right between `first` and `last`."""
    asked = {"labellers": None if labellers is None else list(labellers)}
    clocks: dict[str, list[tuple[int, int]]] = {}
    found: list[Place] = []
    since: dict[int, int] = defaultdict(lambda: -EVER)
    for row in session.execute(text(_AFFILIATIONS), asked):
        until = EVER if row.until is None else microseconds(row.until)
        if row.timezone not in clocks:
            clocks[row.timezone] = list(_changes(row.timezone, first, last))
        found += _spans(row, since[row.user_id], until, clocks[row.timezone])
        since[row.user_id] = until
    return found


def table(spans: list[Place]) -> "pa.Table":
    """The spans as the relation `place`."""
    import pyarrow as pa

    columns = zip(*spans, strict=True) if spans else [()] * len(Place._fields)
    arrays = [pa.array(column, pa.int64()) for column in columns]
    return pa.table(arrays, names=list(Place._fields))


def microseconds(moment: datetime) -> int:
    """Whole microseconds since 1970."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def _spans(row: Any, since: int, until: int, clock: list[tuple[int, int]]) -> Iterator[Place]:
    if since >= until:
        return
    ends = [*(start for start, _ in clock[1:]), EVER]
    for (start, offset), end in zip(clock, ends, strict=True):
        low, high = max(start, since), min(end, until)
        if low < high:
            yield Place(row.user_id, low, high, offset, row.team_id, row.vendor_id)


def _changes(name: str, first: datetime, last: datetime) -> Iterator[tuple[int, int]]:
    """(moment, offset from then on) of a zone's clock, in microseconds; UTC for an unknown zone.

    A zone's clock changes at most once a day, so each day is looked at once.
    """
    zone = zone_named(name)

    def offset(second: int) -> int:
        shift = (EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset()
        assert shift is not None
        return shift // timedelta(microseconds=1)

    day, stop = (microseconds(at) // SECOND_US for at in (first, last))
    known = offset(day)
    yield -EVER, known
    while day <= stop:
        next_day = day + 86_400
        if offset(next_day) != known:
            low, high = day, next_day
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(middle) == known else (low, middle)
            known = offset(next_day)
            yield high * SECOND_US, known
        day = next_day
