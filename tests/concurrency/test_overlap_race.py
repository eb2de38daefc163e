"""Dynamic overlap and routing raced: judges, labellers, lost leases, a lead, all at once."""

import random
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from psycopg.errors import DeadlockDetected
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from ops import answers_wanted, batches, lanes
from ops.db import transaction
from ops.models import Batch, Consensus, Lane, Task, User
from quality.judging import belief, judge, refresh
from scheduling import dispatch, hard, leases, submit
from tests.db import books

pytestmark = pytest.mark.serial

MINIMUM, MAXIMUM = 2, 5
ASSETS, LABELLERS = 60, 8

# Complete, though something is open, held or undecided: one statement sees one moment.
BROKEN = text(
    """
    SELECT count(*) FROM batch WHERE state = 'complete' AND (
        EXISTS (SELECT FROM task JOIN lane ON lane.id = task.lane_id
                WHERE lane.batch_id = batch.id AND (task.open OR task.n_leased > 0))
        OR EXISTS (SELECT FROM asset WHERE asset.batch_id = batch.id AND NOT EXISTS (
                   SELECT FROM consensus WHERE consensus.asset_id = asset.id)))
    """
)


UNFINISHED = text(
    """
    SELECT task.id, lane.kind, task.wanted, task.n_done, task.n_leased, task.returned,
           (SELECT count(*) FROM consensus WHERE consensus.asset_id = task.asset_id) AS decided,
           (SELECT string_agg(state || ':' || surplus, ' ') FROM assignment
            WHERE assignment.task_id = task.id) AS assignments
    FROM task JOIN lane ON lane.id = task.lane_id
    WHERE task.wanted > task.n_done OR NOT EXISTS (
        SELECT FROM consensus WHERE consensus.asset_id = task.asset_id)
    """
)


@pytest.fixture
def floor(session, make):
    belief.forget()
    refresh._looked_at.clear()
    hard._looked.clear()
    floor = make.floor(labellers=LABELLERS, assets=ASSETS, wanted=MINIMUM)
    floor.project.settings = {
        "overlap": {"kind": "dynamic", "minimum": MINIMUM, "maximum": MAXIMUM, "target": 0.97},
        "hard": {"level": 2, "below_confidence": 0.4, "deadline_hours": 0.0001},
    }
    for n, asset in enumerate(floor.assets):
        asset.meta = {"prediction": {"confidence": n / ASSETS}}
    for who in floor.labellers[:4]:
        make.certificate(who, floor.project.skill, 2)
    session.commit()
    return floor


def work(sessions: Any, who: int, stop: threading.Event, seed: int) -> None:
    """A labeller at work until told to stop."""
    luck = random.Random(seed)
    while not stop.is_set():
        if not answer_one(sessions, who, luck):
            stop.wait(0.01)


def answer_one(sessions: Any, who: int, luck: random.Random) -> bool:
    """Ask for work and answer it; now and then let it go, lose it, or send the answer twice."""

    def claim():
        with transaction(sessions) as session:
            return dispatch.claim(session, session.get(User, who))

    claimed = untied(claim)
    if claimed is None:
        return False
    with transaction(sessions) as session:
        me, token, fate = session.get(User, who), uuid.UUID(claimed.token), luck.random()
        if fate < 0.05:
            leases.release(session, me, token)
            return True
        if fate < 0.1:
            late = "UPDATE assignment SET expires_at = leased_at WHERE id = :id"
            session.execute(text(late), {"id": claimed.id})
    said = {"label": {"class": "ab"[luck.random() < 0.4]}, "key": str(uuid.uuid4())}
    for _ in range(luck.choice([1, 1, 2])):
        with transaction(sessions) as session:
            me = session.get(User, who)
            submit.submit(session, me, token, **said, revision=0, active_ms=900, tab="t")
    return True


def untied(call: Any) -> Any:
    """Call again after a deadlock: nothing of the first time happened.

    A claim that ends its labeller's lapsed leases holds their tasks while it waits for another
    one, and a lead who changes a whole batch holds that: PostgreSQL unties such a knot.
    """
    while True:
        try:
            return call()
        except OperationalError as error:
            if not isinstance(error.orig, DeadlockDetected):
                raise


def again_and_again(stop: threading.Event, call: Any) -> None:
    while not stop.is_set():
        call()
        stop.wait(0.005)


def finished(session) -> bool:
    session.rollback()
    open_ = select(func.count()).select_from(Task).where(Task.wanted > Task.n_done)
    decided = select(func.count(Consensus.asset_id.distinct()))
    return session.scalar(open_) == 0 and session.scalar(decided) == ASSETS


def test_counters_hold_and_the_batch_is_never_complete_in_between(session, sessions, floor):
    stop, broken = threading.Event(), []
    batch_id, people = floor.batch.id, [who.id for who in floor.labellers]

    def watch():
        with transaction(sessions) as own:
            broken.append(own.scalar(BROKEN))

    def complete():
        with transaction(sessions) as own:
            batches.note_completion(own, batch_id)

    def lead():
        with transaction(sessions) as own:
            batch, by = own.get(Batch, batch_id), own.get(User, people[0])
            wanted = random.randint(MINIMUM, MAXIMUM - 1)
            answers_wanted.set_for_batch(own, batch, wanted, by=by)

    jobs = [
        lambda: judge(sessions),
        lambda: judge(sessions),
        lambda: refresh.refresh(sessions),
        lambda: leases.expire(sessions),
        lambda: hard.route(sessions),
        lambda: hard.escalate(sessions),
        watch,
        complete,
        lambda: untied(lead),
    ]
    with ThreadPoolExecutor(LABELLERS + len(jobs)) as pool:
        running = [pool.submit(again_and_again, stop, job) for job in jobs]
        running += [pool.submit(work, sessions, who, stop, n) for n, who in enumerate(people)]
        for _ in range(600):
            if finished(session) or any(one.done() for one in running):
                break
            stop.wait(0.1)
        stop.set()
        for one in running:
            one.result()
    # A later look may ask for more after all was finished: a calm floor brings it to an end.
    calm = random.Random(0)
    for _ in range(50):
        for who in people:
            answer_one(sessions, who, calm)
        for job in jobs[:-1]:
            job()
        if finished(session):
            break
    assert finished(session), session.execute(UNFINISHED).all()
    assert set(broken) == {0}
    books.balanced(session)
    counts = list(session.scalars(select(Task.n_done).where(Task.stage == "label")))
    assert all(MINIMUM <= n <= MAXIMUM for n in counts), counts
    assert max(counts) > MINIMUM
    kinds = select(func.count()).select_from(Lane).where(Lane.kind == "hard")
    assert session.scalar(kinds) == 1


def test_two_who_ask_for_more_at_once_get_one_more(sessions, session, make):
    floor = make.floor(assets=1, wanted=1)
    floor.tasks[0].n_done = 1
    session.commit()
    task_id = floor.tasks[0].id
    gate = threading.Barrier(6)

    def ask():
        gate.wait()
        with transaction(sessions) as own:
            return len(lanes.want_more(own, [task_id]))

    with ThreadPoolExecutor(6) as pool:
        assert sum(one.result() for one in [pool.submit(ask) for _ in range(6)]) == 1
    session.refresh(floor.tasks[0])
    assert floor.tasks[0].wanted == 2
