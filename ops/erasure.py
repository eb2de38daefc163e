"""Forgetting a person: what names them goes, what they did stays under their pseudonym."""

from sqlalchemy import delete, or_, update
from sqlalchemy.orm import Session

from ops import audit_log, clock_time, talk
from ops.errors import Conflict
from ops.models import ApiToken, Notice, OneTimeLink, User

ERASED = "Erased person"


def erase(session: Session, user: User, *, by: User) -> None:
    """Erase the personal data of a closed account, for good. Raises Conflict while it is open."""
    if user.active:
        raise Conflict("Close the account first: whoever is erased can no longer sign in.")
    talk.forget(session, user.name, user.email)
    user.name, user.email, user.password_hash = ERASED, None, None
    user.attributes, user.timezone = {}, "UTC"
    user.session_epoch += 1
    session.flush()
    session.execute(delete(OneTimeLink).where(OneTimeLink.user_id == user.id))
    # Notices to them, and those to others that name them.
    about = Notice.url == f"/people/{user.id}"
    session.execute(delete(Notice).where(or_(Notice.user_id == user.id, about)))
    session.execute(
        update(ApiToken)
        .where(ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=clock_time.now())
    )
    session.execute(update(ApiToken).where(ApiToken.user_id == user.id).values(name="erased"))
    audit_log.record(session, by, "user.erased", f"user:{user.pseudonym}")


def is_erased(user: User) -> bool:
    """Whether this person was erased."""
    return user.email is None and user.name == ERASED
