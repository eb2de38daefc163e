"""How far somebody is in a course: steps, tries, what is left and how long it may take."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from ops.errors import NotFound
from ops.models import ProjectMember, User
from quality.models import Course, CourseProgress, CourseStep, StepTry


class Way(NamedTuple):
    """How far somebody is in a course: its steps, and their tries at each, the first first."""

    course: Course
    steps: Sequence[CourseStep]
    tries: dict[int, list[StepTry]]
    finished_at: datetime | None

    @property
    def done(self) -> int:
        """Steps that were read or answered."""
        return sum(step.id in self.tries for step in self.steps)

    @property
    def next(self) -> CourseStep | None:
        """The first step that is still to do."""
        return next((step for step in self.steps if step.id not in self.tries), None)

    @property
    def asked(self) -> list[CourseStep]:
        """The steps that ask something and were answered."""
        return [s for s in self.steps if s.id in self.tries and self.last(s).correct is not None]

    @property
    def share(self) -> float | None:
        """How much of what was asked is right at the last try; None where nothing is."""
        last = [self.last(step).correct or 0.0 for step in self.asked]
        return sum(last) / len(last) if last else None

    @property
    def to_repeat(self) -> list[CourseStep]:
        """What is not all right yet."""
        return [step for step in self.asked if (self.last(step).correct or 0.0) < 1 - 1e-9]

    @property
    def complete(self) -> bool:
        """Whether every step is done, and enough of it right."""
        enough = self.share is None or self.share >= self.course.pass_mark - 1e-9
        return bool(self.steps) and self.next is None and enough

    def last(self, step: CourseStep) -> StepTry:
        """The try that counts."""
        return self.tries[step.id][-1]

    def number(self, step: CourseStep) -> int:
        """The place of a step, from 1."""
        return [one.id for one in self.steps].index(step.id) + 1

    def after(self, step: CourseStep) -> CourseStep | None:
        """The step that follows."""
        return next(iter(self.steps[self.number(step) :]), None)


def way(session: Session, course: Course, user: User) -> Way:
    """How far `user` is in the course."""
    return ways(session, [course], user)[0]


def ways(session: Session, found: Sequence[Course], user: User) -> list[Way]:
    """How far `user` is in each of the courses, in three statements."""
    ids = [course.id for course in found]
    live = (CourseStep.course_id.in_(ids)) & CourseStep.retired_at.is_(None)
    steps: dict[int, list[CourseStep]] = defaultdict(list)
    for step in session.scalars(
        select(CourseStep).where(live).order_by(CourseStep.position, CourseStep.id)
    ):
        steps[step.course_id].append(step)
    tries: dict[int, list[StepTry]] = defaultdict(list)
    mine = select(StepTry).join(CourseStep, CourseStep.id == StepTry.step_id)
    for one in session.scalars(
        mine.where(live, StepTry.user_id == user.id).order_by(StepTry.number)
    ):
        tries[one.step_id].append(one)
    rows = session.execute(
        select(CourseProgress.course_id, CourseProgress.finished_at).where(
            CourseProgress.user_id == user.id, CourseProgress.course_id.in_(ids)
        )
    )
    finished = {row[0]: row[1] for row in rows}
    return [Way(c, steps[c.id], dict(tries), finished.get(c.id)) for c in found]


def mine(session: Session, user: User) -> list[Way]:
    """The courses of a labeller's projects: those that are open, and those they finished."""
    required_first = Course.required_of.is_(None)
    ordered = _of(user).order_by(required_first, Course.project_id, Course.id)
    return ways(session, session.scalars(ordered).all(), user)


def find(session: Session, user: User, course_id: int) -> Course:
    """A course that `user` may do, or did. Raises NotFound."""
    found = session.scalar(_of(user).where(Course.id == course_id))
    if found is None:
        raise NotFound("There is no such course, or you are not a member of its project.")
    return found


def _of(user: User) -> Select[Any]:
    return (
        select(Course)
        .join(ProjectMember, ProjectMember.project_id == Course.project_id)
        .outerjoin(
            CourseProgress,
            (CourseProgress.course_id == Course.id) & (CourseProgress.user_id == user.id),
        )
        .options(joinedload(Course.project))
        .where(
            ProjectMember.user_id == user.id,
            (Course.state == "open") | CourseProgress.finished_at.is_not(None),
        )
    )


def due(session: Session, user: User, course: Course) -> bool:
    """Whether the work of `user` in the project waits for this course."""
    member = session.get(ProjectMember, (course.project_id, user.id))
    if member is None or course.required_of is None or course.required_at is None:
        return False
    if course.required_of == "newcomers" and member.since < course.required_at:
        return False
    progress = session.get(CourseProgress, (course.id, user.id))
    return progress is None or progress.finished_at is None


def others_pace(session: Session, found: Sequence[Course]) -> dict[int, tuple[float, int]]:
    """Step id → (median seconds from showing it to the first answer, of how many people)."""
    took = func.extract("epoch", StepTry.at - StepTry.shown_at)
    rows = session.execute(
        select(StepTry.step_id, func.percentile_cont(0.5).within_group(took), func.count())
        .join(CourseStep, CourseStep.id == StepTry.step_id)
        .where(
            CourseStep.course_id.in_([course.id for course in found]),
            StepTry.number == 1,
            StepTry.at > StepTry.shown_at,
        )
        .group_by(StepTry.step_id)
    )
    return {row[0]: (float(row[1]), row[2]) for row in rows}


def time_left(found: Way, pace: dict[int, tuple[float, int]]) -> tuple[float, int] | None:
    """Seconds that the steps still to do took others at the median, and the fewest people behind
    one of them; None where nobody did one of them yet."""
    ahead = [step.id for step in found.steps if step.id not in found.tries]
    if not ahead or any(step not in pace for step in ahead):
        return None
    return sum(pace[s][0] for s in ahead), min(pace[s][1] for s in ahead)
