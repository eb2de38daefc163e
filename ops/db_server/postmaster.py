"""Starting one server under its keeper, waiting until it answers, stopping it."""

import contextlib
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import pq

from ops.db_server import log, socket_folder
from ops.db_server.cluster import Programs, clean_environment
from ops.db_server.home import Home
from ops.db_server.progress import Patience
from ops.db_server.settings import DEFAULT_PORT, as_arguments, settings
from ops.errors import DatabaseServerError

_KEEPER = Path(__file__).with_name("keeper.py")


@dataclass(frozen=True)
class Postmaster:
    """A started server: its keeper, its pipe to the keeper, and where it listens."""

    supervisor: int
    keeper: "subprocess.Popen[bytes]"
    home: Home
    socket: Path
    port: int
    log_start: int

    def wait_until_ready(self, role: str, password: str, database: str) -> None:
        """Wait until a connection succeeds, however long recovery takes.

        Raises DatabaseServerError at once when the server ends instead.
        """
        with Patience("waiting for PostgreSQL") as patience:
            while ping(self.socket, self.port) != pq.Ping.OK:
                self.check_alive("the server could not start")
                patience.tick(log.last_words(log.since(self.home.log, self.log_start)))
                time.sleep(0.02)
        try:
            psycopg.connect(
                host=str(self.socket),
                port=self.port,
                user=role,
                password=password,
                dbname=database,
            ).close()
        except psycopg.OperationalError as error:
            raise DatabaseServerError(
                f"The database server runs, but {role} cannot connect ({_one_line(error)}): remove "
                f"{self.home.passwords} and start again, which sets new passwords."
            ) from error

    def mark_ready(self) -> None:
        """From now on the keeper starts postgres again should it die."""
        self._tell(b"r")

    def check_alive(self, what: str) -> None:
        """Raise DatabaseServerError, with the last lines of the log, when the server has ended."""
        if self.supervisor == os.getpid() and self.keeper.poll() not in (None, 0):
            words = log.since(self.home.log, self.log_start)
            words = words.replace("/proc/self/cwd", str(self.home.data))
            raise DatabaseServerError(log.explain(what, words, where=self.home.log))

    def stop(self) -> None:
        """A fast shutdown; returns when the last process is gone."""
        self._tell(b"s")
        self.close_pipe()
        self.keeper.wait()

    def close_pipe(self) -> None:
        """Let go of the keeper without a word, as a forked child must."""
        if self.keeper.stdin is not None:
            with contextlib.suppress(OSError):
                self.keeper.stdin.close()

    def _tell(self, word: bytes) -> None:
        # The keeper may be gone already; whoever waits for it finds out.
        with contextlib.suppress(BrokenPipeError):
            assert self.keeper.stdin is not None
            self.keeper.stdin.write(word)
            self.keeper.stdin.flush()


def start(
    home: Home,
    programs: Programs,
    data: Path,
    *,
    tcp_port: int | None = None,
    durable: bool = True,
) -> Postmaster:
    """Start postgres on a data folder under a keeper that outlives this process if need be."""
    socket = socket_folder.create(programs.account)
    home.socket.unlink(missing_ok=True)
    home.socket.symlink_to(socket)
    command = [str(programs.bin / "postgres"), "-D", programs.data_argument(data)]
    command += as_arguments(settings(socket, tcp_port, durable=durable))
    account = programs.account
    plan = {
        "supervisor": os.getpid(),
        "command": command,
        "data": str(data),
        "uid": account.uid if account.switched else None,
        "gid": account.gid if account.switched else None,
        "log": str(home.log),
        "runtime": str(home.runtime),
        "link": str(home.socket),
        "socket_folder": str(socket),
    }
    position = log.size_of(home.log)
    with home.log.open("ab") as log_file:
        home.log.chmod(0o600)
        keeper = subprocess.Popen(
            # Isolated and without site packages: it starts in 20 ms and depends on nothing.
            [sys.executable, "-I", "-S", str(_KEEPER), json.dumps(plan)],
            stdin=subprocess.PIPE,
            stdout=log_file,
            stderr=log_file,
            cwd="/",
            env=clean_environment(),
            pass_fds=(programs.lock,),
            start_new_session=True,  # so that Ctrl-C in a terminal reaches only the supervisor
        )
    return Postmaster(os.getpid(), keeper, home, socket, tcp_port or DEFAULT_PORT, position)


def ping(socket: Path, port: int) -> pq.Ping:
    """What the server says to a connection without a password: OK, REJECT (busy) or nothing."""
    asked = f"host='{socket}' port={port} user=touchstone dbname=postgres connect_timeout=5"
    return pq.Ping(pq.PGconn.ping(asked.encode()))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
