"""What the filters of a page may be set to: only what the person may see, by name."""

from collections.abc import Callable, Collection
from datetime import date
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from metrics.models import DailyRollup
from metrics.reads.sums import Scope
from ops.access import WORKERS
from ops.labels import CHOICES
from ops.models import (
    Batch,
    OntologyVersion,
    Organisation,
    PastAffiliation,
    Project,
    ProjectMember,
    Skill,
    Team,
    User,
)

# A list longer than this is no choice any more; batches come newest first.
MOST_BATCHES = 300

Choice = tuple[int | str, str]


def choices(session: Session, scope: Scope, kinds: Collection[str]) -> dict[str, list[Choice]]:
    """(value, name) of every filter in `kinds`, within `scope`. One statement for each kind."""
    return {kind: _READS[kind](session, scope) for kind in kinds if kind in _READS}


def batch_of(session: Session, scope: Scope, batch_id: int) -> Choice | None:
    """A batch that the list may have left out; None unless it may be seen. One statement."""
    found = select(Batch.id, Batch.name).where(Batch.id == batch_id, Batch.project_id.in_(scope))
    row = session.execute(found).one_or_none()
    return None if row is None else (row.id, row.name)


def _batches(session: Session, scope: Scope) -> list[Choice]:
    newest = select(Batch.id, Batch.name).where(Batch.project_id.in_(scope))
    return _pairs(session, newest.order_by(Batch.id.desc()).limit(MOST_BATCHES))


def _skills(session: Session, scope: Scope) -> list[Choice]:
    of_scope = select(Project.skill_id).where(Project.id.in_(scope))
    return _pairs(session, _named(Skill).where(Skill.id.in_(of_scope)).order_by(Skill.name))


def _people(scope: Scope) -> Any:
    """Who works in these projects, or has worked there."""
    member = exists().where(ProjectMember.user_id == User.id, ProjectMember.project_id.in_(scope))
    worked = exists().where(
        DailyRollup.labeller_id == User.id, DailyRollup.project_id.in_(scope)
    )  # fmt: skip
    return User.role.in_(WORKERS) & or_(member, worked)


def _labellers(session: Session, scope: Scope) -> list[Choice]:
    return _pairs(session, _named(User).where(_people(scope)).order_by(User.name, User.id))


def _teams(session: Session, scope: Scope) -> list[Choice]:
    return _belonging(session, scope, Team, "team_id")


def _vendors(session: Session, scope: Scope) -> list[Choice]:
    return _belonging(session, scope, Organisation, "organisation_id")


def _belonging(session: Session, scope: Scope, kind: Any, column: str) -> list[Choice]:
    """The teams or vendors of people who work there, those of the past too."""
    mine = select(User.id).where(_people(scope))
    now = select(getattr(User, column)).where(User.id.in_(mine))
    then = select(getattr(PastAffiliation, column)).where(PastAffiliation.user_id.in_(mine))
    found = _named(kind).where(or_(kind.id.in_(now), kind.id.in_(then)))
    return _pairs(session, found.order_by(kind.name))


def _classes(session: Session, scope: Scope) -> list[Choice]:
    """The classes of the newest ontologies whose labels are choices."""
    newest = (
        select(OntologyVersion.project_id, func.max(OntologyVersion.version).label("version"))
        .group_by(OntologyVersion.project_id)
        .subquery("newest")
    )
    listed = (
        select(OntologyVersion.classes)
        .join(newest, (newest.c.project_id == OntologyVersion.project_id)
              & (newest.c.version == OntologyVersion.version))
        .join(Project, Project.id == OntologyVersion.project_id)
        .where(Project.id.in_(scope), Project.label_type.in_(CHOICES))
    )  # fmt: skip
    names = {
        one["key"]: one.get("name", one["key"]) for row in session.scalars(listed) for one in row
    }
    return sorted(names.items(), key=lambda pair: pair[1].lower())


def _named(kind: Any) -> Any:
    return select(kind.id, kind.name)


def _pairs(session: Session, statement: Any) -> list[Choice]:
    return [(row[0], row[1]) for row in session.execute(statement)]


_READS: dict[str, Callable[[Session, Scope], list[Choice]]] = {
    "batch": _batches,
    "team": _teams,
    "vendor": _vendors,
    "class": _classes,
    "skill": _skills,
    "labeller": _labellers,
}


def day_ahead(session: Session, scope: Scope, today: date) -> bool:
    """Whether somebody, east of here, has worked on the day after `today`. One statement."""
    later = select(DailyRollup.day).where(
        DailyRollup.day > today, DailyRollup.project_id.in_(scope)
    )
    mine = later.where(DailyRollup.project_id.in_(scope)).limit(1)
    return session.scalar(mine) is not None
