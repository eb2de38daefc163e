"""Courses before the first task: required of newcomers or of everybody, and counted.

`project.courses_due` is how many are required, `project_member.courses_done` how many of them a
member did or need not do. Both are counted anew from what was done whenever either may change,
under a lock on the project, so that one comparison is all that a claim asks.
"""

from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from ops import clock_time, notices
from ops.access import WORKERS
from ops.errors import Conflict, InvalidInput
from ops.models import Project, ProjectMember, User
from quality.models import Course, CourseProgress, CourseStep
from quality.models.training import REQUIRED_OF
from quality.onboarding import course_steps
from quality.onboarding.courses import record

_DUE = text(
    """
    UPDATE project SET courses_due = (
        SELECT count(*) FROM course
        WHERE course.project_id = project.id AND course.required_of IS NOT NULL)
    WHERE project.id = :project
    """
)
_DONE = text(
    """
    UPDATE project_member m SET courses_done = counted.n
    FROM (
        SELECT member.user_id, count(course.id) AS n
        FROM project_member member
        LEFT JOIN course ON course.project_id = member.project_id
             AND course.required_of IS NOT NULL
             AND (course.required_of = 'newcomers' AND member.since < course.required_at
                  OR EXISTS (SELECT FROM course_progress p WHERE p.course_id = course.id
                             AND p.user_id = member.user_id AND p.finished_at IS NOT NULL))
        WHERE member.project_id = :project
          AND (CAST(:member AS bigint) IS NULL OR member.user_id = CAST(:member AS bigint))
        GROUP BY member.user_id) counted
    WHERE m.project_id = :project AND m.user_id = counted.user_id
      AND m.courses_done <> counted.n
    """
)


def require(session: Session, course: Course, of: str | None, by: User) -> None:
    """Ask this course of `newcomers` (who join from now on), of `everybody`, or of nobody (None).

    Work in the project waits for whoever must do it, at once; what they hold they may hand in.
    Raises InvalidInput, Conflict where the course is not open.
    """
    if of is not None and of not in REQUIRED_OF:
        raise InvalidInput("choose newcomers, everybody or nobody", field="required_of")
    _lock(session, course.project_id)
    session.refresh(course)
    if of is not None and course.state != "open":
        raise Conflict("Open the course before you require it.")
    if course.required_of == of:
        return
    course.required_of, course.required_at = of, clock_time.now() if of else None
    session.flush()
    _count_all(session, course.project_id)
    record(session, course, by, "course.required", of=of or "nobody")
    if of == "everybody":
        _tell(session, course)


def retire(session: Session, course: Course, by: User) -> None:
    """Show the course to nobody any more; work waits for it no longer. Twice is once.

    One that nobody began lets its steps go, and so their gold back into work and assessments.
    """
    _lock(session, course.project_id)
    session.refresh(course)
    if course.state == "retired":
        return
    course.state, course.required_of, course.required_at = "retired", None, None
    session.flush()
    if not course_steps.begun(session, course):
        session.execute(delete(CourseStep).where(CourseStep.course_id == course.id))
    _count_all(session, course.project_id)
    record(session, course, by, "course.retired")


def count_done(session: Session, project_id: int, user_id: int) -> None:
    """Count what one member has done, so that their work goes on with the last of it."""
    _lock(session, project_id)
    _count(session, project_id, user_id)


def _lock(session: Session, project_id: int) -> None:
    # The row is changed, not only locked: whoever waited for it counts what was done meanwhile.
    session.execute(
        update(Project).where(Project.id == project_id).values(courses_due=Project.courses_due)
    )


def _count_all(session: Session, project_id: int) -> None:
    session.execute(_DUE, {"project": project_id})
    session.refresh(session.get_one(Project, project_id), ["courses_due"])
    _count(session, project_id, None)


def _count(session: Session, project_id: int, user_id: int | None) -> None:
    session.execute(_DONE, {"project": project_id, "member": user_id})
    known = [m for m in session.identity_map.values() if isinstance(m, ProjectMember)]
    for member in known:
        session.expire(member, ["courses_done"])


def _tell(session: Session, course: Course) -> None:
    """A notice to every worker of the project who has it still to do."""
    done = (
        select(CourseProgress.user_id)
        .where(CourseProgress.course_id == course.id, CourseProgress.finished_at.is_not(None))
        .where(CourseProgress.user_id == User.id)
    )
    waiting = (
        select(User.id)
        .join(ProjectMember, ProjectMember.user_id == User.id)
        .where(ProjectMember.project_id == course.project_id)
        .where(User.active, User.role.in_(WORKERS), ~done.exists())
    )
    notices.tell_all(
        session,
        waiting,
        key=f"course:{course.id}:{course.required_at:%Y%m%d%H%M%S}",
        text=f"{course.project.name}: the course “{course.title}” comes before your next task.",
        url=f"/training/{course.id}",
    )
