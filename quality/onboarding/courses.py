"""Courses as an onboarding manager sets them: made, opened to the project's people, retired."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from ops import audit_log, scope
from ops.errors import Conflict, NotFound
from ops.models import Project, User
from ops.validation import clean
from quality.models import Course, CourseStep


class Plan(BaseModel):
    """What a course is called, what it is for and what it takes to finish."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    title: str = Field(min_length=1, max_length=120)
    purpose: str = Field("", max_length=500)
    pass_mark: float = Field(
        0.8, ge=0, le=1, description="How much of practice and quizzes must be right at last"
    )


def create(session: Session, project: Project, values: dict[str, Any], by: User) -> Course:
    """A course without steps, which nobody sees before it is opened. Raises InvalidInput."""
    plan = clean(Plan, values)
    made = Course(project_id=project.id, **plan.model_dump())
    session.add(made)
    session.flush()
    record(session, made, by, "course.made")
    return made


def change(session: Session, course: Course, values: dict[str, Any], by: User) -> None:
    """Another title, purpose or pass mark; who finished stays finished. Raises InvalidInput."""
    plan = clean(Plan, values)
    for name, value in plan.model_dump().items():
        setattr(course, name, value)
    if session.is_modified(course):
        session.flush()
        record(session, course, by, "course.changed", pass_mark=plan.pass_mark)


def open_it(session: Session, course: Course, by: User) -> None:
    """Show it to the project's labellers. Raises Conflict where it has no step to show."""
    if course.state == "open":
        return
    if not n_steps(session, course):
        raise Conflict("Give the course a step before you open it.")
    course.state = "open"
    session.flush()
    record(session, course, by, "course.opened")


def find(session: Session, user: User, course_id: int) -> Course:
    """The course, if `user` may see its project. Raises NotFound."""
    found = session.scalar(visible(user).where(Course.id == course_id))
    if found is None:
        raise NotFound("There is no such course, or you are not a member of its project.")
    return found


def listed(session: Session, user: User) -> Sequence[Course]:
    """Every course `user` may see: those in use first, then by project and age."""
    in_use = (Course.state == "retired").asc()
    return session.scalars(visible(user).order_by(in_use, Course.project_id, Course.id)).all()


def visible(user: User) -> Select[Any]:
    """The courses of the projects that `user` may see."""
    return (
        select(Course)
        .options(joinedload(Course.project))
        .where(Course.project_id.in_(scope.projects(user)))
    )


def n_steps(session: Session, course: Course) -> int:
    """How many steps there are to do."""
    live = (CourseStep.course_id == course.id) & CourseStep.retired_at.is_(None)
    return session.scalar(select(func.count()).where(live)) or 0


def record(session: Session, course: Course, by: User | None, action: str, **data: Any) -> None:
    """Leave an audit entry about a course, under its project's organisation."""
    project = session.get_one(Project, course.project_id)
    audit_log.record(
        session,
        by,
        action,
        f"course:{course.id}",
        organisation_id=project.organisation_id,
        project=project.id,
        **data,
    )
