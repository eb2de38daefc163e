"""A database into one file, and back, with PostgreSQL's own programs."""

import contextlib
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import psycopg

from ops.db_server import binaries, clients
from ops.db_server.cluster import clean_environment
from ops.db_server.log import explain
from ops.db_server.progress import Patience
from ops.errors import DatabaseServerError

_IN_A_SCHEMA_OF_OURS = "nspname !~ '^pg_' AND nspname <> 'information_schema'"

# One transaction with the script that follows. A service that still runs would hold it up.
_EMPTY_THE_DATABASE = f"""
SET client_min_messages = warning;
SET lock_timeout = '10s';
DO $$
DECLARE name text;
BEGIN
  FOR name IN SELECT nspname FROM pg_namespace WHERE {_IN_A_SCHEMA_OF_OURS} LOOP
    EXECUTE format('DROP SCHEMA %I CASCADE', name);
  END LOOP;
END $$;
CREATE SCHEMA public AUTHORIZATION pg_database_owner;
GRANT USAGE ON SCHEMA public TO PUBLIC;
COMMENT ON SCHEMA public IS 'standard public schema';
"""


def backup(url: str, path: Path) -> int:
    """Write one consistent snapshot of a database to a new file (0600); returns its bytes.

    The role of `url` must be able to read every table, as the owner can. Raises
    DatabaseServerError when the file exists or the database cannot be read; a file that is not
    whole never gets the name `path`.
    """
    if path.exists():
        raise DatabaseServerError(f"The file {path} exists already: name another one.")
    sizes = _table_sizes(url)
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        unfinished.touch(mode=0o600)
        _dump(url, unfinished, sizes)
        os.link(unfinished, path)
    except FileExistsError as error:
        raise DatabaseServerError(f"The file {path} exists already: name another one.") from error
    except OSError as error:
        raise DatabaseServerError(f"Cannot write {path}: {error.strerror}.") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return path.stat().st_size


def restore(url: str, path: Path, *, replace: bool = False) -> None:
    """Bring a database back from a backup, whole or not at all.

    Everything then belongs to the role of `url`. Raises DatabaseServerError when the file is no
    backup, when the database holds something and `replace` is not set, or while it is in use.
    """
    steps = _contents(path)
    occupied = _table_sizes(url)
    if occupied and not replace:
        raise DatabaseServerError(
            f"The database is not empty (it has {len(occupied)} tables): "
            "restore into an empty one, or add --overwrite to replace what it holds."
        )
    _load(url, path, steps, _EMPTY_THE_DATABASE if occupied else "")


def _table_sizes(url: str) -> dict[str, int]:
    """Bytes of each table, by `schema.name`."""
    asked = (
        "SELECT nspname || '.' || relname, pg_table_size(c.oid) "
        "FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
        f"WHERE relkind IN ('r', 'p', 'm', 'v', 'f') AND {_IN_A_SCHEMA_OF_OURS}"
    )
    dsn, environment = clients.connection_of(url)
    try:
        with psycopg.connect(dsn, password=environment.get("PGPASSWORD")) as connection:
            return dict(connection.execute(asked).fetchall())
    except psycopg.OperationalError as error:
        raise DatabaseServerError(
            f"The database cannot be reached: {' '.join(str(error).split())}."
        ) from error


def _dump(url: str, target: Path, sizes: dict[str, int]) -> None:
    done, total, said = 0, sum(sizes.values()) or 1, []
    program = clients.start(
        "pg_dump",
        url,
        "--format=custom",
        "--verbose",
        f"--file={target}",
        stderr=subprocess.PIPE,
    )
    with program, Patience("backing up") as patience:
        for line in _lines(program):
            said.append(line)
            if table := re.search(r'dumping contents of table "(.+)"', line):
                patience.tick(table[1], done / total)
                done += sizes.get(table[1], 0)
    if program.returncode != 0:
        raise DatabaseServerError(explain("pg_dump failed", "\n".join(said), where=target))


def _contents(path: Path) -> int:
    """The number of entries in a backup; refuses what is none."""
    if not path.is_file():
        raise DatabaseServerError(f"There is no backup {path}.")
    listed = subprocess.run(
        [binaries.folder() / "pg_restore", "--list", str(path)],
        capture_output=True,
        text=True,
        check=False,
        env=clean_environment(),
    )
    if listed.returncode != 0:
        raise DatabaseServerError(f"The file {path} is not a backup, or not a whole one.")
    return sum(not line.startswith(";") for line in listed.stdout.splitlines())


def _load(url: str, path: Path, steps: int, before: str) -> None:
    """Feed the backup's script to one psql in one transaction."""
    with clients.complaints() as refused, Patience("restoring") as patience:
        load = clients.start_psql(url, "--single-transaction", stderr=refused)
        assert load.stdin is not None
        with contextlib.suppress(BrokenPipeError), load.stdin:
            load.stdin.write(before.encode())
            load.stdin.flush()
            said = _write_script(path, load.stdin, lambda done: patience.tick(done=done / steps))
            if said is not None:
                _abandon(load)
        clients.refuse_failure("psql", load, refused, path)
    if said is not None:
        raise DatabaseServerError(explain("pg_restore failed", said, where=path))


def _write_script(path: Path, target: IO[bytes], tick: Callable[[int], None]) -> str | None:
    """Write a backup as SQL; returns what pg_restore said when it failed, else None."""
    program = subprocess.Popen(
        [binaries.folder() / "pg_restore", "--no-owner", "--verbose", "--file=-", str(path)],
        stdout=target,
        stderr=subprocess.PIPE,
        env=clean_environment(),
    )
    said = []
    with program:
        for line in _lines(program):
            said.append(line)
            tick(len(said))
    return None if program.returncode == 0 else "\n".join(said)


def _abandon(load: "subprocess.Popen[bytes]") -> None:
    """End a psql whose script was cut short, before the end of the pipe tells it to commit."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        load.wait(1.0)  # it may have been psql that left first, with a reason worth reading
    load.kill()


def _lines(program: "subprocess.Popen[bytes]") -> Iterator[str]:
    assert program.stderr is not None
    for line in program.stderr:
        yield line.decode(errors="replace").rstrip()
