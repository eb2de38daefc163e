"""Where somebody belongs: their team, the organisation they work for, the time zone of their days.

A change notes what was so until now, so that what was done under it stays counted there.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.orm import Session

from ops import audit_log, clock_time
from ops.errors import InvalidInput
from ops.local_time import day_in
from ops.models import Organisation, PastAffiliation, Team, User


def move(
    session: Session,
    user: User,
    *,
    team: Team | None,
    organisation: Organisation | None,
    timezone: str,
    by: User | None,
) -> bool:
    """From now on `user` belongs here; returns whether anything changed.

    Raises InvalidInput naming `timezone`, or `organisation` where a client would have none.
    """
    clean_timezone(timezone)
    if user.role == "client" and organisation is None:
        raise InvalidInput("a client belongs to an organisation", field="organisation")
    session.refresh(user, with_for_update={"key_share": True})
    before = (user.team_id, user.organisation_id, user.timezone)
    after = (team.id if team else None, organisation.id if organisation else None, timezone)
    if before == after:
        return False
    now = clock_time.now()
    remember(session, user, now)
    user.team_id, user.organisation_id, user.timezone = after
    session.flush()
    changed = [
        name
        for name, old, new in zip(("team", "organisation", "timezone"), before, after, strict=True)
        if old != new
    ]
    audit_log.record(session, by, "user.moved", f"user:{user.pseudonym}", changed=changed)
    return True


def remember(session: Session, user: User, until: datetime) -> None:
    """Note where `user` belonged until a moment, before it is changed."""
    session.add(
        PastAffiliation(
            user_id=user.id,
            until=until,
            team_id=user.team_id,
            organisation_id=user.organisation_id,
            timezone=user.timezone,
        )
    )
    session.flush()


def day_of(user: User, at: datetime) -> date:
    """The day it is at `at` where `user` lives now; that of UTC for a zone nobody knows."""
    return day_in(user.timezone, at)


def today(user: User) -> date:
    """The day it is now where `user` lives."""
    return day_of(user, clock_time.now())


def here(user: User) -> tuple[int | None, int | None]:
    """The team and the vendor that `user` belongs to now; None is nowhere."""
    works_for = user.organisation
    return user.team_id, works_for.id if works_for and works_for.kind == "vendor" else None


def clean_timezone(name: str) -> str:
    """The name of a time zone as the IANA has it. Raises InvalidInput naming `timezone`."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(
            f"{name!r} is no time zone; write one as Europe/Paris or Asia/Kolkata",
            field="timezone",
        ) from None
    return name
