"""Certificates of many people at once: granted, cut short or revoked, all of them or none."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from ops import certificates, certificates_ending, clock_time, mail, notices
from ops.errors import InvalidInput
from ops.models import Certificate, Skill, User


def grant(
    session: Session,
    people: Sequence[User],
    skill: Skill,
    *,
    level: int,
    until: datetime,
    reason: str,
    by: User,
) -> int:
    """Certify all of them by hand; returns how many. Raises InvalidInput naming the field."""
    _refuse(people, reason)
    for person in sorted(people, key=lambda p: p.id):
        certificates.grant(
            session,
            user=person,
            skill=skill,
            level=level,
            source="hand",
            by=by,
            valid_until=until,
            reason=reason,
        )
    return len(people)


def shorten(
    session: Session,
    people: Sequence[User],
    skill: Skill,
    *,
    until: datetime,
    reason: str,
    by: User,
) -> int:
    """Ask all of them to qualify again by `until`; returns how many certificates that cut short.

    They are told. Raises InvalidInput naming the field, also where nobody's lasts longer.
    """
    _refuse(people, reason)
    if until <= clock_time.now():
        raise InvalidInput("must lie in the future", field="valid_until")
    held = [c for c in _in_force(session, people, skill) if c.valid_until > until]
    if not held:
        raise InvalidInput(
            f"nobody chosen has a certificate in {skill.name} that lasts longer", field="who"
        )
    for certificate in held:
        certificates.shorten(session, certificate, until=until, reason=reason, by=by)
        words = (
            f"Your certificate in {skill.name}, level {certificate.level}, now runs out on "
            f"{until:%Y-%m-%d}. Where an assessment is offered, you may take it again now to keep "
            "it."
        )
        certificates_ending.tell_holder(session, certificate, words)
    return len(held)


def revoke(session: Session, people: Sequence[User], skill: Skill, *, reason: str, by: User) -> int:
    """End all that these people hold in the skill, at once; returns how many certificates.

    They are told. Raises InvalidInput naming the field, also where nobody holds one.
    """
    _refuse(people, reason)
    held = _in_force(session, people, skill)
    if not held:
        raise InvalidInput(f"nobody chosen holds a certificate in {skill.name}", field="who")
    holders = {person.id: person for person in people}
    for certificate in held:
        certificates.revoke(session, certificate, by=by, reason=reason)
        key, words = f"certificate:{certificate.id}:revoked", f"Your certificate in {skill.name}"
        text = f"{words}, level {certificate.level}, was revoked."
        holder = holders[certificate.user_id]
        mail.post(session, notices.tell(session, holder, key=key, text=text))
    return len(held)


def _refuse(people: Sequence[User], reason: str) -> None:
    if not people:
        raise InvalidInput("choose at least one person", field="who")
    if not reason.strip():
        raise InvalidInput("say why, for whoever reads this later", field="reason")


def _in_force(session: Session, people: Sequence[User], skill: Skill) -> Sequence[Certificate]:
    found = (
        select(Certificate)
        .options(joinedload(Certificate.skill))
        .where(
            Certificate.user_id.in_([person.id for person in people]),
            Certificate.skill_id == skill.id,
            Certificate.revoked_at.is_(None),
            Certificate.valid_until > clock_time.now(),
        )
    )
    return session.scalars(found.order_by(Certificate.id)).all()
