"""How a command reaches the database: the configured one, or our own server started for it."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session, sessionmaker

from ops import clock_time, config
from ops.cli.serve import database


@contextmanager
def opened() -> Iterator[sessionmaker[Session]]:
    """Sessions on the migrated database, `DATABASE_URL` or the embedded server's.

    Joins the server of a running `touchstone serve` of the same home.
    """
    from ops.db import make_engine, make_sessions

    settings = config.load()
    clock_time.use_configured()
    with database(settings) as url:
        engine = make_engine(url, pool_size=2)
        try:
            yield make_sessions(engine)
        finally:
            engine.dispose()
