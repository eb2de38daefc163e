"""How fast work is handed out, beside the bare floor of the same client on the same server.

The floor is what any dispatcher must do at least: update one row and insert one lease, in one
transaction, through the same session. The claim does that under every predicate: membership,
pauses, certificates, attributes, lease caps, cursors, gold. History is copied in, not played.
A client works for many labellers in turn, because one may hold only so many leases.
"""

import itertools
import json
import multiprocessing
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import psycopg
from sqlalchemy import make_url, select, text
from sqlalchemy.orm import Session

from ops import clock_time, db, migrate
from ops.models import User
from scheduling import dispatch, sql

WANTED = 3
LANES = 4
LABELLERS = 250  # of each client
GOLD = 2000
SETTINGS = {"max_leases": 10, "attributes": {"language": ["en", "de"]}}


@click.command()
@click.option("--tasks", default=100_000, show_default=True, help="Open tasks.")
@click.option("--clients", default=8, show_default=True, help="Labellers claiming at once.")
@click.option("--seconds", default=10.0, show_default=True, help="Length of each measurement.")
@click.option("--history", default=300_000, show_default=True, help="Past answers.")
def command(tasks: int, clients: int, seconds: float, history: int) -> None:
    """Claims a second with everything on, against the bare floor; prints JSON."""
    from ops.db_server import running

    with (
        tempfile.TemporaryDirectory(prefix="touchstone-bench-") as folder,
        running(Path(folder) / "home", durable=True) as server,
    ):
        migrate.upgrade(server.owner_url)
        seed(server.owner_url, tasks=tasks, clients=clients, history=history)
        click.echo(json.dumps(measure(server, clients, seconds) | {"tasks": tasks}, indent=2))


def measure(server: Any, clients: int, seconds: float) -> dict[str, Any]:
    """Both measurements, one after the other, and a recount of what was handed out."""
    floor = race(server.url, clients, seconds, _floor)
    claim = race(server.url, clients, seconds, _claim)
    with psycopg.connect(_plain(server.owner_url)) as connection:
        over = connection.execute(OVER).fetchone()
    return {
        "clients": clients,
        "claim": claim,
        "floor": floor,
        "share_of_floor": round(claim["per_second"] / floor["per_second"], 3),
        "over_assignments": over[0] if over else None,
    }


OVER = """
    SELECT count(*) FROM (
        SELECT t.id FROM task t JOIN assignment a ON a.task_id = t.id
        WHERE a.counts AND a.state IN ('leased', 'submitted') AND t.round > 0
        GROUP BY t.id HAVING count(*) > t.wanted OR count(*) <> t.n_leased + t.n_done) wrong"""


def race(
    url: str, clients: int, seconds: float, step: Callable[[Session, User, Any], bool]
) -> dict[str, Any]:
    """Run `step` in `clients` processes for `seconds`: rate, latencies of the transaction."""
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, context.Pool(clients) as pool:
        ready = manager.Barrier(clients)
        jobs = [pool.apply_async(_client, (url, n, ready, seconds, step)) for n in range(clients)]
        label, length = step.__name__[1:], int(seconds) + 5
        with click.progressbar(length=length, label=label, file=_stderr()) as bar:
            while not all(job.ready() for job in jobs):
                time.sleep(1)
                bar.update(1)
        runs = [job.get() for job in jobs]
    times = sorted(t for run in runs for t in run["times"])
    return {
        "per_second": round(len(times) / seconds, 1),
        "p50_ms": round(1000 * statistics.median(times), 2),
        "p99_ms": round(1000 * times[int(0.99 * (len(times) - 1))], 2),
        "empty": sum(run["empty"] for run in runs),
    }


def _stderr() -> Any:
    return click.get_text_stream("stderr")


def _client(
    url: str, n: int, ready: Any, seconds: float, step: Callable[[Session, User, Any], bool]
) -> dict[str, Any]:
    engine = db.make_engine(url, pool_size=1)
    sessions = db.make_sessions(engine)
    mine = select(User).where(User.id > n * LABELLERS, User.id <= (n + 1) * LABELLERS)
    with sessions() as session:
        users = session.scalars(mine.order_by(User.id)).all()
        last = session.scalar(text("SELECT max(id) FROM floor_task")) or 0
        for user in users[:20]:  # warm up: connection, prepared statements
            step(session, user, last)
            session.commit()
    turns = itertools.cycle(users)
    times: list[float] = []
    empty = 0
    ready.wait()
    until = time.perf_counter() + seconds
    while (started := time.perf_counter()) < until:
        with db.transaction(sessions) as session:
            empty += not step(session, next(turns), last)
        times.append(time.perf_counter() - started)
    engine.dispose()
    return {"times": times, "empty": empty}


def _claim(session: Session, user: User, _last: int) -> bool:
    return dispatch.claim(session, user) is not None


def _floor(session: Session, user: User, last: int) -> bool:
    at = clock_time.now()
    # A row that no claim will touch: it only costs what a lease costs.
    task = random.randint(1, last)
    sql.run(session, "UPDATE floor_task SET n_leased = n_leased + 1 WHERE id = %(id)s", id=task)
    sql.run(session, FLOOR_LEASE, task=task, me=user.id, until=at + timedelta(minutes=30))
    return True


FLOOR_LEASE = """
    INSERT INTO floor_assignment (task_id, labeller_id, expires_at)
    VALUES (%(task)s, %(me)s, %(until)s)"""


def _plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def seed(url: str, *, tasks: int, clients: int, history: int) -> None:
    """People, a project that asks for everything, open tasks, and a past brought in by COPY."""
    now = clock_time.now()
    people = clients * LABELLERS
    values = {
        "now": now,
        "settings": json.dumps(SETTINGS),
        "people": people,
        "tasks": tasks,
        "lanes": LANES,
        "wanted": WANTED,
        "gold": GOLD,
        "until": now + timedelta(days=90),
    }
    with (
        psycopg.connect(_plain(url)) as connection,
        click.progressbar(
            STEPS, label="history", file=_stderr(), item_show_func=lambda s: s and s.split()[2]
        ) as bar,
    ):
        for statement in bar:
            connection.execute(statement, values)
        _copy_history(connection, people, history, now)
    with psycopg.connect(_plain(url), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


STEPS = (
    "INSERT INTO organisation (id, name, kind, created_at) VALUES (1, 'client', 'client', %(now)s)",
    "INSERT INTO skill (id, name, description, created_at) VALUES (1, 'skill', '', %(now)s)",
    """INSERT INTO project (id, organisation_id, name, purpose, medium, label_type, state, skill_id,
                            settings, created_at)
       VALUES (1, 1, 'bench', '', 'text', 'class', 'running', 1, %(settings)s, %(now)s)""",
    """INSERT INTO ontology_version (project_id, version, classes, created_at)
       VALUES (1, 1, '[{"key": "a"}, {"key": "b"}]', %(now)s)""",
    """INSERT INTO user_account (id, pseudonym, email, name, role, active, simulated, timezone,
                                 attributes, session_epoch, created_at)
       SELECT n, gen_random_uuid(), 'u' || n || '@example.com', 'u' || n, 'labeller', true, true,
              'UTC', '{"language": ["en"]}', 0, %(now)s FROM generate_series(1, %(people)s) n""",
    """INSERT INTO project_member (project_id, user_id, since, pause_reason)
       SELECT 1, id, %(now)s, '' FROM user_account""",
    """INSERT INTO certificate (user_id, skill_id, level, source, reason, granted_at, valid_until)
       SELECT id, 1, 2, 'hand', '', %(now)s, %(until)s FROM user_account""",
    """INSERT INTO batch (id, project_id, name, state, paused, priority, created_at)
       SELECT n, 1, 'batch ' || n, 'open', false, 0, %(now)s
       FROM generate_series(0, %(lanes)s) n""",
    """INSERT INTO lane (id, project_id, batch_id, stage, requirement_key, requirements, generation)
       SELECT n, 1, n, 'label', '1>=1', '{"1": 1}', 1 FROM generate_series(0, %(lanes)s) n""",
    """INSERT INTO asset (id, project_id, batch_id, external_id, text, meta, created_at)
       SELECT n, 1, 1 + n %% %(lanes)s, 'asset ' || n, 'some text', '{}', %(now)s
       FROM generate_series(1, %(tasks)s + %(gold)s) n""",
    """INSERT INTO task (lane_id, asset_id, stage, round, npri, wanted, n_done, n_leased, returned)
       SELECT 1 + n %% %(lanes)s, n, 'label', 1, floor(random() * 2147483647)::bigint, %(wanted)s,
              0, 0, false
       FROM generate_series(1, %(tasks)s) n""",
    """INSERT INTO task (lane_id, asset_id, stage, round, npri, wanted, n_done, n_leased, returned)
       SELECT 1 + n %% %(lanes)s, n, 'label', 0, 0, 0, 0, 0, false
       FROM generate_series(%(tasks)s + 1, %(tasks)s + %(gold)s) n""",
    """INSERT INTO gold (project_id, asset_id, task_id, state, exposures, for_assessment,
                         created_at)
       SELECT 1, asset_id, id, 'active', 0, false, %(now)s FROM task WHERE round = 0""",
    """INSERT INTO standing (labeller_id, skill_id, mean, low, high, gold_n, gold_correct, review_n,
                             review_correct, consensus_n, updated_at, shown_n)
       SELECT id, 1, 0.95, 0.9 * (id %% 2), 0.99, 100, 95, 0, 0, 0, %(now)s, 0 FROM user_account""",
    """INSERT INTO gold_pace (labeller_id, project_id, until_next)
       SELECT id, 1, floor(random() * CASE id %% 2 WHEN 0 THEN 7 ELSE 37 END) FROM user_account""",
    "CREATE TABLE floor_task (LIKE task INCLUDING ALL)",
    """INSERT INTO floor_task (id, lane_id, asset_id, stage, round, npri, wanted, n_done, n_leased,
                               returned)
       OVERRIDING SYSTEM VALUE
       SELECT id, lane_id, asset_id, stage, round, npri, 30000, 0, 0, false FROM task""",
    """CREATE TABLE floor_assignment (
           id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, task_id bigint NOT NULL,
           labeller_id bigint NOT NULL, state text NOT NULL DEFAULT 'leased',
           expires_at timestamptz NOT NULL, UNIQUE (task_id, labeller_id, id))""",
    "GRANT ALL ON floor_task, floor_assignment TO touchstone_app",
)


PAST = "SELECT coalesce(max(id), 0) FROM "


def _copy_history(connection: Any, people: int, history: int, now: Any) -> None:
    """Finished work of a past batch, `history` answers, each task answered by neighbours."""
    pasts = history // WANTED
    asset, task = (connection.execute(PAST + t).fetchone()[0] + 1 for t in ("asset", "task"))
    answers = [(n, (n + k) % people + 1) for n in range(pasts) for k in range(WANTED)]
    then = now - timedelta(days=7)
    copies = {
        "asset (id, project_id, batch_id, external_id, text, meta, created_at)": (
            (asset + n, 1, 0, f"past {n}", "text", "{}", then) for n in range(pasts)
        ),
        "task (id, lane_id, asset_id, stage, round, npri, wanted, n_done, n_leased, returned)": (
            (task + n, 0, asset + n, "label", 1, n, WANTED, WANTED, 0, False) for n in range(pasts)
        ),
        "assignment (id, task_id, labeller_id, project_id, state, leased_at, expires_at, shown_at, "
        "ended_at, active_ms, wall_ms, judged_at)": (
            (i + 1, task + n, who, 1, "submitted", then, then, then, then, 9000, 9500, then)
            for i, (n, who) in enumerate(answers)
        ),
        "label (assignment_id, revision, payload, ontology_version_id, client_key, created_at)": (
            (i + 1, 1, '{"class": "a"}', 1, f"key {i}", then) for i in range(len(answers))
        ),
        "work_event (at, kind, labeller_id, project_id, batch_id, stage, task_id, assignment_id)": (
            (then, "submitted", who, 1, 0, "label", task + n, i + 1)
            for i, (n, who) in enumerate(answers)
        ),
    }
    for target, rows in copies.items():
        with connection.cursor().copy(f"COPY {target} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    for table in ("assignment", "asset", "task"):
        connection.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
        )
