"""What a lead is about to plan, looked at first: nothing is written, and what stands in the way is
named."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy.orm import Session

from ops import clock_time
from ops.local_time import DAY, Span, by_day, joined, on_clock, span, zone_named
from ops.models import Absence, Project, Shift, User
from ops.shifts import absences, weekly
from ops.shifts.planned import around, live, said

LONGEST = timedelta(hours=25)


@dataclass
class Draft:
    """Shifts that could be planned, as (person, span, project id), and what stands in the way, as
    (person, words)."""

    planned: list[tuple[User, Span, int | None]] = field(default_factory=list)
    conflicts: list[tuple[User, str]] = field(default_factory=list)

    @property
    def hours(self) -> float:
        return sum(span.hours for _, span, _ in self.planned)

    @property
    def people(self) -> int:
        return len({person.id for person, _, _ in self.planned})


def from_hours(
    session: Session, people: Sequence[User], week: date, project: Project | None = None
) -> Draft:
    """What a week's shifts would be, from people's weekly hours. `week` is a Monday."""
    hours = weekly.of(session, [p.id for p in people], week - timedelta(days=1))
    wanted, draft = [], Draft()
    for person in people:
        found = weekly.on_days(hours[person.id], zone_named(person.timezone), week, 7)
        wanted += [(person, one, project.id if project else None) for one in found]
        if not found:
            draft.conflicts.append((person, "has given no hours for this week"))
    return _sift(session, wanted, draft)


def as_before(session: Session, people: Sequence[User], week: date) -> Draft:
    """The shifts of the week before `week` (a Monday), at the same time by each one's own clock."""
    zones = {p.id: (p, zone_named(p.timezone)) for p in people}
    first = week - timedelta(days=7)
    wanted = []
    for shift in live(session, list(zones), around(first, week)):
        person, zone = zones[shift.user_id]
        day = shift.starts_at.astimezone(zone).date()
        if first <= day < week:
            begins, ends = (on_clock(zone, day, at) for at in (shift.starts_at, shift.ends_at))
            again = span(zone, day + timedelta(days=7), begins, ends)
            wanted += [(person, again, shift.project_id)] if again else []
    return _sift(session, wanted, Draft())


def one_each(
    session: Session,
    people: Sequence[User],
    day: date,
    begins: int,
    ends: int,
    *,
    zone: str = "",
    project: Project | None = None,
) -> Draft:
    """A shift for each, from one minute of the day's clock to another, on the next day where it is
    not later; by each one's own clock, or by that of `zone`."""
    until = ends if ends > begins else ends + DAY
    wanted = []
    for person in people:
        found = span(zone_named(zone or person.timezone), day, begins, until)
        wanted += [(person, found, project.id if project else None)] if found else []
    return _sift(session, wanted, Draft())


def _sift(session: Session, wanted: Sequence[tuple[User, Span, int | None]], draft: Draft) -> Draft:
    """Put into the draft what may be planned, and why the rest may not."""
    if not wanted:
        return draft
    now, ids = clock_time.now(), {person.id for person, _, _ in wanted}
    whole = Span(min(one.starts for _, one, _ in wanted), max(one.ends for _, one, _ in wanted))
    taken: dict[int, list[Shift]] = {}
    for shift in live(session, ids, whole):
        taken.setdefault(shift.user_id, []).append(shift)
    away: dict[int, list[Absence]] = {}
    days = whole.starts.date() - timedelta(days=2), whole.ends.date() + timedelta(days=2)
    for absence in absences.of(session, ids, *days):
        away.setdefault(absence.user_id, []).append(absence)
    met: dict[int, list[str]] = {}
    for person, one, project in wanted:
        when = said(person, one)
        if one.starts < now:
            draft.conflicts.append((person, f"{when} has begun already"))
            continue
        if any(s.starts_at < one.ends and one.starts < s.ends_at for s in taken.get(person.id, [])):
            met.setdefault(person.id, []).append(when)
            continue
        kept, words = _there(person, one, away.get(person.id, []))
        draft.conflicts += [(person, f"{when}: {why}") for why in words]
        draft.planned += [(person, part, project) for part in kept]
    for person in {person.id: person for person, _, _ in wanted}.values():
        if times := met.get(person.id):
            many = f"{len(times)} shifts meet" if len(times) > 1 else f"{times[0]} meets"
            draft.conflicts.append((person, f"{many} what is planned"))
    return draft


def _there(person: User, one: Span, away: Sequence[Absence]) -> tuple[list[Span], list[str]]:
    """What is left of a span on days that are not granted as off, and what is to be said."""
    kept, words = [], []
    for day, part in by_day(zone_named(person.timezone), one):
        off = next((a for a in away if a.covers(day)), None)
        if off is None or off.state == "asked":
            kept.append(part)
        if off is not None:
            asked = "has asked to be away" if off.state == "asked" else f"is away ({off.kind})"
            words.append(f"{asked} {absences.days(off)}")
    return joined(kept, LONGEST), list(dict.fromkeys(words))
