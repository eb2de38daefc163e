"""What a command needs of the database: sessions, one transaction, and who is acting."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from ops import clock_time, config, db
from ops.cli.serve import database
from ops.errors import ConfigError, InvalidInput, NotFound
from ops.models import User

HOUR_MS = 3_600_000  # a person waits at the terminal and may stop it; a request may not


@contextmanager
def opened(settings: config.Settings | None = None) -> Iterator[sessionmaker[Session]]:
    """Sessions on the migrated database, `DATABASE_URL` or the embedded server's.

    Joins the server of a running `touchstone serve` of the same home.
    """
    clock_time.use_configured()
    with database(settings or config.load()) as url:
        engine = db.make_engine(url, pool_size=2, statement_timeout_ms=HOUR_MS)
        try:
            yield db.make_sessions(engine)
        finally:
            engine.dispose()


@contextmanager
def unit_of_work(settings: config.Settings | None = None) -> Iterator[Session]:
    """One transaction on that database: returning commits, raising rolls back."""
    with opened(settings) as sessions, db.transaction(sessions) as session:
        yield session


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
