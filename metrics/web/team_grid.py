"""A week of a team as a grid: people by days of a chosen time zone; what is open, planned, off."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from ops.local_time import DAY, Span, moment, zone_named
from ops.models import Absence, Shift, User
from ops.shifts import absences, planned, weekly
from ops.shifts.drafting import Draft

Planned = TypeVar("Planned", Shift, Absence)

# Units of a cell's picture: ten minutes of a day of 24 hours.
WIDE = 144


class Bar(NamedTuple):
    """A stretch of a day: from where, how wide (of WIDE), what is said of it, whose shift it is."""

    x: float
    width: float
    said: str
    shift_id: int = 0


@dataclass
class Cell:
    """One day of one person. `lines` are the times that begin on it, (there, by their own clock or
    nothing, shift id)."""

    open: list[Bar] = field(default_factory=list)
    planned: list[Bar] = field(default_factory=list)
    drafted: list[Bar] = field(default_factory=list)
    granted: list[Bar] = field(default_factory=list)
    asked: list[Bar] = field(default_factory=list)
    lines: list[tuple[str, str, int]] = field(default_factory=list)


@dataclass
class Row:
    """A person: their cells, the hours planned for them in the week, what their clock is ahead."""

    user: User
    cells: list[Cell]
    hours: float
    zone: str


@dataclass
class Grid:
    """A week of a team: a row for each person, a column for each day."""

    days: list[date]
    rows: list[Row]
    # Of each day: how many people have a shift that begins on it, and its hours.
    totals: list[tuple[int, float]]

    @property
    def hours(self) -> float:
        return sum(row.hours for row in self.rows)


def grid(
    session: Session, people: Sequence[User], week: date, zone: str, draft: Draft | None = None
) -> Grid:
    """The week from a Monday on. Three statements."""
    here, ids = zone_named(zone), [person.id for person in people]
    days = [week + timedelta(days=n) for n in range(7)]
    columns = [Span(moment(here, day, 0), moment(here, day, DAY)) for day in days]
    whole = Span(columns[0].starts, columns[-1].ends)
    hours = weekly.of(session, ids, week - timedelta(days=2))
    shifts = _by_person(planned.live(session, ids, whole))
    off = _by_person(absences.of(session, ids, week - timedelta(days=2), week + timedelta(days=9)))
    rows = []
    for person in people:
        drafted = [one for who, one, _ in draft.planned if who.id == person.id] if draft else []
        rows.append(
            _row(person, columns, here, hours[person.id], shifts.get(person.id, []), drafted,
                 off.get(person.id, []))
        )  # fmt: skip
    return Grid(days, rows, [_total(rows, shifts, column) for column in columns])


def _by_person(found: Sequence[Planned]) -> dict[int, list[Planned]]:
    listed: dict[int, list[Planned]] = {}
    for one in found:
        listed.setdefault(one.user_id, []).append(one)
    return listed


def _row(
    person: User,
    columns: Sequence[Span],
    here: ZoneInfo,
    hours: Sequence[weekly.Hours],
    shifts: Sequence[Shift],
    drafted: Sequence[Span],
    off: Sequence[Absence],
) -> Row:
    own = zone_named(person.timezone)
    week = columns[0].starts.astimezone(own).date()
    can = weekly.on_days(hours, own, week - timedelta(days=1), 9)
    away = [(a, Span(moment(own, a.first_day, 0), moment(own, a.last_day, DAY))) for a in off]
    spans = [(Span(s.starts_at, s.ends_at), s.id) for s in shifts]
    cells = []
    for column in columns:
        cell = Cell()
        cell.open = [_bar(column, one, f"can work {_times(one, own)}") for one in can
                     if _meets(column, one)]  # fmt: skip
        cell.planned = [_bar(column, one, planned.said(person, one), i) for one, i in spans
                        if _meets(column, one)]  # fmt: skip
        cell.drafted = [_bar(column, one, f"to be planned: {_times(one, own)}") for one in drafted
                        if _meets(column, one)]  # fmt: skip
        for absence, one in away:
            if _meets(column, one):
                words = f"{absence.kind}, {absence.state}, {absences.days(absence)}"
                getattr(cell, absence.state).append(_bar(column, one, words))
        cell.lines = [
            (_times(one, here), "" if _alike(here, own, one) else _times(one, own), i)
            for one, i in spans
            if column.starts <= one.starts < column.ends
        ]
        cells.append(cell)
    total = sum(one.hours for one, _ in spans if columns[0].starts <= one.starts < columns[-1].ends)
    return Row(person, cells, total, _ahead(here, own, columns[0].starts))


def _bar(column: Span, one: Span, said: str, shift_id: int = 0) -> Bar:
    length = (column.ends - column.starts) / WIDE
    starts, ends = max(one.starts, column.starts), min(one.ends, column.ends)
    return Bar(
        round((starts - column.starts) / length, 2), round((ends - starts) / length, 2), said,
        shift_id,
    )  # fmt: skip


def _meets(one: Span, other: Span) -> bool:
    return one.starts < other.ends and other.starts < one.ends


def _total(rows: Sequence[Row], shifts: dict[int, list[Shift]], column: Span) -> tuple[int, float]:
    begun = [
        [s for s in shifts.get(row.user.id, []) if column.starts <= s.starts_at < column.ends]
        for row in rows
    ]
    hours = sum(Span(s.starts_at, s.ends_at).hours for listed in begun for s in listed)
    return sum(bool(listed) for listed in begun), hours


def _times(one: Span, zone: ZoneInfo) -> str:
    return f"{one.starts.astimezone(zone):%H:%M}–{one.ends.astimezone(zone):%H:%M}"


def _alike(here: ZoneInfo, own: ZoneInfo, one: Span) -> bool:
    return _times(one, here) == _times(one, own)


def _ahead(here: ZoneInfo, own: ZoneInfo, at: datetime) -> str:
    """Their zone, and by how much its clock is ahead of the one that is shown."""
    there, shown = at.astimezone(own).utcoffset(), at.astimezone(here).utcoffset()
    minutes = round(((there or timedelta()) - (shown or timedelta())) / timedelta(minutes=1))
    name = own.key.rpartition("/")[2].replace("_", " ")
    if not minutes:
        return name
    hours, rest = divmod(abs(minutes), 60)
    return f"{name} {'+' if minutes > 0 else '−'}{hours}{f':{rest:02d}' if rest else ''} h"
