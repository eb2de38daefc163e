"""Hours of the week in which somebody can work, by their own clock; what was so stays known."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ops import audit_log, clock_time
from ops.errors import InvalidInput
from ops.local_time import DAY, Span, joined, span, zone_named
from ops.models import User, WeeklyHours

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# What touches at midnight is one stretch of work, where it is not longer than this.
NIGHT = timedelta(hours=16)
AHEAD = timedelta(days=366)
MOST_A_DAY = 6
_SPAN = re.compile(r"^(\d{1,2})(?::(\d{2}))?\s*(?:-|–|—|to)\s*(\d{1,2})(?::(\d{2}))?$")

# Weekday (0: Monday) → from and to, in minutes after midnight; over midnight where to is not later.
Week = Mapping[int, Sequence[tuple[int, int]]]


class Hours(NamedTuple):
    """A row of somebody's weekly hours."""

    weekday: int
    begins: int
    ends: int
    valid_from: date
    valid_until: date | None

    def in_force(self, day: date) -> bool:
        late = self.valid_until is not None and day >= self.valid_until
        return self.valid_from <= day and not late

    def holds(self, day: date) -> bool:
        return self.weekday == day.weekday() and self.in_force(day)


def read(text: str, weekday: int) -> list[tuple[int, int]]:
    """Hours as people write them: `9-12:30, 13:00-17:00`. Raises InvalidInput naming the day."""
    found = []
    for part in filter(None, (p.strip() for p in re.split(r"[,;]", text))):
        match = _SPAN.match(part)
        if not match:
            raise _fault(weekday, "write hours as 9:00-12:30, 13:00-17:00")
        h, m, to_h, to_m = (int(n or 0) for n in match.groups())
        if max(h, to_h) > 24 or max(m, to_m) > 59 or h * 60 + m >= DAY or to_h * 60 + to_m > DAY:
            raise _fault(weekday, f"{part} is no time of the day; it ends at 24:00")
        found.append((h * 60 + m, to_h * 60 + to_m))
    return found


def said(spans: Sequence[tuple[int, int]]) -> str:
    """Hours as `read` takes them."""
    return ", ".join(f"{clock(begins)}-{clock(ends)}" for begins, ends in spans)


def clock(minute: int) -> str:
    """A minute of the day as a clock shows it."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def put(session: Session, person: User, week: Week, valid_from: date, *, by: User) -> bool:
    """From `valid_from` on, a day not before the person's own today, these are their hours.

    Returns whether anything changed. Raises InvalidInput naming the day of the week or valid_from.
    """
    wanted = _split(week)
    today = clock_time.now().astimezone(zone_named(person.timezone)).date()
    if not today <= valid_from <= today + AHEAD:
        raise InvalidInput(
            f"choose a day from {today} on, within a year: what was so before stays",
            field="valid_from",
        )
    # Two who change them at once come one after the other.
    session.refresh(person, with_for_update={"key_share": True})
    later = select(WeeklyHours).where(
        WeeklyHours.user_id == person.id,
        or_(WeeklyHours.valid_until.is_(None), WeeklyHours.valid_until > valid_from),
    )
    rows = session.scalars(later).all()
    if {(r.weekday, r.begins, r.ends) for r in rows} == wanted and all(
        r.valid_from <= valid_from and r.valid_until is None for r in rows
    ):
        return False
    for row in rows:
        row.valid_until = max(row.valid_from, valid_from)
    session.flush()
    session.add_all(
        WeeklyHours(
            user_id=person.id, weekday=weekday, begins=begins, ends=ends,
            valid_from=valid_from,
        )
        for weekday, begins, ends in sorted(wanted)
    )  # fmt: skip
    session.flush()
    subject = f"user:{person.pseudonym}"
    audit_log.record(session, by, "hours.set", subject, valid_from=valid_from.isoformat())
    return True


def _split(week: Week) -> set[tuple[int, int, int]]:
    """Weekday, from and to, cut at midnight. Raises InvalidInput naming the day."""
    found: set[tuple[int, int, int]] = set()
    for weekday, spans in week.items():
        if len(spans) > MOST_A_DAY:
            raise _fault(weekday, f"give at most {MOST_A_DAY} spans a day")
        for begins, ends in spans:
            parts = [(weekday, begins, ends)]
            if ends <= begins:
                parts = [(weekday, begins, DAY)]
                parts += [((weekday + 1) % 7, 0, ends)] if ends else []
            for part in parts:
                if any(p[0] == part[0] and p[1] < part[2] and part[1] < p[2] for p in found):
                    raise _fault(weekday, f"{clock(part[1])} to {clock(part[2])} is there twice")
                found.add(part)
    return found


def _fault(weekday: int, message: str) -> InvalidInput:
    return InvalidInput(message, field=f"day{weekday}")


def of(session: Session, user_ids: Collection[int], since: date) -> dict[int, list[Hours]]:
    """The hours of people that hold on `since` or later, in order. One statement."""
    columns = (WeeklyHours.weekday, WeeklyHours.begins, WeeklyHours.ends)
    found = (
        select(WeeklyHours.user_id, *columns, WeeklyHours.valid_from, WeeklyHours.valid_until)
        .where(
            WeeklyHours.user_id.in_(user_ids),
            or_(WeeklyHours.valid_until.is_(None), WeeklyHours.valid_until > since),
            WeeklyHours.valid_from.is_distinct_from(WeeklyHours.valid_until),
        )
        .order_by(WeeklyHours.valid_from, *columns)
    )
    listed: dict[int, list[Hours]] = {i: [] for i in user_ids}
    for user_id, weekday, begins, ends, valid_from, valid_until in session.execute(found):
        listed[user_id].append(Hours(weekday, begins, ends, valid_from, valid_until))
    return listed


def on_days(hours: Sequence[Hours], zone: ZoneInfo, first: date, days: int) -> list[Span]:
    """When somebody can work that begins on one of the days, as stretches over midnight."""
    around = [first + timedelta(days=n) for n in range(-1, days + 1)]
    parts = [span(zone, day, h.begins, h.ends) for day in around for h in hours if h.holds(day)]
    whole = joined((part for part in parts if part), NIGHT)
    end = first + timedelta(days=days)
    return [one for one in whole if first <= one.starts.astimezone(zone).date() < end]
