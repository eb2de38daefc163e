"""Moving a database of PostgreSQL 16 (the wheel carries its programs too) to our version."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.db_server import Server, account, binaries, cluster, running, upgrade
from ops.db_server.cluster import Programs
from ops.db_server.home import ADMIN, Home
from ops.db_server.move import _started
from ops.db_server.settings import ACCESS_RULES
from ops.errors import DatabaseServerError
from tests.acceptance.supervisors import postgres_of, query

OLD = 16


@pytest.fixture(scope="module")
def old_bin() -> Path:
    found = binaries.bundled(OLD)
    assert found is not None, "the wheel no longer carries a second version"
    return found


@pytest.fixture(scope="module")
def made_home(tmp_path_factory: pytest.TempPathFactory, old_bin: Path) -> Path:
    """A home whose database was made and filled by the old version, now stopped."""
    home = Home.at(tmp_path_factory.mktemp("old") / "home")
    home.create()
    lock = home.try_lock()
    assert lock is not None
    programs = Programs(old_bin, account.current(), lock)
    _make_old_cluster(home, programs)
    with _started(home, programs, home.data) as admin:
        _fill(admin)
    os.close(lock)
    return home.path


def _make_old_cluster(home: Home, programs: Programs) -> None:
    home.data.mkdir(mode=0o700)
    if programs.account.switched:
        os.chown(home.data, programs.account.uid, programs.account.gid)
    programs.run(
        "initdb",
        home.data,
        "--pgdata=" + programs.data_argument(home.data),
        f"--username={ADMIN}",
        "--encoding=UTF8",
        "--locale=C",
        "--auth=reject",
    )
    (home.data / "pg_hba.conf").write_text(ACCESS_RULES)
    cluster.run_single_user(home.data, programs, cluster._roles_and_database())
    cluster.set_passwords(home.data, programs, home.make_passwords())


def _fill(admin: str) -> None:
    owner = admin.replace("/postgres?", "/touchstone?")
    for statement in (
        "SET ROLE touchstone_owner; CREATE TABLE words (id bigserial PRIMARY KEY, word text)",
        "INSERT INTO words (word) SELECT 'wörd ' || n FROM generate_series(1, 50000) n",
        "GRANT SELECT ON words TO touchstone_app",
        "ALTER DATABASE touchstone SET work_mem = '7MB'",
        'CREATE DATABASE "second one"',
    ):
        query(owner, statement)


@pytest.fixture
def home(made_home: Path, tmp_path: Path) -> Path:
    subprocess.run(["cp", "-a", made_home, tmp_path / "home"], check=True)
    return tmp_path / "home"


@pytest.fixture
def untouched(home: Path) -> Iterator[None]:
    """Checks that the old folder is still there and that nothing else was left."""
    before = (home / "pgdata/PG_VERSION").read_text()
    yield
    assert (home / "pgdata/PG_VERSION").read_text() == before
    assert not list(home.glob("pgdata?*"))
    assert postgres_of(home) == []


def assert_moved(server: Server) -> None:
    digest = "SELECT count(*), md5(string_agg(word, ',' ORDER BY id)) FROM words"
    expected = "SELECT 50000, md5(string_agg('wörd ' || n, ',' ORDER BY n)) FROM generate_series"
    assert query(server.url, digest) == query(server.url, f"{expected}(1, 50000) n")
    assert query(server.owner_url, "SELECT nextval('words_id_seq')") == [(50001,)]
    assert query(server.url, "SHOW work_mem") == [("7MB",)]
    owners = "SELECT tableowner FROM pg_tables WHERE tablename = 'words'"
    assert query(server.url, owners) == [("touchstone_owner",)]
    names = "SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1"
    assert query(server.url, names) == [("postgres",), ("second one",), ("touchstone",)]
    planned = "SELECT reltuples FROM pg_class WHERE relname = 'words'"
    assert query(server.url, planned) == [(50000,)]
    powers = "SELECT bool_or(rolsuper) FROM pg_roles WHERE rolname IN ('{}', '{}')"
    roles = powers.format("touchstone_app", "touchstone_owner")
    assert query(server.url, roles) == [(False,)]


def test_the_data_moves_and_the_old_folder_is_kept(home: Path) -> None:
    with pytest.raises(DatabaseServerError, match="db upgrade --server"), running(home):
        pass
    kept = upgrade(home)
    assert kept == home / "pgdata.16"
    assert (kept / "PG_VERSION").read_text() == "16\n"
    with running(home, durable=False) as server:
        assert_moved(server)
    assert upgrade(home) is None
    assert sorted(path.name for path in home.glob("pgdata*")) == ["pgdata", "pgdata.16"]


def test_a_move_that_ended_between_its_last_steps_is_finished(home: Path) -> None:
    kept = upgrade(home)
    assert kept is not None
    (home / "pgdata").rename(home / "pgdata.upgraded")
    with running(home, durable=False) as server:
        assert_moved(server)


def test_a_move_that_ended_before_its_last_steps_starts_over(home: Path) -> None:
    (home / "pgdata.upgraded").mkdir()
    (home / "pgdata.upgraded/half").touch()
    (home / "pgdata.16").mkdir()
    assert upgrade(home) == home / "pgdata.16-2"
    with running(home, durable=False) as server:
        assert_moved(server)


@pytest.mark.usefixtures("untouched")
def test_a_failed_move_changes_nothing(home: Path) -> None:
    files = [path for path in (home / "pgdata/base").rglob("*") if path.is_file()]
    largest = max(files, key=lambda path: path.stat().st_size)  # that of the table of words
    largest.unlink()
    with pytest.raises(DatabaseServerError, match="could not open file"):
        upgrade(home)


@pytest.mark.usefixtures("untouched")
def test_the_programs_of_the_right_version_are_needed(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DatabaseServerError, match="does not hold PostgreSQL 16"):
        upgrade(home, old_bin=binaries.folder())
    with pytest.raises(DatabaseServerError, match="does not hold PostgreSQL 16"):
        upgrade(home, old_bin=home)
    monkeypatch.setattr(binaries, "bundled", lambda major: None)
    monkeypatch.setattr("ops.db_server.move._USUAL_PLACES", ("/nowhere/{}/bin",))
    with pytest.raises(DatabaseServerError, match="--old-bin"):
        upgrade(home)


@pytest.mark.usefixtures("untouched")
def test_old_programs_may_lie_anywhere(home: Path, old_bin: Path, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    shutil.copytree(old_bin.parent, closed / "pg")
    if os.geteuid() == 0:  # the plain user has no way into that folder
        with pytest.raises(DatabaseServerError, match="may not run"):
            upgrade(home, old_bin=closed / "pg/bin")


def test_a_running_server_is_not_moved(tmp_path: Path) -> None:
    home = tmp_path / "home"
    running_one = pytest.raises(DatabaseServerError, match="is running: stop Touchstone first")
    with running(home, durable=False), running_one:
        upgrade(home)


def test_no_database_needs_no_move(tmp_path: Path) -> None:
    assert upgrade(tmp_path / "home") is None
