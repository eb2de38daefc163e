"""A place in a task is kept for one labeller, once, and never one too many."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from ops import clock_time, reserving
from ops.errors import InvalidInput
from ops.models import Assignment, WorkEvent
from scheduling import dispatch, leases

NOW = datetime.fromisoformat("2026-11-01T08:00:00+00:00")
LATER = NOW + timedelta(hours=24)


@pytest.fixture(autouse=True)
def _morning() -> None:
    clock_time.use(NOW.timestamp)


def _reserve(session: Any, tasks: list[Any], labeller: Any) -> list[int]:
    return reserving.reserve(session, [t.id for t in tasks], labeller.id, LATER, NOW)


def _places(session: Any) -> list[Any]:
    """Every task beside a recount of its live assignments."""
    return session.execute(
        text(
            """SELECT t.id, t.wanted, t.n_leased, t.n_done, t.open,
                      count(a.id) FILTER (
                          WHERE a.state IN ('reserved', 'leased') AND a.counts) AS live
               FROM task t LEFT JOIN assignment a ON a.task_id = t.id GROUP BY t.id ORDER BY t.id"""
        )
    ).all()


def test_a_reservation_takes_up_a_place_and_leaves_an_event(session: Any, make: Any) -> None:
    floor = make.floor(assets=3, wanted=1)
    ids = _reserve(session, floor.tasks[:2], floor.labellers[0])
    rows = session.scalars(select(Assignment).order_by(Assignment.task_id)).all()
    assert [r.id for r in rows] == ids
    assert {(r.state, r.counts, r.leased_at, r.expires_at) for r in rows} == {
        ("reserved", True, NOW, LATER)
    }
    assert [(p.n_leased, p.open) for p in _places(session)] == [(1, False), (1, False), (0, True)]
    events = session.scalars(select(WorkEvent).order_by(WorkEvent.task_id)).all()
    assert [(e.kind, e.assignment_id, e.stage) for e in events] == [
        ("reserved", one, "label") for one in ids
    ]
    assert datetime.fromisoformat(events[0].data["until"]) == LATER


def test_twice_is_once_and_a_full_task_is_passed_over(session: Any, make: Any) -> None:
    floor = make.floor(labellers=3, assets=2, wanted=2)
    one, two, three = floor.labellers
    assert len(_reserve(session, floor.tasks, one)) == 2
    assert _reserve(session, floor.tasks, one) == []
    assert len(_reserve(session, floor.tasks[:1], two)) == 1
    assert len(_reserve(session, floor.tasks, three)) == 1  # the first is full by now
    assert all(p.n_leased == p.live <= p.wanted for p in _places(session))


def test_what_is_on_their_desk_is_passed_over_and_what_they_gave_back_is_not(
    session: Any, make: Any
) -> None:
    floor = make.floor(assets=1, wanted=2)
    me = floor.labellers[0]
    held = dispatch.claim(session, me)
    assert _reserve(session, floor.tasks, me) == []
    assert held is not None
    leases.release(session, me, uuid.UUID(held.token))
    assert len(_reserve(session, floor.tasks, me)) == 1
    assert [(p.n_leased, p.live) for p in _places(session)] == [(1, 1)]


def test_gold_wants_no_answers_and_is_never_reserved(session: Any, make: Any) -> None:
    floor = make.floor(assets=1, wanted=1)
    session.execute(text("UPDATE task SET wanted = 0"))
    assert _reserve(session, floor.tasks, floor.labellers[0]) == []


def test_more_than_a_statement_takes(
    session: Any, make: Any, monkeypatch: pytest.MonkeyPatch, count_queries: list[str]
) -> None:
    monkeypatch.setattr(reserving, "MOST", 4)
    floor = make.floor(assets=10, wanted=1)
    count_queries.clear()
    assert len(_reserve(session, list(reversed(floor.tasks)) * 2, floor.labellers[0])) == 10
    assert len(count_queries) == 3
    assert all((p.n_leased, p.live) == (1, 1) for p in _places(session))


def test_until_lies_in_the_future(session: Any, make: Any) -> None:
    floor = make.floor()
    with pytest.raises(InvalidInput, match="future") as refused:
        reserving.reserve(session, [floor.tasks[0].id], floor.labellers[0].id, NOW, NOW)
    assert refused.value.field == "until"
    assert [p.n_leased for p in _places(session)] == [0, 0, 0]
