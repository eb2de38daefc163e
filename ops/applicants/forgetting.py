"""Erasing an applicant: their pseudonym, their moves and dates stay, and nothing else."""

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from ops import audit_log, clock_time, mentions, notices
from ops.access import MANAGERS
from ops.applicants import moving, stages, visible
from ops.errors import Conflict
from ops.models import Applicant, ApplicantMail, ApplicantMove, ApplicantNote, User


def ask(session: Session, applicant: Applicant) -> None:
    """By their own link: whoever sees the application is told; asked twice is asked once."""
    session.refresh(applicant, with_for_update=True)
    if applicant.erasure_asked_at is not None or applicant.erased_at is not None:
        return
    applicant.erasure_asked_at = clock_time.now()
    session.flush()
    subject = f"applicant:{applicant.pseudonym}"
    audit_log.record(session, applicant.pseudonym, "applicant.erasure_asked", subject)
    for manager in session.scalars(select(User).where(User.role.in_(MANAGERS), User.active)):
        theirs = visible.openings(manager).subquery()
        if session.scalar(select(theirs).where(theirs.c.id == applicant.opening_id)) is not None:
            notices.tell(
                session,
                manager,
                key=f"erasure-asked:{applicant.id}",
                text="An applicant asks to have their data erased.",
                url=f"/onboarding/pipeline/{applicant.id}",
            )


def erase(session: Session, applicant_id: int, *, by: User) -> Applicant:
    """Erase an applicant and what was merged into them, for good.

    Raises NotFound, and Conflict while they have an account: that is erased with them, by an
    administrator.
    """
    applicant = visible.applicant(session, by, applicant_id, lock=True)
    if applicant.erased_at is not None:
        return applicant
    if applicant.user_id is not None:
        raise Conflict(
            f"{applicant.name} has an account. Close it; an administrator then erases it on their "
            "page, and the application with it."
        )
    _forget(session, applicant, by)
    return applicant


def with_account(session: Session, user: User, *, by: User) -> None:
    """Forget the application behind an account that is being erased."""
    query = select(Applicant).where(Applicant.user_id == user.id, Applicant.erased_at.is_(None))
    applicant = session.scalar(query.with_for_update(of=Applicant))
    if applicant is not None:
        _forget(session, applicant, by)


def _forget(session: Session, applicant: Applicant, by: User) -> None:
    merged = select(Applicant).where(
        Applicant.same_as == applicant.id, Applicant.erased_at.is_(None)
    )
    rows = session.scalars(merged.order_by(Applicant.id).with_for_update(of=Applicant))
    everyone = [applicant, *rows]
    ids = [one.id for one in everyone]
    said = [text for one in everyone for text in (told_apart(one.name), one.email)]
    session.execute(delete(ApplicantNote).where(ApplicantNote.applicant_id.in_(ids)))
    session.execute(delete(ApplicantMail).where(ApplicantMail.applicant_id.in_(ids)))
    session.execute(
        update(ApplicantMove).where(ApplicantMove.applicant_id.in_(ids)).values(reason="")
    )
    for one in everyone:
        _empty(session, one, by)
    mentions.strike(session, said)


def _empty(session: Session, one: Applicant, by: User) -> None:
    if one.stage.meaning != "left":
        moving.enter(session, one, stages.first_of(session, "left"), by=by, letter="none")
    one.name, one.name_key = mentions.ERASED, ""
    one.email = one.email_key = None
    one.country, one.timezone, one.about = "", "UTC", ""
    one.languages, one.equipment, one.availability = [], [], {}
    one.erased_at = clock_time.now()
    session.flush()
    audit_log.record(session, by, "applicant.erased", f"applicant:{one.pseudonym}")


def told_apart(name: str) -> str | None:
    """The name, if other texts may be searched for it.

    Anybody can apply under any name: `the` or `will` would tear holes into what others wrote.
    """
    return name if " " in name or not name.isascii() or not name.islower() else None
