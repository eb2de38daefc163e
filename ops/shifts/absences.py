"""Days on which somebody does not work: asked, granted or refused by their lead, withdrawn."""

from collections.abc import Collection
from datetime import date, timedelta

from psycopg.errors import ExclusionViolation
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ops import affiliations, audit_log, clock_time, mail, notices, scope, teams
from ops.errors import Conflict, Forbidden, InvalidInput, NotFound
from ops.models import ABSENCES, Absence, User

# An illness may be told of afterwards; what is longer ago stays as it was counted.
BACK = timedelta(days=14)
AHEAD = timedelta(days=400)
LONGEST_NOTE = 500


def ask(
    session: Session, person: User, *, kind: str, first: date, last: date, note: str, by: User
) -> Absence:
    """Ask for days off, the last included; what a lead enters for somebody is granted at once.

    Raises InvalidInput naming the field, Conflict where days are asked for or granted already.
    """
    note = note.replace("\0", "").strip()
    today = affiliations.today(person)
    if kind not in ABSENCES:
        raise InvalidInput(f"choose one of {', '.join(ABSENCES)}", field="kind")
    if not today - BACK <= first <= today + AHEAD:
        raise InvalidInput(f"choose a first day from {today - BACK} on", field="first_day")
    if not first <= last <= first + timedelta(days=366):
        raise InvalidInput("the last day is the first or a later one", field="last_day")
    if len(note) > LONGEST_NOTE:
        raise InvalidInput(f"write at most {LONGEST_NOTE} characters", field="note")
    now = clock_time.now()
    absence = Absence(
        user_id=person.id, kind=kind, first_day=first, last_day=last, note=note, asked_at=now
    )
    if by.id != person.id:
        absence.state, absence.decided_by, absence.decided_at = "granted", by.id, now
    try:
        with session.begin_nested():
            session.add(absence)
            session.flush()
    except IntegrityError as error:
        if isinstance(error.orig, ExclusionViolation):
            raise Conflict(
                "Some of these days are asked for or granted already.", field="first_day"
            ) from None
        raise
    audit_log.record(session, by, f"absence.{absence.state}", f"absence:{absence.id}")
    if absence.state == "granted":
        _tell(session, person, absence, f"You are entered as away {days(absence)}.", "/hours")
        return absence
    for lead in teams.who_decides(session, person):
        words = f"{person.name} asks to be away {days(absence)}."
        _tell(session, lead, absence, words, _where(person))
    return absence


def decide(session: Session, absence: Absence, *, grant: bool, by: User) -> None:
    """Grant or refuse what was asked; the person is told.

    Raises Forbidden for one's own, Conflict where it is decided or withdrawn.
    """
    session.refresh(absence, with_for_update=True)
    if absence.user_id == by.id:
        raise Forbidden("Somebody else decides about your own absence.")
    if absence.state != "asked":
        raise Conflict(f"This absence is {absence.state} already.")
    absence.state = "granted" if grant else "refused"
    absence.decided_by, absence.decided_at = by.id, clock_time.now()
    session.flush()
    audit_log.record(session, by, f"absence.{absence.state}", f"absence:{absence.id}")
    words = f"Your absence {days(absence)} is {absence.state}."
    _tell(session, absence.user, absence, words, "/hours")


def withdraw(session: Session, absence: Absence, *, by: User) -> None:
    """Take back what was asked, or granted and has not begun. Raises Conflict."""
    session.refresh(absence, with_for_update=True)
    if absence.state not in ("asked", "granted"):
        raise Conflict(f"This absence is {absence.state} already.")
    granted = absence.state == "granted"
    if granted and absence.first_day <= affiliations.today(absence.user):
        raise Conflict("It has begun, and stays as it was.")
    absence.state, absence.withdrawn_at = "withdrawn", clock_time.now()
    session.flush()
    audit_log.record(session, by, "absence.withdrawn", f"absence:{absence.id}")
    if granted:
        for lead in teams.who_decides(session, absence.user):
            words = f"{absence.user.name} will not be away {days(absence)} after all."
            _tell(session, lead, absence, words, _where(absence.user))


def find(session: Session, viewer: User, absence_id: int) -> Absence:
    """One's own absence, or one of somebody in a team that `viewer` sees. Raises NotFound."""
    found = session.get(Absence, absence_id)
    if found is not None and found.user_id != viewer.id:
        seen = select(User.id).where(
            User.id == found.user_id, User.team_id.in_(scope.teams(viewer))
        )
        found = found if session.scalar(seen) else None
    if found is None:
        raise NotFound("There is no such absence.")
    return found


def of(
    session: Session, user_ids: Collection[int], first: date, last: date | None = None
) -> list[Absence]:
    """What is asked or granted of people from `first` to `last`, by day. One statement."""
    found = select(Absence).where(
        Absence.user_id.in_(user_ids),
        Absence.state.in_(("asked", "granted")),
        Absence.last_day >= first,
    )
    if last is not None:
        found = found.where(Absence.first_day <= last)
    return list(session.scalars(found.order_by(Absence.first_day, Absence.id)))


def days(absence: Absence) -> str:
    """From when to when, in words."""
    if absence.first_day == absence.last_day:
        return f"on {absence.first_day}"
    return f"from {absence.first_day} to {absence.last_day}"


def _where(person: User) -> str:
    return f"/teams/{person.team_id}" if person.team_id else f"/people/{person.id}"


def _tell(session: Session, to: User, absence: Absence, words: str, url: str) -> None:
    key = f"absence:{absence.id}:{absence.state}"
    mail.post(session, notices.tell(session, to, key=key, text=words, url=url))
