"""Planned against actual: the hours that shifts come to, and the active hours of the roll-ups."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from metrics import definitions
from metrics.definitions import Ratio
from metrics.models import DailyRollup
from metrics.reads.work import as_of
from ops.local_time import Span, moment, zone_named
from ops.models import Team, User
from ops.shifts import absences, planned
from ops.shifts.belonging import belonging, of_team

HOUR_MS = 3_600_000


@dataclass
class Day:
    """One own day. Hours: `planned` in all, `due` of them up to the moment of the roll-up, `active`
    and `wall` (leased to handed in; of tasks one after the other, so that pauses are in it)."""

    planned: float = 0.0
    due: float = 0.0
    active: float = 0.0
    wall: float = 0.0

    @property
    def difference(self) -> float:
        return self.active - self.due

    @property
    def empty(self) -> bool:
        return not (self.planned or self.active or self.wall)


@dataclass
class Person:
    """Somebody's days, all of those asked for, and what is away of them."""

    user: User
    days: dict[date, Day]
    away: set[date] = field(default_factory=set)

    @property
    def total(self) -> Day:
        return _sum(list(self.days.values()))

    @property
    def utilisation(self) -> Ratio:
        """Active ÷ planned hours up to now, with days as clusters."""
        listed = list(self.days.values())
        return definitions.planned_utilisation_interval(
            [one.active * HOUR_MS for one in listed], [one.due for one in listed]
        )


@dataclass
class Sheet:
    """People's days from `first` on and before `last`, and up to when work is counted (None: not
    yet)."""

    first: date
    last: date
    people: list[Person]
    as_of: datetime | None

    @property
    def total(self) -> Day:
        return _sum([person.total for person in self.people])

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days)]

    def of_day(self, day: date) -> Day:
        return _sum([person.days[day] for person in self.people])

    @property
    def utilisation(self) -> Ratio:
        """Active ÷ planned hours up to now, with people as clusters."""
        totals = [person.total for person in self.people]
        return definitions.planned_utilisation_interval(
            [one.active * HOUR_MS for one in totals], [one.due for one in totals]
        )


def _sum(days: Sequence[Day]) -> Day:
    return Day(
        sum(d.planned for d in days), sum(d.due for d in days), sum(d.active for d in days),
        sum(d.wall for d in days),
    )  # fmt: skip


def of_a_team(session: Session, team: Team, first: date, last: date) -> Sheet:
    """The days of whoever belonged to the team on them: what somebody did elsewhere, before or
    after, is not in it. Seven statements."""
    since = moment(zone_named("UTC"), first, -1440)
    people = of_team(session, team.id, since)
    found = _sheet(session, people, first, last, team.id)
    # Who came and went and has nothing here in these days is nobody's news.
    found.people = [
        p
        for p in found.people
        if (p.user.team_id == team.id and p.user.active) or not p.total.empty
    ]
    return found


def of_one(session: Session, person: User, first: date, last: date) -> Sheet:
    """A person's own days, wherever they belonged. The same figures as their lead sees."""
    return _sheet(session, [person], first, last, None)


def _sheet(
    session: Session, people: Sequence[User], first: date, last: date, team_id: int | None
) -> Sheet:
    ids = [person.id for person in people]
    days = [first + timedelta(days=n) for n in range((last - first).days)]
    counted = as_of(session)
    found = {i: {day: Day() for day in days} for i in ids}
    off = absences.of(session, ids, first, last)
    spans = [
        (s.user_id, Span(s.starts_at, s.ends_at))
        for s in planned.live(session, ids, planned.around(first, last))
    ]
    so_far = [
        (who, Span(one.starts, min(one.ends, counted)))
        for who, one in spans
        if counted and one.starts < counted
    ]
    where = belonging(session, ids)
    for which, listed in (("planned", spans), ("due", so_far)):
        for (who, day, team), hours in planned.hours(listed, off, where).items():
            if day in found[who] and team_id in (None, team):
                setattr(found[who][day], which, getattr(found[who][day], which) + hours)
    for who, day, active, wall in session.execute(_worked(ids, first, last, team_id)):
        found[who][day].active = float(active) / HOUR_MS
        found[who][day].wall = float(wall) / HOUR_MS
    listed_people = [Person(person, found[person.id]) for person in people]
    for one in listed_people:
        one.away = {
            day
            for day in days
            for a in off
            if a.user_id == one.user.id and a.state == "granted" and a.covers(day)
        }
    return Sheet(first, last, listed_people, counted)


def _worked(ids: Sequence[int], first: date, last: date, team_id: int | None) -> Any:
    counted = (
        select(
            DailyRollup.labeller_id,
            DailyRollup.day,
            func.sum(DailyRollup.active_ms),
            func.sum(DailyRollup.wall_ms),
        )
        .where(DailyRollup.labeller_id.in_(ids), DailyRollup.day >= first, DailyRollup.day < last)
        .group_by(DailyRollup.labeller_id, DailyRollup.day)
    )
    return counted if team_id is None else counted.where(DailyRollup.team_id == team_id)
