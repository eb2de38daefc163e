"""One roll-up of a name at a time, without a long transaction.

The fence is an advisory lock of a *connection*: everything a roll-up does goes through that one
connection, in short transactions, so that whoever lost the lock has lost the means to write as
well. Between two transactions it holds no snapshot.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Engine, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, sessionmaker

from metrics.models import RollupState
from ops import clock_time
from ops.db import transaction

_TRY = text("SELECT pg_try_advisory_lock(hashtextextended('metrics.rollup.' || :name, 0))")
_LEAVE = text("SELECT pg_advisory_unlock(hashtextextended('metrics.rollup.' || :name, 0))")


class Reach(NamedTuple):
    """Events with after ≤ xid < below are new, as of a moment."""

    after: int
    below: int
    as_of: datetime


@contextmanager
def alone(sessions: sessionmaker[Session], name: str) -> Iterator[sessionmaker[Session] | None]:
    """Sessions on the one connection that holds the fence of `name`; None where it is taken."""
    engine = sessions.kw["bind"]
    assert isinstance(engine, Engine)
    with engine.connect() as connection:
        mine = connection.execute(_TRY, {"name": name}).scalar_one()
        connection.commit()
        if not mine:
            yield None
            return
        try:
            yield sessionmaker(connection, expire_on_commit=False)
        finally:
            if not connection.closed and not connection.invalidated:
                connection.rollback()
                connection.execute(_LEAVE, {"name": name})
                connection.commit()


def reach(mine: sessionmaker[Session], name: str) -> Reach:
    """How far the roll-up of `name` has read and how far it may."""
    with transaction(mine) as session:
        start = insert(RollupState).values(name=name, below_xid=0, as_of=clock_time.now())
        session.execute(start.on_conflict_do_nothing())
        after = session.get_one(RollupState, name).below_xid
    with transaction(mine) as session:
        as_of = clock_time.now()
        # A statement of its own: in the snapshots that follow, all below this number has ended.
        xmin = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return Reach(after, session.execute(xmin).scalar_one(), as_of)


def remember(mine: sessionmaker[Session], name: str, below: int, as_of: datetime) -> None:
    """Every event below `below` is in, as of `as_of`."""
    with transaction(mine) as session:
        state = session.get_one(RollupState, name)
        state.below_xid, state.as_of = below, as_of
