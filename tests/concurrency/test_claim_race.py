"""Many labellers at once: nothing is handed out twice, nobody goes empty beside free work."""

import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from ops import clock_time
from ops.db import transaction
from ops.errors import Conflict
from ops.models import User
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
        results = at_once(pool, [partial(work, who) for who in floor.labellers])
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

    results = at_once(pool, [partial(claim_one, sessions, who) for who in floor.labellers])
    assert all(isinstance(r, dispatch.Claimed) for r in results), results
    assert check_counters(sessions) == THREADS


def claim_one(sessions: sessionmaker[Session], who: User) -> Any:
    with transaction(sessions) as session:
        return dispatch.claim(session, who)


def submit_one(
    sessions: sessionmaker[Session], who: User, token: str, key: str = "the same key"
) -> Any:
    with transaction(sessions) as session:
        return submit.submit(
            session,
            who,
            uuid.UUID(token),
            label={"class": "a"},
            key=key,
            revision=0,
            active_ms=0,
            tab="t",
        )


def test_two_claims_at_once_by_one_labeller(
    make: Any, sessions: sessionmaker[Session], pool: ThreadPoolExecutor
) -> None:
    floor = make.floor(assets=40, wanted=3, settings={"max_leases": 10})
    make.session.commit()
    me = floor.labellers[0]
    for _ in range(5):
        results = at_once(pool, [partial(claim_one, sessions, me)] * 2)
        assert len({r.task_id for r in results}) == 2, results
    check_counters(sessions)


def test_nobody_holds_more_than_they_may(
    make: Any, sessions: sessionmaker[Session], pool: ThreadPoolExecutor
) -> None:
    floor = make.floor(labellers=3, assets=40, wanted=3, settings={"max_leases": 2})
    make.session.commit()
    calls = [partial(claim_one, sessions, who) for who in floor.labellers for _ in range(8)]
    results = at_once(pool, calls)
    assert [r for r in results if isinstance(r, Exception)] == []
    assert check_counters(sessions) == 3 * 2


def test_submit_races_submit_with_one_key(
    make: Any, sessions: sessionmaker[Session], pool: ThreadPoolExecutor
) -> None:
    floor = make.floor(assets=10, settings={"max_leases": 10})
    make.session.commit()
    me = floor.labellers[0]
    for _ in range(10):
        lease = claim_one(sessions, me)
        results = at_once(pool, [partial(submit_one, sessions, me, lease.token)] * 6)
        assert results == [submit.Accepted(1)] * 6
    assert check_counters(sessions) == 0
    with sessions() as session:
        assert session.execute(text("SELECT count(*) FROM label")).scalar() == 10
        kinds = session.execute(text("SELECT kind, count(*) FROM work_event GROUP BY 1")).all()
        assert dict(map(tuple, kinds)) == {"leased": 10, "submitted": 10}


def test_submit_races_submit_with_other_keys(
    make: Any, sessions: sessionmaker[Session], pool: ThreadPoolExecutor
) -> None:
    floor = make.floor(assets=10, settings={"max_leases": 10})
    make.session.commit()
    me = floor.labellers[0]
    for _ in range(10):
        lease = claim_one(sessions, me)
        calls = [partial(submit_one, sessions, me, lease.token, f"key {n:05}") for n in range(6)]
        results = at_once(pool, calls)
        assert sum(r == submit.Accepted(1) for r in results) == 1
        assert sum(isinstance(r, Conflict) for r in results) == 5
    check_counters(sessions)


def test_expiry_races_submit(
    make: Any, sessions: sessionmaker[Session], pool: ThreadPoolExecutor
) -> None:
    """Whichever is first, the answer is kept and the counters hold; others may take the task."""
    floor = make.floor(labellers=4, assets=40, settings={"max_leases": 1})
    make.session.commit()
    others = floor.labellers[1:]
    start, late = clock_time.now(), 0
    for n in range(30):
        clock_time.use(lambda n=n: (start + timedelta(hours=n)).timestamp())
        lease = claim_one(sessions, floor.labellers[0])
        clock_time.use(lambda n=n: (start + timedelta(hours=n, minutes=31)).timestamp())
        results = at_once(
            pool,
            [
                partial(submit_one, sessions, floor.labellers[0], lease.token),
                *[partial(leases.expire, sessions)] * 2,
                *[partial(claim_one, sessions, who) for who in others],
            ],
        )
        assert [r for r in results if isinstance(r, Exception)] == []
        late += results[0].surplus
        check_counters(sessions)
    with sessions() as session:
        assert session.execute(text("SELECT count(*) FROM label")).scalar() == 30
        surplus = session.execute(text("SELECT count(*) FROM assignment WHERE surplus")).scalar()
        assert surplus == late


def test_a_floor_in_full_swing_keeps_its_books(
    make: Any, sessions: sessionmaker[Session], pool: ThreadPoolExecutor
) -> None:
    """Random claims, answers, skips, releases and sweeps by many at once, on moving time."""
    floor = make.floor(labellers=12, assets=60, wanted=3, settings={"max_leases": 3})
    make.session.commit()
    base, started = clock_time.now().timestamp(), time.monotonic()
    clock_time.use(lambda: base + 3600 * (time.monotonic() - started))  # an hour a second
    rng = random.Random(7)
    seeds = [rng.random() for _ in floor.labellers]

    def day(who: User, seed: float) -> int:
        rng, tokens, answers = random.Random(seed), [], 0
        for _ in range(40):
            what = rng.random()
            with transaction(sessions) as session:
                if what < 0.45 or not tokens:
                    lease = dispatch.claim(session, who)
                    tokens += [lease.token] if lease else []
                    continue
                token = uuid.UUID(tokens.pop(rng.randrange(len(tokens))))
                if what < 0.85:
                    label = {"class": rng.choice("abc")}
                    key = f"key {rng.random()}"
                    submit.submit(
                        session, who, token, label=label, key=key, revision=0, active_ms=9, tab="t"
                    )
                    answers += 1
                elif what < 0.92:
                    submit.skip(session, who, token, reason="unclear")
                else:
                    leases.release(session, who, token)
            if what > 0.97:
                leases.expire(sessions)
        return answers

    calls = [partial(day, w, s) for w, s in zip(floor.labellers, seeds, strict=True)]
    results = at_once(pool, calls)
    assert [r for r in results if isinstance(r, Exception)] == []
    check_counters(sessions)
    with sessions() as session:
        kept = session.execute(text("SELECT count(*) FROM label")).scalar()
        told = session.execute(
            text("SELECT count(*) FROM work_event WHERE kind IN ('submitted', 'surplus')")
        ).scalar()
    assert kept == told == sum(results) > 100
