"""Courses: steps and tries, what is required of whom, and work that waits for it."""

from typing import Any

import pytest
from sqlalchemy import select, text

from ops import clock_time, guideline_readers, guidelines, projects
from ops.errors import Conflict, InvalidInput
from ops.models import AuditEntry, ProjectMember, Task
from quality import gold
from quality.models import CourseProgress, StepTry
from quality.onboarding import (
    course_figures,
    course_gold,
    course_quiz,
    course_requirement,
    course_steps,
    course_taking,
    courses,
    pool,
)
from quality.onboarding.course_way import way
from scheduling import dispatch, eligibility, emptiness, explain

QUIZ = [
    {
        "question": "Which come first?",
        "choices": [
            {"text": "A", "right": True, "why": "yes"},
            {"text": "B", "right": False, "why": "B comes second"},
            {"text": "C", "right": True, "why": ""},
            {"text": " ", "right": False, "why": ""},
        ],
    }
]
RIGHT, WRONG = {"chosen": [[0, 2]]}, {"chosen": [[0, 1]]}


@pytest.fixture
def floor(make: Any, session: Any) -> Any:
    floor = make.floor(labellers=3, assets=12)
    floor.manager = make.member(floor.project, make.user("onboarding_manager"))
    floor.golds = [
        gold.make(session, floor.project, asset, [{"class": "b"}], None)
        for asset in floor.assets[:3]
    ]
    session.commit()
    return floor


@pytest.fixture
def course(session: Any, floor: Any) -> Any:
    made = courses.create(session, floor.project, {"title": "First steps"}, floor.manager)
    for kind, more in (
        ("page", {"markdown": "# Look\n\nTwice."}),
        ("example", {"gold": floor.golds[0].id, "markdown": "Because."}),
        ("practice", {"gold": floor.golds[1].id}),
        ("quiz", {"questions": QUIZ}),
    ):
        course_steps.add(session, made, kind, {"title": kind, **more}, floor.manager)
    courses.open_it(session, made, floor.manager)
    session.commit()
    return made


def do(session: Any, course: Any, user: Any, **answers: Any) -> None:
    """Answer every step, in order; rightly where nothing else is given."""
    given = {"practice": {"class": "b"}, "quiz": RIGHT} | answers
    for step in course_steps.of(session, course):
        course_taking.show(session, course, step, user)
        course_taking.answer(session, course, step, user, given.get(step.kind))


def done(session: Any, floor: Any, user: Any) -> int:
    session.expire_all()
    return session.get_one(ProjectMember, (floor.project.id, user.id)).courses_done


def test_work_waits_for_the_course_and_opens_with_its_last_step(
    session: Any, floor: Any, course: Any
) -> None:
    me = floor.labellers[0]
    course_requirement.require(session, course, "everybody", floor.manager)
    task = session.scalars(select(Task).where(Task.wanted > 0).order_by(Task.id)).all()[-1]

    assert dispatch.claim(session, me) is None
    empty = emptiness.why_empty(session, me)
    assert empty.course == emptiness.ToLearn(course.id, "First steps")
    assert f"Before your first task {floor.project.name} has a course for you" in empty.reason
    assert eligibility.may(session, me, task.id) == "A course comes before your first task."
    asset = next(a for a in floor.assets if a.id == task.asset_id)
    [said] = explain.of_asset(session, me, asset, clock_time.now())
    assert [one.name for one in said.failing] == ["courses_done"]
    [entry] = session.scalars(select(AuditEntry).where(AuditEntry.action == "course.required"))
    assert entry.data["of"] == "everybody"

    # Where more is lacking, the course still comes first; reading alone would be quicker.
    guidelines.publish(session, floor.project, "Look.", floor.manager, must_read=True)
    assert emptiness.why_empty(session, me).course == empty.course
    guideline_readers.read(session, me, floor.project, 1)

    steps = course_steps.of(session, course)
    for step in steps[:3]:
        course_taking.answer(session, course, step, me, {"class": "b"})
    assert dispatch.claim(session, me) is None
    course_taking.answer(session, course, steps[3], me, RIGHT)
    assert dispatch.claim(session, me) is not None
    assert dispatch.claim(session, floor.labellers[1]) is None


def test_newcomers_only_lets_members_through(
    session: Any, make: Any, floor: Any, course: Any
) -> None:
    course_requirement.require(session, course, "newcomers", floor.manager)
    assert dispatch.claim(session, floor.labellers[0]) is not None
    fresh = make.user()
    projects.add_member(session, floor.project, fresh, by=make.user("admin"))
    assert dispatch.claim(session, fresh) is None
    do(session, course, fresh)
    assert dispatch.claim(session, fresh) is not None

    # Whoever comes back has done it already: their page lets it count.
    projects.remove_member(session, floor.project, fresh, by=floor.manager)
    projects.add_member(session, floor.project, fresh, by=floor.manager)
    assert emptiness.why_empty(session, fresh).course == emptiness.ToLearn()
    course_taking.catch_up(session, fresh)
    assert dispatch.claim(session, fresh) is not None


def test_what_is_required_is_counted_whatever_the_order(
    session: Any, make: Any, floor: Any, course: Any
) -> None:
    one, two, three = floor.labellers
    other = courses.create(session, floor.project, {"title": "More"}, floor.manager)
    course_steps.add(session, other, "page", {"title": "x", "markdown": "y"}, floor.manager)
    courses.open_it(session, other, floor.manager)
    do(session, other, one)
    do(session, course, two)
    for each in (course, other):
        course_requirement.require(session, each, "everybody", floor.manager)
    assert floor.project.courses_due == 2
    assert [done(session, floor, user) for user in floor.labellers] == [1, 1, 0]
    course_requirement.require(session, other, None, floor.manager)
    assert floor.project.courses_due == 1
    assert [done(session, floor, user) for user in floor.labellers] == [0, 1, 0]
    course_requirement.require(session, course, "newcomers", floor.manager)
    assert [done(session, floor, user) for user in (one, two, three)] == [1, 1, 1]
    course_requirement.retire(session, course, floor.manager)
    assert (floor.project.courses_due, course.required_of) == (0, None)
    assert len(course_steps.of(session, course)) == 4
    unseen = courses.create(session, floor.project, {"title": "Never begun"}, floor.manager)
    shown = {"title": "x", "gold": floor.golds[2].id}
    course_steps.add(session, unseen, "example", shown, floor.manager)
    assert course_gold.offered(session, unseen) == []
    course_requirement.retire(session, unseen, floor.manager)
    assert [one.gold_id for one in course_gold.offered(session, unseen)] == [floor.golds[2].id]
    with pytest.raises(Conflict, match="Open the course"):
        course_requirement.require(session, course, "everybody", floor.manager)


def test_the_last_try_counts_and_the_first_is_kept(session: Any, floor: Any, course: Any) -> None:
    me = floor.labellers[0]
    do(session, course, me, practice={"class": "a"}, quiz=WRONG)
    found = way(session, course, me)
    assert (found.done, found.share, found.complete) == (4, 0.0, False)
    assert [step.kind for step in found.to_repeat] == ["practice", "quiz"]
    practice, quiz = found.to_repeat
    course_taking.answer(session, course, quiz, me, RIGHT)
    assert not way(session, course, me).complete
    course_taking.answer(session, course, practice, me, {"class": "b"})
    assert session.get_one(CourseProgress, (course.id, me.id)).finished_at is not None
    tries = session.scalars(select(StepTry).where(StepTry.step_id == quiz.id)).all()
    assert [(t.number, t.correct) for t in tries] == [(1, 0.0), (2, 1.0)]

    do(session, course, floor.labellers[1])
    *_, asked = course_figures.steps(session, course)
    assert (asked.first.value, asked.first.n, asked.done, asked.began) == (0.5, 2, 2, 2)
    assert asked.wrong == ("B", 1)
    states = {p.user.id: (p.state, p.done) for p in course_figures.places(session, course)}
    assert states == {
        me.id: ("finished", 4),
        floor.labellers[1].id: ("finished", 4),
        floor.labellers[2].id: ("not begun", 0),
    }


def test_gold_of_a_course_goes_neither_into_work_nor_into_assessments(
    session: Any, floor: Any, course: Any
) -> None:
    me = floor.labellers[0]
    taught = {floor.golds[0].id, floor.golds[1].id}
    asked = pool.pool(session, floor.project.id, me.id)
    assert {one.gold_id for one in asked} == {floor.golds[2].id}
    lane = floor.lane
    picked = [gold.pick(session, me.id, lane) for _ in range(3)]
    assert not taught & set(picked)
    why, *_ = explain.of_asset(session, me, floor.assets[0], clock_time.now())
    assert why.verdict == "Gold that a course shows: it is not slipped into work."
    # And what was met in work is in no course.
    leased = dispatch.claim(session, me)
    assert leased is not None
    session.execute(
        text(
            "INSERT INTO assignment (task_id, labeller_id, project_id, counts, leased_at, "
            "expires_at) SELECT task_id, :me, project_id, false, :at, :at FROM gold WHERE id = :g"
        ),
        {"me": me.id, "at": clock_time.now(), "g": floor.golds[2].id},
    )
    values = {"title": "x", "gold": floor.golds[2].id}
    with pytest.raises(InvalidInput, match="nobody has met"):
        course_steps.add(session, course, "example", values, floor.manager)


def test_what_may_have_been_seen_is_replaced_and_not_changed(
    session: Any, floor: Any, course: Any
) -> None:
    me = floor.labellers[0]
    page = course_steps.of(session, course)[0]
    values = {"title": "Look", "markdown": "Thrice."}
    assert course_steps.change(session, course, page, values, floor.manager) is page
    course_taking.show(session, course, page, me)
    course_taking.answer(session, course, page, me, None)
    fresh = course_steps.change(
        session, course, page, values | {"markdown": "Often."}, floor.manager
    )
    assert (fresh.id != page.id, fresh.position, page.markdown) == (True, page.position, "Thrice.")
    assert page.retired_at is not None
    assert way(session, course, me).next == fresh
    with pytest.raises(Conflict, match="replaced"):
        course_taking.answer(session, course, page, me, None)
    course_steps.move(session, course, fresh, "down", floor.manager)
    assert [s.kind for s in course_steps.of(session, course)] == [
        "example", "page", "practice", "quiz",
    ]  # fmt: skip

    # What is left being retired, the rest is all there is to do.
    for step in course_steps.of(session, course)[:-1]:
        course_steps.retire(session, course, step, floor.manager)
    [quiz] = course_steps.of(session, course)
    course_taking.answer(session, course, quiz, me, RIGHT)
    assert way(session, course, me).finished_at is not None
    with pytest.raises(Conflict, match="needs a step"):
        course_steps.retire(session, course, quiz, floor.manager)


@pytest.mark.parametrize(
    ("question", "field", "says"),
    [
        ({"question": "", "choices": QUIZ[0]["choices"]}, "q0", "write the question"),
        ({"question": "x", "choices": QUIZ[0]["choices"][:1]}, "q0", "2 to 9"),
        ({"question": "x", "choices": [QUIZ[0]["choices"][0]] * 2}, "q0", "the same"),
        ({"question": "x", "choices": [{"text": "a"}, {"text": "b"}]}, "q0", "at least one"),
        ({"question": "x", "choices": [{"text": "", "why": "x"}]}, "q0c0", "to be chosen"),
    ],
)
def test_a_quiz_that_asks_nothing_is_refused(question: Any, field: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says) as refused:
        course_quiz.clean([question])
    assert refused.value.errors[0]["field"] == field
