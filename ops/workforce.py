"""Who of a project's people could label its assets at all: what does not change within the hour.

A pause ends and a limit passes; whoever lacks the role, a certificate or an attribute is no hope.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from ops import clock_time, lanes
from ops.access import STAGE_ROLES
from ops.models import Certificate, Project, ProjectMember, User
from ops.project_settings import ProjectSettings


def able(
    session: Session, project: Project, levels: Mapping[str, int], at: datetime, *, kind: str
) -> set[int]:
    """Ids of the members whose role, certificates (skill id as text → level) and attributes fit.

    Not who is suspended or, for other than ordinary lanes, restricted.
    """
    members = session.execute(
        select(User.id, User.attributes, ProjectMember.restricted_at)
        .join(ProjectMember, ProjectMember.user_id == User.id)
        .where(
            ProjectMember.project_id == project.id,
            ProjectMember.suspended_at.is_(None),
            User.active,
            User.role.in_(STAGE_ROLES["label"]),
        )
    ).all()
    asked = ProjectSettings.model_validate(project.settings).attributes
    fitting = {
        row.id
        for row in members
        if _has(row.attributes, asked) and (kind == "ordinary" or row.restricted_at is None)
    }
    held = _levels(session, fitting, at) if levels else {}
    return {
        who
        for who in fitting
        if all(held[who][int(skill)] >= level for skill, level in levels.items())
    }


def experts(session: Session, project: Project) -> set[int]:
    """Ids of the members who could take the project's hard assets; none where those stay put."""
    if ProjectSettings.model_validate(project.settings).hard.level is None:
        return set()
    levels = lanes.required(session, project.id, "label", "hard")
    return able(session, project, levels, clock_time.now(), kind="hard")


def _has(own: Mapping[str, Any], asked: Mapping[str, Sequence[str]]) -> bool:
    for name, allowed in asked.items():
        value = own.get(name)
        if not set(value if isinstance(value, list) else [value]) & set(allowed):
            return False
    return True


def _levels(session: Session, people: Collection[int], at: datetime) -> dict[int, dict[int, int]]:
    held: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    valid = select(Certificate.user_id, Certificate.skill_id, Certificate.level).where(
        Certificate.user_id.in_(people),
        Certificate.granted_at <= at,
        Certificate.valid_until > at,
        (Certificate.revoked_at.is_(None)) | (Certificate.revoked_at > at),
    )
    for who, skill, level in session.execute(valid):
        held[who][skill] = max(level, held[who][skill])
    return held


# A lease that was lost may come round again; whoever answered, skipped or met the asset as gold
# gets it no more.
_LEFT = text(
    """
    SELECT task.id FROM task
    WHERE task.id = ANY(:tasks) AND EXISTS (
        SELECT FROM unnest(CAST(:people AS bigint[])) AS person(id)
        WHERE NOT EXISTS (
            SELECT FROM task met JOIN assignment ON assignment.task_id = met.id
            WHERE met.asset_id = task.asset_id AND (met.id = task.id OR met.round = 0)
              AND assignment.labeller_id = person.id
              AND assignment.state NOT IN ('released', 'expired')))
    """
)


def somebody_left(session: Session, task_ids: Sequence[int], people: Collection[int]) -> set[int]:
    """Those of the label tasks that at least one of `people` has not had yet."""
    if not task_ids or not people:
        return set()
    values = {"tasks": list(task_ids), "people": sorted(people)}
    return set(session.scalars(_LEFT, values))
