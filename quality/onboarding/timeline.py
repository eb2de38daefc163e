"""What happened with an applicant, in the order in which it did, from all that is kept of them."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased, joinedload

from ops import certificates, scope
from ops.applicants import notes, posting
from ops.models import Applicant, ApplicantMail, ApplicantMove, PipelineStage, User
from quality.models import Assessment, Attempt, Course, CourseProgress


class Event(NamedTuple):
    """One thing that happened. `kind` is move, note, letter, attempt, course or certificate; `who`
    did it, empty for the applicant and for the house."""

    at: datetime
    kind: str
    title: str
    text: str = ""
    who: str = ""
    letter: ApplicantMail | None = None


def of(session: Session, viewer: User, applicant: Applicant) -> list[Event]:
    """Everything `viewer` may see, newest first; attempts and courses of their projects alone."""
    # Of what bears one moment, a letter comes after the move that sent it.
    events = [*_written(session, applicant), *_moves(session, applicant)]
    if applicant.user is not None:
        events += _learned(session, viewer, applicant.user)
    return sorted(events, key=lambda event: event.at, reverse=True)


def _moves(session: Session, applicant: Applicant) -> Iterator[Event]:
    before, after = aliased(PipelineStage), aliased(PipelineStage)
    rows = (
        select(ApplicantMove, before.name, after.name, User.name)
        .outerjoin(before, before.id == ApplicantMove.from_stage_id)
        .join(after, after.id == ApplicantMove.to_stage_id)
        .outerjoin(User, User.id == ApplicantMove.by)
        .where(ApplicantMove.applicant_id == applicant.id)
        .order_by(ApplicantMove.id.desc())
    )
    for move, left, entered, who in session.execute(rows):
        title = f"Moved from {left} to {entered}" if left else "Applied"
        yield Event(move.at, "move", title, move.reason, who or "")


def _written(session: Session, applicant: Applicant) -> Iterator[Event]:
    for note in notes.of(session, applicant):
        yield Event(note.at, "note", "Note", note.body, note.author.name)
    authors = {user.id: user.name for user in session.scalars(_authors(applicant))}
    for letter in posting.of(session, applicant):
        who = authors.get(letter.by or 0, "")
        yield Event(letter.at, "letter", letter.subject, letter.body, who, letter)


def _authors(applicant: Applicant) -> Select[User]:
    wrote = select(ApplicantMail.by).where(ApplicantMail.applicant_id == applicant.id)
    return select(User).where(User.id.in_(wrote))


def _learned(session: Session, viewer: User, user: User) -> Iterator[Event]:
    for one in certificates.history(session, [user.id]):
        title = f"Certified in {one.skill.name}, level {one.level}"
        yield Event(one.granted_at, "certificate", title, one.reason)
    for attempt in session.scalars(_attempts(viewer, user)):
        yield _attempt(attempt)
    for progress, course in session.execute(_courses(viewer, user)):
        if progress.finished_at:
            yield Event(progress.finished_at, "course", f"Finished the course {course.title}")
        yield Event(progress.started_at, "course", f"Began the course {course.title}")


def _attempts(viewer: User, user: User) -> Select[Attempt]:
    mine = select(Attempt).join(Attempt.assessment).options(joinedload(Attempt.assessment))
    seen = Assessment.project_id.in_(scope.projects(viewer))
    return mine.where(Attempt.labeller_id == user.id, seen)


def _attempt(attempt: Attempt) -> Event:
    title = f"{attempt.assessment.title}, attempt {attempt.number}"
    if attempt.finished_at is None:
        return Event(attempt.started_at, "attempt", f"{title}: running")
    came = "passed" if attempt.passed else "not passed"
    return Event(attempt.finished_at, "attempt", f"{title}: {came}")


def _courses(viewer: User, user: User) -> Select[CourseProgress, Course]:
    return (
        select(CourseProgress, Course)
        .join(Course, Course.id == CourseProgress.course_id)
        .where(CourseProgress.user_id == user.id, Course.project_id.in_(scope.projects(viewer)))
    )
