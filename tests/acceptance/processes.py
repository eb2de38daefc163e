"""What the clock and worker of the acceptance tests run, and how those processes are started."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import text

from ops.db import transaction
from ops.jobs import Job

ROOT = Path(__file__).resolve().parents[2]
CLOCK = (
    "from tests.acceptance.processes import JOBS; import os, pathlib;"
    "from scheduling import clock; clock.run(os.environ['DATABASE_URL'], JOBS, pathlib.Path('.'))"
)
WORKER = (
    "from tests.acceptance.processes import JOBS; import os;"
    "from scheduling import worker; worker.run(os.environ['DATABASE_URL'], JOBS, {}, ('default',))"
)


def tick(sessions) -> int:
    """Leave a row that says who ticked."""
    with transaction(sessions) as session:
        session.execute(
            text("INSERT INTO tick VALUES (:pid, clock_timestamp())"), {"pid": os.getpid()}
        )
    return 1


def slow(sessions) -> int:
    """Say that it began, then take longer than the worker will live."""
    with transaction(sessions) as session:
        session.execute(
            text("INSERT INTO tick VALUES (-:pid, clock_timestamp())"), {"pid": os.getpid()}
        )
        first = session.execute(text("SELECT count(*) FROM tick WHERE pid < 0")).scalar() == 1
    if first:
        time.sleep(60)
    return 1


JOBS = {
    "tick": Job("tests.acceptance.processes:tick", every=0.2, where="clock"),
    "deferred tick": Job("tests.acceptance.processes:tick", every=0.5, where="default"),
}


def start(code: str, url: str) -> "subprocess.Popen[bytes]":
    """A Python process of ours running `code`."""
    environment = {**os.environ, "DATABASE_URL": url, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-c", code], env=environment, cwd=ROOT)


def eventually(condition: Callable[[], object], seconds: float = 30.0) -> object:
    """The first true answer of `condition` within `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")
