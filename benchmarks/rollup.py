"""Roll-up: a full rebuild of N events against one day's increment, on an embedded database.

Assignments and events are made inside the database; four events an assignment: leased, submitted,
consensus_scored, and one in ten gold_scored.
"""

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from metrics import rollup
from ops import db, migrate
from ops.db_server import running
from tests.factories import Make

START = datetime(2026, 1, 1, tzinfo=UTC)
EVENTS_PER_ASSIGNMENT = 3.1

FILL = """
WITH made AS (
    INSERT INTO assignment (task_id, labeller_id, project_id, state, leased_at, expires_at)
    SELECT (CAST(:tasks AS bigint[]))[1 + i % cardinality(CAST(:tasks AS bigint[]))],
           (CAST(:people AS bigint[]))[1 + (i * 7) % cardinality(CAST(:people AS bigint[]))],
           :project, 'expired', at, at
    FROM generate_series(0, :n - 1) AS i,
         LATERAL (SELECT CAST(:start AS timestamptz) + random() * interval '1 day' AS at) AS moment
    RETURNING id, task_id, labeller_id, leased_at
), happened AS (
    SELECT *, 'leased' AS kind, leased_at AS at, '{}'::jsonb AS data FROM made
    UNION ALL
    SELECT *, 'submitted', leased_at + interval '20 s', jsonb_build_object(
        'active_ms', (exp(9 + random()))::bigint, 'wall_ms', 20000, 'class', 'a') FROM made
    UNION ALL
    SELECT *, 'consensus_scored', leased_at + interval '40 s',
        jsonb_build_object('correct', 1) FROM made
    UNION ALL
    SELECT *, 'gold_scored', leased_at + interval '30 s', jsonb_build_object('correct', 1)
    FROM made WHERE id % 10 = 0
)
INSERT INTO work_event
    (at, kind, labeller_id, project_id, batch_id, stage, task_id, assignment_id, data)
SELECT at, kind, labeller_id, :project, :batch, 'label', task_id, id, data
FROM happened ORDER BY at
"""


@click.command()
@click.option("--events", default=1_000_000, show_default=True, type=click.IntRange(1000))
@click.option("--days", default=30, show_default=True, type=click.IntRange(2))
@click.option("--labellers", default=50, show_default=True, type=click.IntRange(1))
def command(events: int, days: int, labellers: int) -> None:
    """Print the time of a rebuild and of one day's increment, and their ratio."""
    with (
        tempfile.TemporaryDirectory(prefix="bench") as folder,
        running(Path(folder) / "home", durable=False) as server,
    ):
        migrate.upgrade(server.owner_url)
        engine = db.make_engine(server.url, statement_timeout_ms=0)
        sessions = db.make_sessions(engine)
        floor = _floor(sessions, labellers)
        per_day = int(events / days / EVENTS_PER_ASSIGNMENT)
        with click.progressbar(range(days), label="Making events") as bar:
            for day in bar:
                _fill(sessions, floor, START + timedelta(days=day), per_day)
        _settle(server.owner_url)
        _measure(sessions, floor, days, per_day)
        engine.dispose()


def _floor(sessions: sessionmaker[Session], labellers: int) -> dict[str, Any]:
    with sessions() as session:
        made = Make(session).floor(labellers=labellers, assets=1000, wanted=1)
        session.commit()
        return {
            "project": made.project.id,
            "batch": made.batch.id,
            "tasks": [task.id for task in made.tasks],
            "people": [person.id for person in made.labellers],
        }


def _fill(sessions: sessionmaker[Session], floor: dict[str, Any], start: datetime, n: int) -> None:
    with db.transaction(sessions) as session:
        session.execute(text(FILL), {**floor, "start": start, "n": n})


def _settle(url: str) -> None:
    engine = db.make_engine(url, statement_timeout_ms=0)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE work_event, assignment"))
    engine.dispose()


def _measure(
    sessions: sessionmaker[Session], floor: dict[str, Any], days: int, per_day: int
) -> None:
    rebuilt, rows = _timed(lambda: rollup.rebuild(sessions))
    with sessions() as session:
        events = session.scalar(text("SELECT count(*) FROM work_event")) or 0
    click.echo(f"rebuild    {events:>10,} events  {rows:>7,} rows  {rebuilt:8.2f} s")
    _fill(sessions, floor, START + timedelta(days=days), per_day)
    added, rows = _timed(lambda: rollup.roll_up(sessions))
    day = int(per_day * EVENTS_PER_ASSIGNMENT)
    click.echo(f"one day    {day:>10,} events  {rows:>7,} rows  {added:8.2f} s")
    nothing, _ = _timed(lambda: rollup.roll_up(sessions))
    click.echo(f"nothing new                              {nothing:12.3f} s")
    click.echo(f"a rebuild takes {rebuilt / added:.0f} times as long as a day's increment")


def _timed(call: Callable[[], int]) -> tuple[float, int]:
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result
