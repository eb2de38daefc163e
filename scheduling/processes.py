"""The commands `clock`, `worker` and the hidden `job` that a worker starts for a durable task."""

import json
import sys
from typing import Any

import click

from ops import clock_time, config, log
from ops.errors import ConfigError


def _settings() -> config.Settings:
    settings = config.load()
    log.configure(settings.log_level)
    clock_time.use_configured()
    if not settings.database_url:
        raise ConfigError("Set DATABASE_URL, or start everything with `touchstone serve`.")
    return settings


@click.command()
@click.pass_obj
def clock(merged: dict[str, Any]) -> None:
    """Lead the periodic jobs, or stand by to take over."""
    from scheduling import clock as clock_process

    settings = _settings()
    clock_process.run(settings.database_url, merged["jobs"], settings.home)


@click.command()
@click.option("--queues", default="default,gpu", show_default=True, help="Queues to work on.")
@click.pass_obj
def worker(merged: dict[str, Any], queues: str) -> None:
    """Run deferred jobs until stopped."""
    from scheduling import worker as worker_process

    settings = _settings()
    chosen = tuple(name.strip() for name in queues.split(",") if name.strip())
    unknown = set(chosen) - set(worker_process.QUEUES)
    if unknown or not chosen:
        raise ConfigError(
            f"queues must be among {', '.join(worker_process.QUEUES)}", field="queues"
        )
    worker_process.run(settings.database_url, merged["jobs"], merged["tasks"], chosen)


@click.command(hidden=True)
@click.argument("name")
@click.argument("arguments")
@click.pass_obj
def job(merged: dict[str, Any], name: str, arguments: str) -> None:
    """Run one durable task in this process; it ends when its worker does."""
    from ops.db import make_engine, make_sessions
    from ops.supervisor import die_with_parent
    from scheduling.clock import call

    die_with_parent()
    settings = _settings()
    target = merged["tasks"].get(name)
    if target is None:
        sys.exit(f"touchstone: there is no task {name!r}")
    engine = make_engine(settings.database_url, pool_size=2, statement_timeout_ms=600_000)
    call(target)(make_sessions(engine), **json.loads(arguments))
