"""What managers write down of an applicant."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from ops import audit_log, clock_time
from ops.errors import Conflict, InvalidInput
from ops.models import Applicant, ApplicantNote, User

LONGEST = 4000


def add(session: Session, applicant: Applicant, body: str, *, by: User) -> ApplicantNote:
    """Write a note of a locked applicant, who may ask to read it.

    Raises InvalidInput (field body), Conflict when they were erased meanwhile.
    """
    if applicant.erased_at is not None:
        raise Conflict("This applicant's data was erased: nothing is written of them any more.")
    body = body.replace("\r\n", "\n").strip()
    if not 0 < len(body) <= LONGEST or "\0" in body:
        raise InvalidInput(f"write something, at most {LONGEST} characters", field="body")
    note = ApplicantNote(applicant_id=applicant.id, body=body, by=by.id, at=clock_time.now())
    session.add(note)
    session.flush()
    audit_log.record(session, by, "applicant.noted", f"applicant:{applicant.pseudonym}")
    return note


def of(session: Session, applicant: Applicant) -> Sequence[ApplicantNote]:
    """Every note of an applicant with its author, newest first."""
    mine = select(ApplicantNote).options(joinedload(ApplicantNote.author))
    mine = mine.where(ApplicantNote.applicant_id == applicant.id)
    return session.scalars(mine.order_by(ApplicantNote.at.desc(), ApplicantNote.id.desc())).all()
