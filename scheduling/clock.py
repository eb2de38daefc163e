"""The clock: one leader that starts periodic jobs. It calls short sweeps and defers the rest.

Leadership is an advisory lock on a connection of its own: when the leader dies, PostgreSQL lets the
lock go and the next clock takes over within a second.
"""

import asyncio
import importlib
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import NullPool

from ops import queue
from ops.db import make_engine, make_sessions, transaction
from ops.errors import ConfigError
from ops.jobs import Job

LEADER_LOCK = 7_415_083
SCHEDULES = "schedules.toml"

log = structlog.get_logger()


def run(url: str, jobs: Mapping[str, Job], home: Path) -> None:
    """Be the leader, or wait to become it; never returns."""
    schedules = edited(jobs, home / SCHEDULES)
    engine = make_engine(url, pool_size=4)
    own = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    while True:
        try:
            with own.connect() as connection:
                _lead_when_possible(connection, engine, schedules, url)
        except SQLAlchemyError as error:
            log.warning("the clock lost its database", error=type(error).__name__)
            time.sleep(1)


def edited(jobs: Mapping[str, Job], path: Path) -> dict[str, Job]:
    """`jobs` with the schedules an operator wrote into `path`.

    The file holds lines such as `"judge" = "every 2"` (seconds) or `"forecast" = "0 3 * * *"`.
    Raises ConfigError naming the line's key.
    """
    result = dict(jobs)
    if not path.exists():
        return result
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{path.name} cannot be read: {error}", field=path.name) from None
    for name, schedule in written.items():
        if name not in jobs:
            raise ConfigError(f"{path.name} names no known job: {name!r}", field=name)
        job = jobs[name]
        try:
            if not isinstance(schedule, str):
                raise ValueError("expected text in quotation marks")
            if schedule.startswith("every "):
                result[name] = Job(job.call, every=float(schedule[6:]), where=job.where)
            else:
                CronTrigger.from_crontab(schedule)
                result[name] = Job(job.call, cron=schedule, where=job.where)
        except ValueError as error:
            raise ConfigError(
                f"{path.name}: {name!r} must be 'every SECONDS' or five cron fields: {error}",
                field=name,
            ) from None
    return result


def _lead_when_possible(
    connection: Connection, engine: Engine, jobs: Mapping[str, Job], url: str
) -> None:
    claim = text("SELECT pg_try_advisory_lock(:key)")
    while not connection.execute(claim, {"key": LEADER_LOCK}).scalar():
        time.sleep(0.5)
    log.info("this clock leads", jobs=len(jobs))
    scheduler = _scheduler(make_sessions(engine), jobs, url)
    scheduler.start()
    try:
        while True:  # the lock lives as long as this connection answers
            connection.execute(text("SELECT 1"))
            time.sleep(1)
    finally:
        scheduler.shutdown(wait=False)


def _scheduler(
    sessions: sessionmaker[Session], jobs: Mapping[str, Job], url: str
) -> BackgroundScheduler:
    scheduler = BackgroundScheduler(
        timezone="UTC",
        executors={"default": ThreadPoolExecutor(4)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 60},
    )
    for name, job in jobs.items():
        act = _sweep if job.where == "clock" else _defer
        scheduler.add_job(act, _trigger(job), (sessions, name, job), id=name)
    scheduler.add_job(retry_stalled, IntervalTrigger(seconds=10), (url,), id="retry stalled jobs")
    return scheduler


def _trigger(job: Job) -> Any:
    if job.cron:
        return CronTrigger.from_crontab(job.cron, timezone="UTC")
    return IntervalTrigger(seconds=job.every)


def call(target: str) -> Any:
    """The function that "module:function" names."""
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def _sweep(sessions: sessionmaker[Session], name: str, job: Job) -> None:
    try:
        done = call(job.call)(sessions)
    except Exception:
        log.exception("sweep failed", job=name)
        return
    if done:
        log.debug("swept", job=name, done=done)


def _defer(sessions: sessionmaker[Session], name: str, job: Job) -> None:
    with transaction(sessions) as session:
        queue.defer(session, name, queue=job.where, once=name)


def retry_stalled(url: str, silent_for: float = 30.0) -> None:
    """Put back the jobs of workers that died: they would stay `doing` for ever."""
    from procrastinate import App, PsycopgConnector

    async def retry() -> None:
        conninfo = url.replace("postgresql+psycopg://", "postgresql://")
        app = App(connector=PsycopgConnector(conninfo=conninfo, min_size=1, max_size=1))
        async with app.open_async():
            stalled = list(
                await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=silent_for)
            )
            for job in stalled:
                log.warning("job of a dead worker goes back to its queue", task=job.task_name)
                await app.job_manager.retry_job(job)
            await app.job_manager.prune_stalled_workers(seconds_since_heartbeat=60)

    asyncio.run(retry())
