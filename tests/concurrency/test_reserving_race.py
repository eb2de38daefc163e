"""Reservations of many leads against claims of many labellers, by real commits."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from ops import clock_time, reserving
from ops.db import transaction
from ops.models import User
from scheduling import dispatch

pytestmark = pytest.mark.serial

LABELLERS, TASKS, CALLS = 12, 40, 12

PLACES = text(
    """SELECT t.id, t.wanted, t.n_leased, t.n_done,
              count(a.id) FILTER (WHERE a.state IN ('reserved', 'leased') AND a.counts) AS live
       FROM task t LEFT JOIN assignment a ON a.task_id = t.id GROUP BY t.id"""
)
TWICE = text(
    """SELECT task_id, labeller_id FROM assignment
       WHERE state IN ('reserved', 'leased', 'submitted', 'skipped') AND NOT surplus
       GROUP BY 1, 2 HAVING count(*) > 1"""
)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2 * LABELLERS) as pool:
        yield pool


def _reserve(sessions: sessionmaker[Session], tasks: list[int], labeller: int) -> int:
    """Reservations of shuffled handfuls; returns how many were kept."""
    kept = 0
    for _ in range(CALLS):
        some, at = random.sample(tasks, 15), clock_time.now()
        with transaction(sessions) as session:
            kept += len(reserving.reserve(session, some, labeller, at + timedelta(hours=1), at))
    return kept


def _claim(sessions: sessionmaker[Session], labeller: int) -> int:
    won = 0
    for _ in range(CALLS):
        with transaction(sessions) as session:
            me = session.get_one(User, labeller)
            won += dispatch.claim(session, me) is not None
    return won


def test_never_more_places_than_a_task_wants(
    make: Any, sessions: sessionmaker[Session], pool: ThreadPoolExecutor
) -> None:
    floor = make.floor(labellers=LABELLERS, assets=TASKS, wanted=2, settings={"max_leases": 10})
    make.session.commit()
    tasks, people = [t.id for t in floor.tasks], [u.id for u in floor.labellers]
    calls = [partial(_reserve, sessions, tasks, who) for who in people]
    calls += [partial(_claim, sessions, who) for who in people]
    done = [future.result() for future in [pool.submit(call) for call in calls]]
    with sessions() as session:
        places, twice = session.execute(PLACES).all(), session.execute(TWICE).all()
        live = session.scalar(
            text("SELECT count(*) FROM assignment WHERE state IN ('reserved', 'leased')")
        )
    assert twice == []
    assert all(p.n_leased == p.live and p.live + p.n_done <= p.wanted for p in places)
    # Claims may turn what is reserved into a lease: then it is counted by both.
    assert live <= sum(done)
    assert sum(done) > 0 and sum(done[:LABELLERS]) > 0
    assert live == 2 * TASKS  # room for all: nothing that could be kept was left lying
