"""What a project publishes in versions that never change: its ontology, its guideline."""

from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops import audit_log, clock_time
from ops.models import GuidelineVersion, OntologyVersion, Project, User

Version = TypeVar("Version", GuidelineVersion, OntologyVersion)


def current(session: Session, kind: type[Version], project_id: int) -> Version | None:
    """The version in force; None before the first."""
    return session.scalar(
        select(kind).where(kind.project_id == project_id).order_by(kind.version.desc()).limit(1)
    )


def publish(
    session: Session,
    kind: type[Version],
    project: Project,
    by: User | None,
    *,
    content: dict[str, Any],
    event: str,
    **noted: Any,
) -> Version:
    """A new version with `content`; the version in force when nothing changed.

    `event` and `noted` are the action of the audit entry and what it says beside the number.
    """
    # One writer of a project at a time: the next number is that of the last plus one.
    session.execute(
        select(Project.id).where(Project.id == project.id).with_for_update(key_share=True)
    )
    before = current(session, kind, project.id)
    if before is not None and all(getattr(before, key) == content[key] for key in content):
        return before
    made = kind(
        project_id=project.id,
        version=before.version + 1 if before else 1,
        created_by=by.id if by else None,
        created_at=clock_time.now(),
        **content,
    )
    session.add(made)
    session.flush()
    audit_log.of_project(
        session,
        project,
        by,
        event,
        version=made.version,
        **noted,
    )
    return made
