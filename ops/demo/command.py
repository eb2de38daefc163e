"""`touchstone demo`: fill in the demonstration once, then serve it."""

import json
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from ops import clock_time, config, log, migrate
from ops.cli.serve import environment, free_port, start_all, touchstone, web_command
from ops.errors import ConfigError, TouchstoneError
from ops.supervisor import Supervisor

HOME = Path(".touchstone-demo")
HOST = "127.0.0.1"
DAYS = 14
ABOUT_ANSWERS = 5_200


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--reset", is_flag=True, help="Delete the demonstration's data and begin anew.")
@click.option("--fill-only", is_flag=True, help="Fill in the data and stop without serving.")
@click.pass_obj
def demo(merged: dict[str, Any], port: int, reset: bool, fill_only: bool) -> None:
    """Serve a demonstration: handwritten digits, labelled by simulated people."""
    from ops.db_server import running

    if config.load().database_url:
        raise ConfigError("The demonstration runs its own database; unset DATABASE_URL.")
    free_port(HOST, port)
    settings = config.Settings(home=HOME.resolve(), demo=True)
    with running(settings.home) as server:
        told = settings.home / "demo.json"
        if reset or not told.exists():
            _empty(settings, server.owner_url)
            _fill(settings, server.url, merged["jobs"])
            told.write_text(json.dumps({"filled": datetime.now(UTC).isoformat()}))
        migrate.upgrade(server.owner_url)
        if not fill_only:
            _serve(settings, server.url, port)


def _empty(settings: config.Settings, owner_url: str) -> None:
    (settings.home / "demo.json").unlink(missing_ok=True)
    shutil.rmtree(settings.media, ignore_errors=True)
    migrate.upgrade(owner_url)  # a half-made schema first becomes a whole one
    migrate.downgrade(owner_url, "base")
    migrate.upgrade(owner_url)


def _surroundings(settings: config.Settings, url: str, port: int) -> dict[str, str]:
    return {
        **environment(settings, url, HOST, port),
        "TOUCHSTONE_DEMO": "1",
        "TOUCHSTONE_ASSET_ROOTS": str(settings.home / "digits"),
        "TOUCHSTONE_LOG_LEVEL": "warning",
    }


def _serve(settings: config.Settings, url: str, port: int) -> None:
    supervisor = Supervisor(_surroundings(settings, url, port))
    start_all(supervisor, HOST, port, workers=2, threads=8)
    _wait_until_it_answers(port)
    _print_logins(port)
    supervisor.run()


def _print_logins(port: int) -> None:
    from ops.demo.accounts import LOGINS, PASSWORD

    click.echo(f"\nThe demonstration runs at http://{HOST}:{port}   (Ctrl-C stops everything)\n")
    for role, (email, _, page) in LOGINS.items():
        click.echo(f"  {role.replace('_', ' '):20} {email:28} begins at {page}")
    click.echo(f"\n  The password of each is  {PASSWORD}\n")


@contextmanager
def _web(settings: config.Settings, url: str, time_file: Path) -> Iterator[int]:
    """A web server and a worker on simulated time, on a port of their own."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    around = _surroundings(settings, url, port)
    supervisor = Supervisor({**around, "TOUCHSTONE_SIMULATED_TIME": str(time_file)})
    supervisor.add("web", *web_command(HOST, port, workers=1, threads=4))
    supervisor.add("worker", *touchstone("worker", "--queues", "gpu"))
    try:
        _wait_until_it_answers(port)
        yield port
    finally:
        supervisor.stop()


def _wait_until_it_answers(port: int, seconds: float = 60) -> None:
    import urllib3

    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            path = f"http://{HOST}:{port}/readyz"
            if urllib3.request("GET", path, retries=False, timeout=2.0).status == 200:
                return
        except urllib3.exceptions.HTTPError:
            pass
        time.sleep(0.1)
    raise TouchstoneError("the web server did not start; see the lines above")


def _fill(settings: config.Settings, url: str, jobs: dict[str, Any]) -> None:
    click.echo("Filling in the demonstration (two to three minutes, once) …", err=True)
    from ops.demo import digits as digit_pictures

    digits = digit_pictures.load()
    folder = settings.home / "digits"
    digits.write(folder)
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    start = today - timedelta(days=DAYS)
    simulated = clock_time.SimulatedTime(settings.home / "simulated_time", start=start)
    clock_time.use(simulated)
    log.configure("warning")  # what the jobs say would tear the progress bar
    try:
        with (
            _web(settings, url, simulated.path) as port,
            click.progressbar(length=ABOUT_ANSWERS, label="answers") as bar,
        ):
            _tell(url, port, digits, folder, simulated, jobs, lambda n: bar.update(1, n))
    finally:
        clock_time.use(None)


def _tell(
    url: str,
    port: int,
    digits: Any,
    folder: Path,
    simulated: clock_time.SimulatedTime,
    jobs: dict[str, Any],
    heard: Callable[[int], None],
) -> None:
    import numpy as np
    import urllib3

    from ops import organisations
    from ops.db import make_engine, make_sessions, transaction
    from ops.demo import accounts, people
    from ops.demo.client import Client
    from ops.demo.floor import Floor
    from ops.demo.story import Story

    engine = make_engine(url, pool_size=2)
    sessions = make_sessions(engine)
    readers = people.cast()
    with transaction(sessions) as session:
        client = organisations.create(session, name=accounts.CLIENT, kind="client", by=None)
        made = accounts.create(session, client, readers)
    pool = urllib3.PoolManager(retries=False)

    def run(*names: str) -> None:
        for name in names or jobs:
            _call(jobs[name].call)(sessions)

    story = Story(
        floor=Floor(
            time=simulated,
            digits=digits,
            jobs=lambda: run("judge answers", "expire leases"),
            heard=heard,
            rng=np.random.default_rng(11),
        ),
        readers=readers,
        accounts=made,
        client=lambda account: Client(f"http://{HOST}:{port}", account.token, pool),
        pictures=folder,
        night=run,
        start=datetime.fromtimestamp(simulated(), UTC),
    )
    story.tell()
    run()
    engine.dispose()


def _call(target: str) -> Callable[[Any], Any]:
    import importlib

    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)
