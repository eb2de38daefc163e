"""Leases in time: held, shown, kept alive by heartbeats, released, expired."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session, sessionmaker

from ops import audit_log, clock_time
from ops.db import transaction
from ops.errors import Conflict, NotFound
from ops.models import User
from scheduling import eligibility, ending_sql, sql, worked
from scheduling.conditions import setting
from scheduling.ending_sql import Ending

SWEEP = 500
HANDED_IN = ("submitted", "skipped")

_HELD = """
    SELECT a.id, a.token::text AS token, a.task_id, a.project_id, t.lane_id, a.expires_at,
           a.shown_at IS NOT NULL AS shown, a.expires_at <= %(now)s AS lapsed
    FROM assignment a JOIN task t ON t.id = a.task_id
    WHERE a.labeller_id = %(me)s AND a.state = 'leased'"""

# Heartbeats change the assignment alone: they need no lock on the task.
_MINE = f"""
    SELECT a.id, a.state, a.task_id, a.leased_at, a.shown_at, a.expires_at, a.tab, a.beat,
           a.beat_at, a.active_ms, a.active_before_ms, a.idle_ms, a.idle_before_ms, a.inputs,
           a.inputs_before, t.lane_id,
           {setting("lease_minutes")} AS lease_minutes
    FROM assignment a JOIN project p ON p.id = a.project_id JOIN task t ON t.id = a.task_id
    WHERE a.token = %(token)s AND a.labeller_id = %(me)s FOR NO KEY UPDATE OF a"""

_SHOWN = """
    UPDATE assignment SET shown_at = coalesce(shown_at, %(now)s), tab = %(tab)s, beat = 0,
           beat_at = %(now)s, active_before_ms = active_ms, idle_before_ms = idle_ms,
           inputs_before = inputs, expires_at = %(expires_at)s
    WHERE id = %(id)s"""

_BEAT = """
    UPDATE assignment SET tab = %(tab)s, beat = %(beat)s, beat_at = %(now)s,
           active_ms = %(active_ms)s, active_before_ms = %(active_before_ms)s,
           idle_ms = %(idle_ms)s, idle_before_ms = %(idle_before_ms)s,
           inputs = %(inputs)s, inputs_before = %(inputs_before)s, expires_at = %(expires_at)s
    WHERE id = %(id)s"""


@dataclass(frozen=True)
class Beat:
    """What a heartbeat is answered: until when the lease runs, whether this tab's time counts."""

    expires_at: datetime
    mine: bool
    active_ms: int


def held(session: Session, labeller_id: int, at: datetime) -> Sequence[Row[Any]]:
    """The live leases of a labeller, oldest first; `lapsed` says that time has run out for one."""
    return sorted(sql.rows(session, _HELD, me=labeller_id, now=at), key=lambda lease: lease.id)


def _mine(session: Session, labeller: User, token: uuid.UUID) -> Row[Any]:
    found = sql.row(session, _MINE, me=labeller.id, token=token)
    if found is None:
        raise NotFound("There is no such work on your desk.")
    if found.state not in HANDED_IN:
        eligibility.refuse_looking(session, labeller.id, found.lane_id)
    return found


def shown(session: Session, labeller: User, token: uuid.UUID, *, tab: str) -> datetime:
    """The labeller's screen shows this work: the wall clock starts, and `tab` takes it over.

    Returns until when the lease runs. Raises NotFound, and Forbidden with the reason when the
    labeller may not do this work any more.
    """
    lease, at = _mine(session, labeller, token), clock_time.now()
    if lease.state != "leased":
        return lease.expires_at
    if lease.shown_at is not None and lease.tab == tab:
        return _extended(lease, at)
    expires_at = _extended(lease, at)
    sql.run(session, _SHOWN, id=lease.id, now=at, tab=tab, expires_at=expires_at)
    return expires_at


def heartbeat(
    session: Session,
    labeller: User,
    token: uuid.UUID,
    *,
    tab: str,
    beat: int,
    active_ms: int,
    idle_ms: int = 0,
    inputs: int = 0,
) -> Beat:
    """Add time and inputs and keep the lease alive. Raises NotFound, Forbidden as `shown` does.

    `active_ms`, `idle_ms` and `inputs` are the totals of this tab so far and `beat` rises with
    every message, so a repeated or overtaken message changes nothing. Time counts for one tab only,
    and never beyond the wall time. After the work has been handed in nothing counts any more; while
    a lease has run out it still does, because the answer may still come.
    """
    lease, at = _mine(session, labeller, token), clock_time.now()
    over = lease.state in (*HANDED_IN, "released")
    if over or not worked.tab_counts(lease, tab, at):
        return Beat(lease.expires_at, False, lease.active_ms)
    if tab == lease.tab and beat <= lease.beat:
        return Beat(lease.expires_at, True, lease.active_ms)
    counted = worked.counted(lease, worked.Report(tab, active_ms, idle_ms, inputs), at)
    live = lease.state == "leased"
    expires_at = _extended(lease, at) if live else lease.expires_at
    when = {"now": at, "expires_at": expires_at}
    sql.run(session, _BEAT, id=lease.id, tab=tab, beat=beat, **when, **counted)
    return Beat(expires_at, True, counted["active_ms"])


def _extended(lease: Row[Any], at: datetime) -> datetime:
    return max(lease.expires_at, at + timedelta(minutes=lease.lease_minutes))


def release(session: Session, labeller: User, token: uuid.UUID) -> None:
    """Give work back undone; somebody else may have it at once. Twice is once.

    Raises NotFound, and Conflict when it was handed in already.
    """
    lock_desk(session, labeller.id)
    found = sql.row(session, _STATE, me=labeller.id, token=token)
    if found is None:
        raise NotFound("There is no such work on your desk.")
    if found.state in ("submitted", "skipped"):
        raise Conflict("This work was handed in already.")
    if end(session, ending_sql.RELEASE, clock_time.now(), these=[found.id]):
        audit_log.record(session, labeller, "assignment.released", f"assignment:{found.id}")


_STATE = """
    SELECT id, state FROM assignment WHERE token = %(token)s AND labeller_id = %(me)s"""


def end(
    session: Session,
    how: Ending,
    at: datetime,
    *,
    upto: datetime | str = ending_sql.EVER,
    **due: Any,
) -> Sequence[Row[Any]]:
    """End as `how` says what `due` names: `id` and `task_id` of what was still held then."""
    locked = [row.id for row in sql.rows(session, how.lock, now=at, **due)]
    return sql.rows(session, how.end, ids=locked, now=at, upto=upto) if locked else []


def lock_desk(session: Session, labeller_id: int) -> None:
    """Make what one labeller does at once follow one another. Comes before every other lock."""
    sql.row(session, ending_sql.LOCK_DESK, me=labeller_id)


def expire_mine(session: Session, labeller_id: int, at: datetime) -> list[int]:
    """End what one labeller holds whose time has run out; returns the ids of its tasks.

    Those that somebody is changing just now are left to the sweep. The tasks stay locked until the
    end of the transaction, so no other may be waited for afterwards.
    """
    ended = end(session, ending_sql.EXPIRE_MINE, at, upto=at, me=labeller_id)
    return sorted(row.task_id for row in ended)


def recall(session: Session, assignment_ids: Sequence[int], at: datetime) -> list[int]:
    """End leases and reservations of anybody; returns the ids of those that were live.

    Their places are free at once. What is still handed in of them is kept as surplus. Tasks are
    locked in the order of their ids.
    """
    ended = end(session, ending_sql.RECALL, at, these=list(assignment_ids))
    return sorted(row.id for row in ended)


def expire(sessions: sessionmaker[Session]) -> int:
    """End every lease and every reservation whose time has run out; returns how many.

    Rows that somebody is working on right now are left to the next sweep.
    """
    total = 0
    while True:
        at = clock_time.now()
        with transaction(sessions) as session:
            ended = end(session, ending_sql.EXPIRE, at, upto=at, most=SWEEP)
        total += len(ended)
        if len(ended) < SWEEP:
            return total
