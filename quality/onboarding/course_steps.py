"""The steps of a course: added, changed, put in order, retired.

What somebody may have seen stays as they saw it: once a course was begun, changing a step retires
it and puts another in its place. Gold in a step leaves work and assessments for good, see
`gold_choice.NEVER_MET`.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from ops import clock_time, guideline_changes, guidelines
from ops.errors import Conflict, InvalidInput, NotFound
from ops.models import User
from ops.validation import clean
from quality.models import Course, CourseProgress, CourseStep
from quality.models.training import STEP_KINDS
from quality.onboarding import course_gold, course_quiz
from quality.onboarding.courses import n_steps, record

OF_GOLD = ("example", "practice")
MOST = 100


class Step(BaseModel):
    """What every step says; `markdown` is the page itself, or what stands beside the rest."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    title: str = Field(min_length=1, max_length=120)
    markdown: str = Field("", max_length=50_000)


def add(
    session: Session, course: Course, kind: str, values: dict[str, Any], by: User
) -> CourseStep:
    """A step at the end of the course.

    `values`: title, markdown, `questions` of a quiz, `gold` (id) of an example or practice. Raises
    InvalidInput naming the field, Conflict in a retired course.
    """
    _lock(session, course)
    if n_steps(session, course) >= MOST:
        raise InvalidInput(f"a course has at most {MOST} steps", field="title")
    last = select(func.max(CourseStep.position)).where(CourseStep.course_id == course.id)
    position = (session.scalar(last) or 0) + 1
    made = _made(session, course, kind, values, position)
    record(session, course, by, "course.step_added", step=made.id, kind=kind)
    return made


def change(session: Session, course: Course, step: CourseStep, values: Any, by: User) -> CourseStep:
    """Change a step, or put another in its place where the course was begun; returns that one.

    Raises InvalidInput naming the field, Conflict for a step that is retired.
    """
    _lock(session, course)
    _look_again(session, step)
    kept = _checked(session, course, step.kind, values, step)
    if all(getattr(step, name) == value for name, value in kept.items()):
        return step
    if not begun(session, course):
        for name, value in kept.items():
            setattr(step, name, value)
        session.flush()
        record(session, course, by, "course.step_changed", step=step.id)
        return step
    step.retired_at = clock_time.now()
    made = CourseStep(course_id=course.id, kind=step.kind, position=step.position, **kept)
    session.add(made)
    session.flush()
    record(session, course, by, "course.step_replaced", step=step.id, by_step=made.id)
    return made


def move(session: Session, course: Course, step: CourseStep, way: str, by: User) -> None:
    """Change places with the step before (`up`) or after it (`down`). Raises InvalidInput."""
    if way not in ("up", "down"):
        raise InvalidInput("choose up or down", field="way")
    _lock(session, course)
    _look_again(session, step)
    order = list(of(session, course))
    at = next(i for i, one in enumerate(order) if one.id == step.id)
    to = at + (1 if way == "down" else -1)
    if not 0 <= to < len(order):
        return
    order[at], order[to] = order[to], order[at]
    for position, one in enumerate(order, 1):
        one.position = position
    session.flush()
    record(session, course, by, "course.step_moved", step=step.id, way=way)


def retire(session: Session, course: Course, step: CourseStep, by: User) -> None:
    """Ask this step no more: it is kept for the figures, or deleted where nobody saw it.

    Raises Conflict for the last step of an open course.
    """
    _lock(session, course)
    _look_again(session, step)
    if course.state == "open" and n_steps(session, course) == 1:
        raise Conflict("An open course needs a step: add another first, or retire the course.")
    seen = begun(session, course)
    if seen:
        step.retired_at = clock_time.now()
    else:
        session.delete(step)
    session.flush()
    record(session, course, by, "course.step_retired", step=step.id, kept=seen)


def of(session: Session, course: Course) -> Sequence[CourseStep]:
    """The steps to do, in order."""
    return session.scalars(_live(course).order_by(CourseStep.position, CourseStep.id)).all()


def find(session: Session, course: Course, step_id: int, *, retired: bool = False) -> CourseStep:
    """A step of the course, with `retired` also one that is asked no more. Raises NotFound."""
    mine = (CourseStep.id == step_id) & (CourseStep.course_id == course.id)
    found = session.scalar(select(CourseStep).where(mine))
    if found is None or (found.retired_at is not None and not retired):
        raise NotFound("There is no such step.")
    return found


def begun(session: Session, course: Course) -> bool:
    """Whether anybody is or was in the course, and may have seen its steps."""
    there = select(CourseProgress.user_id).where(CourseProgress.course_id == course.id).limit(1)
    return session.scalar(there) is not None


def _live(course: Course) -> Select[Any]:
    live = (CourseStep.course_id == course.id) & CourseStep.retired_at.is_(None)
    return select(CourseStep).where(live)


def _lock(session: Session, course: Course) -> None:
    # The row is changed, not only locked: whoever waited for it sees the steps as they are now.
    session.execute(update(Course).where(Course.id == course.id).values(state=Course.state))
    session.refresh(course)
    if course.state == "retired":
        raise Conflict("This course is retired.")


def _look_again(session: Session, step: CourseStep) -> None:
    """Under the lock: another may have changed it, replaced it or let it go meanwhile."""
    found = session.get(CourseStep, step.id, populate_existing=True)
    if found is None or found.retired_at is not None:
        raise Conflict("This step is retired.")


def _made(
    session: Session, course: Course, kind: str, values: dict[str, Any], position: int
) -> CourseStep:
    if kind not in STEP_KINDS:
        raise InvalidInput(f"choose one of {', '.join(STEP_KINDS)}", field="kind")
    checked = _checked(session, course, kind, values, None)
    made = CourseStep(course_id=course.id, kind=kind, position=position, **checked)
    session.add(made)
    session.flush()
    return made


def _checked(
    session: Session, course: Course, kind: str, values: dict[str, Any], now: CourseStep | None
) -> dict[str, Any]:
    """What a step of this kind keeps of a form. Raises InvalidInput with every fault."""
    faults: list[dict[str, Any]] = []
    kept: dict[str, Any] = {"content": [], "gold_id": None}
    try:
        kept |= clean(Step, values).model_dump()
    except InvalidInput as error:
        faults += error.errors
    if kind == "page" and not str(values.get("markdown", "")).strip():
        faults.append({"field": "markdown", "message": "write the page"})
    try:
        if kind == "quiz":
            kept["content"] = course_quiz.clean(values.get("questions") or [])
        elif kind in OF_GOLD:
            kept["gold_id"] = course_gold.choose(session, course, values.get("gold"), now)
    except InvalidInput as error:
        faults += error.errors
    if faults:
        raise InvalidInput(faults[0]["message"], field=faults[0]["field"], errors=faults)
    return kept


class Section(NamedTuple):
    """A part of a guideline, from one heading to the next."""

    title: str
    markdown: str


def sections(session: Session, course: Course) -> list[Section]:
    """The parts of the guideline in force, to make pages of; none without a guideline."""
    now = guidelines.current(session, course.project_id)
    found: list[list[str]] = []
    for block in guideline_changes.blocks(now.markdown) if now else []:
        if block.startswith("#") or not found:
            found.append([])
        found[-1].append(block)
    return [Section(_heading(blocks[0]), "\n\n".join(blocks)) for blocks in found]


def _heading(block: str) -> str:
    first = block.splitlines()[0]
    return first.lstrip("#").strip(" #")[:120] or "Beginning"
