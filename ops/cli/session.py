"""What a command needs to touch the database: one transaction, and who is acting."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ops import config, db
from ops.cli.serve import database
from ops.errors import ConfigError, InvalidInput, NotFound
from ops.models import User

HOUR_MS = 3_600_000


@contextmanager
def unit_of_work(settings: config.Settings) -> Iterator[Session]:
    """One transaction on the installation's database: returning commits, raising rolls back."""
    with database(settings) as url:
        engine = db.make_engine(url, pool_size=1, statement_timeout_ms=HOUR_MS)
        try:
            with db.transaction(db.make_sessions(engine)) as session:
                yield session
        finally:
            engine.dispose()


def acting(session: Session, email: str | None) -> User:
    """The user on whose behalf a command acts: the one named, or the only admin.

    Raises InvalidInput, NotFound, ConfigError.
    """
    if email:
        named = select(User).where(func.lower(User.email) == email.strip().lower(), User.active)
        user = session.scalar(named)
        if user is None:
            raise NotFound(f"There is no active account for {email}.", field="--as")
        return user
    admins = session.scalars(select(User).where(User.role == "admin", User.active)).all()
    if not admins:
        raise ConfigError("There is no admin yet: make one with `touchstone users`.")
    if len(admins) > 1:
        raise InvalidInput("there are several admins: say which one acts", field="--as")
    return admins[0]
