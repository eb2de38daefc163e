"""Earning a certificate anew: from when on its assessment may be taken again while it is good."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from ops import clock_time
from ops.models import Certificate, User
from quality.models import Assessment, Attempt


def may(at: datetime) -> ColumnElement[bool]:
    """The condition on a certificate that it may be earned anew at `at`."""
    return and_(Certificate.requalify_from.is_not(None), Certificate.requalify_from <= at)


def since(session: Session, assessment: Assessment, labeller: User) -> datetime | None:
    """The newest moment from which on the labeller may earn a certificate in the assessment's skill
    anew, None where there is none yet. Attempts from before it are used up no more."""
    return session.scalar(
        select(func.max(Certificate.requalify_from)).where(
            Certificate.user_id == labeller.id,
            Certificate.skill_id == assessment.skill_id,
            may(clock_time.now()),
        )
    )


def ending(session: Session, assessment: Assessment, labeller: User) -> datetime | None:
    """When the certificate runs out that the labeller may keep by passing again; None where there
    is none to keep."""
    now = clock_time.now()
    return session.scalar(
        select(func.max(Certificate.valid_until)).where(
            Certificate.user_id == labeller.id,
            Certificate.skill_id == assessment.skill_id,
            Certificate.level == assessment.level,
            Certificate.revoked_at.is_(None),
            Certificate.valid_until > now,
            may(now),
        )
    )


def left(session: Session, assessment: Assessment, labeller: User, mine: Sequence[Attempt]) -> int:
    """How many attempts may still begin, after `mine`: those given again are not counted, nor those
    from before a certificate could be earned anew."""
    begun = since(session, assessment, labeller)
    counted = [a for a in mine if a.given_again_at is None]
    used = sum(begun is None or attempt.started_at >= begun for attempt in counted)
    return max(assessment.attempts - used, 0)
