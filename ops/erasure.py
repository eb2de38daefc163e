"""Forgetting a person: what names them goes, what they did stays under their pseudonym."""

from sqlalchemy import delete, or_, text, update
from sqlalchemy.orm import Session

from ops import affiliations, audit_log, clock_time, mentions
from ops.applicants import forgetting
from ops.errors import Conflict
from ops.mentions import ERASED
from ops.models import Absence, ApiToken, Notice, OneTimeLink, PlannedMove, User

# Pages of the dashboards they kept, under names of their own making; the table is another storey's.
_VIEWS = text("DELETE FROM saved_view WHERE user_id = :user")


def erase(session: Session, user: User, *, by: User) -> None:
    """Erase the personal data of a closed account, for good. Raises Conflict while it is open."""
    if user.active:
        raise Conflict("Close the account first: whoever is erased can no longer sign in.")
    # Before the account, whose name it may bear in other words.
    forgetting.with_account(session, user, by=by)
    mentions.strike(session, (user.name, user.email))
    session.execute(_VIEWS, {"user": user.id})
    user.name, user.email, user.password_hash = ERASED, None, None
    # Their days stay where they were counted: a time zone names nobody.
    if user.timezone != "UTC":
        affiliations.remember(session, user, clock_time.now())
    user.attributes, user.timezone = {}, "UTC"
    user.session_epoch += 1
    session.flush()
    session.execute(delete(OneTimeLink).where(OneTimeLink.user_id == user.id))
    session.execute(delete(PlannedMove).where(PlannedMove.user_id == user.id))
    # That somebody was away stays, for the hours that were planned; that they were ill does not.
    away = update(Absence).where(Absence.user_id == user.id)
    session.execute(away.values(kind="other", note=""))
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
