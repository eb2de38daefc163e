"""Other processes that use an embedded database, for tests that end them in every way."""

import json
import os
import signal
import stat
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ops.db_server import running
from ops.errors import DatabaseServerError

ROOT = Path(__file__).parents[2]
LIBRARIES = sysconfig.get_path("purelib")

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can hand folders to others")

PROGRAM = """
import dataclasses, json, sys
from pathlib import Path
from ops.db_server import running
from ops.errors import DatabaseServerError
try:
    with running(Path(sys.argv[1]), durable=sys.argv[2] == "durable") as server:
        print(json.dumps(dataclasses.asdict(server)), flush=True)
        {body}
        sys.stdin.read()
except DatabaseServerError as error:
    print(f"refused: {{error}}", flush=True)
    sys.exit(2)
"""


def mode(path: Path) -> int:
    """The permission bits of a file or folder."""
    return stat.S_IMODE(path.stat().st_mode)


def listen_to_ctrl_c() -> None:
    """Let a child be interrupted, whatever this process was told to ignore."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Supervisor:
    """A process inside `running(home)` that stays there until its input ends."""

    def __init__(
        self,
        home: Path,
        *,
        durable: bool = False,
        body: str = "",
        python: str = sys.executable,
        **options: Any,
    ):
        self.process = subprocess.Popen(
            [
                python,
                "-c",
                PROGRAM.format(body=body),
                str(home),
                "durable" if durable else "fast",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # A run started in the background ignores Ctrl-C, and its children would inherit that.
            preexec_fn=listen_to_ctrl_c,  # noqa: PLW1509 - no thread here holds a lock
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{LIBRARIES}"},
            **options,
        )

    def ready(self) -> dict[str, Any]:
        """The fields of its Server, once it has one."""
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        assert first.startswith("{"), first
        return json.loads(first)

    def leave(self) -> int:
        """Let it leave the block; its exit status."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(30)

    def kill(self) -> None:
        """Kill -9; returns when it is gone, which its server need not be."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


@contextmanager
def supervisor(home: Path, **options: Any) -> Iterator[Supervisor]:
    """A Supervisor that does not outlive the test."""
    made = Supervisor(home, **options)
    try:
        yield made
    finally:
        made.close()


def query(url: str, sql: str, **options: Any) -> list[tuple[Any, ...]]:
    """Run one statement, committed; rows if it returns any."""
    dsn = url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(dsn, autocommit=True, **options) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else []


def postgres_of(home: Path) -> list[int]:
    """Ids of all live postgres processes that work in this home."""
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _works_in(entry, home)]


def keepers_of(home: Path) -> list[int]:
    """Ids of the keepers whose plan names this home."""
    return [
        int(entry.name)
        for entry in Path("/proc").glob("[0-9]*")
        if (words := _read(entry / "cmdline")).count(b"keeper.py") and bytes(home) in words
    ]


def postmaster_of(home: Path) -> int:
    """The id of the live server's first process."""
    return int((home / "pgdata" / "postmaster.pid").read_text().splitlines()[0])


def socket_folder_of(home: Path) -> Path:
    return Path(json.loads((home / "server.json").read_text())["socket"])


def until(condition: Callable[[], Any], seconds: float = 20.0) -> None:
    """Wait for a condition; fails when it does not come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def _works_in(process: Path, home: Path) -> bool:
    try:
        return (process / "cwd").samefile(home / "pgdata") and _read(process / "comm").startswith(
            b"postgres"
        )
    except OSError:
        return False


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def assert_refused(reason: str, home: Path, **options: Any) -> str:
    """Start a server, expecting one line that matches; the line."""
    with pytest.raises(DatabaseServerError, match=reason) as refused, running(home, **options):
        pass
    assert "\n" not in str(refused.value)
    return str(refused.value)
