"""Whether a labeller may begin an attempt at an assessment, and from when on."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops import clock_time
from ops.errors import Conflict
from ops.local_time import zone_named
from ops.models import Certificate, User
from quality.models import Assessment, Attempt
from quality.onboarding import anew


def refuse(
    session: Session, assessment: Assessment, labeller: User, mine: Sequence[Attempt]
) -> None:
    """Raise Conflict, in words, where no further attempt may begin."""
    if not assessment.open:
        raise Conflict("This assessment is closed.")
    held = select(Certificate.id).where(
        Certificate.user_id == labeller.id,
        Certificate.skill_id == assessment.skill_id,
        Certificate.level >= assessment.level,
        Certificate.revoked_at.is_(None),
        Certificate.valid_until > clock_time.now(),
        ~anew.may(clock_time.now()),
    )
    if session.scalar(held.limit(1)):
        raise Conflict("You hold this certificate already.")
    if not anew.left(session, assessment, labeller, mine):
        raise Conflict(f"You have used all {assessment.attempts} attempts at this assessment.")
    at = opens_again(assessment, mine)
    if at is not None and clock_time.now() < at:
        own = at.astimezone(zone_named(labeller.timezone))
        raise Conflict(
            f"{assessment.cool_down_hours} hours lie between two attempts: you may try again "
            f"from {own:%A %d %B, %H:%M}, your time."
        )


def opens_again(assessment: Assessment, mine: Sequence[Attempt]) -> datetime | None:
    """When the time between two attempts is over; None where there is none to wait for."""
    ended = [a.finished_at for a in mine if a.finished_at and a.given_again_at is None]
    if not ended or not assessment.cool_down_hours:
        return None
    return max(ended) + timedelta(hours=assessment.cool_down_hours)
