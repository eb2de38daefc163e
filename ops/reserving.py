"""Reserving: a place in a task is kept for one labeller until a moment.

A reservation takes up its place like a lease, so it obeys the same two rules: the row of the task
is locked and changed, and a place is counted for exactly the assignments that were written.
Whether the labeller may have the work is for the caller to ask; what keeps counts and answers
right is seen to here.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from ops import work_events
from ops.errors import InvalidInput

MOST = 1000  # tasks a statement

# An assignment that the look-up could not see yet is found by the unique index instead.
_RESERVE = text(f"""
    WITH room AS MATERIALIZED (
        SELECT t.id, t.lane_id, t.stage FROM task t
        WHERE t.id = ANY(CAST(:tasks AS bigint[])) AND t.open
        ORDER BY t.id FOR NO KEY UPDATE),
    kept AS (
        INSERT INTO assignment (task_id, labeller_id, project_id, state, leased_at, expires_at)
        SELECT room.id, :labeller, l.project_id, 'reserved', :now, :until
        FROM room JOIN lane l ON l.id = room.lane_id
        WHERE NOT EXISTS (
            SELECT FROM assignment a WHERE a.task_id = room.id AND a.labeller_id = :labeller
              AND a.state NOT IN ('released', 'expired'))
        ORDER BY room.id
        ON CONFLICT DO NOTHING
        RETURNING id, task_id),
    counted AS (
        UPDATE task t SET n_leased = t.n_leased + 1,
               returned = t.returned AND t.n_done + t.n_leased + 1 < t.wanted
        FROM kept WHERE t.id = kept.task_id),
    noted AS (
        INSERT INTO work_event ({work_events.COLUMNS})
        SELECT :now, 'reserved', :labeller, l.project_id, l.batch_id, room.stage, room.id, kept.id,
               jsonb_build_object('until', CAST(:until AS timestamptz))
        FROM kept JOIN room ON room.id = kept.task_id JOIN lane l ON l.id = room.lane_id)
    SELECT id FROM kept ORDER BY task_id""")


def reserve(
    session: Session, task_ids: Sequence[int], labeller_id: int, until: datetime, at: datetime
) -> list[int]:
    """Keep a place in each task for `labeller_id` until `until`; returns the new assignments' ids.

    Passed over: a task without a free place, and one of which the labeller has an assignment that
    is live or answered. Tasks are locked in the order of their ids, a statement per thousand.
    Raises InvalidInput naming `until` when that is no later than `at`.
    """
    if until <= at:
        raise InvalidInput("must lie in the future", field="until")
    kept: list[int] = []
    for part in _parts(sorted(set(task_ids))):
        values = {"tasks": part, "labeller": labeller_id, "until": until, "now": at}
        kept += session.scalars(_RESERVE, values)
    return kept


def _parts(ids: list[int]) -> Iterator[list[int]]:
    return (ids[start : start + MOST] for start in range(0, len(ids), MOST))
