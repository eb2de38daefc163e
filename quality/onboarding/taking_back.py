"""A manager's hand on an attempt: voided with its certificate, or another given in its place."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ops import certificates, clock_time, notices
from ops.errors import Conflict, InvalidInput, NotFound
from ops.models import Certificate, User
from quality.models import Assessment, Attempt, AttemptDoubt
from quality.onboarding import assessments
from quality.onboarding.assessments import record


def find(session: Session, user: User, attempt_id: int) -> Attempt:
    """The attempt, if `user` may see its project. Raises NotFound."""
    attempt = session.get(Attempt, attempt_id)
    if attempt is None:
        raise NotFound("There is no such attempt, or you are not a member of its project.")
    assessments.find(session, user, attempt.assessment_id)
    return attempt


def void(session: Session, attempt: Attempt, by: User, *, reason: str) -> None:
    """Take the result back, and the certificate it granted. It still counts as an attempt.

    Raises InvalidInput without a reason, Conflict while it runs or when it was voided already.
    """
    if not reason.strip():
        raise InvalidInput("say why", field="reason")
    session.refresh(attempt, with_for_update=True)
    if attempt.finished_at is None:
        raise Conflict("This attempt is still running.")
    if attempt.voided_at is not None:
        raise Conflict("This attempt was voided already.")
    attempt.voided_at, attempt.voided_by = clock_time.now(), by.id
    attempt.void_reason = reason.strip()
    _revoke(session, attempt, by)
    session.execute(
        update(AttemptDoubt)
        .where(AttemptDoubt.attempt_id == attempt.id, AttemptDoubt.looked_at.is_(None))
        .values(looked_at=clock_time.now(), looked_by=by.id, outcome="void")
    )
    session.flush()
    assessment = session.get_one(Assessment, attempt.assessment_id)
    # Not the reason: it may name somebody, and nothing is taken out of the audit trail.
    record(session, assessment, by, "attempt.voided", attempt=attempt.id)
    _tell(
        session, attempt, "voided", f"Your attempt at {assessment.title} does not count any more."
    )


def _revoke(session: Session, attempt: Attempt, by: User) -> None:
    if attempt.certificate_id is None:
        return
    granted = session.get_one(Certificate, attempt.certificate_id)
    if granted.revoked_at is None:
        said = f"attempt {attempt.number} was voided: {attempt.void_reason}"
        certificates.revoke(session, granted, by=by, reason=said)


def give_again(session: Session, attempt: Attempt, by: User) -> None:
    """Let the labeller try once more: this attempt is none of those that the assessment allows, and
    nobody waits for the time between two. Raises Conflict while it runs, or when it was done."""
    session.refresh(attempt, with_for_update=True)
    if attempt.finished_at is None:
        raise Conflict("This attempt is still running.")
    if attempt.given_again_at is not None:
        raise Conflict("Another attempt was given already.")
    attempt.given_again_at = clock_time.now()
    session.flush()
    assessment = session.get_one(Assessment, attempt.assessment_id)
    record(session, assessment, by, "attempt.given_again", attempt=attempt.id)
    _tell(session, attempt, "again", f"You may take {assessment.title} once more.")


def _tell(session: Session, attempt: Attempt, what: str, text: str) -> None:
    labeller = session.get_one(User, attempt.labeller_id)
    notices.tell(
        session, labeller, key=f"attempt.{what}:{attempt.id}", text=text, url="/onboarding"
    )


def certificate_of(session: Session, attempt: Attempt) -> Certificate | None:
    """The certificate that the attempt granted."""
    of = select(Certificate).where(Certificate.id == attempt.certificate_id)
    return session.scalar(of)
