"""Child processes that live and die with this one: web, clock and worker under one roof."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

GRACE_SECONDS = 20.0
# A child that dies again within this time is started again only after a pause.
STABLE_SECONDS = 10.0
_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask Linux to kill this process when its parent dies; elsewhere nothing happens."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


@dataclass
class Child:
    """One process to keep running."""

    name: str
    command: Sequence[str]
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    restarts: int = field(default=0)

    def start(self, environment: Mapping[str, str]) -> None:
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            env=dict(environment),
            start_new_session=True,  # Ctrl-C reaches us alone; we stop the children in order
            preexec_fn=die_with_parent,  # noqa: PLW1509 - single-threaded at this point
        )


class Supervisor:
    """Starts children, starts them again when they die, stops them in reverse order."""

    def __init__(self, environment: Mapping[str, str] | None = None):
        self.environment = {**os.environ, **(environment or {})}
        self.children: list[Child] = []
        self._stop = False

    def add(self, name: str, *command: str) -> None:
        """Start a child now and keep it running."""
        child = Child(name, command)
        child.start(self.environment)
        self.children.append(child)

    def run(self) -> None:
        """Watch over the children until SIGINT or SIGTERM, then stop them."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        try:
            while not self._stop:
                for child in self.children:
                    self._revive(child)
                time.sleep(0.2)
        finally:
            self.stop()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop = True

    def _revive(self, child: Child) -> None:
        if child.process is None or child.process.poll() is None:
            return
        lived = time.monotonic() - child.started
        pause = 0.0 if lived > STABLE_SECONDS else min(2.0**child.restarts, 30.0)
        if lived < pause:
            return
        child.restarts = 0 if lived > STABLE_SECONDS else child.restarts + 1
        code = child.process.returncode
        print(f"{child.name} ended ({code}); starting it again", file=sys.stderr, flush=True)  # noqa: T201
        child.start(self.environment)

    def stop(self) -> None:
        """Ask every child to end, youngest first; kill what does not."""
        for child in reversed(self.children):
            if child.process and child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for child in reversed(self.children):
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
        self.children.clear()
