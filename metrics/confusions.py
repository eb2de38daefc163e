"""What is said where something else is right, counted by the day from judged answers.

Like the other roll-ups it never adds to a row: what new judgements touch is looked at again from
raw, so it may run twice or be killed and leaves what a rebuild would.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session, sessionmaker

from metrics import confusion_parts
from metrics import confusion_sql as sql
from metrics.models import ConfusionLine, RollupState
from ops import clock_time
from ops.db import transaction
from ops.models import Assignment

NAME = "confusions"
CHUNK = 2_000
Keys = set[tuple[int, Any, int]]


def count(sessions: sessionmaker[Session]) -> int:
    """Look again at the answers of which something new is known; returns how many."""
    with transaction(sessions) as session:
        return advance(session)


def advance(session: Session) -> int:
    """The same inside a transaction of the caller's. They run one after the other."""
    after, below, as_of = _lock(session)
    if after == 0 or after > below:
        # The first time, or a restored database that counts transactions anew.
        return _rebuild(session, below, as_of, None)
    fresh = session.scalars(text(sql.FRESH), {"after": after, "below": below})
    ids = sorted(fresh)
    keys: Keys = set()
    for some in _chunks(ids):
        keys |= {tuple(row) for row in session.execute(text(sql.FORGET), {"ids": some})}
        keys |= _lines(session, some)
    _count(session, sorted(keys))
    _remember(session, below, as_of)
    return len(ids)


def rebuild(
    sessions: sessionmaker[Session], progress: Callable[[float], None] | None = None
) -> int:
    """Look at every answer again; returns how many. `progress` is told the share that is done."""
    with transaction(sessions) as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        _, below, as_of = _lock(session)
        return _rebuild(session, below, as_of, progress)


def _rebuild(
    session: Session, below: int, as_of: datetime, progress: Callable[[float], None] | None
) -> int:
    session.execute(text("DELETE FROM confusion_rollup"))
    session.execute(text("DELETE FROM confusion_line"))
    last = session.scalar(select(func.max(Assignment.id))) or 0
    done = after = 0
    while True:
        next_ = session.scalars(text(sql.NEXT), {"after": after, "most": CHUNK})
        ids = list(next_)
        if not ids:
            break
        _lines(session, ids)
        after, done = ids[-1], done + len(ids)
        if progress:
            progress(after / last)
    session.execute(text(sql.COUNT_ALL))
    _remember(session, below, as_of)
    return done


def _lines(session: Session, ids: Sequence[int]) -> Keys:
    """Write what is known of these answers; returns the days that it belongs to."""
    found = session.execute(text(sql.LINES_OF_CHOICES), {"ids": ids})
    keys = {tuple(row) for row in found}
    rows = confusion_parts.lines(session, ids)
    if rows:
        session.execute(insert(ConfusionLine), rows)
    return keys | {(row["project_id"], row["day"], row["labeller_id"]) for row in rows}


def _count(session: Session, keys: Iterable[tuple[int, Any, int]]) -> None:
    listed = list(keys)
    if not listed:
        return
    projects, days, labellers = (list(column) for column in zip(*listed, strict=True))
    values = {"projects": projects, "days": days, "labellers": labellers}
    session.execute(text(sql.UNCOUNT), values)
    session.execute(text(sql.COUNT), values)


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def _lock(session: Session) -> tuple[int, int, datetime]:
    """Take the roll-up's row; returns how far it has read, how far it may, and the moment."""
    first = upsert(RollupState).values(name=NAME, below_xid=0, as_of=clock_time.now())
    session.execute(first.on_conflict_do_nothing())
    mine = select(RollupState.below_xid).where(RollupState.name == NAME).with_for_update()
    after, as_of = session.scalars(mine).one(), clock_time.now()
    # A statement of its own: in the snapshots that follow, all below this number has ended.
    below = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
    return after, session.execute(text(below)).scalar_one(), as_of


def _remember(session: Session, below: int, as_of: datetime) -> None:
    state = session.get_one(RollupState, NAME)
    state.below_xid, state.as_of = below, as_of
    session.flush()
