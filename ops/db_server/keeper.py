"""Runs one postgres for one supervisor; a program of its own that needs only the standard library.

It is postgres' parent. It shuts postgres down when told to, when its pipe closes, or when the
supervisor is gone in whatever way (kill -9 too); it starts postgres again when that dies while in
use. If this program itself is killed, the kernel sends postgres the signal of a fast shutdown.
The supervisor's lock file stays open in this process and in all of postgres', so the lock is
free exactly when none of them is left.

Argument: a JSON object with the keys of `Plan`. Standard input: `r` once the server is ready,
`s` to stop it. Exit status: 0 after a stop, 1 when postgres ended by itself.
"""

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any, NoReturn, TypedDict

PR_SET_PDEATHSIG = 1
LOG_LIMIT = 10 * 1024 * 1024
PATIENCE = 60.0  # seconds for a fast shutdown before an immediate one (which loses nothing)
RESTARTS_IN_A_ROW = 5
HEALTHY_AFTER = 60.0  # seconds after which earlier deaths are forgotten


class Plan(TypedDict):
    """What to run: as JSON, so without Path objects."""

    supervisor: int
    command: list[str]
    data: str
    uid: int | None
    gid: int | None
    log: str
    runtime: str
    link: str
    socket_folder: str


class Keeper:
    """One postgres process, from its start to its end."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.ready = False
        self.stopping = False
        self.deaths = 0
        self.log = os.open(plan["log"], os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
        self.prctl = getattr(ctypes.CDLL(None), "prctl", None)
        self.wake = _wake_on_signals(self._on_stop_signal)

    def run(self) -> int:
        child = self._start()
        while True:
            self._wait_for_news()
            status = _ended(child)
            if self._should_stop():
                self._stop(child, status)
                return 0
            if status is not None:
                self._say(f"postgres (process {child}) ended by itself, status {status}")
                if not self._may_start_again():
                    self._clear()
                    return 1
                child = self._start()
            self._trim_log()

    def _start(self) -> int:
        self.started = time.monotonic()
        keeper = os.getpid()
        child = os.fork()
        if child == 0:
            try:
                self._become_postgres(keeper)
            except BaseException as error:
                os.write(self.log, f"FATAL:  postgres could not be run: {error}\n".encode())
                os._exit(127)
        return child

    def _become_postgres(self, keeper: int) -> NoReturn:
        # Entered before the privileges go: the account may have no way through the folders above.
        os.chdir(self.plan["data"])
        os.umask(0o077)
        if self.plan["uid"] is not None and self.plan["gid"] is not None:
            os.setgroups([])
            os.setgid(self.plan["gid"])
            os.setuid(self.plan["uid"])
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        if self.prctl is not None:  # after setuid, which would clear it again
            self.prctl(PR_SET_PDEATHSIG, int(signal.SIGINT))
            if os.getppid() != keeper:
                os._exit(1)
        null = os.open(os.devnull, os.O_RDWR)
        for target, source in ((0, null), (1, self.log), (2, self.log)):
            os.dup2(source, target)
        os.execv(self.plan["command"][0], self.plan["command"])  # noqa: S606 - no shell is wanted

    def _wait_for_news(self) -> None:
        """Sleep until a byte, a signal or the end of postgres; wake each second to look around."""
        if self.stopping:
            return
        readable, _, _ = select.select([0, self.wake], [], [], 1.0)
        if self.wake in readable:
            os.read(self.wake, 512)
        if 0 in readable:
            told = os.read(0, 16)
            self.ready = self.ready or b"r" in told
            self.stopping = self.stopping or not told or b"s" in told

    def _should_stop(self) -> bool:
        # The pipe alone does not tell: a child forked by the supervisor may hold its other end.
        return self.stopping or os.getppid() != self.plan["supervisor"]

    def _stop(self, child: int, status: int | None) -> None:
        _unlink(self.plan["runtime"])  # first, so that nobody joins a server that is leaving
        if status is None:
            os.kill(child, signal.SIGINT)
            status = _wait(child, PATIENCE)
        if status is None:
            os.kill(child, signal.SIGQUIT)
            os.waitpid(child, 0)
        self._clear()

    def _may_start_again(self) -> bool:
        if not self.ready:
            return False
        healthy = time.monotonic() - self.started > HEALTHY_AFTER
        self.deaths = 1 if healthy else self.deaths + 1
        if self.deaths > RESTARTS_IN_A_ROW:
            return False
        # The first try is soon; the old server's other processes may need a moment to leave.
        time.sleep(0.1 * 2**self.deaths)
        return True

    def _clear(self) -> None:
        _unlink(self.plan["runtime"])
        shutil.rmtree(self.plan["socket_folder"], ignore_errors=True)
        _unlink(self.plan["link"])

    def _trim_log(self) -> None:
        """Keep one older part; the file is emptied in place, as postgres holds it open."""
        if os.fstat(self.log).st_size > LOG_LIMIT:
            shutil.copyfile(self.plan["log"], self.plan["log"] + ".1")
            os.truncate(self.log, 0)

    def _say(self, text: str) -> None:
        os.write(self.log, f"LOG:  {text}\n".encode())

    def _on_stop_signal(self, *_: Any) -> None:
        self.stopping = True


def _wake_on_signals(on_stop: Any) -> int:
    """A file descriptor that becomes readable at each signal (also the one of a child's end)."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_stop)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    return reader


def _ended(child: int) -> int | None:
    pid, status = os.waitpid(child, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if pid else None


def _wait(child: int, seconds: float) -> int | None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        status = _ended(child)
        if status is not None:
            return status
        time.sleep(0.01)
    return None


def _unlink(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        Path(path).unlink()


if __name__ == "__main__":
    sys.exit(Keeper(json.loads(sys.argv[1])).run())
