"""Answers that lose their weight: kept and paid, their tasks go out again, and back."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from ops import clock_time, consensus, reopening
from ops.models import Assignment, Batch, Consensus, Label, Task
from quality.judging import belief, judge
from scheduling import dispatch
from tests.db.answering import answer, answers
from tests.db.books import balanced, events

LONG_AGO = timedelta(days=9)


@pytest.fixture(autouse=True)
def _fresh_fits():
    belief.forget()


def discount(session, floor, who, **more):
    at = clock_time.now()
    since = more.pop("since", at - LONG_AGO)
    return reopening.discount(
        session, floor.labellers[who].id, floor.project.id, since, at, cause="firing:1", **more
    )


def again(session, floor, who):
    at = clock_time.now()
    who = floor.labellers[who].id
    return reopening.count_again(session, who, floor.project.id, "firing:1", at)


def test_unreviewed_answers_become_surplus_and_their_tasks_go_out_again(session, make):
    floor = make.floor(labellers=2, assets=3, wanted=1)
    for task in floor.tasks:
        answer(session, task, floor.labellers[0], "a")
    assert dispatch.claim(session, floor.labellers[1]) is None
    assert discount(session, floor, 0) == 3
    balanced(session)
    kept = session.scalars(select(Assignment)).all()
    assert {(a.state, a.surplus, a.counts) for a in kept} == {("submitted", True, False)}
    assert len(session.scalars(select(Label)).all()) == 3
    assert [kind for kind, _ in events(session)] == ["reopened"] * 3
    assert discount(session, floor, 0) == 0
    # Never again to whoever answered; at once to somebody else.
    assert dispatch.claim(session, floor.labellers[0]) is None
    assert dispatch.claim(session, floor.labellers[1]) is not None
    balanced(session)


def test_what_somebody_decided_stays(session, make):
    floor = make.floor(labellers=1, assets=3, wanted=1)
    for task in floor.tasks:
        answer(session, task, floor.labellers[0], "a")
    for asset, method in zip(floor.assets, ("review", "majority", "adjudication"), strict=True):
        make.decided(asset, method=method)
    assert discount(session, floor, 0) == 1
    open_ = session.scalars(select(Task.asset_id).where(Task.open)).all()
    assert open_ == [floor.assets[1].id]


def test_only_answers_of_the_project_and_since_the_moment(session, make):
    floor, other = make.floor(assets=2), make.floor()
    me = make.member(other.project, floor.labellers[0])
    now = clock_time.now()
    answer(session, floor.tasks[0], me, "a", at=now - timedelta(hours=2))
    answer(session, floor.tasks[1], me, "a", at=now - timedelta(minutes=5))
    answer(session, other.tasks[0], me, "a")
    assert discount(session, floor, 0, since=now - timedelta(hours=1)) == 1
    session.expire_all()
    assert [task.open for task in (*floor.tasks, *other.tasks[:1])] == [False, True, False]


def test_a_complete_batch_opens_and_a_delivered_one_does_not(session, make):
    floor = make.floor(assets=1)
    other = make.batch(floor.project, state="delivered")
    frozen = make.tasks(make.lane(other), make.assets(other, 1))[0]
    answer(session, floor.tasks[0], floor.labellers[0], "a")
    answer(session, frozen, floor.labellers[0], "a")
    floor.batch.state, floor.batch.completed_at = "complete", clock_time.now()
    session.flush()
    assert discount(session, floor, 0) == 1
    states = session.execute(select(Batch.id, Batch.state, Batch.completed_at))
    assert {tuple(row) for row in states} == {
        (floor.batch.id, "open", None),
        (other.id, "delivered", None),
    }


def test_the_label_is_found_anew_from_the_answers_that_count(session, sessions, make):
    floor = make.floor(labellers=4, assets=1, wanted=3)
    said = zip(floor.labellers[:3], "baa", strict=True)
    answers(session, floor.tasks[0], said)
    session.commit()
    judge(sessions)
    assert discount(session, floor, 1) == 1
    answer(session, floor.tasks[0], floor.labellers[3], "b")
    session.commit()
    judge(sessions)
    session.expire_all()
    newest = consensus.current(session, [floor.assets[0].id])[floor.assets[0].id]
    assert (newest.label, newest.answers) == ({"class": "b"}, 3)
    assert newest.version > 1


def test_answers_count_again_where_there_is_still_room(session, sessions, make):
    floor = make.floor(labellers=2, assets=3, wanted=1)
    for task in floor.tasks:
        answer(session, task, floor.labellers[0], "a")
    session.commit()
    judge(sessions)
    discount(session, floor, 0)
    answer(session, floor.tasks[0], floor.labellers[1], "b")
    assert dispatch.claim(session, floor.labellers[1]) is not None
    assert again(session, floor, 0) == 1
    balanced(session)
    assert again(session, floor, 0) == 0
    session.commit()
    judge(sessions)
    balanced(session)
    session.expire_all()
    assert len(session.scalars(select(Consensus)).all()) >= 3


def test_many_reopened_tasks_are_found_in_their_own_place(session, make, monkeypatch):
    monkeypatch.setattr(reopening, "AHEAD", 1)
    floor = make.floor(labellers=2, assets=2, wanted=1)
    generation = floor.lane.generation
    for task in floor.tasks:
        answer(session, task, floor.labellers[0], "a")
    assert discount(session, floor, 0) == 2
    session.refresh(floor.lane)
    assert floor.lane.generation == generation + 1
    assert not session.scalars(select(Task).where(Task.returned)).all()
    assert dispatch.claim(session, floor.labellers[1]) is not None
