"""The database: one declarative base, one engine per process, one `transaction()` at the edge."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import BigInteger, DateTime, Engine, MetaData, create_engine, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every storey's tables hang on this one base."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 - the name and form SQLAlchemy asks for
        int: BigInteger,
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }


_TRY_LOCK = text("SELECT pg_try_advisory_lock(hashtextextended(:what, 0))")
_UNLOCK = text("SELECT pg_advisory_unlock(hashtextextended(:what, 0))")

# Aware timestamps everywhere; `ops.clock_time.now()` gives them their values.
Moment = DateTime(timezone=True)


def make_engine(url: str, *, pool_size: int = 8, statement_timeout_ms: int = 60_000) -> Engine:
    """An engine for `url`; `postgresql://` means psycopg 3."""
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        hide_parameters=True,  # an error's text must not carry people's data into the log
        connect_args={
            "options": f"-c statement_timeout={statement_timeout_ms} -c timezone=UTC "
            "-c idle_in_transaction_session_timeout=60000"
        },
    )


def make_sessions(engine: Engine) -> sessionmaker[Session]:
    """Sessions whose objects stay readable after the commit."""
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def transaction(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """One unit of work: returning commits, raising rolls back."""
    with sessions() as session, session.begin():
        yield session


@contextmanager
def alone(sessions: sessionmaker[Session], what: str) -> Iterator[bool]:
    """Whether nobody else does `what` now, in any process; nobody does until this is over.

    The lock is one of a connection of its own, and no transaction stays open.
    """
    with sessions() as session:
        engine = session.get_bind().engine
    key = {"what": what}
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        mine = connection.execute(_TRY_LOCK, key).scalar_one()
        try:
            yield bool(mine)
        finally:
            if mine:
                connection.execute(_UNLOCK, key)
