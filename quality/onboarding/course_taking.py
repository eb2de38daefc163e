"""Doing a course: step by step, from where one left off, until its last step opens the work."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ops import clock_time
from ops.errors import Conflict
from ops.models import Project, ProjectMember, User
from quality.models import Course, CourseProgress, CourseStep, StepTry
from quality.onboarding import course_feedback, course_requirement, courses
from quality.onboarding.course_feedback import Judged
from quality.onboarding.course_way import mine, way

# So often one step may be answered; nobody learns more from the next.
MOST_TRIES = 50


def show(session: Session, course: Course, step: CourseStep, user: User) -> None:
    """The step is on the screen of `user`: from now on counts what it takes. Begins the course."""
    _begin(session, course, user)
    session.execute(
        update(CourseProgress)
        .where(
            CourseProgress.course_id == course.id,
            CourseProgress.user_id == user.id,
            CourseProgress.shown_step_id.is_distinct_from(step.id),
        )
        .values(shown_step_id=step.id, shown_at=clock_time.now())
        .execution_options(synchronize_session=False)
    )


def _begin(session: Session, course: Course, user: User) -> None:
    if course.state != "open":
        raise Conflict("This course is closed.")
    values = {"course_id": course.id, "user_id": user.id, "started_at": clock_time.now()}
    added = insert(CourseProgress).values(**values).on_conflict_do_nothing()
    if session.execute(added.returning(CourseProgress.user_id)).first() is not None:
        courses.record(session, course, user, "course.begun")


def answer(session: Session, course: Course, step: CourseStep, user: User, given: Any) -> StepTry:
    """One more try at a step, or its page read; with the last step the course is finished.

    A page that was read is read: saying it twice is once. Raises InvalidInput naming the field,
    Conflict where the course is closed, the step retired or tried often enough.
    """
    _begin(session, course, user)
    shown_at = _lock(session, course, step, user)
    session.refresh(step)
    if step.retired_at is not None:
        raise Conflict("This step was replaced meanwhile: go on with the one in its place.")
    before = session.scalars(
        select(StepTry)
        .where(StepTry.step_id == step.id, StepTry.user_id == user.id)
        .order_by(StepTry.number)
    ).all()
    judged = course_feedback.judge(session, course, step, given)
    if before and judged.correct is None:
        return before[-1]
    if len(before) >= MOST_TRIES:
        raise Conflict(f"You have answered this step {MOST_TRIES} times: go on with the next one.")
    made = _kept(session, course, step, user, judged, len(before) + 1, shown_at)
    finish_if_done(session, course, user)
    return made


def _lock(session: Session, course: Course, step: CourseStep, user: User) -> datetime | None:
    """One answer of somebody in a course at a time; since when the step is on their screen."""
    mine = (CourseProgress.course_id == course.id) & (CourseProgress.user_id == user.id)
    row = session.execute(
        update(CourseProgress)
        .where(mine)
        .values(started_at=CourseProgress.started_at)
        .returning(CourseProgress.shown_step_id, CourseProgress.shown_at)
        .execution_options(synchronize_session=False)
    ).one()
    return row.shown_at if row.shown_step_id == step.id else None


def _kept(
    session: Session,
    course: Course,
    step: CourseStep,
    user: User,
    judged: Judged,
    number: int,
    shown_at: datetime | None,
) -> StepTry:
    now = clock_time.now()
    made = StepTry(
        step_id=step.id,
        user_id=user.id,
        number=number,
        answer=judged.answer,
        correct=judged.correct,
        shown_at=shown_at or now,
        at=now,
    )
    session.add(made)
    session.execute(
        update(CourseProgress)
        .where(CourseProgress.course_id == course.id, CourseProgress.user_id == user.id)
        .values(shown_step_id=None, shown_at=None)
        .execution_options(synchronize_session=False)
    )
    session.flush()
    told = {"step": step.id, "number": number, "correct": judged.correct}
    courses.record(session, course, user, "course.step_done", **told)
    return made


def finish_if_done(session: Session, course: Course, user: User) -> bool:
    """Finish the course for `user` if every step is done and enough is right; twice is once.

    Where it was the last that was required, work of the project is open to them at once. Says
    whether this call finished it.
    """
    if not way(session, course, user).complete:
        return False
    finished = session.execute(
        update(CourseProgress)
        .where(
            CourseProgress.course_id == course.id,
            CourseProgress.user_id == user.id,
            CourseProgress.finished_at.is_(None),
        )
        .values(finished_at=clock_time.now())
        .returning(CourseProgress.user_id)
        .execution_options(synchronize_session="fetch")
    ).first()
    if finished is None:
        return False
    course_requirement.count_done(session, course.project_id, user.id)
    courses.record(session, course, user, "course.finished")
    return True


def catch_up(session: Session, user: User) -> None:
    """Let what was done count where it does not yet: a step that was left was retired, or somebody
    came back to a project whose courses they had done."""
    waiting = (
        select(ProjectMember.project_id)
        .join(Project, Project.id == ProjectMember.project_id)
        .where(ProjectMember.user_id == user.id, ProjectMember.courses_done < Project.courses_due)
    )
    behind = set(session.scalars(waiting))
    for found in mine(session, user):
        if found.course.state == "open" and found.finished_at is None and found.complete:
            finish_if_done(session, found.course, user)
    for project_id in sorted(behind):
        course_requirement.count_done(session, project_id, user.id)
