"""The line of work before a labeller: in which order their lanes come, and what stands in it.

The order is the claim's. A line is what it would be if nobody else claimed meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from ops.models import User
from scheduling import claim_sql, eligibility, policy, sql
from scheduling.conditions import setting
from scheduling.eligibility import NEW_TO_ME

MOST = 1000  # counted no further


@dataclass(frozen=True)
class Place:
    """How many open tasks come before one: those reserved for the labeller, and those in line.

    `before` is counted up to MOST. `because` says what puts its lane where it is.
    """

    before: int
    reserved: int
    because: str

    def words(self) -> str:
        """The place as the end of a sentence."""
        if not self.before + self.reserved:
            return f"it comes next, unless gold does. {self.because}".rstrip()
        n = f"{MOST:,} tasks or more" if self.before >= MOST else _tasks(self.before)
        first = f"{_tasks(self.reserved)} reserved for them, then " if self.reserved else ""
        return f"after {first}{n} of their line. {self.because}".rstrip()


def _tasks(n: int) -> str:
    return "1 task" if n == 1 else f"{n:,} tasks"


_RESERVED = """
    SELECT count(*) AS n FROM assignment a JOIN task t ON t.id = a.task_id
    WHERE a.labeller_id = %(me)s AND a.state = 'reserved' AND a.expires_at > %(now)s
      AND t.lane_id = ANY(%(lanes)s::bigint[])"""

# Arms of their own for what came back and for the rest, so that each is a stretch of an index.
_ARM = f"""
    SELECT {{turn}} AS turn, t.npri, t.id, t.asset_id FROM task t
    WHERE t.lane_id = s.lane AND t.open AND {{which}} AND {NEW_TO_ME}"""
_RETURNED = _ARM.format(turn=0, which="t.returned")
_FRESH = _ARM.format(turn=1, which="NOT t.returned")
_AHEAD = "(t.npri, t.id) < (%(npri)s, %(task)s)"
_LANES = "unnest(%(lanes)s::bigint[], %(ranks)s::bigint[]) AS s(lane, rank)"

_DESK = "SELECT project_id, claims FROM desk WHERE labeller_id = %(me)s"
_OPEN = f"""
    SELECT l.id, l.project_id, l.kind, b.priority, b.due_at, {setting("max_leases")} AS max_leases
    FROM lane l JOIN batch b ON b.id = l.batch_id JOIN project p ON p.id = l.project_id
    WHERE l.id = ANY(%(lanes)s::bigint[])"""

_BEFORE = f"""
    SELECT count(*) AS n FROM (
        SELECT FROM {_LANES} CROSS JOIN LATERAL (
            ({_RETURNED} AND (s.rank < %(rank)s OR s.rank = %(rank)s AND (%(fresh)s OR {_AHEAD}))
             LIMIT {MOST})
            UNION ALL
            ({_FRESH} AND s.rank < %(rank)s LIMIT {MOST})
            UNION ALL
            ({_FRESH} AND s.rank = %(rank)s AND %(fresh)s AND {_AHEAD} LIMIT {MOST})) c
        LIMIT {MOST}) before"""

_FIRST = f"""
    SELECT s.lane, c.id, c.asset_id, x.external_id FROM {_LANES}
    CROSS JOIN LATERAL (
        ({_RETURNED} ORDER BY t.npri, t.id LIMIT %(limit)s)
        UNION ALL ({_FRESH} ORDER BY t.npri, t.id LIMIT %(limit)s)) c
    JOIN asset x ON x.id = c.asset_id
    ORDER BY s.rank, c.turn, c.npri, c.id LIMIT %(limit)s"""


@dataclass(frozen=True)
class Ranked:
    """A lane open to a labeller, its rank among them (0 comes first), and what puts it there."""

    lane: Row[Any]
    rank: int
    because: str


def place(session: Session, labeller: User, task: Row[Any], at: datetime) -> Place:
    """Where `task` (id, lane_id, npri, returned) stands in the line of `labeller`.

    Its lane must be open to them, and the task new to them.
    """
    lanes = lanes_in_order(session, labeller, at)
    own = next(x for x in lanes if x.lane.id == task.lane_id)
    values = {"me": labeller.id, "lanes": [x.lane.id for x in lanes]}
    found = sql.row(
        session,
        _BEFORE,
        **values,
        ranks=[x.rank for x in lanes],
        rank=own.rank,
        fresh=not task.returned,
        npri=task.npri,
        task=task.id,
    )
    kept = sql.row(session, _RESERVED, **values, now=at)
    assert found is not None and kept is not None
    return Place(found.n, kept.n, own.because)


def lanes_in_order(
    session: Session, labeller: User, at: datetime, project_id: int | None = None
) -> Sequence[Ranked]:
    """The lanes of which the labeller may have new work, in the order in which a claim looks.

    Of one project they are ranked among themselves.
    """
    # Planned as a claim is: what is counted looks into indexes, one task after the other.
    sql.row(session, f"SELECT {claim_sql.PLANNER}")
    ids = [x.id for x in eligibility.open_lanes(session, labeller.id, at, project_id)]
    desk = sql.row(session, _DESK, me=labeller.id)
    last, turn = (desk.project_id, desk.claims + 1) if desk else (None, 1)
    ordered = policy.in_order(sql.rows(session, _OPEN, lanes=ids), at, last, turn)
    return [Ranked(lane, rank, _because(lane, at, last)) for rank, lane in enumerate(ordered)]


def _because(lane: Row[Any], at: datetime, last_project: int | None) -> str:
    """What puts a lane before others, the weightiest first; empty where only chance does."""
    said = []
    if lane.priority:
        said.append(f"Priority {lane.priority}.")
    if lane.due_at is not None and lane.due_at <= at + policy.URGENT:
        late = "Overdue since" if lane.due_at <= at else "Due within a day,"
        said.append(f"{late} {lane.due_at:%Y-%m-%d %H:%M} UTC.")
    if lane.project_id == last_project:
        said.append("They worked in this project last.")
    if lane.kind == "hard":
        said.append("Hard, for experts.")
    return " ".join(said)


def first(
    session: Session, labeller: User, lanes: Sequence[Ranked], limit: int
) -> Sequence[Row[Any]]:
    """The first tasks of these lanes that are open and new to the labeller, in order."""
    return sql.rows(
        session,
        _FIRST,
        me=labeller.id,
        lanes=[x.lane.id for x in lanes],
        ranks=[x.rank for x in lanes],
        limit=limit,
    )
