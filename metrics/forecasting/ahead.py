"""Active hours that people are planned for on days to come, and what became of plans so far."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from ops.local_time import Span, moment, monday, zone_named
from ops.models import Absence, Shift, User
from ops.shifts import planned, weekly
from ops.shifts.belonging import belonging

# Planned hours of everybody together that count with somebody's own: their own say more the more
# there are.
WORTH = 20.0

# Person → own day → hours.
Hours = dict[int, dict[date, float]]


@dataclass(frozen=True)
class Plans:
    """Hours planned on own days. `shifts`: for whom a shift stood in which weeks (Mondays)."""

    hours: Hours
    shifts: dict[int, set[date]]


def known(
    session: Session,
    user_ids: Collection[int],
    first: date,
    last: date,
    *,
    at: datetime | None = None,
    project_id: int | None = None,
) -> Plans:
    """Shifts less granted absences, by own day from `first` on and before `last`. Five statements.

    With `at` only what was known at that moment: shifts planned by then and not yet taken back,
    absences granted by then and not yet withdrawn. With a project, hours of its shifts and of those
    for any; a week with a shift elsewhere is planned as well.
    """
    if not user_ids:
        return Plans({}, {})
    around = planned.around(first, last)
    stood = select(Shift).where(
        Shift.user_id.in_(user_ids),
        Shift.starts_at < around.ends,
        Shift.ends_at > around.starts,
        _stood(at),
    )
    rows = session.scalars(stood).all()
    spans = [
        (s.user_id, Span(s.starts_at, s.ends_at))
        for s in rows
        if project_id is None or s.project_id in (None, project_id)
    ]
    where = belonging(session, user_ids)
    found: Hours = {}
    for (who, day, _), hours in planned.hours(spans, _away(session, user_ids, first, last, at),
                                              where).items():  # fmt: skip
        if first <= day < last:
            mine = found.setdefault(who, {})
            mine[day] = mine.get(day, 0.0) + hours
    weeks: dict[int, set[date]] = {}
    for s in rows:
        day = s.starts_at.astimezone(where.at(s.user_id, s.starts_at).zone).date()
        weeks.setdefault(s.user_id, set()).add(monday(day))
    return Plans(found, weeks)


def _stood(at: datetime | None) -> ColumnElement[bool]:
    if at is None:
        return Shift.cancelled_at.is_(None)
    later = or_(Shift.cancelled_at.is_(None), Shift.cancelled_at > at)
    return and_(Shift.planned_at <= at, later)


def _away(
    session: Session, user_ids: Collection[int], first: date, last: date, at: datetime | None
) -> list[Absence]:
    """Absences as they were granted at that moment."""
    days = Absence.user_id.in_(user_ids), Absence.last_day >= first, Absence.first_day < last
    if at is None:
        return list(session.scalars(select(Absence).where(*days, Absence.state == "granted")))
    then = (
        Absence.state.in_(("granted", "withdrawn")),
        Absence.decided_at <= at,
        or_(Absence.withdrawn_at.is_(None), Absence.withdrawn_at > at),
    )
    found = session.scalars(select(Absence).where(*days, *then)).all()
    # As it was then, whatever became of it; not to be written.
    return [
        Absence(user_id=a.user_id, first_day=a.first_day, last_day=a.last_day, state="granted")
        for a in found
    ]


def from_weekly(session: Session, people: Sequence[User], first: date, last: date) -> Hours:
    """Hours in which people can work by the hours of their week, less granted absences. Three
    statements."""
    ids = [person.id for person in people]
    hours = weekly.of(session, ids, first - timedelta(days=1))
    off: dict[int, list[Absence]] = {}
    for absence in _away(session, ids, first, last, None):
        off.setdefault(absence.user_id, []).append(absence)
    found: Hours = {}
    for person in people:
        zone = zone_named(person.timezone)
        for one in range((last - first).days):
            day = first + timedelta(days=one)
            if any(absence.covers(day) for absence in off.get(person.id, [])):
                continue
            spans = [
                (moment(zone, day, h.begins), moment(zone, day, h.ends))
                for h in hours[person.id]
                if h.holds(day)
            ]
            if spans:
                total = sum((end - begin).total_seconds() for begin, end in spans) / 3600
                found.setdefault(person.id, {})[day] = total
    return found


def utilisation(
    worked: Mapping[int, float], hours: Mapping[int, float]
) -> tuple[dict[int, float], float | None]:
    """Active ÷ planned hours of each person, drawn to that of all where they had few, and that of
    all (None: nobody was planned)."""
    total = sum(hours.values())
    if total <= 0:
        return {}, None
    usual = sum(worked.get(who, 0.0) for who in hours) / total
    return {
        who: (worked.get(who, 0.0) + WORTH * usual) / (n + WORTH) for who, n in hours.items()
    }, usual
