"""Kill -9 of every process in turn: the data stays, nothing keeps running, the next start works."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from ops.db_server import running, url_of
from ops.errors import DatabaseServerError
from tests.acceptance.supervisors import (
    Supervisor,
    keepers_of,
    postgres_of,
    postmaster_of,
    query,
    socket_folder_of,
    supervisor,
    until,
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def kill(*pids: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def kill_all(home: Path, one: Supervisor) -> None:
    """Kill -9 so fast that nobody can tidy up: the keeper first, then all the others."""
    kill(*keepers_of(home), *postgres_of(home), one.process.pid)
    one.kill()


def assert_one_row_kept(home: Path) -> None:
    with running(home) as server:
        assert server.owned
        assert query(server.owner_url, "SELECT answer FROM kept") == [(42,)]
    assert postgres_of(home) == []
    assert keepers_of(home) == []


def test_kill_9_of_the_supervisor(home: Path) -> None:
    with supervisor(home, durable=True) as one:
        server = one.ready()
        folder = socket_folder_of(home)
        query(server["owner_url"], "CREATE TABLE kept AS SELECT 42 AS answer")
        one.kill()
        # No waiting: the next start has to cope with a server that is just leaving.
        assert_one_row_kept(home)
        assert not folder.exists()


def test_kill_9_of_a_supervisor_whose_child_holds_its_files_open(home: Path) -> None:
    body = "import os, time; pid = os.fork(); pid or time.sleep(60); print(pid, flush=True)"
    with supervisor(home, body=body) as one:
        server = one.ready()
        assert one.process.stdout is not None
        child = int(one.process.stdout.readline())
        try:
            query(server["owner_url"], "CREATE TABLE kept AS SELECT 42 AS answer")
            one.kill()
            assert_one_row_kept(home)
        finally:
            kill(child)


def test_kill_9_of_the_keeper(home: Path) -> None:
    with supervisor(home, durable=True) as one:
        server = one.ready()
        query(server["owner_url"], "CREATE TABLE kept AS SELECT 42 AS answer")
        kill(*keepers_of(home))
        until(lambda: not postgres_of(home))
        assert url_of(home) is None
        assert one.leave() == 2
        assert one.process.stdout is not None
        assert "the server ended by itself" in one.process.stdout.read()
    assert_one_row_kept(home)


def test_kill_9_of_all_at_once(home: Path) -> None:
    with supervisor(home, durable=True) as one:
        server = one.ready()
        query(server["owner_url"], "CREATE TABLE kept AS SELECT 42 AS answer")
        folder = socket_folder_of(home)
        kill_all(home, one)
        assert_one_row_kept(home)
        assert not folder.exists()


def test_kill_9_of_postgres_brings_it_back_at_the_same_address(home: Path) -> None:
    with supervisor(home, durable=True) as one:
        server = one.ready()
        query(server["owner_url"], "CREATE TABLE kept AS SELECT 42 AS answer")
        before = postmaster_of(home)
        kill(before)
        until(lambda: url_of(home) is not None and postmaster_of(home) != before)
        assert query(server["owner_url"], "SELECT answer FROM kept") == [(42,)]
        assert one.leave() == 0
    assert_one_row_kept(home)


def test_a_server_that_cannot_come_back_is_reported(home: Path) -> None:
    with supervisor(home) as one:
        one.ready()
        with (home / "pgdata/postgresql.conf").open("a") as file:
            file.write("no_such_setting = 1\n")
        kill(postmaster_of(home))
        until(lambda: not keepers_of(home), seconds=60)
        assert one.leave() == 2
        assert one.process.stdout is not None
        said = one.process.stdout.read()
    assert "the server ended by itself" in said
    assert "no_such_setting" in said


def test_a_writer_loses_nothing_that_was_committed(home: Path) -> None:
    with supervisor(home, durable=True) as one:
        server = one.ready()
        query(server["owner_url"], "CREATE TABLE written (n int)")
        committed = 0
        dsn = server["owner_url"].replace("+psycopg", "")
        connection = psycopg.connect(dsn, autocommit=True)
        for number in range(1, 200):
            connection.execute("INSERT INTO written VALUES (%s)", [number])
            committed = number
        connection.execute("BEGIN")
        connection.execute("INSERT INTO written VALUES (-1)")
        kill_all(home, one)
        connection.close()
    with running(home) as again:
        found = query(again.owner_url, "SELECT count(*), min(n), max(n) FROM written")
    assert found == [(committed, 1, committed)]


def test_a_stale_pid_file_with_the_number_of_another_program(home: Path) -> None:
    with supervisor(home, durable=True) as one:
        server = one.ready()
        query(server["owner_url"], "CREATE TABLE kept AS SELECT 42 AS answer")
        kill_all(home, one)
        until(lambda: not postgres_of(home))
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        pid_file = home / "pgdata/postmaster.pid"
        lines = pid_file.read_text().splitlines(keepends=True)
        pid_file.write_text("".join([f"{stranger.pid}\n", *lines[1:]]))
        assert url_of(home) is None
        assert_one_row_kept(home)
        assert stranger.poll() is None
    finally:
        stranger.communicate()


def test_a_recorded_address_of_a_dead_server_is_not_believed(home: Path) -> None:
    with supervisor(home) as one:
        one.ready()
        kill_all(home, one)
    until(lambda: not postgres_of(home))
    assert (home / "server.json").exists()
    assert url_of(home) is None
    with running(home) as server:  # which tidies up after the dead one
        assert server.owned


def test_kill_9_while_the_database_is_being_made(home: Path) -> None:
    with supervisor(home) as one:
        until(lambda: list(home.glob("pgdata.new-*/base")))
        one.kill()
        assert not (home / "pgdata").exists()
        with running(home, durable=False) as server:
            assert query(server.url, "SELECT 1") == [(1,)]
    assert not list(home.glob("pgdata.new-*"))


def test_a_failed_first_start_leaves_nothing_half_made(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("ops.db_server.cluster._roles_and_database", lambda: ["NOT SQL"])
        with pytest.raises(DatabaseServerError, match="syntax error"), running(home):
            pass
    assert not (home / "pgdata").exists()
    with running(home, durable=False) as server:
        assert query(server.url, "SELECT 1") == [(1,)]
    assert not list(home.glob("pgdata.new-*"))
