"""A rebuild and a day's increment on a database of its own, and claims beside increments."""

import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pyarrow as pa
from pyarrow import compute, csv
from sqlalchemy import Engine, event, text

from benchmarks.counting.history import Year
from benchmarks.dispatching import race
from benchmarks.dispatching.seed import plain, seed
from metrics import rollup
from metrics.manifest import JOBS
from ops import clock_time, db, event_files, event_partitions
from ops.models import EventDay

# Days that are in the database and in no file yet, the last of them the increment.
UNSEALED = 10
TASKS = 100_000
ZONES = {0: "UTC", 1: "Africa/Lagos", 2: "Africa/Cairo", 5.5: "Asia/Kolkata",
         -3.5: "America/St_Johns", 8: "Asia/Manila", -5: "America/Lima"}  # fmt: skip

_EVENTS = """COPY work_event (at, kind, labeller_id, project_id, batch_id, stage, task_id,
    assignment_id, data) FROM STDIN (FORMAT csv)"""
_ASSIGNMENTS = """COPY assignment (id, task_id, labeller_id, project_id, state, leased_at,
    expires_at) FROM STDIN (FORMAT csv)"""
# Claims go on behind the numbers that were copied in.
_NUMBERS = """SELECT setval(pg_get_serial_sequence('assignment', 'id'), max(id))
    FROM assignment"""
_FORGET = ("DELETE FROM hourly_rollup WHERE hour >= :since",
           "DELETE FROM daily_rollup WHERE day >= :day",
           "UPDATE rollup_state SET below_xid = :after")  # fmt: skip


class Floor:
    """An installation whose past lies in files and whose last days are in the database."""

    def __init__(self, server: Any, hundreds: int, clients: int):
        self.server, self.clients = server, clients
        seed(server.owner_url, tasks=TASKS, clients=hundreds, history=0)
        self.engine = db.make_engine(server.url)
        self.sessions = db.make_sessions(self.engine)
        self.held: list[tuple[date, pa.Table]] = []

    def labellers(self, year: Year) -> None:
        """The people of the history, in their time zones."""
        hours = {who + 1: offset / 3_600_000_000 for who, offset in enumerate(year.offsets_us)}
        with db.transaction(self.sessions) as session:
            for who, offset in hours.items():
                session.execute(
                    text("UPDATE user_account SET timezone = :zone WHERE id = :who"),
                    {"zone": ZONES[offset], "who": who},
                )

    def sealed(self, day: date, written: event_files.Written, file: str) -> None:
        """A day that the database has let go."""
        with db.transaction(self.sessions) as session:
            session.add(
                EventDay(
                    day=day, version=1, rows=written.rows, bytes=written.bytes,
                    sha256=written.sha256, file=file, below_xid=1,
                    sealed_at=clock_time.now(), dropped=True,
                )
            )  # fmt: skip

    def happened(self, day: date, table: pa.Table) -> None:
        """A day that is in no file: its events, and the assignments they are about."""
        event_partitions.make(self.sessions, day.replace(day=1))
        leased = table.filter(compute.equal(table["kind"], "leased"))
        tasks = compute.add(self._remainder(leased["task_id"]), 1)
        state = pa.array(["expired"]).take(pa.array([0] * len(leased)))
        columns = [leased["assignment_id"], tasks, leased["labeller_id"], leased["project_id"]]
        assignments = pa.table([*columns, state, leased["at"], leased["at"]], names=list("abcdefg"))
        names = ["at", "kind", *table.column_names[4:10], "data"]
        with psycopg.connect(plain(self.server.owner_url)) as connection:
            for statement, rows in ((_ASSIGNMENTS, assignments), (_EVENTS, table.select(names))):
                content = io.BytesIO()
                csv.write_csv(rows, content, csv.WriteOptions(include_header=False))
                with connection.cursor().copy(statement) as copy:
                    copy.write(content.getvalue())
            connection.execute(_NUMBERS)

    def _remainder(self, numbers: Any) -> Any:
        return compute.subtract(numbers, compute.multiply(compute.divide(numbers, TASKS), TASKS))

    def settle(self) -> None:
        """As the server would after a while."""
        with psycopg.connect(plain(self.server.owner_url), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")

    def rebuild(self, progress: Callable[[float], None]) -> dict[str, Any]:
        """From files and rows into the tables of an installation that has counted nothing yet."""
        started = time.perf_counter()
        with longest(self.engine) as transactions:
            rows = rollup.rebuild(self.sessions, progress)
        took = time.perf_counter() - started
        return {"seconds": round(took, 3), "rows": rows, **transactions}

    def increment(self) -> dict[str, Any]:
        """What came since the last roll-up."""
        started = time.perf_counter()
        with longest(self.engine) as transactions:
            rows = rollup.roll_up(self.sessions)
        took = time.perf_counter() - started
        return {"seconds": round(took, 3), "rows": rows, **transactions}

    def claims(self, day: date, after: int, seconds: float) -> dict[str, Any]:
        """Claims alone, beside a day's increment as often as the service counts, beside increments
        without a pause, and alone again.
        """

        def claims(seconds: float) -> dict[str, Any]:
            return race.race(self.server.url, self.clients, seconds, "claim")

        alone = [claims(seconds / 2)]
        beside = {}
        for name, every in (("as_in_service", JOBS["roll up events"].every), ("without_pause", 0)):
            with self._increments(day, after, every) as done:
                beside[name] = claims(max(seconds, 2.0 * (every or 0)))
            beside[name]["increments"] = len(done)
        alone.append(claims(seconds / 2))
        p50 = sum(one["p50_ms"] for one in alone) / 2
        for one in beside.values():
            one["p50_ratio"] = round(one["p50_ms"] / p50, 2)
        return {"alone": alone, **beside}

    @contextmanager
    def _increments(self, day: date, after: int, every: float | None) -> Iterator[list[int]]:
        """The same day counted anew every so many seconds, its rows being gone each time."""
        stop, done = threading.Event(), list[int]()
        since = datetime(day.year, day.month, day.day, tzinfo=UTC)
        values = {"since": since, "day": day, "after": after}

        def work() -> None:
            while not stop.is_set():
                with db.transaction(self.sessions) as session:
                    for statement in _FORGET:
                        session.execute(text(statement), values)
                began = time.monotonic()
                done.append(rollup.roll_up(self.sessions))
                stop.wait((every or 0) - (time.monotonic() - began))

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield done
        finally:
            stop.set()
            thread.join()

    def reach(self) -> int:
        """Up to which transaction events are counted."""
        with self.sessions() as session:
            return int(session.execute(text("SELECT below_xid FROM rollup_state")).scalar_one())


@contextmanager
def longest(engine: Engine) -> Iterator[dict[str, Any]]:
    """How many transactions ran on `engine` and how long the longest was open."""
    began: dict[int, float] = {}
    found: dict[str, Any] = {"transactions": 0, "longest_transaction_ms": 0.0}

    def begin(connection: Any) -> None:
        began[id(connection)] = time.perf_counter()

    def end(connection: Any) -> None:
        took = 1000 * (time.perf_counter() - began.pop(id(connection), time.perf_counter()))
        found["transactions"] += 1
        found["longest_transaction_ms"] = max(found["longest_transaction_ms"], round(took, 1))

    listened = {"begin": begin, "commit": end, "rollback": end}
    for name, call in listened.items():
        event.listen(engine, name, call)
    try:
        yield found
    finally:
        for name, call in listened.items():
            event.remove(engine, name, call)
