"""The embedded server in ordinary life: started, shared, closed to others, stopped."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from ops.db_server import binaries, running, url_of
from tests.acceptance.supervisors import (
    LIBRARIES,
    as_root,
    mode,
    postgres_of,
    postmaster_of,
    query,
    socket_folder_of,
    supervisor,
)


def test_data_survives_a_restart_and_nothing_is_left_running(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(home) as server:
        assert server.owned
        query(server.owner_url, "CREATE TABLE kept AS SELECT 42 AS answer")
        folder = socket_folder_of(home)
        assert postgres_of(home)
    assert url_of(home) is None
    assert postgres_of(home) == []
    assert not folder.exists()
    with running(home) as server:
        assert query(server.owner_url, "SELECT answer FROM kept") == [(42,)]


def test_a_database_in_utf8_with_one_collation_everywhere(home: Path) -> None:
    with running(home, durable=False) as server:
        sql = (
            "SELECT pg_encoding_to_char(encoding), datlocprovider, datlocale, "
            "current_setting('server_version_num')::int / 10000, "
            "current_setting('max_connections') FROM pg_database WHERE datname = 'touchstone'"
        )
        assert query(server.url, sql) == [("UTF8", "b", "C.UTF-8", binaries.MAJOR, "200")]


def test_two_processes_share_one_server_and_the_guest_leaves_quietly(home: Path) -> None:
    with supervisor(home) as first:
        owner = first.ready()
        assert owner["owned"]
        with supervisor(home) as second:
            guest = second.ready()
            assert not guest["owned"]
            assert guest["url"] == owner["url"]
            assert second.leave() == 0
        assert query(owner["url"], "SELECT 1") == [(1,)]
        found = url_of(home)
        assert found is not None
        assert (found.owner_url, found.owned) == (owner["owner_url"], False)
        assert first.leave() == 0
    assert url_of(home) is None


def test_of_many_first_starts_at_once_one_makes_the_database(tmp_path: Path) -> None:
    home = tmp_path / "home"

    def come_and_go(_: int) -> bool:
        with running(home, durable=False) as server:
            assert query(server.url, "SELECT 1") == [(1,)]
            everyone_is_in.wait()
            return server.owned

    everyone_is_in = threading.Barrier(4, timeout=60)
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(come_and_go, range(4))) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_shuts_the_server_down_in_order(home: Path, number: signal.Signals) -> None:
    with supervisor(home, stderr=subprocess.DEVNULL) as one:
        one.ready()
        one.process.send_signal(number)
        assert one.process.wait(30) != 0
        assert postgres_of(home) == []
    control = subprocess.run(
        [binaries.folder() / "pg_controldata", home / "pgdata"],
        capture_output=True,
        text=True,
        check=True,
        env={"LC_ALL": "C"},
    )
    assert "shut down" in control.stdout.split("cluster state:")[1].splitlines()[0]


def test_a_forked_child_that_leaves_the_block_leaves_the_server_alone(home: Path) -> None:
    body = "import os; child = os.fork(); child or sys.exit(0); print(os.waitpid(child, 0)[1])"
    with supervisor(home, body=body) as one:
        server = one.ready()
        assert one.process.stdout.readline() == "0\n"
        assert query(server["url"], "SELECT 1") == [(1,)]
        assert one.leave() == 0


def test_a_home_of_any_length(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 40) / "with 'quotes' & ünicode" / ("longer" * 30)
    assert len(os.fsencode(home)) > 300
    with running(home, durable=False) as server:
        assert query(server.url, "SELECT 1") == [(1,)]


def test_everything_is_closed_to_others_and_folders_above_are_untouched(tmp_path: Path) -> None:
    above = tmp_path / "above"
    above.mkdir(mode=0o700)  # root's plain user has no way through it
    before = [(path.stat().st_mode, path.stat().st_uid) for path in (above, *above.parents)]
    with running(above / "home", durable=False):
        for path in (above / "home").rglob("*"):
            if "pgdata" in path.parts:
                continue
            assert mode(path) == (0o700 if path.is_dir() else 0o600), path
        assert mode(above / "home") == mode(above / "home/pgdata") == 0o700
        assert mode(socket_folder_of(above / "home")) == 0o700
        listening = next(socket_folder_of(above / "home").glob(".s.PGSQL.*[0-9]"))
        assert mode(listening) == 0o700
    assert [(p.stat().st_mode, p.stat().st_uid) for p in (above, *above.parents)] == before


def test_passwords_are_asked_for_everywhere_and_not_shown(home: Path) -> None:
    with running(home, durable=False) as server:
        for url in (server.url, server.owner_url, server.admin_url):
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                query(url, "SELECT 1", password="guessed")
        hashes = query(server.admin_url, "SELECT rolpassword FROM pg_authid WHERE rolcanlogin")
        assert len(hashes) == 3
        assert all(text.startswith("SCRAM-SHA-256$") for (text,) in hashes)
        rules = query(server.admin_url, "SELECT DISTINCT auth_method FROM pg_hba_file_rules")
        assert rules == [("scram-sha-256",)]
        assert repr(server) == "Server(owned=True)"


def test_the_service_is_no_superuser_and_may_make_no_tables(home: Path) -> None:
    with running(home, durable=False) as server:
        powers = (
            "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls "
            "FROM pg_roles WHERE rolname = current_user"
        )
        assert query(server.url, powers) == [(False,) * 5]
        assert query(server.owner_url, powers) == [(False,) * 5]
        query(server.owner_url, "CREATE TABLE owned (id int)")
        for refused in ("CREATE TABLE mine (id int)", "SELECT * FROM owned"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                query(server.url, refused)


def test_tcp_only_when_asked_for_and_only_on_this_machine(home: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with running(home, durable=False) as server:
        assert query(server.admin_url, "SHOW listen_addresses") == [("",)]
    with running(home, tcp_port=port, durable=False) as server:
        assert f"@127.0.0.1:{port}/touchstone" in server.url
        assert query(server.admin_url, "SHOW listen_addresses") == [("127.0.0.1",)]
        assert query(server.url, "SELECT host(inet_client_addr())") == [("127.0.0.1",)]


def test_durable_unless_told_otherwise(home: Path) -> None:
    sql = (
        "SELECT string_agg(setting, ' ' ORDER BY name) FROM pg_settings "
        "WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')"
    )
    for durable in (True, False):
        with running(home, durable=durable) as server:
            assert query(server.url, sql) == [("on on on" if durable else "off off off",)]


def test_lost_passwords_are_made_anew(home: Path) -> None:
    old = (home / "passwords.json").read_text()
    (home / "passwords.json").unlink()
    with running(home, durable=False) as server:
        assert query(server.owner_url, "SELECT 1") == [(1,)]
    assert (home / "passwords.json").read_text() != old


@as_root
def test_programs_closed_to_the_plain_user_are_copied_once(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = binaries.folder().parents[1]
    closed = tmp_path / "closed" / wheel.name
    closed.parent.mkdir(mode=0o700)
    shutil.copytree(wheel / "pginstall18", closed / "pginstall18")
    shutil.copytree(wheel.with_name(f"{wheel.name}.libs"), closed.with_name(f"{wheel.name}.libs"))
    readable = Path("/var/tmp") / f"touchstone-test-{os.getpid()}"
    monkeypatch.setattr(binaries, "READABLE_PLACE", readable)
    monkeypatch.syspath_prepend(closed.parent)
    (closed / "__init__.py").touch()
    try:
        for _ in range(2):
            with running(home, durable=False) as server:
                assert query(server.url, "SELECT 1") == [(1,)]
                program = Path(f"/proc/{postmaster_of(home)}/exe").resolve()
                assert program.is_relative_to(readable)
        assert len(list(readable.iterdir())) == 1
    finally:
        shutil.rmtree(readable, ignore_errors=True)


@as_root
def test_a_plain_user_runs_the_server_as_themselves() -> None:
    python = _python_open_to_all()
    home = Path("/var/tmp") / f"touchstone-test-{os.getpid()}"
    home.mkdir()
    os.chown(home, 65534, 65534)
    try:
        with supervisor(home, python=python, user=65534, group=65534, extra_groups=[]) as one:
            server = one.ready()
            assert query(server["url"], "SELECT 1") == [(1,)]
            assert (home / "pgdata").stat().st_uid == 65534
            assert one.leave() == 0
    finally:
        shutil.rmtree(home)


def _python_open_to_all() -> str:
    """An interpreter of our version that any user may run, or skip: root's own may be closed."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for program in (sys.executable, f"/usr/bin/{name}"):
        try:
            tried = [program, "-c", f"import sys; sys.path.append({LIBRARIES!r}); import psycopg"]
            subprocess.run(tried, check=True, capture_output=True, user=65534, cwd="/")
        except (OSError, subprocess.CalledProcessError):
            continue
        return program
    return pytest.skip(f"no {name} that other users may run")
