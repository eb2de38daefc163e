"""The parts of the embedded server that need no server: settings, messages, addresses."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import make_url

from ops.db_server import log, socket_folder
from ops.db_server.account import Account
from ops.db_server.clients import connection_of
from ops.db_server.home import ADMIN, OWNER, SERVICE, Home
from ops.db_server.liveness import identity
from ops.db_server.progress import line
from ops.db_server.server import server_at
from ops.db_server.settings import as_arguments, settings
from ops.errors import DatabaseServerError

PLACE = Path("/nowhere/postgres.log")
SECRETS = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1)


def test_no_address_is_listened_on_unless_a_port_is_given() -> None:
    quiet = settings(Path("/s"), None, durable=True)
    assert (quiet["listen_addresses"], quiet["unix_socket_directories"]) == ("", "/s")
    open_here = settings(Path("/s"), 6000, durable=True)
    assert (open_here["listen_addresses"], open_here["port"]) == ("127.0.0.1", "6000")


def test_durability_is_given_up_only_when_asked() -> None:
    careless = set(settings(Path("/s"), None, durable=False))
    assert careless - set(settings(Path("/s"), None, durable=True)) == {
        "fsync",
        "synchronous_commit",
        "full_page_writes",
    }


def test_settings_become_arguments_one_by_one() -> None:
    assert as_arguments({"a": "1", "b": ""}) == ["-c", "a=1", "-c", "b="]


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("FATAL:  could not write: No space left on device", "no room left"),
        ("could not bind: Address already in use", "another program has that port"),
        ("ERROR:  canceling statement due to lock timeout", "stop Touchstone first"),
        ("FATAL:  something never seen before", "something never seen before"),
    ],
)
def test_last_words_become_one_line_that_says_what_to_do(words: str, advice: str) -> None:
    said = log.explain("the server could not start", f"LOG:  hello\n{words}\n", where=PLACE)
    assert advice in said
    assert str(PLACE) in said
    assert "\n" not in said


def test_errors_are_told_without_their_stamps_and_before_idle_talk() -> None:
    words = (
        "2026-01-01 00:00:00 UTC [7] LOG:  starting\n"
        "2026-01-01 00:00:00 UTC [7] FATAL:  no\n"
        "2026-01-01 00:00:00 UTC [7] LOG:  shut down\n"
    )
    assert log.last_words(words) == "FATAL:  no"
    assert log.last_words("one\n\ntwo\n") == "one | two"


def test_a_log_is_read_from_where_it_was_even_after_it_was_emptied(tmp_path: Path) -> None:
    file = tmp_path / "log"
    assert log.since(file, 0) == ""
    file.write_text("before\n")
    position = log.size_of(file)
    with file.open("a") as more:
        more.write("after\n")
    assert log.since(file, position) == "after\n"
    file.write_text("new\n")
    assert log.since(file, position) == "new\n"


@given(SECRETS)
def test_any_password_survives_the_url(secret: str) -> None:
    passwords = dict.fromkeys((ADMIN, OWNER, SERVICE), secret)
    for tcp in (True, False):
        made = server_at(Path("/tmp/s p"), 5432, tcp, passwords, owned=True)
        for url in (made.url, made.owner_url, made.admin_url):
            assert make_url(url).password == secret
        assert repr(made) == "Server(owned=True)"


def test_a_url_names_its_role_database_and_place() -> None:
    passwords = dict.fromkeys((ADMIN, OWNER, SERVICE), "p")
    made = server_at(Path("/tmp/s"), 5432, False, passwords, owned=False)
    dsn, environment = connection_of(made.owner_url)
    assert conninfo_to_dict(dsn) == {
        "user": OWNER,
        "dbname": "touchstone",
        "host": "/tmp/s",
        "port": "5432",
    }
    assert environment["PGPASSWORD"] == "p"
    assert conninfo_to_dict(connection_of(made.admin_url)[0])["dbname"] == "postgres"


def test_options_of_a_url_are_kept_and_variables_of_the_caller_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PGHOST", "elsewhere")
    dsn, environment = connection_of("postgresql://u:p@h:1/d?sslmode=require")
    assert conninfo_to_dict(dsn)["sslmode"] == "require"
    assert "PGHOST" not in environment
    with pytest.raises(DatabaseServerError, match="cannot be read"):
        connection_of("nonsense")


def test_progress_says_how_long_it_will_yet_take() -> None:
    assert line("moving", 30.0, done=0.75) == "moving [###############     ]  75%, about 10 s left"
    assert line("waiting", 3.2, "redo") == "waiting: 3 s redo"
    assert "100%" in line("moving", 5.0, done=1.5)


def test_a_process_is_not_taken_for_a_later_one() -> None:
    assert identity(os.getpid()) == identity(os.getpid()) is not None
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert identity(child) is None  # a zombie
    os.waitpid(child, 0)
    assert identity(child) is None  # gone


def test_only_a_folder_that_is_surely_a_leftover_is_removed(tmp_path: Path) -> None:
    def make(name: str, file: str) -> Path:
        folder = tmp_path / name
        folder.mkdir(mode=0o700)
        (folder / file).touch()
        return folder

    ours = make("touchstone-a", ".s.PGSQL.5432.lock")
    kept = [make("touchstone-b", "thesis.txt"), make("other", ".s.PGSQL.5432")]
    kept.append(make("touchstone-c", ".s.PGSQL.5432"))
    kept[-1].chmod(0o755)
    for folder in (ours, *kept, tmp_path / "absent"):
        socket_folder.remove_leftover(folder, os.geteuid())
    assert not ours.exists()
    assert all(any(folder.iterdir()) for folder in kept)


def test_a_socket_folder_is_private_and_short_wherever_temporary_files_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("long" * 30)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    made = socket_folder.create(Account(os.geteuid(), os.getegid(), "me", switched=False))
    try:
        assert len(os.fsencode(made)) <= socket_folder.LONGEST_PATH
        assert socket_folder.is_private(made, os.geteuid())
    finally:
        made.rmdir()


def test_only_one_may_lock_a_home(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home")
    assert not home.is_locked()
    home.create()
    lock = home.try_lock()
    assert lock is not None
    assert home.try_lock() is None
    assert home.is_locked()
    os.close(lock)
    assert not home.is_locked()


def test_broken_passwords_are_told_with_the_way_out(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    home.passwords.write_text('{"touchstone_app": "alone"}')
    with pytest.raises(DatabaseServerError, match="remove that file"):
        home.read_passwords()
    assert home.make_passwords() == home.read_passwords()
