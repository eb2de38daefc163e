"""Every write by a person leaves an audit entry in the same transaction."""

import uuid
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from ops import clock_time
from ops.models import HOUSE, AuditEntry, User


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
