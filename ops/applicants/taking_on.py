"""An applicant becomes a labeller: an account, the opening's project, an invitation."""

from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops import audit_log, staff
from ops.applicants import letters, posting, stages, visible
from ops.errors import Conflict, NotReady
from ops.models import Applicant, MailTemplate, PipelineStage, Project, User


def may(session: Session, applicant: Applicant) -> bool:
    """Whether the applicant is far enough on the way for an account, and has none."""
    first = session.scalar(select(PipelineStage.position).where(PipelineStage.accounts_from))
    stage = applicant.stage
    far = first is not None and stage.position >= first and stage.meaning != "left"
    own = applicant.erased_at is None and applicant.same_as is None
    return far and own and applicant.user_id is None


def take_on(
    session: Session, applicant_id: int, *, by: User, letter: MailTemplate | None = None
) -> tuple[Applicant, User, str]:
    """The applicant, their new account, and the secret of its invitation link.

    Where mail is configured they are written to, with the usual letter unless another is given.

    Raises NotReady before the stage from which accounts are given, Conflict when they have one or
    the address has, NotFound, Forbidden.
    """
    applicant = visible.applicant(session, by, applicant_id, lock=True)
    if applicant.user_id is not None:
        raise Conflict(f"{applicant.name} has an account already.")
    if applicant.same_as is not None:
        raise Conflict("This application is part of another one: take that on.")
    if not may(session, applicant):
        first = next((s.name for s in stages.listed(session) if s.accounts_from), "a later stage")
        raise NotReady(f"Accounts are given from {first} on. Move {applicant.name} there first.")
    project_id = applicant.opening.project_id
    project = session.get(Project, project_id) if project_id else None
    who = staff.Invitation(
        email=applicant.email or "",
        name=applicant.name,
        role="labeller",
        projects=[project] if project else [],
    )
    user, secret = staff.invite(session, who, by=by)
    # New, so nothing was counted by their days yet.
    user.timezone = ZoneInfo(applicant.timezone).key
    applicant.user_id = user.id
    session.flush()
    subject = f"applicant:{applicant.pseudonym}"
    audit_log.record(session, by, "applicant.taken_on", subject, user=str(user.pseudonym))
    if posting.configured():
        _, title, body = letters.INVITATION
        texts = (letter.subject, letter.body) if letter else (title, body)
        filled = [letters.filled(text, applicant) for text in texts]
        posting.write(session, applicant, *filled, key=f"taken_on:{user.id}", by=by)
    return applicant, user, secret
