"""`touchstone demo`: fill in the demonstration once, then serve it."""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from ops import clock_time, config, event_archive, log, migrate
from ops.cli.serve import environment, free_port, start_all, touchstone
from ops.errors import ConfigError, TouchstoneError
from ops.supervisor import Supervisor

HOME = Path(".touchstone-demo")
HOST = "127.0.0.1"
DAYS = 14
ABOUT_ANSWERS = 3_700


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
        told, around = settings.home / "demo.json", _surroundings(settings, server.url, port)
        if reset or not told.exists():
            _empty(settings, server.owner_url)
            _fill(settings, around, merged)
            told.write_text(json.dumps({"filled": datetime.now(UTC).isoformat()}))
        migrate.upgrade(server.owner_url)
        if not fill_only:
            _serve(around, port)


def _empty(settings: config.Settings, owner_url: str) -> None:
    (settings.home / "demo.json").unlink(missing_ok=True)
    for folder in (settings.media, event_archive.folder(settings.home)):
        shutil.rmtree(folder, ignore_errors=True)
    if migrate.begun(owner_url):
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


def _serve(around: dict[str, str], port: int) -> None:
    supervisor = Supervisor(around)
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
def _simulated(path: Path, around: dict[str, str]) -> Iterator[clock_time.SimulatedTime]:
    """Two weeks ago, kept in a file, for this process and a worker beside it."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    simulated = clock_time.SimulatedTime(path, start=today - timedelta(days=DAYS))
    before = dict(os.environ)
    os.environ |= {**around, "TOUCHSTONE_SIMULATED_TIME": str(path)}
    supervisor = Supervisor()
    try:
        clock_time.use(simulated)
        supervisor.add("worker", *touchstone("worker", "--queues", "gpu"))
        yield simulated
    finally:
        supervisor.stop()
        clock_time.use(None)
        os.environ.clear()
        os.environ |= before


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


def _fill(settings: config.Settings, around: dict[str, str], merged: dict[str, Any]) -> None:
    click.echo("Filling in the demonstration (about two minutes, once) …", err=True)
    from ops.demo import digits as digit_pictures

    digits = digit_pictures.load()
    folder = settings.home / "digits"
    digits.write(folder)
    log.configure("warning")  # what the jobs say would tear the progress bar
    with (
        _simulated(settings.home / "simulated_time", around) as simulated,
        click.progressbar(length=ABOUT_ANSWERS, label="answers") as bar,
    ):
        _tell(around["DATABASE_URL"], merged, digits, folder, simulated, lambda n: bar.update(1, n))


def _tell(
    url: str,
    merged: dict[str, Any],
    digits: Any,
    folder: Path,
    simulated: clock_time.SimulatedTime,
    heard: Callable[[int], None],
) -> None:
    import numpy as np

    from ops import organisations
    from ops.db import make_engine, make_sessions, transaction
    from ops.demo import accounts, people
    from ops.demo.client import Client
    from ops.demo.floor import Floor
    from ops.demo.story import Story

    engine = make_engine(url, pool_size=2)
    sessions = make_sessions(engine)
    app, jobs = merged["create_app"](engine=engine), merged["jobs"]
    readers = people.cast()
    with transaction(sessions) as session:
        client = organisations.create(session, name=accounts.CLIENT, kind="client", by=None)
        made = accounts.create(session, client, readers)

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
        client=lambda account: Client(app, account.token),
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
