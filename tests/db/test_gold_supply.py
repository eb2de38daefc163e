"""Leads hear in time, and once, that gold runs low."""

from sqlalchemy import select

from ops.models import Notice, Task
from ops.work_events import Event, append
from quality import gold, gold_supply
from quality.models import Gold
from tests.db.answering import answer


def stock(session, make, floor, n):
    for asset in make.assets(floor.batch, n):
        gold.make(session, floor.project, asset, [{"class": "a"}], None)


def work(session, floor, labeller):
    row = answer(session, floor.tasks[0], labeller, "a", surplus=True)
    append(
        session,
        [
            Event(
                "submitted",
                row.ended_at,
                labeller.id,
                floor.project.id,
                floor.batch.id,
                "label",
                row.task_id,
                row.id,
            )
        ],
    )


def test_leads_are_told_once_for_each_size_of_the_pool(session, sessions, make):
    floor = make.floor(labellers=2)
    lead = make.member(floor.project, make.user(role="ops_lead"))
    admin, stranger = make.user(role="admin"), make.user(role="ops_lead")
    stock(session, make, floor, 11)
    busy, idle = floor.labellers
    work(session, floor, busy)
    session.commit()
    assert gold_supply.warn(sessions) == 0
    for _ in range(2):
        picked = session.get(Gold, gold.pick(session, busy.id, floor.lane))
        answer(session, session.get(Task, picked.task_id), busy, "a")
    session.commit()
    assert gold_supply.left(session, floor.project.id) == (11, {busy.id: 9})
    assert gold_supply.warn(sessions) == gold_supply.warn(sessions) == 1
    told = session.scalars(select(Notice)).all()
    assert {notice.user_id for notice in told} == {lead.id, admin.id} and len(told) == 2
    assert "1 labeller has fewer than 10 of 11 left" in told[0].text
    assert idle.id and stranger.id
    stock(session, make, floor, 1)
    session.commit()
    assert gold_supply.warn(sessions) == 0


def test_a_project_at_work_without_gold_is_low(session, sessions, make):
    floor = make.floor()
    make.user(role="admin")
    work(session, floor, floor.labellers[0])
    session.commit()
    assert gold_supply.warn(sessions) == 1
