"""64 clients at once, killed and cut off at random, on a floor that is turned upside down.

While they work, processes die with -9 in the middle of transactions, connections are cut, once the
whole database crashes; leases run out, leads pause, reserve, recall, raise overlap and change gold.
Then peace returns, everybody works until nothing is left, and the books are counted again: no task
answered more often than wanted, none lost, every counter right, every acknowledged answer there
exactly once.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click

from benchmarks.crashing import floor
from benchmarks.crashing.crowd import Crowd, Size
from ops import clock_time, migrate


@click.command()
@click.option("--tasks", default=100_000, show_default=True, help="Tasks that want 3 answers.")
@click.option("--clients", default=64, show_default=True, help="Clients claiming at once.")
@click.option("--seconds", default=240.0, show_default=True, help="Length of the storm.")
@click.option("--done", default=0, show_default=True, help="Answers that are copied in before.")
@click.option("--seed", default=1, show_default=True, help="Of everything that is random here.")
def command(tasks: int, clients: int, seconds: float, done: int, seed: int) -> None:
    """Crashes, expiries, pauses and recalls against the books of the floor; prints JSON.

    Exit status 1 when anything was lost, doubled or miscounted.
    """
    from ops.db_server import running

    with (
        tempfile.TemporaryDirectory(prefix="touchstone-crash-") as folder,
        running(Path(folder) / "home", durable=True) as server,
    ):
        result = run(server, Path(folder), Size(tasks, clients, seconds, seed, done))
    click.echo(json.dumps(result, indent=2))
    if result["wrong"]:
        sys.exit(1)


def run(server: Any, folder: Path, size: Size) -> dict[str, Any]:
    """The whole course on a fresh `server`; ledgers and the clock lie in `folder`."""
    migrate.upgrade(server.owner_url)
    start = clock_time.now()
    people = size.labellers
    floor.seed(server.owner_url, tasks=size.tasks, labellers=people, done=size.done, now=start)
    crowd = Crowd(server, folder, size, clock_time.SimulatedTime(folder / "time", start=start))
    began = time.monotonic()
    with click.progressbar(length=size.tasks * (floor.WANTED - size.done), label="answers",
                           file=sys.stderr) as crowd.bar:  # fmt: skip
        crowd.storm()
        stormed = time.monotonic()
        crowd.calm()
        crowd.drain()
    return {
        "tasks": size.tasks,
        "clients": size.clients,
        "storm_seconds": round(stormed - began, 1),
        "drain_seconds": round(time.monotonic() - stormed, 1),
        **crowd.result(),
    }
