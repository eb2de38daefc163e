"""Earning a certificate anew: from when on its assessment may be taken again while it is good."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from ops import clock_time
from ops.models import Certificate, User
from quality.models import Assessment


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
