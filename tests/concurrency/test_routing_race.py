"""Limits, reservations, recalls, raised overlap and priorities, each against claims and answers.

Real commits by many at once; after every round the books are counted again from what is stored.
"""

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from benchmarks.crashing import recount
from ops import batches, clock_time, lanes, projects, reopening, reserving
from ops.db import transaction
from ops.models import Project, User
from quality import gold
from scheduling import leases, push
from scheduling.selection import Next
from tests.concurrency.test_claim_race import at_once, claim_one, submit_one

pytestmark = pytest.mark.serial

ROOMY = {"max_leases": 10}


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as pool:
        yield pool


def right(sessions: sessionmaker[Session]) -> None:
    """The books of the whole floor are right."""
    with sessions() as session:
        assert recount.wrong(session) == {}


def failed(results: list[Any]) -> list[Any]:
    return [r for r in results if isinstance(r, Exception)]


def one(sessions: sessionmaker[Session], query: str, **values: Any) -> Any:
    with sessions() as session:
        return session.execute(text(query), values).scalar()


def do(sessions: sessionmaker[Session], verb: Any, *given: Any, **more: Any) -> Any:
    """`verb` in a transaction of its own."""
    with transaction(sessions) as session:
        return verb(session, *given, **more)


def test_a_share_of_a_batch_holds_for_many_tabs_at_once(
    make: Any, sessions: sessionmaker[Session], pool: ThreadPoolExecutor
) -> None:
    """12 tasks, a quarter each: 3, whatever two labellers with six tabs each try."""
    settings = {**ROOMY, "limits": {"batch_share": 0.25}}
    floor = make.floor(labellers=2, assets=12, wanted=2, settings=settings)
    make.session.commit()

    def tab(who: User) -> None:
        for _ in range(3):
            lease = claim_one(sessions, who)
            if lease is not None:
                submit_one(sessions, who, lease.token, f"key {lease.token}")

    results = at_once(pool, [partial(tab, who) for who in floor.labellers for _ in range(6)])
    assert failed(results) == []
    for who in floor.labellers:
        query = "SELECT count(*) FROM assignment WHERE labeller_id = :me"
        assert one(sessions, query, me=who.id) == 3
    right(sessions)


def test_two_leads_keep_the_same_tasks_for_different_people(
    make: Any, sessions: sessionmaker[Session], pool: ThreadPoolExecutor
) -> None:
    """Each place is kept once, while others claim; what is kept comes out for its labeller."""
    floor = make.floor(labellers=6, assets=20, wanted=2, settings=ROOMY)
    leads = [make.member(floor.project, make.user(role="ops_lead")) for _ in range(4)]
    make.session.commit()
    kept_for, others = floor.labellers[:4], floor.labellers[4:]

    def keep(lead: User, who: User) -> int:
        with transaction(sessions) as session:
            project = session.get_one(Project, floor.project.id)
            return push.reserve(session, project, who, Next(15), by=lead).n

    calls = [partial(keep, *pair) for pair in zip(leads, kept_for, strict=True)]
    calls += [partial(claim_one, sessions, who) for who in others for _ in range(4)]
    results = at_once(pool, calls)
    assert failed(results) == []
    right(sessions)
    claimed = sum(lease is not None for lease in results[4:])  # the leads may have kept it all
    assert one(sessions, "SELECT sum(n_leased) FROM task") == sum(results[:4]) + claimed <= 40
    mine = "SELECT count(*) FROM assignment WHERE labeller_id = :me AND state = 'reserved'"
    for who in kept_for:
        before = one(sessions, mine, me=who.id)
        assert claim_one(sessions, who) is not None or before == 0
        assert one(sessions, mine, me=who.id) == max(0, before - 1)
    right(sessions)


@pytest.mark.parametrize("wanted", [1, 2])
def test_recall_races_submit(
    make: Any, sessions: sessionmaker[Session], pool: ThreadPoolExecutor, wanted: int
) -> None:
    """Whichever is first, the answer is kept; the place is given back at most once."""
    floor = make.floor(labellers=4, assets=30, wanted=wanted, settings={"max_leases": 1})
    make.session.commit()
    me, others = floor.labellers[0], floor.labellers[1:]
    at = clock_time.now()
    recalled = 0
    for _ in range(15):
        lease = claim_one(sessions, me)
        recall = partial(do, sessions, leases.recall, [lease.id], at)
        calls = [partial(submit_one, sessions, me, lease.token), recall, recall]
        calls += [partial(claim_one, sessions, who) for who in others]
        results = at_once(pool, calls)
        assert failed(results) == []
        assert len(results[1]) + len(results[2]) <= 1
        recalled += len(results[1]) + len(results[2])
        right(sessions)
        for who, got in zip(others, results[3:], strict=True):
            if got is not None:
                do(sessions, leases.release, who, got.token)
    assert one(sessions, "SELECT count(*) FROM label") == 15
    right(sessions)


def test_two_judges_and_an_expiry_ask_for_one_more_answer(
    make: Any, sessions: sessionmaker[Session], pool: ThreadPoolExecutor
) -> None:
    """Four ask at once for one more: one more is asked for, and it can be had at once."""
    floor = make.floor(labellers=6, assets=12, settings=ROOMY)
    make.session.commit()
    first, second, *rest = floor.labellers
    start = clock_time.now()
    for n, task in enumerate(floor.tasks):
        clock_time.use(lambda n=n: (start + timedelta(hours=n)).timestamp())
        lease = claim_one(sessions, first)
        assert lease.task_id == task.id
        submit_one(sessions, first, lease.token, f"key {n:05}")
        away = claim_one(sessions, second)  # of the next task; nobody comes back to it
        clock_time.use(lambda n=n: (start + timedelta(hours=n, minutes=31)).timestamp())
        calls = [partial(do, sessions, lanes.want_more, [task.id])] * 4
        calls += [partial(leases.expire, sessions)] * 2
        calls += [partial(claim_one, sessions, who) for who in rest]
        results = at_once(pool, calls)
        assert failed(results) == []
        assert sorted(map(len, results[:4])) == [0, 0, 0, 1]
        assert one(sessions, "SELECT wanted FROM task WHERE id = :id", id=task.id) == 2
        right(sessions)
        for who, got in zip(rest, results[6:], strict=True):
            if got is not None:
                do(sessions, leases.release, who, got.token)
        if away is not None:
            leases.expire(sessions)
    assert one(sessions, "SELECT count(*) FROM task WHERE returned AND open") > 0


def test_a_pause_that_recalls_races_submit(
    make: Any, sessions: sessionmaker[Session], pool: ThreadPoolExecutor
) -> None:
    """As a rule does it: pause, recall what is held, take the weight off the newest answers."""
    floor = make.floor(labellers=3, assets=40, wanted=2, settings=ROOMY)
    lead = make.member(floor.project, make.user(role="ops_lead"))
    make.session.commit()
    me, other = floor.labellers[:2]
    start = clock_time.now()

    def pause(session: Session, held: list[int], at: Any) -> None:
        project = session.get_one(Project, floor.project.id)
        projects.pause_member(
            session, project, me, until=at + timedelta(hours=1), reason="", by=lead
        )
        reopening.discount(session, me.id, project.id, at, at)
        leases.recall(session, held, at)

    sent = 0
    for n in range(12):
        at = start + timedelta(hours=2 * n)
        clock_time.use(at.timestamp)
        held = [x for x in (claim_one(sessions, me) for _ in range(3)) if x is not None]
        calls = [partial(submit_one, sessions, me, x.token) for x in held]
        calls += [partial(do, sessions, pause, [x.id for x in held], at)]
        calls += [partial(claim_one, sessions, other)] * 2
        results = at_once(pool, calls)
        assert failed(results) == []
        sent += len(held)
        right(sessions)
    assert sent > 20
    assert one(sessions, "SELECT count(*) FROM label") == sent


def test_nobody_goes_empty_while_priorities_change(
    make: Any, sessions: sessionmaker[Session], pool: ThreadPoolExecutor
) -> None:
    """Every claim finds work while all of it changes place; nobody gets an asset twice."""
    floor = make.floor(labellers=8, assets=60, wanted=3, settings=ROOMY)
    lead = make.member(floor.project, make.user(role="ops_lead"))
    other = make.batch(floor.project)
    make.tasks(make.lane(other), make.assets(other, 60), wanted=3)
    make.session.commit()
    over = threading.Event()

    def reorder() -> int:
        changes, rng = 0, random.Random(3)
        while not over.is_set():
            with transaction(sessions) as session:
                batch = session.get_one(type(other), rng.choice((other.id, floor.batch.id)))
                batches.set_priority(session, batch, rng.randint(-9, 9), by=lead)
            changes += 1
        return changes

    def work(who: User) -> int:
        empty = 0
        for n in range(25):
            lease = claim_one(sessions, who)
            empty += lease is None
            if lease is not None:
                submit_one(sessions, who, lease.token, f"key {n:05}")
        return empty

    changing = pool.submit(reorder)
    try:
        results = at_once(pool, [partial(work, who) for who in floor.labellers])
    finally:
        over.set()
    assert results == [0] * 8
    assert changing.result() > 5
    right(sessions)


def test_those_who_change_many_tasks_do_not_lock_each_other_out(
    make: Any, sessions: sessionmaker[Session], pool: ThreadPoolExecutor
) -> None:
    """Leads, rules and judges who take many rows at once, amid claims: nobody is a victim."""
    floor = make.floor(labellers=8, assets=80, wanted=2, settings=ROOMY)
    lead = make.member(floor.project, make.user(role="ops_lead"))
    for asset in make.assets(floor.batch, 5):
        gold.make(make.session, floor.project, asset, [{"class": "a"}], None)
    make.session.commit()
    tasks = [t.id for t in floor.tasks]

    def keep(rng: random.Random) -> None:
        at = clock_time.now()
        some = rng.sample(tasks, 30)
        do(sessions, reserving.reserve, some, rng.choice(floor.labellers).id,
           at + timedelta(hours=1), at)  # fmt: skip

    def recall(_: random.Random) -> None:
        with transaction(sessions) as session:
            ids = session.scalars(
                text("SELECT id FROM assignment WHERE state IN ('reserved', 'leased') "
                     "ORDER BY random() LIMIT 20")
            ).all()  # fmt: skip
            leases.recall(session, ids, clock_time.now())

    def reorder(rng: random.Random) -> None:
        with transaction(sessions) as session:
            batch = session.get_one(type(floor.batch), floor.batch.id)
            batches.set_priority(session, batch, rng.randint(-9, 9), by=lead)

    def more(rng: random.Random) -> None:
        do(sessions, lanes.want_more, rng.sample(tasks, 30))

    def redo(rng: random.Random) -> None:
        at = clock_time.now()
        who = rng.choice(floor.labellers).id
        since = at - timedelta(seconds=2)
        do(sessions, reopening.discount, who, floor.project.id, since, at, cause="x")

    def fewer(rng: random.Random) -> None:
        with transaction(sessions) as session:
            project = session.get_one(Project, floor.project.id)
            changed = projects.settings_of(project)
            changed.wanted_answers = rng.choice((2, 3))
            projects.save_settings(session, project, changed, lead)

    def work(rng: random.Random) -> None:
        who = rng.choice(floor.labellers)
        lease = claim_one(sessions, who)
        if lease is not None:
            submit_one(sessions, who, lease.token, f"key {lease.token}")

    def often(act: Any, seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(8):
            act(rng)

    acts = [keep, keep, recall, recall, reorder, more, redo, fewer, *[work] * 6]
    results = at_once(pool, [partial(often, act, n) for n, act in enumerate(acts)])
    assert failed(results) == []
    right(sessions)
    assert one(sessions, "SELECT count(*) FROM label") > 10
