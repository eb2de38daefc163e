"""Many labellers at once: nothing is handed out twice, nobody goes empty beside free work."""

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from ops import clock_time
from ops.db import transaction
from ops.errors import Conflict
from ops.models import Assignment, Task, User
from scheduling import dispatch, leases, submit

pytestmark = pytest.mark.serial

THREADS = 24
TASKS = 20
ROUNDS = 50

RECOUNT = text(
    """
    SELECT t.id, t.wanted, t.n_leased, t.n_done,
           count(a.id) FILTER (WHERE a.state = 'leased' AND a.counts) AS leased,
           count(a.id) FILTER (WHERE a.state = 'submitted' AND a.counts) AS done
    FROM task t LEFT JOIN assignment a ON a.task_id = t.id GROUP BY t.id
    """
)
TWICE = text(
    """
    SELECT task_id, labeller_id FROM assignment WHERE state IN ('leased', 'submitted', 'skipped')
    AND NOT surplus GROUP BY 1, 2 HAVING count(*) > 1
    """
)


def check_counters(sessions: sessionmaker[Session]) -> int:
    """Counters equal a recount and never exceed what is wanted; returns live leases."""
    with sessions() as session:
        found = session.execute(RECOUNT).all()
        assert session.execute(TWICE).all() == []
    for task in found:
        assert (task.n_leased, task.n_done) == (task.leased, task.done), task
        assert task.leased + task.done <= task.wanted, task
    return sum(task.leased for task in found)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(THREADS) as pool:
        yield pool


def at_once(pool: ThreadPoolExecutor, calls: list[Callable[[], Any]]) -> list[Any]:
    """Results, or the exceptions, of `calls` let go at the same moment."""
    barrier = threading.Barrier(len(calls))

    def one(call: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return call()
        except Exception as error:  # the test looks at what went wrong
            return error

    return [future.result() for future in [pool.submit(one, call) for call in calls]]


def clear(sessions: sessionmaker[Session]) -> None:
    """Take back every lease, as a fresh round needs it; history is not the matter here."""
    with transaction(sessions) as session:
        session.execute(text("ALTER TABLE work_event DISABLE TRIGGER USER"))
        for table in ("work_event", "assignment", "desk_cursor", "gold_pace"):
            session.execute(text(f"DELETE FROM {table}"))
        session.execute(text("UPDATE task SET n_leased = 0, n_done = 0, returned = false"))


def free_for(sessions: sessionmaker[Session], labellers: list[int]) -> list[Any]:
    """Pairs of an open task and one of `labellers` who has never had it."""
    query = text(
        """
        SELECT t.id, u.id FROM task t CROSS JOIN user_account u
        WHERE t.open AND u.id = ANY(:labellers) AND NOT EXISTS (
            SELECT FROM assignment a WHERE a.task_id = t.id AND a.labeller_id = u.id)
        """
    )
    with sessions() as session:
        return list(session.execute(query, {"labellers": labellers}).all())


@pytest.fixture
def owner_sessions(owner_url: str) -> Iterator[sessionmaker[Session]]:
    from ops import db

    engine = db.make_engine(owner_url)
    yield db.make_sessions(engine)
    engine.dispose()


@pytest.mark.parametrize("wanted", [3, 1])
@pytest.mark.parametrize("lanes", [1, 4])
def test_never_over_leased_and_never_empty_beside_free_work(
    make: Any,
    sessions: sessionmaker[Session],
    owner_sessions: sessionmaker[Session],
    pool: ThreadPoolExecutor,
    wanted: int,
    lanes: int,
) -> None:
    floor = make.floor(
        labellers=THREADS, assets=TASKS // lanes, wanted=wanted, settings={"max_leases": 10}
    )
    for _ in range(lanes - 1):
        batch = make.batch(floor.project)
        make.tasks(make.lane(batch), make.assets(batch, TASKS // lanes), wanted=wanted)
    make.session.commit()

    def work(labeller: User) -> tuple[int, bool]:
        """Claim up to three times; whether an empty answer came."""
        got = 0
        for _ in range(3):
            with transaction(sessions) as session:
                if dispatch.claim(session, labeller) is None:
                    return got, True
            got += 1
        return got, False

    rounds_with_empty = 0
    for _ in range(ROUNDS):
        clear(owner_sessions)
        results = at_once(pool, [lambda who=who: work(who) for who in floor.labellers])
        assert [r for r in results if isinstance(r, Exception)] == []
        leased = check_counters(sessions)
        assert leased == sum(got for got, _ in results)
        # Nothing was given back, so what is free now was free when somebody was sent away.
        sent_away = [
            who.id for who, (_, empty) in zip(floor.labellers, results, strict=True) if empty
        ]
        assert free_for(sessions, sent_away) == []
        rounds_with_empty += bool(sent_away)
    assert rounds_with_empty  # otherwise this showed nothing


def test_an_empty_answer_means_that_nothing_is_free(
    make: Any, sessions: sessionmaker[Session], pool: ThreadPoolExecutor
) -> None:
    """One claim each for as many slots as labellers: nobody may go without."""
    floor = make.floor(labellers=THREADS, assets=THREADS // 3, wanted=3)
    make.session.commit()

    def one(who: User) -> Any:
        with transaction(sessions) as session:
            return dispatch.claim(session, who)

    results = at_once(pool, [lambda who=who: one(who) for who in floor.labellers])
    assert all(isinstance(r, dispatch.Claimed) for r in results), results
    assert check_counters(sessions) == THREADS
