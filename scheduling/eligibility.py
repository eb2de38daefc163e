"""Who may have which work: one predicate, in SQL, used wherever the question comes up.

Whatever can shut out many tasks is a condition on the lane; a claim asks it once and gets a short
list of lanes. Only two conditions are left for the single task. Each condition carries the words
for when it fails, so what selects and what explains can never differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from ops import clock_time
from ops.access import STAGE_ROLES
from ops.models import User
from ops.project_settings import ProjectSettings
from scheduling import sql

# Assessments and training have their own pages; these stages go over the desk.
DESK_STAGES = ("label", "review", "rework", "adjudicate")


@dataclass(frozen=True)
class Condition:
    """Something that must hold between a labeller (u) and a lane (l) or a task (t)."""

    name: str
    sql: str
    words: str


def setting(name: str) -> str:
    """SQL for an integer setting of project p, with its default where it was never set."""
    default = int(ProjectSettings.model_fields[name].default)
    return f"coalesce((p.settings ->> '{name}')::int, {default})"


def _roles() -> str:
    pairs = ", ".join(
        f"('{stage}', '{role}')" for stage in DESK_STAGES for role in sorted(STAGE_ROLES[stage])
    )
    return f"(l.stage, u.role) IN ({pairs})"


# A requirement that no valid certificate of u covers.
_UNCOVERED = """
    SELECT r.skill::bigint AS skill_id, r.level::int AS level
    FROM jsonb_each_text(l.requirements) AS r(skill, level)
    WHERE NOT EXISTS (
        SELECT FROM certificate c
        WHERE c.user_id = u.id AND c.skill_id = r.skill::bigint AND c.level >= r.level::int
          AND c.granted_at <= %(now)s AND c.valid_until > %(now)s
          AND (c.revoked_at IS NULL OR c.revoked_at > %(now)s))"""

# An attribute asked for, for which u has none of the values allowed (one value, or a list).
_LACKING = """
    SELECT asked.name
    FROM jsonb_each(coalesce(p.settings -> 'attributes', '{}')) AS asked(name, allowed)
    WHERE NOT CASE jsonb_typeof(u.attributes -> asked.name)
        WHEN 'array' THEN EXISTS (
            SELECT FROM jsonb_array_elements_text(u.attributes -> asked.name) AS own(value)
            WHERE asked.allowed ? own.value)
        ELSE coalesce(asked.allowed ? (u.attributes ->> asked.name), false) END"""

LANE_CONDITIONS = (
    Condition("member", "m.user_id IS NOT NULL", "You are not a member of this project."),
    Condition("active", "u.active", "Your account is closed."),
    Condition("role", _roles(), "Your role does not do this kind of work."),
    Condition(
        "not_paused",
        "(m.paused_until IS NULL OR m.paused_until <= %(now)s)",
        "Your work in this project is paused.",
    ),
    Condition("running", "p.state = 'running'", "This project is not running."),
    Condition("batch_open", "b.state = 'open'", "This batch is complete."),
    Condition("batch_not_paused", "NOT b.paused", "This batch is paused."),
    Condition(
        "certified",
        f"NOT EXISTS ({_UNCOVERED})",
        "You hold no valid certificate for this work.",
    ),
    Condition(
        "attributes",
        f"NOT EXISTS ({_LACKING})",
        "This project asks for something your profile does not show.",
    ),
)

# Gold is a task of round 0: whoever met an asset as gold gets it as work no more, and the reverse
# is seen to when gold is picked. Reviewing asks for an asset one has not worked on at all.
# OFFSET 0 keeps the planner from turning these into joins, for which it would fetch everything that
# the labeller ever did: each is to be one look into an index, for the few tasks that are looked at.
TASK_CONDITIONS = (
    Condition(
        "not_mine",
        """NOT EXISTS (
            SELECT FROM assignment a
            WHERE a.task_id = t.id AND a.labeller_id = %(me)s OFFSET 0)""",
        "You have had this task already.",
    ),
    Condition(
        "apart",
        """NOT EXISTS (
            SELECT FROM task o JOIN assignment a ON a.task_id = o.id AND a.labeller_id = %(me)s
            WHERE o.asset_id = t.asset_id AND o.id <> t.id
              AND (o.round = 0 OR t.stage IN ('review', 'adjudicate')) OFFSET 0)""",
        "You have worked on this asset already.",
    ),
)

NEW_TO_ME = " AND ".join(c.sql for c in TASK_CONDITIONS)
APART = TASK_CONDITIONS[1].sql

_LANES = """
    FROM user_account u
    CROSS JOIN lane l
    JOIN batch b ON b.id = l.batch_id
    JOIN project p ON p.id = l.project_id
    LEFT JOIN project_member m ON m.project_id = p.id AND m.user_id = u.id"""
_MAY = " AND ".join(c.sql for c in LANE_CONDITIONS)

# The lanes open to me, with what a claim needs to know of each.
OPEN_LANES = f"""
    SELECT l.id, l.project_id, l.batch_id, l.stage, l.generation, p.skill_id,
           {setting("lease_minutes")} AS lease_minutes, {setting("max_leases")} AS max_leases,
           c.npri, c.task_id, c.generation AS seen_generation, g.until_next
    {_LANES}
    LEFT JOIN desk_cursor c ON c.labeller_id = u.id AND c.lane_id = l.id
    LEFT JOIN gold_pace g ON g.labeller_id = u.id AND g.project_id = p.id
    WHERE u.id = %(me)s AND {_MAY}
      AND (%(project)s::bigint IS NULL OR p.id = %(project)s::bigint)
    ORDER BY l.id"""

_LANE_OPEN = f"SELECT l.id {_LANES} WHERE u.id = %(me)s AND l.id = %(lane)s AND {_MAY}"

_WHY_TASK = f"""
    SELECT {", ".join(f"{c.sql} AS {c.name}" for c in (*LANE_CONDITIONS, *TASK_CONDITIONS))},
           t.open AS has_room,
           (SELECT count(*) FROM assignment h
            WHERE h.labeller_id = u.id AND h.state = 'leased' AND h.expires_at > %(now)s)
           < {setting("max_leases")} AS hands_free
    {_LANES}
    JOIN task t ON t.lane_id = l.id
    WHERE u.id = %(me)s AND t.id = %(task)s"""

_AFTERWARDS = (
    Condition("has_room", "", "All the answers this task wants are given or being given."),
    Condition("hands_free", "", "You hold as many tasks as you may at once."),
)

_WHY_LANES = f"""
    SELECT l.id AS lane, p.name AS project, m.paused_until, {setting("max_leases")} AS max_leases,
           {", ".join(f"{c.sql} AS {c.name}" for c in LANE_CONDITIONS)},
           (SELECT jsonb_agg(jsonb_build_array(s.name, missing.level) ORDER BY s.name)
            FROM ({_UNCOVERED}) missing JOIN skill s ON s.id = missing.skill_id) AS skills,
           (SELECT jsonb_agg(lacking.name ORDER BY lacking.name) FROM ({_LACKING}) lacking) AS lacks
    {_LANES}
    WHERE u.id = %(me)s AND m.user_id = %(me)s AND l.stage = ANY(%(stages)s)
      AND (%(project)s::bigint IS NULL OR p.id = %(project)s::bigint)"""


def open_lanes(
    session: Session, labeller_id: int, at: datetime, project_id: int | None = None
) -> Sequence[Row[Any]]:
    """The lanes whose work `labeller_id` may have at `at`, of one project or of all."""
    return sql.rows(session, OPEN_LANES, me=labeller_id, now=at, project=project_id)


def lane_is_open(session: Session, labeller_id: int, lane_id: int, at: datetime) -> bool:
    """Whether the labeller could be given work of this lane at `at`."""
    return sql.row(session, _LANE_OPEN, me=labeller_id, lane=lane_id, now=at) is not None


def may(session: Session, labeller: User, task_id: int) -> str | None:
    """None if `labeller` could be given this task now, else the first reason why not."""
    found = sql.row(session, _WHY_TASK, me=labeller.id, task=task_id, now=clock_time.now())
    if found is None:
        return "There is no such task."
    conditions = (*LANE_CONDITIONS, *TASK_CONDITIONS, *_AFTERWARDS)
    return next((c.words for c in conditions if not getattr(found, c.name)), None)


def lanes_and_why(
    session: Session, labeller_id: int, at: datetime, project_id: int | None
) -> Sequence[Row[Any]]:
    """Every lane of the labeller's projects with a truth value per condition."""
    return sql.rows(
        session,
        _WHY_LANES,
        me=labeller_id,
        now=at,
        project=project_id,
        stages=list(DESK_STAGES),
    )
