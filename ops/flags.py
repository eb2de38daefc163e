"""Flags: a mark on an asset or a labeller, with its evidence, until somebody resolves it."""

from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ops import audit_log, clock_time
from ops.errors import InvalidInput
from ops.models import Flag, Project, User


def raise_flag(
    session: Session,
    *,
    project_id: int,
    kind: str,
    reason: str,
    asset_id: int | None = None,
    labeller_id: int | None = None,
    evidence: dict[str, Any],
) -> int:
    """Flag an asset or a labeller; returns the flag's id.

    While one of the same kind is open on the same subject there is no second: its reason and
    evidence are brought up to date. Raises InvalidInput unless exactly one subject is named.
    """
    if (asset_id is None) == (labeller_id is None):
        raise InvalidInput("a flag is on an asset or on a labeller", field="asset_id")
    made = insert(Flag).values(
        project_id=project_id,
        kind=kind,
        asset_id=asset_id,
        labeller_id=labeller_id,
        reason=reason,
        evidence=evidence,
        at=clock_time.now(),
    )
    again = made.on_conflict_do_update(
        index_elements=[
            Flag.project_id,
            Flag.kind,
            text("coalesce(asset_id, 0)"),
            text("coalesce(labeller_id, 0)"),
        ],
        index_where=text("resolved_at IS NULL"),
        set_={"reason": made.excluded.reason, "evidence": made.excluded.evidence},
    )
    return session.execute(again.returning(Flag.id)).scalar_one()


def resolve(session: Session, flag: Flag, *, by: User | None) -> None:
    """Take a flag down; resolving twice is once."""
    if flag.resolved_at is not None:
        return
    flag.resolved_at, flag.resolved_by = clock_time.now(), by.id if by else None
    session.flush()
    organisation = select(Project.organisation_id).where(Project.id == flag.project_id)
    audit_log.record(
        session,
        by,
        "flag.resolved",
        f"flag:{flag.id}",
        organisation_id=session.scalars(organisation).one(),
        kind=flag.kind,
    )
