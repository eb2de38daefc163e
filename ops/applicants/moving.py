"""From stage to stage. Whoever moves says where they saw the applicant; the row lock decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops import audit_log, clock_time
from ops.applicants import letters, posting, visible
from ops.errors import Conflict, InvalidInput
from ops.models import Applicant, ApplicantMove, MailTemplate, PipelineStage, User

MOST = 500  # applicants in one move
LONGEST = 2000
# The letter of the stage, none, or another one.
Letter = Literal["usual", "none"] | MailTemplate


@dataclass(frozen=True)
class Moved:
    """What came of a move: who went, and who had been moved elsewhere by somebody else before."""

    moved: list[Applicant]
    elsewhere: list[Applicant]


def move(
    session: Session,
    applicant_id: int,
    to: PipelineStage,
    *,
    expected: int,
    by: User,
    reason: str = "",
    letter: Letter = "usual",
) -> Applicant:
    """Move one applicant out of the stage with the id `expected`.

    Raises NotFound, InvalidInput naming the field, and Conflict when they are elsewhere by now.
    """
    applicant = visible.applicant(session, by, applicant_id)
    done = move_many(session, {applicant_id: expected}, to, by=by, reason=reason, letter=letter)
    if done.elsewhere:
        raise Conflict(_who_was_first(session, applicant))
    return applicant


def move_many(
    session: Session,
    wanted: Mapping[int, int],
    to: PipelineStage,
    *,
    by: User,
    reason: str = "",
    letter: Letter = "usual",
) -> Moved:
    """Move applicants, given as {id: id of the stage they were seen in}; the others are named.

    Whoever is in `to` already was moved before, perhaps by a second click, and stays.
    """
    if len(wanted) > MOST:
        raise InvalidInput(f"at most {MOST} at once", field="applicants")
    if len(reason) > LONGEST or "\0" in reason:
        raise InvalidInput(f"at most {LONGEST} characters", field="reason")
    found = _locked(session, wanted, by)
    if len(found) < len(wanted):
        raise InvalidInput("there is no such applicant, or not yours to see", field="applicants")
    done = Moved([], [])
    if not _in_use(session, to):
        raise InvalidInput("this stage is no longer in use", field="to")
    for applicant in found:
        gone = applicant.erased_at is not None or applicant.same_as is not None
        if gone or applicant.stage_id != wanted[applicant.id]:
            if not _by_themselves(session, applicant, to, by):
                done.elsewhere.append(applicant)
        elif applicant.stage_id != to.id:
            enter(session, applicant, to, by=by, reason=reason.strip(), letter=letter)
            done.moved.append(applicant)
    return done


def enter(
    session: Session,
    applicant: Applicant,
    to: PipelineStage,
    *,
    by: User | None,
    reason: str = "",
    letter: Letter = "usual",
) -> None:
    """Put a locked applicant into a stage, with its letter. For verbs that hold the lock."""
    now = clock_time.now()
    before = applicant.stage_id
    move = ApplicantMove(
        applicant_id=applicant.id,
        from_stage_id=before,
        to_stage_id=to.id,
        reason=reason,
        by=by.id if by else None,
        at=now,
    )
    session.add(move)
    applicant.stage, applicant.stage_since = to, now
    session.flush()
    subject = f"applicant:{applicant.pseudonym}"
    audit_log.record(session, by, "applicant.moved", subject, before=before, to=to.id)
    template = letters.of_stage(session, to.id) if letter == "usual" else letter
    if isinstance(template, MailTemplate):
        posting.from_template(session, applicant, template, key=f"move:{move.id}", by=by)


def _locked(session: Session, wanted: Mapping[int, int], by: User) -> list[Applicant]:
    # By id, so that two bulk moves cannot wait for each other in a ring.
    rows = (
        select(Applicant)
        .where(Applicant.id.in_(list(wanted)), Applicant.opening_id.in_(visible.openings(by)))
        .order_by(Applicant.id)
        .with_for_update(of=Applicant)
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(rows))


def _in_use(session: Session, stage: PipelineStage) -> bool:
    # Who takes the stage out of use waits for this lock, or was first: then it may be gone.
    held = select(PipelineStage.removed_at).where(PipelineStage.id == stage.id)
    row = session.execute(held.with_for_update(read=True)).one_or_none()
    return row is not None and row.removed_at is None


def _last(session: Session, applicant: Applicant) -> ApplicantMove | None:
    newest = select(ApplicantMove).where(ApplicantMove.applicant_id == applicant.id)
    return session.scalar(newest.order_by(ApplicantMove.id.desc()).limit(1))


def _by_themselves(session: Session, applicant: Applicant, to: PipelineStage, by: User) -> bool:
    last = _last(session, applicant)
    return applicant.stage_id == to.id and last is not None and last.by == by.id


def _who_was_first(session: Session, applicant: Applicant) -> str:
    if applicant.erased_at is not None:
        return "This applicant's data was erased meanwhile."
    if applicant.same_as is not None:
        return "This application is part of another one: move that."
    last = _last(session, applicant)
    who = session.get(User, last.by) if last and last.by else None
    by = f" by {who.name}" if who else ""
    return (
        f"{applicant.name} was moved to {applicant.stage.name}{by} meanwhile. "
        "Nothing was changed: look again and decide."
    )
