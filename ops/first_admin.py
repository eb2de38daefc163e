"""The first administrator: made through a link that only the command line can print."""

from datetime import timedelta

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from ops import clock_time, people, tokens
from ops.errors import Conflict
from ops.models import OneTimeLink, User

SETUP_VALID = timedelta(hours=24)
# Any fixed number: it names the lock under which the first account is made.
_SETUP_LOCK = 7_046_311


def anyone(session: Session) -> bool:
    """Whether there is an account at all."""
    return session.scalar(select(User.id).limit(1)) is not None


def start(session: Session) -> str:
    """The secret of a set-up link; earlier ones stop working. Raises Conflict if anyone exists."""
    _refuse_if_anyone(session)
    session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.purpose == "setup", OneTimeLink.used_at.is_(None))
        .values(used_at=clock_time.now())
    )
    return tokens.make_link(session, "setup", valid=SETUP_VALID)


def finish(session: Session, secret: str, *, name: str, email: str, password: str) -> User:
    """The administrator made through the link `secret`, which is used up.

    Raises NotFound (no such link), Conflict (somebody was first), InvalidInput (fields); the
    link works again after an error, since the transaction is rolled back.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SETUP_LOCK})
    _refuse_if_anyone(session)
    tokens.use_link(session, secret, "setup")
    return people.create(session, email=email, name=name, role="admin", password=password)


def _refuse_if_anyone(session: Session) -> None:
    if anyone(session):
        raise Conflict(
            "There are accounts already: add people on the page People, or with "
            "`touchstone users add`."
        )
