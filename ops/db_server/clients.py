"""Running PostgreSQL's client programs (pg_dump, psql, …) against a URL."""

import contextlib
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from psycopg.conninfo import make_conninfo
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from ops.db_server import binaries
from ops.db_server.cluster import clean_environment
from ops.db_server.log import explain
from ops.errors import DatabaseServerError

PIECE = 1 << 16


def connection_of(url: str, database: str | None = None) -> tuple[str, dict[str, str]]:
    """A libpq connection string without the password, and an environment that has it.

    Arguments of a program are visible to every user of the machine, its environment is not.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise DatabaseServerError(
            "The database URL cannot be read: expected postgresql://user:password@host/database."
        ) from error
    password = {"PGPASSWORD": str(parsed.password)} if parsed.password else {}
    return make_conninfo(**_parameters(parsed, database)), {**clean_environment(), **password}


def _parameters(parsed: URL, database: str | None) -> dict[str, str]:
    in_query = {
        name: value if isinstance(value, str) else ",".join(value)
        for name, value in parsed.query.items()
    }
    named = {
        "user": parsed.username,
        "host": parsed.host,
        "port": parsed.port,
        "dbname": database or parsed.database,
    }
    return {**in_query, **{name: str(value) for name, value in named.items() if value}}


def start(
    name: str,
    url: str,
    *arguments: str,
    database: str | None = None,
    stdin: IO[bytes] | int = subprocess.DEVNULL,
    stdout: IO[bytes] | int = subprocess.DEVNULL,
    stderr: IO[bytes] | int,
) -> "subprocess.Popen[bytes]":
    """Start one client program on a URL, without ever asking for a password."""
    dsn, environment = connection_of(url, database)
    command = [str(binaries.folder() / name), "--no-password", f"--dbname={dsn}", *arguments]
    return subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=stderr, env=environment)


def start_psql(
    url: str, *arguments: str, database: str | None = None, stderr: IO[bytes]
) -> "subprocess.Popen[bytes]":
    """A psql that takes a script on its standard input and stops at the first error."""
    quiet = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", *arguments)
    return start("psql", url, *quiet, database=database, stdin=subprocess.PIPE, stderr=stderr)


def copy(source: IO[bytes], target: IO[bytes], tick: Callable[[int], None]) -> None:
    """Copy a stream, calling `tick` with the bytes so far; a reader that left ends it quietly."""
    # Whoever waits for the two programs learns from their exit status why one of them left.
    with contextlib.suppress(BrokenPipeError), target:
        done = 0
        while piece := source.read(PIECE):
            target.write(piece)
            done += len(piece)
            tick(done)


@contextlib.contextmanager
def complaints() -> Iterator[IO[bytes]]:
    """A file for a program's standard error: a pipe that nobody empties could block it."""
    with tempfile.TemporaryFile() as file:
        yield file


def refuse_failure(
    name: str, process: "subprocess.Popen[bytes]", said: IO[bytes], where: Path
) -> None:
    """Wait for a program; raises DatabaseServerError with its last words when it failed."""
    if process.wait() != 0:
        said.seek(0)
        raise DatabaseServerError(explain(f"{name} failed", said.read().decode(), where=where))
