"""Certificates that run out: told 30, 7 and 1 days ahead, and open to be earned anew by then.

An assessment is usually not taken again while its certificate is good. Before that runs out it is:
for 30 days, and for half of a certificate's time where that is less.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, text, tuple_
from sqlalchemy.orm import Session, aliased, joinedload, sessionmaker

from ops import clock_time, mail, notices
from ops.db import transaction
from ops.models import Certificate, User

AHEAD = (30, 7, 1)  # days, the longest first
HOLDERS_PAGE = "/onboarding"
MANAGERS_PAGE = "/onboarding/certificates"


def watch(sessions: sessionmaker[Session]) -> int:
    """Tell holders and managers of what runs out, and open it to be earned anew.

    Returns how many holders were told. Each is told once for each of `AHEAD`, however often this
    runs; managers are told of all that are new at once.
    """
    now = clock_time.now()
    with transaction(sessions) as session:
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext('certificates.ending'))"))
        told: dict[int, list[Certificate]] = {}
        for certificate in _ending(session, now):
            if certificate.requalify_from is None:
                certificate.requalify_from = now
            if tell_holder(session, certificate, _ends(certificate)):
                told.setdefault(ahead(certificate, now), []).append(certificate)
        for days, some in told.items():
            _tell_of(session, some, days)
        return sum(map(len, told.values()))


def _ending(session: Session, now: datetime) -> list[Certificate]:
    """What runs out within the longest of `AHEAD`, and nothing as good lasts longer."""
    other = aliased(Certificate)
    better = select(other.id).where(
        other.user_id == Certificate.user_id,
        other.skill_id == Certificate.skill_id,
        other.level >= Certificate.level,
        other.revoked_at.is_(None),
        tuple_(other.valid_until, other.id) > tuple_(Certificate.valid_until, Certificate.id),
    )
    found = (
        select(Certificate)
        .options(joinedload(Certificate.skill))
        .join(User, User.id == Certificate.user_id)
        .where(
            User.active,
            Certificate.revoked_at.is_(None),
            Certificate.valid_until > now,
            Certificate.valid_until <= now + timedelta(days=AHEAD[0]),
            ~better.exists(),
        )
        .order_by(Certificate.id)
        .with_for_update(of=Certificate)
    )
    return [c for c in session.scalars(found) if c.requalify_from or now >= _opens(c)]


def _opens(certificate: Certificate) -> datetime:
    half = (certificate.valid_until - certificate.granted_at) / 2
    return certificate.valid_until - min(timedelta(days=AHEAD[0]), half)


def ahead(certificate: Certificate, now: datetime) -> int:
    """The least of `AHEAD` that is no less than the days left."""
    left = (certificate.valid_until - now) / timedelta(days=1)
    return min((days for days in AHEAD if left <= days), default=AHEAD[0])


def _ends(certificate: Certificate) -> str:
    return (
        f"Your certificate in {certificate.skill.name}, level {certificate.level}, runs out on "
        f"{certificate.valid_until:%Y-%m-%d}. Where an assessment is offered, you may take it "
        "again now to keep it."
    )


def tell_holder(session: Session, certificate: Certificate, words: str) -> bool:
    """Leave a notice that a certificate ends, and mail it; once for its date and time ahead."""
    until, days = certificate.valid_until, ahead(certificate, clock_time.now())
    key = f"certificate:{certificate.id}:{until:%Y-%m-%d}:{days}"
    holder = session.get_one(User, certificate.user_id)
    notice = notices.tell(session, holder, key=key, text=words, url=HOLDERS_PAGE)
    mail.post(session, notice)
    return notice is not None


def _tell_of(session: Session, some: Sequence[Certificate], days: int) -> None:
    skills = Counter(certificate.skill.name for certificate in some)
    parts = ", ".join(f"{n} in {name}" for name, n in skills.most_common())
    many = "1 certificate runs" if len(some) == 1 else f"{len(some)} certificates run"
    ends = "a day" if days == 1 else f"{days} days"
    first = f"{some[0].id}:{some[0].valid_until:%Y-%m-%d}"
    words = f"{many} out within {ends}: {parts}."
    tell_managers(session, f"certificates:{days}:{first}", words)


def tell_managers(session: Session, key: str, words: str) -> None:
    """Tell every onboarding manager, or every administrator where there is none; once for a key."""
    active = select(User).where(User.active).order_by(User.id)
    managers = session.scalars(active.where(User.role == "onboarding_manager")).all()
    for one in managers or session.scalars(active.where(User.role == "admin")).all():
        notice = notices.tell(session, one, key=key, text=words, url=MANAGERS_PAGE)
        mail.post(session, notice)
