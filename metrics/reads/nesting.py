"""Who is nested in a project, how near they are to moving on, and who moved when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from ops import projects
from ops.models import Project, ProjectMember, Team, User
from quality import calibration, trust
from quality.measures.calibrating import answers_to_go
from quality.measures.standing import Standing
from quality.models import CalibrationMove

NEWEST = 50


@dataclass(frozen=True)
class Nested:
    """A newcomer. `judged` answers in the project since they are nested; `to_go` is about how many
    more it takes, None where that cannot be foreseen."""

    id: int
    name: str
    team: str | None
    since: datetime
    judged: int
    believed: Standing
    to_go: int | None


@dataclass(frozen=True)
class Move:
    """A change of how closely somebody is watched; `by` is None where the figures decided."""

    at: datetime
    name: str
    move: str
    reason: str
    by: str | None
    evidence: dict[str, Any]


def nested(session: Session, project: Project) -> list[Nested]:
    """Who is nested, the nearest to moving on first. Three statements."""
    members = _members(session, project, ProjectMember.nesting_since.is_not(None))
    since = {row.id: row.nesting_since for row in members}
    judged = calibration.judged_since(session, project.id, since)
    believed = trust.standings(session, since, project.skill_id)
    terms = projects.settings_of(project).nesting
    more = _to_go([believed[row.id] for row in members], terms.promote_low)
    found = []
    for row, go in zip(members, more, strict=True):
        fewest = max(terms.answers - judged[row.id], 0)
        to_go = None if go is None else max(go, fewest)
        seen = (row.nesting_since, judged[row.id], believed[row.id], to_go)
        found.append(Nested(row.id, row.name, row.team, *seen))
    return sorted(found, key=lambda one: (one.to_go is None, one.to_go or 0, one.name))


def _to_go(believed: Sequence[Standing], target: float) -> list[int | None]:
    mean, low = (np.array([getattr(b, name) for b in believed]) for name in ("mean", "low"))
    return [None if np.isnan(n) else int(n) for n in answers_to_go(mean, low, target)]


def free(session: Session, project: Project) -> Sequence[Any]:
    """The labellers of the project who are not nested: rows of id and name. One statement."""
    return _members(session, project, ProjectMember.nesting_since.is_(None))


def _members(session: Session, project: Project, condition: Any) -> Sequence[Any]:
    found = (
        select(User.id, User.name, Team.name.label("team"), ProjectMember.nesting_since)
        .join(ProjectMember, ProjectMember.user_id == User.id)
        .outerjoin(Team, Team.id == User.team_id)
        .where(
            ProjectMember.project_id == project.id,
            User.role == "labeller",
            User.active,
            condition,
        )
        .order_by(User.name, User.id)
    )
    return session.execute(found).all()


def moves(session: Session, project: Project) -> list[Move]:
    """The newest moves in the project, newest first. One statement."""
    by, of = aliased(User), CalibrationMove
    found = (
        select(of, User.name, by.name)
        .join(User, User.id == of.user_id)
        .outerjoin(by, by.id == of.by)
        .where(of.project_id == project.id)
        .order_by(of.at.desc(), of.id.desc())
        .limit(NEWEST)
    )
    return [
        Move(move.at, name, move.move, move.reason, hand, move.evidence)
        for move, name, hand in session.execute(found).all()
    ]
