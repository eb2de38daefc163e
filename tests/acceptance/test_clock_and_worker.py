"""Real clock and worker processes, killed for real."""

import signal

import pytest
from sqlalchemy import text

from ops import queue
from ops.db import transaction
from ops.errors import ConfigError
from ops.jobs import Job
from scheduling import clock
from tests.acceptance.processes import CLOCK, JOBS, WORKER, eventually, start

SLOW_WORKER = WORKER.replace(
    "import os;",
    "import os; from ops.jobs import Job; JOBS = {'slow': "
    "Job('tests.acceptance.processes:slow', every=9, where='default')};",
    1,
)


@pytest.fixture
def ticks(session):
    """Pids that ticked, oldest first."""

    def ticks() -> list[int]:
        rows = session.execute(text("SELECT pid FROM tick ORDER BY at")).scalars().all()
        session.rollback()
        return list(rows)

    return ticks


@pytest.fixture(autouse=True)
def _table(owner_url):
    from sqlalchemy import create_engine

    engine = create_engine(owner_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE tick (pid int, at timestamptz)"))
    engine.dispose()


def test_another_clock_takes_over_when_the_leader_is_killed(database_url, ticks):
    first = start(CLOCK, database_url)
    eventually(lambda: first.pid in ticks())
    second = start(CLOCK, database_url)
    try:
        first.send_signal(signal.SIGKILL)
        first.wait()
        eventually(lambda: second.pid in ticks())
        done = ticks()
        # One leader at a time: nobody ticks before the other is gone.
        assert done == sorted(done, key=lambda pid: pid != first.pid)
    finally:
        second.kill()
        second.wait()


def test_a_worker_runs_what_the_clock_defers(database_url, ticks):
    leader, worker = start(CLOCK, database_url), start(WORKER, database_url)
    try:
        eventually(lambda: worker.pid in ticks())
    finally:
        for process in (leader, worker):
            process.kill()
            process.wait()


def test_the_job_of_a_killed_worker_is_done_by_another(database_url, sessions, ticks):
    with transaction(sessions) as session:
        assert queue.defer(session, "slow", once="slow")
        assert queue.defer(session, "slow", once="slow") is None
    first = start(SLOW_WORKER, database_url)
    eventually(lambda: -first.pid in ticks())
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = start(SLOW_WORKER, database_url)
    try:

        def retried() -> bool:
            clock.retry_stalled(database_url, silent_for=1)
            return -second.pid in ticks()

        eventually(retried)
    finally:
        second.kill()
        second.wait()


def test_a_deferred_job_is_gone_after_a_rollback(sessions):
    with pytest.raises(ZeroDivisionError), transaction(sessions) as session:
        queue.defer(session, "tick")
        raise ZeroDivisionError
    with transaction(sessions) as session:
        assert session.execute(text("SELECT count(*) FROM procrastinate_jobs")).scalar() == 0


def test_a_refused_job_leaves_the_callers_work_whole(sessions):
    with transaction(sessions) as session:
        assert queue.defer(session, "tick", once="tick")
        assert queue.defer(session, "tick", once="tick") is None
    with transaction(sessions) as session:
        assert session.execute(text("SELECT count(*) FROM procrastinate_jobs")).scalar() == 1


def test_schedules_are_edited_by_hand(tmp_path):
    path = tmp_path / "schedules.toml"
    path.write_text('"tick" = "every 3"\n"deferred tick" = "5 4 * * *"\n')
    edited = clock.edited(JOBS, path)
    assert edited["tick"] == Job(JOBS["tick"].call, every=3.0, where="clock")
    assert edited["deferred tick"].cron == "5 4 * * *"


@pytest.mark.parametrize("line", ['"nothing" = "every 3"', '"tick" = "sometimes"'])
def test_a_wrong_schedule_is_named(tmp_path, line):
    path = tmp_path / "schedules.toml"
    path.write_text(line)
    with pytest.raises(ConfigError, match=r"schedules\.toml"):
        clock.edited(JOBS, path)
