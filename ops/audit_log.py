"""Every write by a person leaves an audit entry in the same transaction."""

import uuid
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import insert
from sqlalchemy.orm import Session

from ops import clock_time
from ops.models import HOUSE, AuditEntry, Project, User

# The same entry for SQL that leaves it in the statement that does the deed; values from `values`.
APPEND = """
    INSERT INTO audit_entry (organisation_id, at, actor, action, subject, data)
    VALUES (%(audit_organisation)s, %(audit_at)s, %(audit_actor)s, %(audit_action)s,
            %(audit_subject)s, %(audit_data)s)"""


def values(
    actor: User, action: str, subject: str, *, organisation_id: int = HOUSE, **data: Any
) -> dict[str, Any]:
    """What `APPEND` takes; the arguments are those of `record`."""
    return {
        "audit_organisation": organisation_id,
        "audit_at": clock_time.now(),
        "audit_actor": actor.pseudonym,
        "audit_action": action,
        "audit_subject": subject,
        "audit_data": Jsonb(data),
    }


def record(
    session: Session,
    actor: User | uuid.UUID | None,
    action: str,
    subject: str,
    *,
    organisation_id: int = HOUSE,
    **data: Any,
) -> int:
    """Append one entry; returns its id.

    `actor` is the person or their pseudonym (None: the house itself); `action` is a verb such as
    `batch.delivered`; `subject` names what was changed, as `batch:7`. `data` must hold no personal
    data: it can never be erased.
    """
    pseudonym = actor.pseudonym if isinstance(actor, User) else actor
    statement = (
        insert(AuditEntry)
        .values(
            organisation_id=organisation_id,
            at=clock_time.now(),
            actor=pseudonym,
            action=action,
            subject=subject,
            data=data,
        )
        .returning(AuditEntry.id)
    )
    return session.execute(statement).scalar_one()


def of_project(
    session: Session, project: Project, actor: User | uuid.UUID | None, action: str, **data: Any
) -> int:
    """Append an entry about a project, under its organisation; returns its id."""
    of = project.organisation_id
    return record(session, actor, action, f"project:{project.id}", organisation_id=of, **data)
