"""What a claim reads, in one statement after the lock: what I hold, and the lanes open to me.

One row, its lists as JSON: a dozen columns would take the driver longer than the server.
"""

from datetime import datetime
from typing import NamedTuple

from quality.gold_choice import EXPOSURE
from scheduling import sql
from scheduling.conditions import Condition, all_of, setting
from scheduling.eligibility import FOR_NEW_WORK, LANES


class Lease(NamedTuple):
    """A lease, live or lapsed; the names are the order in which it is read."""

    id: int
    token: str
    task_id: int
    project_id: int
    lane_id: int
    expires: str
    shown: bool
    lapsed: bool


class OpenLane(NamedTuple):
    """A lane open to the labeller, with what order and pick need to know of it.

    The cursor, `npri` and `task_id`, stands while `seen` is the lane's generation.
    """

    id: int
    project_id: int
    batch_id: int
    stage: str
    kind: str
    generation: int
    priority: int
    due: str | None
    lease_minutes: int
    max_leases: int
    npri: int | None
    task_id: int | None
    seen: int | None
    until_next: int | None
    gold_id: int | None
    exposure: str | None

    @property
    def due_at(self) -> datetime | None:
        return datetime.fromisoformat(self.due) if self.due else None

    @property
    def stands(self) -> bool:
        return self.seen == self.generation


_HELD = """
    SELECT json_agg(json_build_array(a.id, a.token, a.task_id, a.project_id, t.lane_id,
        a.expires_at, a.shown_at IS NOT NULL, a.expires_at <= %(now)s) ORDER BY a.id)::text
    FROM assignment a JOIN task t ON t.id = a.task_id
    WHERE a.labeller_id = %(me)s AND a.state = 'leased'"""
# Reservations are only counted here: a claim looks for them when there are any.
_RESERVED = "SELECT FROM assignment WHERE labeller_id = %(me)s AND state = 'reserved'"
# Where gold may go out, the lock of `gold_choice.lock_exposure`: an assessment that begins just now
# must not ask the same.
_LOCK_EXPOSURE = f"""
    CASE WHEN g.until_next = 0 AND g.gold_id IS NOT NULL THEN pg_advisory_xact_lock(
        hashtextextended('{EXPOSURE}' || u.id, 0))::text END"""


def read_desk(conditions: tuple[Condition, ...] = FOR_NEW_WORK) -> str:
    """The statement: what is held, whether something is reserved, the lanes open under these."""
    return sql.short(f"""
    SELECT ({_HELD}) AS held, EXISTS ({_RESERVED}) AS reserved, (
        SELECT json_agg(json_build_array(
            l.id, l.project_id, l.batch_id, l.stage, l.kind, l.generation, b.priority, b.due_at,
            {setting("lease_minutes")}, {setting("max_leases")},
            c.npri, c.task_id, c.generation, g.until_next, g.gold_id, {_LOCK_EXPOSURE}))::text
        {LANES}
        LEFT JOIN desk_cursor c ON c.labeller_id = u.id AND c.lane_id = l.id
        LEFT JOIN gold_pace g ON g.labeller_id = u.id AND g.project_id = p.id
        WHERE u.id = %(me)s AND {all_of(conditions)}
          AND (%(project)s::bigint IS NULL OR p.id = %(project)s::bigint)) AS lanes""")


READ_DESK = read_desk()
