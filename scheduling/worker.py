"""The worker: runs what the clock and people put on the queues.

Periodic jobs run in threads here. Durable tasks (re-scoring, say) run in a child process each: a
call that holds the interpreter would freeze the heartbeat by which the clock knows this worker
lives.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Any

import structlog
from procrastinate import App, PsycopgConnector
from sqlalchemy.orm import Session, sessionmaker

from ops.db import make_engine, make_sessions
from ops.jobs import Job
from scheduling.clock import call

log = structlog.get_logger()
QUEUES = ("default", "gpu")


def run(
    url: str, jobs: Mapping[str, Job], tasks: Mapping[str, str], queues: tuple[str, ...]
) -> None:
    """Work on `queues` until SIGTERM or SIGINT; what is running then is finished first."""
    asyncio.run(_work(url, jobs, tasks, queues))


async def _work(
    url: str, jobs: Mapping[str, Job], tasks: Mapping[str, str], queues: tuple[str, ...]
) -> None:
    conninfo = url.replace("postgresql+psycopg://", "postgresql://")
    app = App(connector=PsycopgConnector(conninfo=conninfo, min_size=2, max_size=8))
    sessions = make_sessions(make_engine(url, pool_size=6, statement_timeout_ms=600_000))
    for name, job in jobs.items():
        if job.where != "clock":
            app.task(name=name, queue=job.where)(_periodic(name, job, sessions))
    for name in tasks:
        app.task(name=name)(_durable(name))
    async with app.open_async():
        await app.run_worker_async(
            queues=list(queues),
            concurrency=4,
            fetch_job_polling_interval=1.0,
            delete_jobs="successful",
            shutdown_graceful_timeout=15,
        )


def _periodic(name: str, job: Job, sessions: sessionmaker[Session]) -> Any:
    def periodic() -> None:
        done = call(job.call)(sessions)
        if done:
            log.debug("did", job=name, done=done)

    return periodic


def _durable(name: str) -> Any:
    async def durable(**arguments: Any) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "wsgi", "job", name, json.dumps(arguments)
        )
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            process.terminate()
            raise
        if code:
            raise RuntimeError(f"{name} ended with status {code}")

    return durable
