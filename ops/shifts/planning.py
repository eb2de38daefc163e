"""Shifts as a lead plans them: made of a draft, moved, cancelled.

What has begun is no longer changed, so that what was planned stays known.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from psycopg.errors import ExclusionViolation
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ops import audit_log, clock_time, mail, notices
from ops.errors import Conflict, InvalidInput
from ops.local_time import Span, zone_named
from ops.models import Project, Shift, Team, User
from ops.shifts.drafting import LONGEST, Draft, one_each
from ops.shifts.planned import said

AHEAD = timedelta(days=366)
TAKEN = "Another shift was planned for the same time. Look again."


def make(session: Session, draft: Draft, *, team: Team, by: User) -> list[int]:
    """Plan what is drafted; returns the shifts' ids. Everybody is told once.

    Raises Conflict when somebody planned one of them in the meantime: then none is planned.
    """
    ids = _insert(session, draft, by)
    if not ids:
        return []
    audit_log.record(session, by, "shifts.planned", f"team:{team.id}", shifts=ids)
    told: dict[int, list[Span]] = {}
    for person, one, _ in draft.planned:
        told.setdefault(person.id, []).append(one)
    named = {person.id: person for person, _, _ in draft.planned}
    for user_id, spans in told.items():
        _tell(session, named[user_id], f"{max(ids)}", _news(named[user_id], spans))
    return ids


def _news(person: User, spans: Sequence[Span]) -> str:
    if len(spans) == 1:
        return f"A shift is planned for you: {said(person, spans[0])}."
    first = min(one.starts for one in spans).astimezone(zone_named(person.timezone)).date()
    return f"{len(spans)} shifts are planned for you from {first} on."


def move(session: Session, shift: Shift, day: date, begins: int, ends: int, *, by: User) -> int:
    """Another time for a shift, by its person's own clock; returns the id of the shift that stands
    in its place. Raises Conflict where it has begun, is cancelled or meets another."""
    with session.begin_nested():
        _take_back(session, shift)
        project = session.get(Project, shift.project_id) if shift.project_id else None
        draft = one_each(session, [shift.user], day, begins, ends, project=project)
        if not draft.planned:
            raise Conflict(f"{draft.conflicts[0][1]}.", field="day")
        ids = _insert(session, draft, by)
    audit_log.record(session, by, "shift.moved", f"shift:{shift.id}", to=ids)
    was = said(shift.user, Span(shift.starts_at, shift.ends_at))
    now = ", ".join(said(shift.user, one) for _, one, _ in draft.planned)
    _tell(session, shift.user, f"{ids[0]}:moved", f"Your shift {was} is moved to {now}.")
    return ids[0]


def _insert(session: Session, draft: Draft, by: User) -> list[int]:
    now = clock_time.now()
    if any(one.ends - one.starts > LONGEST for _, one, _ in draft.planned):
        raise InvalidInput("a shift is at most a day long", field="ends")
    if any(one.starts > now + AHEAD for _, one, _ in draft.planned):
        raise InvalidInput("plan at most a year ahead", field="day")
    rows = [
        {"user_id": person.id, "project_id": project, "starts_at": one.starts,
         "ends_at": one.ends, "planned_by": by.id, "planned_at": now}
        for person, one, project in draft.planned
    ]  # fmt: skip
    try:
        with session.begin_nested():
            return list(session.scalars(insert(Shift).returning(Shift.id), rows)) if rows else []
    except IntegrityError as error:
        if isinstance(error.orig, ExclusionViolation):
            raise Conflict(TAKEN, field="day") from None
        raise


def cancel(session: Session, shift: Shift, *, by: User) -> None:
    """Take a shift back; its person is told. Raises Conflict where it has begun or is cancelled."""
    _take_back(session, shift)
    audit_log.record(session, by, "shift.cancelled", f"shift:{shift.id}")
    was = said(shift.user, Span(shift.starts_at, shift.ends_at))
    _tell(session, shift.user, f"{shift.id}:cancelled", f"Your shift {was} is cancelled.")


def _take_back(session: Session, shift: Shift) -> None:
    session.refresh(shift, with_for_update=True)
    if shift.cancelled_at is not None:
        raise Conflict("This shift is cancelled already.")
    if shift.starts_at <= clock_time.now():
        raise Conflict("This shift has begun: what was planned stays.")
    shift.cancelled_at = clock_time.now()
    session.flush()


def _tell(session: Session, person: User, key: str, words: str) -> None:
    mail.post(session, notices.tell(session, person, key=f"shift:{key}", text=words, url="/hours"))
