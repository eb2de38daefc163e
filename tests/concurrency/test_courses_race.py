"""The last step answered in two tabs while the course is required and let go: the counts hold."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from ops.db import transaction
from ops.models import AuditEntry, Project, ProjectMember, User
from quality.models import Course, CourseStep, StepTry
from quality.onboarding import course_requirement, course_steps, course_taking, courses
from scheduling import dispatch

pytestmark = pytest.mark.serial

LABELLERS, TURNS = 4, 5


def test_a_course_is_finished_once_and_counted_whatever_happens_beside_it(
    make: Any, session: Any, sessions: sessionmaker[Session]
) -> None:
    floor = make.floor(labellers=LABELLERS, assets=3 * LABELLERS)
    manager = make.member(floor.project, make.user("onboarding_manager"))
    made = [courses.create(session, floor.project, {"title": t}, manager) for t in ("A", "B")]
    page = {"title": "Look", "markdown": "Twice."}
    for course in made:
        course_steps.add(session, course, "page", page, manager)
        courses.open_it(session, course, manager)
    course_requirement.require(session, made[0], "everybody", manager)
    session.commit()
    ids = [course.id for course in made]
    start = threading.Barrier(2 * LABELLERS + 1)

    def learn(labeller_id: int) -> int:
        """Both courses, read in one tab; how many of them this tab finished."""
        start.wait()
        for course_id in ids:
            with transaction(sessions) as own:
                course, me = own.get_one(Course, course_id), own.get_one(User, labeller_id)
                mine = select(CourseStep).where(CourseStep.course_id == course_id)
                course_taking.answer(own, course, own.scalars(mine).one(), me, None)
        return labeller_id

    def require() -> None:
        start.wait()
        for turn in range(2 * TURNS + 1):
            with transaction(sessions) as own:
                course, by = own.get_one(Course, ids[1]), own.get_one(User, manager.id)
                of = "everybody" if turn % 2 == 0 else None
                course_requirement.require(own, course, of, by)

    with ThreadPoolExecutor(2 * LABELLERS + 1) as pool:
        tabs = [pool.submit(learn, who.id) for who in floor.labellers for _ in range(2)]
        last = pool.submit(require)
        assert {tab.result() for tab in tabs} == {who.id for who in floor.labellers}
        last.result()

    with sessions() as after:
        assert after.get_one(Project, floor.project.id).courses_due == 2
        people = [who.id for who in floor.labellers]
        done = select(ProjectMember.courses_done).where(ProjectMember.user_id.in_(people))
        assert set(after.scalars(done)) == {2}
        assert after.scalar(select(func.count()).select_from(StepTry)) == 2 * LABELLERS
        finished = select(func.count()).where(AuditEntry.action == "course.finished")
        assert after.scalar(finished) == 2 * LABELLERS
        assert all(dispatch.claim(after, after.get_one(User, i)) is not None for i in people)
