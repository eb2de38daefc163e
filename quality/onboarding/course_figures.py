"""What a course shows of itself: who is where, and which step does not teach."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ops import clock_time, labels, ontologies
from ops.access import WORKERS
from ops.models import Project, ProjectMember, User
from quality.measures.classes import Rate, rate
from quality.models import Course, CourseProgress, CourseStep, StepTry
from quality.onboarding import course_steps
from quality.onboarding.course_way import others_pace

# Unfinished, and nothing done for so long.
STUCK = timedelta(days=3)


class StepFigures(NamedTuple):
    """One step: how many did it of those who began the course, how it went at the first try, and
    what was most often chosen wrongly then (in words, how often)."""

    step: CourseStep
    done: int
    began: int
    first: Rate
    seconds: float | None
    timed: int
    wrong: tuple[str, int] | None

    @property
    def reached(self) -> float:
        """The share of those who began that did it; 0 where nobody began."""
        return self.done / self.began if self.began else 0.0


def steps(session: Session, course: Course) -> list[StepFigures]:
    """Figures of the steps to do, in order. Undefined is nan (rate) or None."""
    live = course_steps.of(session, course)
    first: dict[int, list[StepTry]] = defaultdict(list)
    tried = select(StepTry).where(
        StepTry.step_id.in_([step.id for step in live]), StepTry.number == 1
    )
    for one in session.scalars(tried.order_by(StepTry.id)):
        first[one.step_id].append(one)
    began = session.scalar(
        select(func.count())
        .select_from(CourseProgress)
        .where(CourseProgress.course_id == course.id)
    )
    pace = others_pace(session, [course])
    say = _sayer(session, course)
    return [_figures(step, first[step.id], began or 0, pace.get(step.id), say) for step in live]


def _figures(
    step: CourseStep, tries: Sequence[StepTry], began: int, pace: Any, say: Any
) -> StepFigures:
    asked = [one for one in tries if one.correct is not None]
    return StepFigures(
        step=step,
        done=len(tries),
        began=began,
        first=rate(sum((one.correct or 0.0) >= 1 - 1e-9 for one in asked), len(asked)),
        seconds=pace[0] if pace else None,
        timed=pace[1] if pace else 0,
        wrong=_wrong(step, asked, say),
    )


def _sayer(session: Session, course: Course) -> Any:
    project = session.get_one(Project, course.project_id)
    ontology = ontologies.current(session, project.id)
    return partial(labels.in_words, project.label_type, ontology=ontology)


def _wrong(step: CourseStep, tries: Sequence[StepTry], say: Any) -> tuple[str, int] | None:
    """The most frequent of what was answered wrongly; the first such in order of time."""
    said = Counter[str]()
    for one in tries:
        if (one.correct or 0.0) < 1 - 1e-9 and one.answer is not None:
            said.update(_chosen_wrongly(step, one.answer) if step.kind == "quiz" else
                        [say(one.answer)])  # fmt: skip
    return said.most_common(1)[0] if said else None


def _chosen_wrongly(step: CourseStep, answer: dict[str, Any]) -> list[str]:
    """The wrong choices that were taken, and the right ones that were not where none was wrong."""
    found: list[str] = []
    for question, places in zip(step.content, answer["chosen"], strict=True):
        choices = question["choices"]
        taken = [choices[j]["text"] for j in places if not choices[j]["right"]]
        missed = [
            f"not: {choice['text']}"
            for j, choice in enumerate(choices)
            if choice["right"] and j not in places
        ]
        found += taken or missed
    return found


class Place(NamedTuple):
    """Where a member is in a course: `at` the title of the step they are at, `last` when they last
    did one; `required` says whether their work waits for it."""

    user: User
    state: str
    done: int
    steps: int
    at: str
    began: datetime | None
    last: datetime | None
    finished: datetime | None
    share: float | None
    required: bool

    @property
    def stuck(self) -> timedelta | None:
        """For how long nothing was done, where that is long and the course is unfinished."""
        if self.state != "under way" or self.last is None:
            return None
        idle = clock_time.now() - self.last
        return idle if idle >= STUCK else None


def places(session: Session, course: Course) -> list[Place]:
    """Every worker of the project and where they are: the stuck first, then who is under way, who
    has not begun, who finished."""
    live = list(course_steps.of(session, course))
    tries: dict[int, dict[int, StepTry]] = defaultdict(dict)
    done = select(StepTry).where(StepTry.step_id.in_([step.id for step in live]))
    for one in session.scalars(done.order_by(StepTry.number)):
        tries[one.user_id][one.step_id] = one
    rows = session.execute(
        select(User, ProjectMember, CourseProgress)
        .join(ProjectMember, ProjectMember.user_id == User.id)
        .outerjoin(
            CourseProgress,
            (CourseProgress.user_id == User.id) & (CourseProgress.course_id == course.id),
        )
        .where(ProjectMember.project_id == course.project_id)
        .where(User.active, User.role.in_(WORKERS))
        .order_by(User.name, User.id)
    )
    found = [_place(course, live, user, m, p, tries[user.id]) for user, m, p in rows]
    order = {"under way": 1, "not begun": 2, "finished": 3}
    return sorted(found, key=lambda one: 0 if one.stuck else order[one.state])


def _place(
    course: Course,
    live: Sequence[CourseStep],
    user: User,
    member: ProjectMember,
    progress: CourseProgress | None,
    tries: dict[int, StepTry],
) -> Place:
    state = "not begun" if progress is None else "finished" if progress.finished_at else "under way"
    began = progress.started_at if progress else None
    at = next((step.title for step in live if step.id not in tries), _again(live, tries))
    asked = [one.correct for one in tries.values() if one.correct is not None]
    newcomer = course.required_at is not None and member.since >= course.required_at
    return Place(
        user=user,
        state=state,
        done=len(tries),
        steps=len(live),
        at=at if state == "under way" else "",
        began=began,
        last=max((one.at for one in tries.values()), default=began),
        finished=progress.finished_at if progress else None,
        share=sum(asked) / len(asked) if asked else None,
        required=course.required_of == "everybody" or (course.required_of is not None and newcomer),
    )


def _again(live: Sequence[CourseStep], tries: dict[int, StepTry]) -> str:
    """Where whoever did every step is: at the first that is not all right yet."""
    for step in live:
        correct = tries[step.id].correct if step.id in tries else None
        if correct is not None and correct < 1 - 1e-9:
            return f"{step.title}, again"
    return ""


class Tally(NamedTuple):
    """How many began a course, how many finished it, and how many steps it has."""

    began: int = 0
    finished: int = 0
    steps: int = 0


def tallies(session: Session, found: Sequence[Course]) -> dict[int, Tally]:
    """Course id → its tally, for each of `found`."""
    ids = [course.id for course in found]
    counted = session.execute(
        select(CourseProgress.course_id, func.count(), func.count(CourseProgress.finished_at))
        .where(CourseProgress.course_id.in_(ids))
        .group_by(CourseProgress.course_id)
    )
    people = {row[0]: (row[1], row[2]) for row in counted}
    made = session.execute(
        select(CourseStep.course_id, func.count())
        .where(CourseStep.course_id.in_(ids), CourseStep.retired_at.is_(None))
        .group_by(CourseStep.course_id)
    )
    n = {row[0]: row[1] for row in made}
    return {i: Tally(*people.get(i, (0, 0)), n.get(i, 0)) for i in ids}


PLACES_HEAD = (
    "labeller", "state", "required", "steps_done", "steps", "at", "right_at_last", "began",
    "last_step", "finished",
)  # fmt: skip


STEPS_HEAD = (
    "step", "kind", "began", "done", "first_tries", "right_at_first", "low", "high",
    "median_seconds", "timed", "most_often_wrong", "times_wrong",
)  # fmt: skip


def steps_as_rows(found: Sequence[StepFigures]) -> list[list[str]]:
    """The figures as cells of a table under `STEPS_HEAD`; undefined is empty."""
    rows = []
    for one in found:
        rate_ = [f"{x:.4f}" for x in one.first[:3]] if one.first.n else [""] * 3
        seconds = "" if one.seconds is None else f"{one.seconds:.1f}"
        words, times = one.wrong or ("", "")
        rows.append([
            one.step.title, one.step.kind, str(one.began), str(one.done), str(one.first.n), *rate_,
            seconds, str(one.timed), words, str(times),
        ])  # fmt: skip
    return rows


def places_as_rows(found: Sequence[Place]) -> list[list[str]]:
    """The places as cells of a table under `PLACES_HEAD`; undefined is empty."""
    return [
        [
            one.user.name, one.state, "yes" if one.required else "no", str(one.done),
            str(one.steps), one.at, "" if one.share is None else f"{one.share:.4f}",
            *(at.isoformat() if at else "" for at in (one.began, one.last, one.finished)),
        ]
        for one in found
    ]  # fmt: skip
