"""Days and spans of time by the clock on somebody's wall, changed twice a year or not: pure."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY = 1440  # minutes of a day without a change of clocks


class Span(NamedTuple):
    """From one moment to another, in UTC; the end is not in it."""

    starts: datetime
    ends: datetime

    @property
    def hours(self) -> float:
        return (self.ends - self.starts) / timedelta(hours=1)


def zone_named(name: str) -> ZoneInfo:
    """The time zone of this name; UTC for one that nobody knows."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def day_in(name: str, at: datetime) -> date:
    """The day it is at `at` in the time zone of this name; that of UTC for one nobody knows."""
    return at.astimezone(zone_named(name)).date()


def moment(zone: ZoneInfo, day: date, minute: int) -> datetime:
    """When the clock there shows so many minutes after the midnight of `day` (1440: the next one).

    Of an hour that comes twice the first is meant. An hour that is left out has no length: what
    would lie in it is the moment of the change.
    """
    shown = datetime.combine(day, time()) + timedelta(minutes=minute)
    late = shown.replace(tzinfo=zone).astimezone(UTC)
    if late.astimezone(zone).replace(tzinfo=None) == shown:
        return late
    return _change(zone, shown.replace(tzinfo=zone, fold=1).astimezone(UTC), late)


def _change(zone: ZoneInfo, early: datetime, late: datetime) -> datetime:
    """The first second, later than `early` and up to `late`, at which the clock there is ahead."""
    before = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late


def span(zone: ZoneInfo, day: date, begins: int, ends: int) -> Span | None:
    """From one minute of a day's clock to another; None where nothing is left of it that day."""
    found = Span(moment(zone, day, begins), moment(zone, day, ends))
    return found if found.starts < found.ends else None


def by_day(zone: ZoneInfo, whole: Span) -> Iterator[tuple[date, Span]]:
    """The parts of a span by the day it is there."""
    at = whole.starts
    while at < whole.ends:
        day = at.astimezone(zone).date()
        end = min(moment(zone, day, DAY), whole.ends)
        yield day, Span(at, end)
        at = end


def on_clock(zone: ZoneInfo, day: date, at: datetime) -> int:
    """What the clock there shows, in minutes after the midnight of `day`."""
    shown = at.astimezone(zone).replace(tzinfo=None)
    return round((shown - datetime.combine(day, time())) / timedelta(minutes=1))


def joined(spans: Iterable[Span], longest: timedelta) -> list[Span]:
    """Spans in order, those that touch or overlap as one, where it is no longer than `longest`."""
    found: list[Span] = []
    for one in sorted(spans):
        last = found[-1] if found else None
        if last and one.starts <= last.ends and one.ends - last.starts <= longest:
            found[-1] = Span(last.starts, max(last.ends, one.ends))
        elif not last or one.ends > last.ends:
            found.append(Span(max(one.starts, last.ends), one.ends) if last else one)
    return found


def without(whole: Span, others: Iterable[Span]) -> list[Span]:
    """What is left of a span beside the others."""
    left, at = [], whole.starts
    for other in sorted(others):
        if other.starts > at:
            left.append(Span(at, min(other.starts, whole.ends)))
        at = max(at, other.ends)
        if at >= whole.ends:
            return left
    return [*left, Span(at, whole.ends)]


def monday(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())
