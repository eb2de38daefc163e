"""A backup comes back as it was, or not at all."""

import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ops import db_backup
from ops.db_backup import backup, restore
from ops.db_server import Server, running
from ops.errors import DatabaseServerError
from tests.acceptance.supervisors import query

TABLES = """
CREATE TABLE people (id bigserial PRIMARY KEY, name text NOT NULL, born timestamptz);
INSERT INTO people (name, born)
    SELECT 'Zoë ' || n, '2026-01-01Z'::timestamptz + n * interval '1 hour'
    FROM generate_series(1, 3000) n;
CREATE SCHEMA archive;
CREATE TABLE archive.parts (n int) PARTITION BY LIST (n);
CREATE TABLE archive.part_1 PARTITION OF archive.parts FOR VALUES IN (1);
INSERT INTO archive.parts VALUES (1);
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT 2 * n';
CREATE VIEW names AS SELECT name FROM people;
GRANT SELECT ON people TO touchstone_app;
"""
DIGEST = "SELECT count(*), md5(string_agg(p::text, '|' ORDER BY id)) FROM people p"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("backup") / "home", durable=False) as started:
        yield started


@pytest.fixture
def url(server: Server) -> Iterator[str]:
    """A filled database of this test's own, as its owner."""
    yield from _database(server, "filled", TABLES)


@pytest.fixture
def empty(server: Server) -> Iterator[str]:
    """Another database, with nothing in it."""
    yield from _database(server, "bare", "")


def _database(server: Server, name: str, script: str) -> Iterator[str]:
    query(server.admin_url, f"CREATE DATABASE {name} OWNER touchstone_owner")
    made = server.owner_url.replace("/touchstone?", f"/{name}?")
    query(made, script) if script else None
    yield made
    query(server.admin_url, f"DROP DATABASE {name} WITH (FORCE)")


def assert_same(one: str, other: str) -> None:
    assert query(one, DIGEST) == query(other, DIGEST)
    assert query(other, "SELECT twice(n), 'good'::mood::text FROM archive.parts") == [(2, "good")]
    assert query(other, "SELECT count(*) FROM names") == [(3000,)]
    assert query(other, "SELECT nextval('people_id_seq')") == [(3001,)]


def test_there_and_back(url: str, empty: str, tmp_path: Path) -> None:
    size = backup(url, tmp_path / "file")
    assert size == (tmp_path / "file").stat().st_size > 0
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    restore(empty, tmp_path / "file")
    assert_same(url, empty)


def test_what_the_service_may_do_comes_back_too(url: str, empty: str, tmp_path: Path) -> None:
    backup(url, tmp_path / "file")
    restore(empty, tmp_path / "file")
    asked = "SELECT has_table_privilege('touchstone_app', 'people', '{}')"
    assert query(empty, asked.format("SELECT")) == [(True,)]
    assert query(empty, asked.format("DELETE")) == [(False,)]


def test_a_database_that_holds_something_is_replaced_only_when_told(
    url: str, tmp_path: Path
) -> None:
    backup(url, tmp_path / "first")
    before = query(url, DIGEST)
    query(url, "CREATE TABLE later (id int); DELETE FROM people WHERE id > 10; DROP VIEW names")
    with pytest.raises(DatabaseServerError, match="not empty"):
        restore(url, tmp_path / "first")
    assert query(url, "SELECT count(*) FROM people") == [(10,)]
    restore(url, tmp_path / "first", replace=True)
    assert query(url, DIGEST) == before
    assert query(url, "SELECT to_regclass('later')") == [(None,)]
    # What was restored can be backed up and restored again.
    backup(url, tmp_path / "second")
    restore(url, tmp_path / "second", replace=True)
    assert_same(url, url)


def test_a_damaged_backup_changes_nothing(url: str, tmp_path: Path) -> None:
    size = backup(url, tmp_path / "file")
    before = query(url, DIGEST)
    whole = (tmp_path / "file").read_bytes()
    for length in (10, size // 2, size - 200):
        (tmp_path / "cut").write_bytes(whole[:length])
        with pytest.raises(DatabaseServerError):
            restore(url, tmp_path / "cut", replace=True)
        assert query(url, DIGEST) == before
    (tmp_path / "text").write_text("no backup at all")
    with pytest.raises(DatabaseServerError, match="not a backup"):
        restore(url, tmp_path / "text", replace=True)
    with pytest.raises(DatabaseServerError, match="no backup"):
        restore(url, tmp_path / "absent", replace=True)


def test_a_database_in_use_is_left_alone(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup(url, tmp_path / "file")
    before = query(url, DIGEST)
    quick = db_backup._EMPTY_THE_DATABASE.replace("'10s'", "'200ms'")
    monkeypatch.setattr(db_backup, "_EMPTY_THE_DATABASE", quick)
    with psycopg.connect(url.replace("+psycopg", "")) as reader:
        reader.execute("SELECT count(*) FROM people")
        with pytest.raises(DatabaseServerError, match="in use: stop Touchstone first"):
            restore(url, tmp_path / "file", replace=True)
    assert query(url, DIGEST) == before


def test_an_existing_file_is_not_overwritten(url: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")
    with pytest.raises(DatabaseServerError, match="exists already"):
        backup(url, tmp_path / "file")
    assert (tmp_path / "file").read_text() == "precious"


def test_a_role_that_may_not_read_everything_is_refused(
    url: str, server: Server, tmp_path: Path
) -> None:
    service = server.url.replace("/touchstone?", "/filled?")
    with pytest.raises(DatabaseServerError, match="permission denied") as refused:
        backup(service, tmp_path / "file")
    assert "\n" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(url: str, tmp_path: Path) -> None:
    with pytest.raises(DatabaseServerError, match="Cannot write"):
        backup(url, tmp_path / "no" / "file")


@pytest.mark.parametrize(
    "url", ["postgresql://someone:secret@127.0.0.1:1/nothing", "not a url at all"]
)
def test_a_database_out_of_reach(url: str, tmp_path: Path) -> None:
    with pytest.raises(DatabaseServerError, match="cannot be re") as refused:
        backup(url, tmp_path / "file")
    assert "secret" not in str(refused.value)


def test_the_password_is_not_among_the_arguments(server: Server) -> None:
    from ops.db_server.clients import connection_of

    dsn, environment = connection_of(server.owner_url)
    assert environment["PGPASSWORD"] in server.owner_url
    assert environment["PGPASSWORD"] not in dsn
