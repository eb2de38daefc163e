"""What a labeller would get next in a project, and why: their desk, reserved, gold, lanes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from ops.models import Project, User
from scheduling import eligibility, held, line, sql
from scheduling.conditions import LANE_CONDITIONS, LIMITS
from scheduling.explain import pace
from scheduling.line import MOST

SHOWN = 10

_LANES = f"""
    SELECT l.id, l.stage, l.kind, b.name AS batch, b.priority, b.due_at,
           (SELECT count(*) FROM (
                SELECT FROM task t
                WHERE t.lane_id = l.id AND t.open AND {eligibility.NEW_TO_ME} LIMIT {MOST}) x) AS n
    FROM lane l JOIN batch b ON b.id = l.batch_id
    WHERE l.project_id = %(project)s AND l.stage = ANY(%(stages)s) ORDER BY l.id"""

_PACE = """
    SELECT until_next FROM gold_pace
    WHERE labeller_id = %(me)s AND project_id = %(project)s"""


@dataclass(frozen=True)
class LaneWhy:
    """A lane for one labeller: `n` open tasks new to them, counted up to MOST.

    `rank` is None where it is shut to them, and `failing` says why; `because` what puts it there.
    """

    lane: Row[Any]
    n: int
    rank: int | None
    because: str
    failing: tuple[str, ...]


@dataclass(frozen=True)
class NextWhy:
    """`words` first; what they hold, what is reserved for them, the head of their line."""

    words: tuple[str, ...]
    leased: Sequence[Row[Any]]
    reserved: Sequence[Row[Any]]
    first: Sequence[Row[Any]]
    lanes: tuple[LaneWhy, ...]


def of_project(session: Session, labeller: User, project: Project, at: datetime) -> NextWhy:
    """What `labeller` would get next of `project` if they asked now."""
    ranked = line.lanes_in_order(session, labeller, at, project.id)
    lanes = _lanes(session, labeller, project, at, ranked)
    leased, reserved = (
        held.rows(session, project.id, held.Filter(labeller.id, None, state), at, limit=MOST)
        for state in ("leased", "reserved")
    )
    first = line.first(session, labeller, ranked, SHOWN)
    words = (
        *_hands(labeller, leased, ranked),
        *_coming(session, labeller, project, reserved, first, lanes),
    )
    return NextWhy(tuple(words), leased, reserved, first, lanes)


def _lanes(
    session: Session,
    labeller: User,
    project: Project,
    at: datetime,
    ranked: Sequence[line.Ranked],
) -> tuple[LaneWhy, ...]:
    told = {x.lane: x for x in eligibility.lanes_and_why(session, labeller.id, at, project.id)}
    ranks = {x.lane.id: x for x in ranked}
    values = {"me": labeller.id, "project": project.id, "stages": list(eligibility.DESK_STAGES)}
    found = [
        LaneWhy(
            lane,
            lane.n,
            ranks[lane.id].rank if lane.id in ranks else None,
            ranks[lane.id].because if lane.id in ranks else "",
            _failing(told.get(lane.id)),
        )
        for lane in sql.rows(session, _LANES, **values)
    ]
    return tuple(sorted(found, key=lambda x: (x.rank is None, x.rank or 0, x.lane.id)))


def _failing(lane: Row[Any] | None) -> tuple[str, ...]:
    if lane is None:
        return (LANE_CONDITIONS[0].of_them,)
    conditions = (*LANE_CONDITIONS, *LIMITS)
    return tuple(c.of_them for c in conditions if not getattr(lane, c.name))


def _hands(labeller: User, leased: Sequence[Row[Any]], ranked: Sequence[line.Ranked]) -> list[str]:
    if not leased:
        return []
    most = max((x.lane.max_leases for x in ranked), default=None)
    of = f" of {most}" if most else ""
    full = most is not None and len(leased) >= most
    then = ", so they get nothing new before one is handed in" if full else ""
    return [f"{labeller.name} holds {len(leased)}{of} tasks here{then}."]


def _coming(
    session: Session,
    labeller: User,
    project: Project,
    reserved: Sequence[Row[Any]],
    first: Sequence[Row[Any]],
    lanes: Sequence[LaneWhy],
) -> list[str]:
    name = labeller.name
    if not any(x.rank is not None for x in lanes):
        return [_shut(name, lanes)]
    if not first and not reserved:
        return [f"There is no open work here that {name} has not had."]
    found = sql.row(session, _PACE, me=labeller.id, project=project.id)
    words = [pace(name, found.until_next if found else None)]
    if reserved:
        n = f"{len(reserved):,} {'task' if len(reserved) == 1 else 'tasks'}"
        words.insert(0, f"What is reserved for {name} comes first: {n}.")
    return words


def _shut(name: str, lanes: Sequence[LaneWhy]) -> str:
    if not lanes:
        return "There is no work in this project yet."
    nearest = min(lanes, key=lambda x: len(x.failing))
    said = nearest.failing[0]
    return f"{name} gets nothing here: {said[:1].lower()}{said[1:]}"
