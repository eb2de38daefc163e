"""Where people belonged at any moment: their team, and the time zone that their days are of."""

from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ops.local_time import Span, by_day, zone_named
from ops.models import PastAffiliation, User


class Place(NamedTuple):
    """Until when (None: still) somebody belonged to a team, and where they were."""

    until: datetime | None
    team_id: int | None
    zone: ZoneInfo


class Belonging:
    """Of each person their places, the oldest first."""

    def __init__(self, places: dict[int, list[Place]]):
        self._places = places

    def at(self, user_id: int, at: datetime) -> Place:
        """Where somebody was at a moment."""
        return next(p for p in self._places[user_id] if p.until is None or p.until > at)

    def days(self, user_id: int, whole: Span) -> Iterator[tuple[date, Span, Place]]:
        """The parts of a span by the own day of a person, and where they belonged then."""
        at = whole.starts
        for place in self._places[user_id]:
            end = whole.ends if place.until is None else min(place.until, whole.ends)
            if at < end:
                for day, part in by_day(place.zone, Span(at, end)):
                    yield day, part, place
                at = end


def belonging(session: Session, user_ids: Collection[int]) -> Belonging:
    """Where these people belong and belonged. Two statements."""
    past = select(PastAffiliation).where(PastAffiliation.user_id.in_(user_ids))
    places: dict[int, list[Place]] = {i: [] for i in user_ids}
    for row in session.scalars(past.order_by(PastAffiliation.until, PastAffiliation.id)):
        places[row.user_id].append(Place(row.until, row.team_id, zone_named(row.timezone)))
    now = select(User.id, User.team_id, User.timezone).where(User.id.in_(user_ids))
    for user_id, team_id, zone in session.execute(now):
        places[user_id].append(Place(None, team_id, zone_named(zone)))
    return Belonging(places)


def of_team(session: Session, team_id: int, since: datetime) -> list[User]:
    """Who belongs to a team or did at any moment from `since` on, by name."""
    once = select(PastAffiliation.user_id).where(
        PastAffiliation.team_id == team_id, PastAffiliation.until > since
    )
    found = select(User).where(or_(User.team_id == team_id, User.id.in_(once)))
    return list(session.scalars(found.order_by(User.name, User.id)))
