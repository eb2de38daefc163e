"""What is planned: shifts that stand, and the hours that they come to on each own day."""

from collections.abc import Collection, Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops.errors import NotFound
from ops.local_time import DAY, Span, moment, zone_named
from ops.models import Absence, Shift, Team, User
from ops.shifts.belonging import Belonging

# User id, own day, team id at the time (0: none).
Where = tuple[int, date, int]


def find(session: Session, team: Team, shift_id: int) -> Shift:
    """A shift of somebody in the team that is not cancelled. Raises NotFound."""
    found = (
        select(Shift)
        .join(User, User.id == Shift.user_id)
        .where(Shift.id == shift_id, User.team_id == team.id, Shift.cancelled_at.is_(None))
    )
    shift = session.scalar(found)
    if shift is None:
        raise NotFound("There is no such shift.")
    return shift


def live(session: Session, user_ids: Collection[int], whole: Span) -> list[Shift]:
    """Shifts of people that meet a span and are not cancelled, the first first. One statement."""
    found = select(Shift).where(
        Shift.user_id.in_(user_ids),
        Shift.cancelled_at.is_(None),
        Shift.starts_at < whole.ends,
        Shift.ends_at > whole.starts,
    )
    return list(session.scalars(found.order_by(Shift.starts_at, Shift.id)))


def hours(
    spans: Iterable[tuple[int, Span]], away: Iterable[Absence], where: Belonging
) -> dict[Where, float]:
    """Planned hours by person, own day and team at the time, from (user id, span).

    An hour on a day that is granted as off is not planned. Nothing else is left out: none of the
    spans of a person may overlap.
    """
    off: dict[int, list[Absence]] = {}
    for absence in away:
        if absence.state == "granted":
            off.setdefault(absence.user_id, []).append(absence)
    found: dict[Where, float] = {}
    for user_id, whole in spans:
        for day, part, place in where.days(user_id, whole):
            if any(absence.covers(day) for absence in off.get(user_id, [])):
                continue
            key = user_id, day, place.team_id or 0
            found[key] = found.get(key, 0.0) + part.hours
    return found


def around(first: date, last: date) -> Span:
    """All of the days from `first` on and before `last`, wherever somebody is."""
    utc = zone_named("UTC")
    return Span(moment(utc, first, -DAY), moment(utc, last, DAY))


def said(person: User, one: Span) -> str:
    """A span by its person's own clock: Mon 23 Nov 09:00–17:00."""
    zone = zone_named(person.timezone)
    starts, ends = one.starts.astimezone(zone), one.ends.astimezone(zone)
    return f"{starts:%a %-d %b %H:%M}–{ends:%H:%M}"
