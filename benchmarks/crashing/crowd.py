"""Everybody on the floor as processes: the storm, the calm after it, work until none is left."""

import contextlib
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import text

from benchmarks.crashing import claimers, floor, leads, recount
from benchmarks.crashing.claimers import Place
from benchmarks.crashing.ledger import read
from ops import clock_time, db
from ops.models import User

SPEED = 60  # simulated seconds in a real one
LEADS = 2
TICK = 0.1
PATIENCE = 180.0  # for everybody to be there
STILL = 300.0  # without a single answer more: what does not end by itself is ended, and wrong
LONG = 90  # seconds in which every lease runs out, for whoever is at lunch


@dataclass(frozen=True)
class Size:
    """How many tasks and clients, how long a storm, and the seed."""

    tasks: int
    clients: int
    seconds: float
    seed: int = 1
    done: int = 0
    database_crashes: int = 1

    @property
    def labellers(self) -> int:
        """Fewer than clients: some work in two tabs at once."""
        return max(4, self.clients * 3 // 4)


@dataclass
class Crowd:
    """Clients, leads and the sweep as processes, and what was done to them."""

    server: Any
    folder: Path
    size: Size
    time: clock_time.SimulatedTime
    killed: int = 0
    died: int = 0
    cut: int = 0
    crashes: int = 0
    processes: dict[str, Any] = field(default_factory=dict)
    stuck: list[str] = field(default_factory=list)
    bar: Any = None

    def __post_init__(self) -> None:
        self.rng = random.Random(self.size.seed)
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload([claimers.__name__, leads.__name__])
        self.sessions = db.make_sessions(db.make_engine(self.server.url, pool_size=1))
        self.shown, self.first = 0.0, self.answers()
        self.known = self.first

    # The storm

    def storm(self) -> None:
        """Everybody at work, and everything that can go wrong."""
        self._gather()
        end = time.monotonic() + self.size.seconds
        crash_at = [
            time.monotonic() + self.size.seconds * (n + 1) / (self.size.database_crashes + 1)
            for n in range(self.size.database_crashes)
        ]
        while time.monotonic() < end:
            self._keep_going()
            self._advance()
            self._strike()
            self._show()
            if crash_at and time.monotonic() > crash_at[0]:
                crash_at.pop(0)
                self._crash_the_database()
            time.sleep(TICK)
        for process in self.processes.values():
            process.kill()
        for process in self.processes.values():
            process.join()

    def _gather(self) -> None:
        """Wait until everybody is there: 64 processes and as many of PostgreSQL take a while."""
        self._keep_going()
        end = time.monotonic() + PATIENCE
        for _, place in self._cast().values():
            while not place.ledger.exists() or not place.ledger.stat().st_size:
                if time.monotonic() > end:
                    raise RuntimeError(f"{place.ledger.name}: nobody came")
                time.sleep(TICK)
                self._keep_going()

    def _keep_going(self) -> None:
        for name, (target, place) in self._cast().items():
            process = self.processes.get(name)
            if process is None or not process.is_alive():
                self.died += process is not None
                seed = self.rng.getrandbits(64)
                self.processes[name] = self._start(target, replace(place, seed=seed))

    def _cast(self) -> dict[str, tuple[Callable[[Place], None], Place]]:
        lead = self.size.labellers + 1
        return {
            **{f"client {n}": (claimers.work, self._place(n)) for n in range(self.size.clients)},
            **{
                f"lead {n}": (leads.lead, self._place(f"lead-{n}", lead, 0.002))
                for n in range(LEADS)
            },
            "sweep": (leads.sweep, self._place("sweep", lead, 0.01)),
        }

    def _place(self, name: Any, labeller: int | None = None, life: float = 0.001) -> Place:
        who = labeller or 1 + name % self.size.labellers
        ledger = self.folder / f"ledger-{name}"
        return Place(self.server.url, self.time.path, ledger, who, 0, life)

    def _start(self, target: Callable[[Place], None], place: Place) -> Any:
        process = self.context.Process(target=target, args=(place,), daemon=True)
        process.start()
        return process

    def _advance(self) -> None:
        seconds = LONG if self.rng.random() < 0.005 else SPEED * TICK
        self.time.set(self.time() + seconds)

    def _strike(self) -> None:
        if self.rng.random() < 0.3:
            process = self.rng.choice(list(self.processes.values()))
            process.kill()
            self.killed += 1
        if self.rng.random() < 0.2:
            self.cut += len(self._backends("pg_terminate_backend(pid)", 2))

    def _backends(self, what: str, most: int) -> list[Any]:
        """`what` of some connections of the service, but not of this process' own."""
        query = f"""
            SELECT {what} FROM (
                SELECT pid FROM pg_stat_activity
                WHERE usename = 'touchstone_app' AND datname = 'touchstone' AND pid <> %(mine)s
                ORDER BY random() LIMIT {most}) chosen"""
        with psycopg.connect(floor.plain(self.server.admin_url), autocommit=True) as connection:
            return connection.execute(query, {"mine": 0}).fetchall()

    def _crash_the_database(self) -> None:
        """One process of the server dies: PostgreSQL drops everybody and recovers from its log."""
        before = self.crashes
        while self.crashes == before:
            for (pid,) in self._backends("pid", 1):
                with contextlib.suppress(ProcessLookupError):  # it ended by itself meanwhile
                    os.kill(pid, signal.SIGKILL)
                    self.crashes += 1
        self._wait_for_the_database()

    def _wait_for_the_database(self) -> None:
        for _ in range(600):
            try:
                psycopg.connect(floor.plain(self.server.url)).close()
                return
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise RuntimeError("the database did not come back")

    # The calm after it

    def calm(self) -> None:
        """No pauses any more, and time enough passes for every lease and reservation to run out."""
        self.time.set(self.time() + timedelta(days=40).total_seconds())
        with db.transaction(self.sessions) as session:
            leads.resume_all(session, session.get_one(User, self.size.labellers + 1))
        sweep = self._start(leads.sweep, self._place("sweep", self.size.labellers + 1, 0))
        self.processes = {"sweep": sweep}

    def drain(self) -> None:
        """Everybody works until nothing is left for anybody."""
        while True:
            before = self.answers()
            people = [
                self._start(claimers.drain, replace(self._place(n, life=0), seed=n))
                for n in range(self.size.clients)
            ]
            self._wait_for(people)
            if self.stuck or self.answers() == before:
                break
        self.processes.pop("sweep").kill()

    def _wait_for(self, people: list[Any]) -> None:
        """Until everybody has ended by themselves, or nothing has moved for too long."""
        done, moved = self.answers(), time.monotonic()
        while any(person.is_alive() for person in people):
            time.sleep(TICK)
            self._show()
            if self.known > done:
                done, moved = self.known, time.monotonic()
            if time.monotonic() > moved + STILL:
                self.stuck += [f"client {n}" for n, x in enumerate(people) if x.is_alive()]
                for person in people:
                    person.kill()
                    person.join()

    # What came of it

    def answers(self) -> int:
        """Answers that count, as the tasks have them."""
        with db.transaction(self.sessions) as session:
            total: int = session.execute(text("SELECT sum(n_done) FROM task")).scalar_one()
            return total

    def _show(self) -> None:
        """Every other second: counting is work, too."""
        if time.monotonic() > self.shown + 2:
            self.known = self.answers()
            self.bar.update(self.known - self.first - self.bar.pos)
            self.shown = time.monotonic()

    def result(self) -> dict[str, Any]:
        """What happened, and what is wrong: {} if nothing is."""
        ledgers = [read(path) for path in sorted(self.folder.glob("ledger-*"))]
        with db.transaction(self.sessions) as session:
            session.execute(text(AT_LEISURE))
            wrong: dict[str, Any] = recount.wrong(session)
        with db.transaction(self.sessions) as session:
            told = dict(session.execute(text(KINDS)).all())
            unanswered = session.execute(text(UNANSWERED)).all()
            stored = {row.token: row.key for row in session.execute(text(STORED))}
        errors = [line for one in ledgers for line in one.wrong]
        sent = {(t, k) for one in ledgers for t, k in one.sent.items()}
        known = [(t, k) for one in ledgers for t, k in one.acknowledged.items()]
        wrong |= _if_any("errors", errors[:10])
        wrong |= _if_any("never came to an end", self.stuck)
        wrong |= _if_any("not answered to the end", [tuple(row) for row in unanswered])
        wrong |= _if_any("acknowledged, not stored", [t for t, k in known if stored.get(t) != k])
        wrong |= _if_any("stored, never sent", sorted(set(stored.items()) - sent)[:10])
        acts: dict[str, int] = {}
        for one in ledgers:
            for name, n in one.acts.items():
                acts[name] = acts.get(name, 0) + n
        return {
            "killed": self.killed,
            "died": self.died,
            "connections_cut": self.cut,
            "database_crashes": self.crashes,
            "acknowledged": len(known),
            "stored": len(stored),
            "empty_answers_looked_into": sum(one.empties for one in ledgers),
            "events": told,
            "acts": dict(sorted(acts.items())),
            "wrong": wrong,
        }


def _if_any(name: str, found: list[Any]) -> dict[str, Any]:
    return {name: found} if found else {}


# Hundreds of thousands of rows are counted at once, and seldom changed tables have no statistics.
AT_LEISURE = """
    SELECT set_config('statement_timeout', '0', true), set_config('enable_nestloop', 'off', true),
           set_config('work_mem', '128MB', true)"""
KINDS = "SELECT kind, count(*) FROM work_event GROUP BY 1 ORDER BY 1"
# Open at the end although somebody could still answer: lost. Where everybody has answered, skipped
# or met the asset as gold, nobody could.
UNANSWERED = """
    SELECT t.id, t.wanted, t.n_done, t.n_leased FROM task t
    WHERE t.n_leased > 0 OR t.n_done <> t.wanted AND EXISTS (
        SELECT FROM user_account u WHERE u.role = 'labeller' AND u.active AND NOT EXISTS (
            SELECT FROM task o JOIN assignment a ON a.task_id = o.id AND a.labeller_id = u.id
            WHERE o.asset_id = t.asset_id
              AND (o.id <> t.id OR a.state NOT IN ('released', 'expired'))))
    ORDER BY t.id LIMIT 10"""
STORED = """
    SELECT a.token::text AS token, l.client_key AS key
    FROM label l JOIN assignment a ON a.id = l.assignment_id WHERE l.client_key NOT LIKE 'past %'"""
