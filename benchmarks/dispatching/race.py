"""Clients that claim as fast as they can, in processes of their own, each for many labellers.

A labeller may hold only so many leases, so a client works for its labellers in turn and, between
two rounds and outside of what is timed, turns what they hold into answers.
"""

import multiprocessing
import random
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from benchmarks.dispatching.seed import LABELLERS
from ops import clock_time, db
from ops.models import User
from scheduling import dispatch, sql

WARM_UP = 40
ROUNDS = 4  # claims of each labeller before what they hold is turned into answers

Step = Callable[[Session, User], bool]

FLOOR_LEASE = """
    INSERT INTO floor_assignment (task_id, labeller_id, expires_at)
    VALUES (%(task)s, %(me)s, %(until)s)"""
ANSWERED = text(
    """
    WITH done AS (
        UPDATE assignment SET state = 'submitted', judged_at = now()
        WHERE labeller_id = ANY(:users) AND state = 'leased' RETURNING task_id, counts),
    locked AS MATERIALIZED (
        SELECT id FROM task WHERE id IN (SELECT task_id FROM done WHERE counts)
        ORDER BY id FOR NO KEY UPDATE)
    UPDATE task t SET n_leased = t.n_leased - d.n, n_done = t.n_done + d.n
    FROM (SELECT task_id, count(*) AS n FROM done WHERE counts GROUP BY 1) d
    JOIN locked ON locked.id = d.task_id WHERE t.id = d.task_id
    """
)
# More answered or held than wanted, or a counter that differs from a recount.
OVER = """
    SELECT count(*) FROM (
        SELECT t.id FROM task t JOIN assignment a ON a.task_id = t.id
        WHERE a.counts AND a.state IN ('leased', 'submitted') AND t.round > 0
        GROUP BY t.id HAVING count(*) > t.wanted OR count(*) <> t.n_leased + t.n_done) wrong"""


def claim(session: Session, user: User) -> bool:
    """One claim under every predicate."""
    return dispatch.claim(session, user) is not None


def floor(session: Session, user: User) -> bool:
    """What any dispatcher must do at least: change one row, write one lease."""
    task, until = random.randint(1, 10_000), clock_time.now() + timedelta(minutes=30)
    sql.run(session, "UPDATE floor_task SET n_leased = n_leased + 1 WHERE id = %(id)s", id=task)
    sql.run(session, FLOOR_LEASE, task=task, me=user.id, until=until)
    return True


STEPS: dict[str, Step] = {"claim": claim, "floor": floor}


def race(url: str, clients: int, seconds: float, step: str) -> dict[str, Any]:
    """Run `step` in `clients` processes for `seconds`: rate, latencies of the transaction."""
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, context.Pool(clients) as pool:
        ready = manager.Barrier(clients)
        jobs = [pool.apply_async(_client, (url, n, ready, seconds, step)) for n in range(clients)]
        runs = [job.get() for job in jobs]
    times = sorted(took for run in runs for took in run["times"])
    return {
        "per_second": round(sum(len(run["times"]) / run["timed_s"] for run in runs), 1),
        **latencies(times),
        "empty": sum(run["empty"] for run in runs),
    }


def latencies(times: Sequence[float]) -> dict[str, float]:
    """p50 and p99 in ms of times in seconds."""
    ordered = sorted(times)
    return {
        "p50_ms": round(1000 * statistics.median(ordered), 3),
        "p99_ms": round(1000 * ordered[int(0.99 * (len(ordered) - 1))], 3),
    }


def _client(url: str, n: int, ready: Any, seconds: float, step: str) -> dict[str, Any]:
    engine = db.make_engine(url, pool_size=1)
    mine = people(engine, n * LABELLERS + 1, LABELLERS)
    take(engine, mine, STEPS[step], claims=WARM_UP)
    ready.wait()
    result = take(engine, mine, STEPS[step], seconds=seconds)
    engine.dispose()
    return result


def people(engine: Engine, first: int, n: int) -> Sequence[User]:
    """Labellers by id, detached."""
    with db.make_sessions(engine)() as session:
        chosen = select(User).where(User.id >= first, User.id < first + n).order_by(User.id)
        return session.scalars(chosen).all()


def take(
    engine: Engine, users: Sequence[User], step: Step, *, seconds: float = 3600, claims: int = 10**9
) -> dict[str, Any]:
    """Take steps for `users` in turn until time or number is up; only the steps are timed."""
    sessions, times, empty, untimed = db.make_sessions(engine), list[float](), 0, 0.0
    began = time.perf_counter()
    while len(times) < claims and time.perf_counter() - began - untimed < seconds:
        user = users[len(times) % len(users)]
        started = time.perf_counter()
        with db.transaction(sessions) as session:
            empty += not step(session, user)
        times.append(time.perf_counter() - started)
        if len(times) % (ROUNDS * len(users)) == 0:
            started = time.perf_counter()
            with engine.begin() as connection:
                connection.execute(ANSWERED, {"users": [one.id for one in users]})
            untimed += time.perf_counter() - started
    timed = time.perf_counter() - began - untimed
    return {"times": times, "empty": empty, "timed_s": timed}


def drain(url: str, claimers: int) -> dict[str, Any]:
    """`claimers` at once until each is sent away: what was given out, and who left free work."""
    engine = db.make_engine(url, pool_size=claimers)
    users = people(engine, 1, claimers)
    sessions, given = db.make_sessions(engine), [0] * claimers
    ready = threading.Barrier(claimers)

    def one(n: int) -> None:
        ready.wait()
        while True:
            with db.transaction(sessions) as session:
                if dispatch.claim(session, users[n]) is None:
                    return
            given[n] += 1

    threads = [threading.Thread(target=one, args=(n,)) for n in range(claimers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.connect() as connection:
        values = {"users": [user.id for user in users]}
        counts = {name: connection.scalar(text(q), values) for name, q in AFTER_DRAIN.items()}
    engine.dispose()
    return {"claimers": claimers, "claims": sum(given), **counts}


AFTER_DRAIN = {
    "over_assignments": OVER,
    # Nothing was given back, so what is free now was free when they were sent away.
    "empty_beside_free_work": """
        SELECT count(*) FROM user_account u WHERE u.id = ANY(:users) AND EXISTS (
            SELECT FROM task t JOIN lane l ON l.id = t.lane_id
            WHERE t.open AND l.requirements ? '1' AND NOT EXISTS (
                SELECT FROM assignment a WHERE a.task_id = t.id AND a.labeller_id = u.id))""",
}
