"""Certificates: who may do what, how well, until when. Granted, revoked, and else only shortened.

Whoever asks who may do what asks `valid_until` and `revoked_at` at that moment: work follows at
once.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from ops import audit_log, clock_time
from ops.access import WORKERS
from ops.applicants import facts
from ops.errors import Conflict, InvalidInput, NotFound
from ops.models import Certificate, Skill, User

LEVELS = range(1, 6)
USUAL_VALIDITY = timedelta(days=365)


def grant(
    session: Session,
    *,
    user: User,
    skill: Skill,
    level: int,
    source: str,
    by: User | None,
    valid_until: datetime,
    reason: str = "",
) -> Certificate:
    """Certify `user` in `skill` at `level` (1–5) from now until `valid_until`.

    `source` is assessment, hand or import. Raises InvalidInput naming the field.
    """
    now = clock_time.now()
    if user.role not in WORKERS:
        raise InvalidInput("only labellers, reviewers and experts hold certificates", field="user")
    if level not in LEVELS:
        raise InvalidInput("a level is 1 to 5", field="level")
    if valid_until <= now:
        raise InvalidInput("must lie in the future", field="valid_until")
    certificate = Certificate(
        user_id=user.id,
        skill=skill,
        level=level,
        source=source,
        reason=reason.strip(),
        granted_by=by.id if by else None,
        granted_at=now,
        valid_until=valid_until,
    )
    session.add(certificate)
    session.flush()
    _record(session, by, "certificate.granted", certificate, user, source=source, level=level)
    facts.certified(session, user, skill, by=by)
    return certificate


def revoke(session: Session, certificate: Certificate, *, by: User, reason: str) -> None:
    """End a certificate at once. Raises InvalidInput without a reason, Conflict when ended."""
    if not reason.strip():
        raise InvalidInput("say why", field="reason")
    _lock(session, certificate)
    if certificate.revoked_at is not None:
        raise Conflict("This certificate was revoked already.")
    certificate.revoked_at = clock_time.now()
    certificate.reason = f"{certificate.reason}; revoked: {reason.strip()}".removeprefix("; ")
    session.flush()
    user = session.get_one(User, certificate.user_id)
    _record(session, by, "certificate.revoked", certificate, user)


def shorten(
    session: Session,
    certificate: Certificate,
    *,
    until: datetime,
    reason: str,
    by: User | None,
    **evidence: Any,
) -> None:
    """Let a certificate run out at `until` already; it may be earned anew from now on.

    Raises InvalidInput naming the field, Conflict where it is over or runs out no later anyway.
    """
    now = clock_time.now()
    if not reason.strip():
        raise InvalidInput("say why", field="reason")
    if until <= now:
        raise InvalidInput("must lie in the future", field="valid_until")
    _lock(session, certificate)
    if certificate.revoked_at is not None or certificate.valid_until <= now:
        raise Conflict("This certificate is over.")
    if certificate.valid_until <= until:
        raise Conflict(f"This certificate runs out on {certificate.valid_until:%Y-%m-%d} already.")
    before = certificate.valid_until
    certificate.valid_until, certificate.requalify_from = until, now
    certificate.requalify_reason = reason.strip()
    session.flush()
    user = session.get_one(User, certificate.user_id)
    told = {"until": until.isoformat(), "before": before.isoformat(), **evidence}
    _record(session, by, "certificate.shortened", certificate, user, **told)


def find(session: Session, user: User, certificate_id: int) -> Certificate:
    """A certificate of `user`. Raises NotFound."""
    certificate = session.get(Certificate, certificate_id)
    if certificate is None or certificate.user_id != user.id:
        raise NotFound("There is no such certificate.")
    return certificate


def valid(session: Session, user_id: int, at: datetime) -> dict[int, int]:
    """{skill id: highest level} of the certificates of `user_id` that are good at `at`."""
    return levels(session, [user_id], at).get(user_id, {})


def levels(session: Session, user_ids: Iterable[int], at: datetime) -> dict[int, dict[int, int]]:
    """{user id: {skill id: highest level}} at `at`, in one query."""
    rows = session.execute(
        select(Certificate.user_id, Certificate.skill_id, func.max(Certificate.level))
        .where(
            Certificate.user_id.in_(list(user_ids)),
            Certificate.revoked_at.is_(None),
            Certificate.granted_at <= at,
            Certificate.valid_until > at,
        )
        .group_by(Certificate.user_id, Certificate.skill_id)
    )
    found: dict[int, dict[int, int]] = {}
    for user_id, skill_id, level in rows:
        found.setdefault(user_id, {})[skill_id] = level
    return found


def history(session: Session, user_ids: Iterable[int]) -> Sequence[Certificate]:
    """Every certificate of these users with its skill, newest first."""
    mine = select(Certificate).options(joinedload(Certificate.skill))
    chosen = mine.where(Certificate.user_id.in_(list(user_ids)))
    return session.scalars(chosen.order_by(Certificate.granted_at.desc(), Certificate.id)).all()


def _lock(session: Session, certificate: Certificate) -> None:
    """Hold the row as it is now: of two that end it at once the later sees what the first did."""
    held = select(Certificate).where(Certificate.id == certificate.id).with_for_update()
    session.execute(held.execution_options(populate_existing=True)).one()


def _record(
    session: Session,
    by: User | None,
    action: str,
    certificate: Certificate,
    user: User,
    **data: Any,
) -> None:
    audit_log.record(
        session,
        by,
        action,
        f"certificate:{certificate.id}",
        holder=str(user.pseudonym),
        skill=certificate.skill_id,
        **data,
    )
