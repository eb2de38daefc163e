"""Who may have which work: one predicate, in SQL, used wherever the question comes up.

Whatever can shut out many tasks is a condition on the lane; a claim asks it once and gets a short
list of lanes. Only two conditions are left for the single task. Each condition carries its words
(see `conditions`), so what selects and what explains can never differ.

Limits bar new work only. What a labeller holds already they may look at and hand in while every
other condition holds; after that it is kept as surplus.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from ops import clock_time
from ops.errors import Forbidden, NotFound
from ops.local_time import day_in
from ops.models import User
from scheduling import sql
from scheduling.conditions import (
    COURSE,
    DESK_STAGES,
    HANDS,
    HOLDING_CONDITIONS,
    LACKING,
    LANE_CONDITIONS,
    LIMITS,
    ROOM,
    ROOM_IN_SHARE,
    TASK_CONDITIONS,
    UNCOVERED,
    Condition,
    all_of,
    setting,
)

NEW_TO_ME = all_of(TASK_CONDITIONS)
APART = TASK_CONDITIONS[1].sql
FOR_NEW_WORK = (*LANE_CONDITIONS, *LIMITS)

# From here the conditions reach u, l, b, p and m.
LANES = """
    FROM user_account u
    CROSS JOIN lane l
    JOIN batch b ON b.id = l.batch_id
    JOIN project p ON p.id = l.project_id
    LEFT JOIN project_member m ON m.project_id = p.id AND m.user_id = u.id"""

_OPEN_LANES = f"""
    SELECT l.id, l.project_id, l.batch_id, l.stage, l.kind
    {LANES}
    WHERE u.id = %(me)s AND {all_of(FOR_NEW_WORK)}
      AND (%(project)s::bigint IS NULL OR p.id = %(project)s::bigint)
    ORDER BY l.id"""

_LANE_OPEN = f"""
    SELECT l.id {LANES} WHERE u.id = %(me)s AND l.id = %(lane)s AND {all_of(LANE_CONDITIONS)}"""

_MAY_HOLD = f"""
    SELECT l.id {LANES}
    WHERE u.id = %(me)s AND l.id = ANY(%(lanes)s::bigint[]) AND {all_of(HOLDING_CONDITIONS)}"""

_OF_A_TASK = (*FOR_NEW_WORK, *TASK_CONDITIONS, ROOM, HANDS)
# What bars a reservation: that the hands are full just now does not.
_OF_A_PUSH = (*FOR_NEW_WORK, *TASK_CONDITIONS, ROOM)


def _columns(conditions: Iterable[Condition]) -> str:
    return ", ".join(f"{c.sql} AS {c.name}" for c in conditions)


_WHY_TASK = f"""
    SELECT {_columns(_OF_A_TASK)}
    {LANES} JOIN task t ON t.lane_id = l.id
    WHERE u.id = %(me)s AND t.id = %(task)s"""

_MAY_ALL = f"""
    SELECT t.id, l.batch_id, {ROOM_IN_SHARE} AS room_in_share, {_columns(_OF_A_PUSH)}
    {LANES} JOIN task t ON t.lane_id = l.id
    WHERE u.id = %(me)s AND t.id = ANY(%(tasks)s::bigint[]) ORDER BY t.id"""

_LANE_AND_WHY = f"""
    SELECT l.id AS lane, p.id AS project_id, p.name AS project, m.paused_until,
           {setting("max_leases")} AS max_leases, m.guideline_read AS read_before,
           (SELECT max(g.version) FROM guideline_version g WHERE g.project_id = p.id) AS guideline,
           ({COURSE}) AS course,
           {_columns(FOR_NEW_WORK)},
           (SELECT jsonb_agg(jsonb_build_array(s.name, missing.level) ORDER BY s.name)
            FROM ({UNCOVERED}) missing JOIN skill s ON s.id = missing.skill_id) AS skills,
           (SELECT jsonb_agg(lacking.name ORDER BY lacking.name) FROM ({LACKING}) lacking) AS lacks
    {LANES}"""
_WHY_LANE = f"{_LANE_AND_WHY} WHERE u.id = %(me)s AND l.id = %(lane)s"
_WHY_LANES = f"""
    {_LANE_AND_WHY}
    WHERE u.id = %(me)s AND m.user_id = %(me)s AND l.stage = ANY(%(stages)s)
      AND (%(project)s::bigint IS NULL OR p.id = %(project)s::bigint)"""


@dataclass(frozen=True)
class Held:
    """A condition, whether it holds, and the words for that in the third person."""

    name: str
    holds: bool
    words: str


def _day(session: Session, labeller_id: int, at: datetime) -> date:
    return day_in(session.get_one(User, labeller_id).timezone, at)


def open_lanes(
    session: Session, labeller_id: int, at: datetime, project_id: int | None = None
) -> Sequence[Row[Any]]:
    """The lanes of which `labeller_id` may have new work at `at`, of one project or of all."""
    day = _day(session, labeller_id, at)
    return sql.rows(session, _OPEN_LANES, me=labeller_id, now=at, day=day, project=project_id)


def lane_is_open(session: Session, labeller_id: int, lane_id: int, at: datetime) -> bool:
    """Whether the labeller may do work of this lane at `at`, limits aside."""
    return sql.row(session, _LANE_OPEN, me=labeller_id, lane=lane_id, now=at) is not None


def may_hold(
    session: Session, labeller_id: int, lane_ids: Collection[int], at: datetime
) -> set[int]:
    """Those of the lanes in whose work the labeller may go on, limits aside."""
    if not lane_ids:
        return set()
    found = sql.rows(session, _MAY_HOLD, me=labeller_id, lanes=list(lane_ids), now=at)
    return {row.id for row in found}


def may(session: Session, labeller: User, task_id: int) -> str | None:
    """None if `labeller` could be given this task now, else the first reason why not."""
    at = clock_time.now()
    found = _of_task(session, labeller.id, task_id, at)
    if found is None:
        return "There is no such task."
    return next((c.words for c in _OF_A_TASK if not getattr(found, c.name)), None)


def why(session: Session, labeller_id: int, task_id: int, at: datetime) -> list[Held]:
    """Every condition between a labeller and a task, in the words of a lead. Raises NotFound."""
    found = _of_task(session, labeller_id, task_id, at)
    if found is None:
        raise NotFound("There is no such task.")
    told = [(c, bool(getattr(found, c.name))) for c in _OF_A_TASK]
    return [Held(c.name, holds, c.met if holds else c.of_them) for c, holds in told]


def _of_task(session: Session, labeller_id: int, task_id: int, at: datetime) -> Row[Any] | None:
    day = _day(session, labeller_id, at)
    return sql.row(session, _WHY_TASK, me=labeller_id, task=task_id, now=at, day=day)


def may_all(
    session: Session, labeller_id: int, task_ids: Sequence[int], at: datetime
) -> dict[int, list[str]]:
    """Task id → names of the conditions that fail were all of them given to the labeller together.

    An empty list: nothing is against it. A limit to a share of the batch is used up in the order of
    the ids. Tasks that do not exist are left out. One statement, whatever the number.
    """
    day = _day(session, labeller_id, at)
    values = {"me": labeller_id, "tasks": list(task_ids), "now": at, "day": day}
    taken: dict[int, int] = {}
    told: dict[int, list[str]] = {}
    for row in sql.rows(session, _MAY_ALL, **values):
        failed = [c.name for c in _OF_A_PUSH if not getattr(row, c.name)]
        if not failed:
            taken[row.batch_id] = taken.get(row.batch_id, 0) + 1
            if row.room_in_share is not None and taken[row.batch_id] > row.room_in_share:
                failed = ["batch_share"]
        told[row.id] = failed
    return told


def lanes_and_why(
    session: Session, labeller_id: int, at: datetime, project_id: int | None
) -> Sequence[Row[Any]]:
    """Every lane of the labeller's projects with a truth value per condition of new work."""
    return sql.rows(
        session,
        _WHY_LANES,
        me=labeller_id,
        now=at,
        day=_day(session, labeller_id, at),
        project=project_id,
        stages=list(DESK_STAGES),
    )


def refuse_looking(session: Session, labeller_id: int, lane_id: int) -> None:
    """Let a labeller look at work of this lane only while they may do it, limits aside.

    Raises Forbidden with the reason, NotFound for whoever is no member of its project.
    """
    at = clock_time.now()
    day = _day(session, labeller_id, at)
    lane = sql.row(session, _WHY_LANE, me=labeller_id, lane=lane_id, now=at, day=day)
    if lane is None or not lane.member:
        raise NotFound("There is no such work on your desk.")
    failed = next((c.name for c in HOLDING_CONDITIONS if not getattr(lane, c.name)), None)
    if failed is not None:
        raise Forbidden(in_words(lane, failed))


def in_words(lane: Row[Any], failed: str) -> str:
    """Why the labeller gets nothing of `lane` (a row of `lanes_and_why`), in the second person."""
    if failed in _IN_WORDS:
        return _IN_WORDS[failed](lane)
    return next(c.words for c in FOR_NEW_WORK if c.name == failed)


def _certificates(lane: Row[Any]) -> str:
    needed = " and ".join(f"{name} at level {level}" for name, level in lane.skills)
    return f"{lane.project} asks for a valid certificate in {needed}."


def _guideline(lane: Row[Any]) -> str:
    if not lane.read_before:
        return f"{lane.project} has a guideline: read version {lane.guideline} to go on."
    return f"The guideline of {lane.project} changed: read version {lane.guideline} to go on."


def _course(lane: Row[Any]) -> str:
    if not lane.course:
        return f"{lane.project} has a course for you before your first task."
    return f"Before your first task {lane.project} has a course for you: {lane.course[1]}."


# Where more can be said than the condition alone knows.
_IN_WORDS: dict[str, Callable[[Row[Any]], str]] = {
    "not_suspended": lambda x: f"You are suspended from {x.project}.",
    "not_paused": lambda x: (
        f"Your work in {x.project} is paused until {x.paused_until:%Y-%m-%d %H:%M} UTC."
    ),
    "trained": lambda x: (
        f"{x.project} sent you to training: pass an assessment of its skill to go on."
    ),
    "running": lambda x: f"{x.project} is not running at the moment.",
    "batch_open": lambda _: "All done: there is nothing left for you to label.",
    "certified": _certificates,
    "guideline_read": _guideline,
    "courses_done": _course,
    "attributes": lambda x: (
        f"{x.project} asks for {', '.join(x.lacks)}, which your profile does not show."
    ),
}
