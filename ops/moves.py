"""Moves that are to come: where somebody will belong from a day on, by their own clock."""

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ops import affiliations, audit_log
from ops.db import transaction
from ops.errors import InvalidInput
from ops.models import Organisation, PlannedMove, Team, User
from ops.one_by_one import one_by_one

AHEAD = timedelta(days=366)


def plan(
    session: Session,
    user: User,
    *,
    team: Team | None,
    organisation: Organisation | None,
    timezone: str,
    from_day: date,
    by: User,
) -> bool:
    """From the beginning of `from_day` on `user` belongs here; today is at once, and whatever was
    planned before no longer comes. Returns whether that changes anything.

    Raises InvalidInput naming the field, as `affiliations.move`.
    """
    # Two who plan for one person come one after the other.
    session.refresh(user, with_for_update={"key_share": True})
    today = affiliations.today(user)
    if not today <= from_day <= today + AHEAD:
        raise InvalidInput(f"choose a day from {today} on, within a year", field="from_day")
    dropped = drop(session, user, by=by)
    if from_day == today:
        moved = affiliations.move(
            session, user, team=team, organisation=organisation, timezone=timezone, by=by
        )
        return moved or dropped
    affiliations.clean_timezone(timezone)
    row = PlannedMove(
        user_id=user.id, from_day=from_day, team_id=team.id if team else None,
        organisation_id=organisation.id if organisation else None, timezone=timezone,
        planned_by=by.id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    subject = f"user:{user.pseudonym}"
    audit_log.record(session, by, "user.move_planned", subject, from_day=from_day.isoformat())
    return True


def drop(session: Session, user: User, *, by: User) -> bool:
    """Nothing is to come any more; returns whether something was."""
    row = session.get(PlannedMove, user.id)
    if row is None:
        return False
    session.delete(row)
    session.flush()
    audit_log.record(session, by, "user.move_dropped", f"user:{user.pseudonym}")
    return True


def of(session: Session, user: User) -> PlannedMove | None:
    """The move that is to come, if there is one."""
    return session.get(PlannedMove, user.id)


def apply_due(sessions: sessionmaker[Session]) -> int:
    """Move everybody whose day has begun; returns how many. Their day begins where they are now."""
    with transaction(sessions) as session:
        rows = session.execute(select(PlannedMove, User).join(User, User.id == PlannedMove.user_id))
        due = [user.id for row, user in rows if row.from_day <= affiliations.today(user)]
    return one_by_one(sessions, due, _apply)


def _apply(session: Session, user_id: int) -> int:
    row = session.get(PlannedMove, user_id, with_for_update=True)
    user = session.get_one(User, user_id)
    if row is None or row.from_day > affiliations.today(user):
        return 0
    by = session.get(User, row.planned_by)
    team = session.get(Team, row.team_id) if row.team_id else None
    vendor = session.get(Organisation, row.organisation_id) if row.organisation_id else None
    session.delete(row)
    affiliations.move(session, user, team=team, organisation=vendor, timezone=row.timezone, by=by)
    return 1
