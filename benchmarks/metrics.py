"""The roll-up of a year of work events, from sealed files, beside polars and duckdb on the same.

Each counts alone in a process of its own, in turns. Then the same history is that of an
installation: a rebuild with everything that goes with it (digests, rows of the database, writing),
one day's increment, and claims beside increments. Prints JSON.
"""

import json
import os
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
from pyarrow import feather

from benchmarks.counting import beside, one
from benchmarks.counting.history import Year
from benchmarks.dispatching.seed import LABELLERS
from metrics.rollup import places
from ops import event_files, migrate
from ops.db_server import running

ROOT = Path(__file__).resolve().parent.parent


@click.command()
@click.option("--events", default=10_000_000, show_default=True, type=click.IntRange(2000))
@click.option("--days", default=365, show_default=True, type=click.IntRange(beside.UNSEALED + 2))
@click.option("--runs", default=3, show_default=True, help="Of each way to count; the best counts.")
@click.option(
    "--labellers",
    default=200,
    show_default=True,
    type=click.IntRange(1),
    help="Of the history.",
)
@click.option(
    "--clients",
    default=1,
    show_default=True,
    help="Processes that claim without a pause; each takes a core, another the increment.",
)
@click.option("--seconds", default=10.0, show_default=True, help="Of claims beside increments.")
def command(
    events: int, days: int, runs: int, labellers: int, clients: int, seconds: float
) -> None:
    """Rebuild from files against polars and duckdb; one day's increment; claims beside it."""
    with (
        tempfile.TemporaryDirectory(prefix="touchstone-bench-") as folder,
        running(Path(folder) / "server", durable=True) as server,
    ):
        home = Path(folder) / "home"
        os.environ["TOUCHSTONE_HOME"] = str(home)
        migrate.upgrade(server.owner_url)
        floor = beside.Floor(server, max(clients, -(-labellers // LABELLERS)), clients)
        year = Year(events, days, labellers)
        floor.labellers(year)
        made, last = _make(year, floor, home / "events")
        result: dict[str, Any] = {"events": made, "days": days, "labellers": year.labellers}
        result["count"] = _compared(home / "events", made, runs)
        result |= _installed(floor, *last, seconds)
        floor.engine.dispose()
    click.echo(json.dumps(result, indent=2))


def _make(year: Year, floor: beside.Floor, folder: Path) -> tuple[int, tuple[date, pa.Table]]:
    """Write every day as a file; those that are not sealed go into the database as well."""
    made, unsealed = 0, []
    with _bar(year.days(), f"{year.events:,} events", year.n_days) as days:
        for n, (day, table) in enumerate(days):
            file = f"{day:%Y}/{day}.v1.parquet"
            written = event_files.write(folder / file, iter(table.to_batches()), {})
            made += written.rows
            if n < year.n_days - beside.UNSEALED:
                floor.sealed(day, written, file)
            else:
                unsealed.append((day, table))
    for day, table in unsealed[:-1]:
        floor.happened(day, table)
    floor.settle()
    feather.write_feather(places.table(_places(year)), folder / one.PLACES)
    return made, unsealed[-1]


def _places(year: Year) -> list[places.Place]:
    """Everybody in two teams in turn, without summer time."""
    half = places.microseconds(places.EPOCH + timedelta(days=(year.first - date(1970, 1, 1)).days))
    half += year.n_days // 2 * 86_400_000_000
    return [
        places.Place(who + 1, since, until, int(offset), 1 + (who + turn) % 4, who % 3)
        for who, offset in enumerate(year.offsets_us)
        for turn, (since, until) in enumerate(((-places.EVER, half), (half, places.EVER)))
    ]


def _compared(folder: Path, events: int, runs: int) -> dict[str, Any]:
    """Ours and the peers that are installed, in turns: the best time and the most memory."""
    ways = [name for name, (_, module) in one.WAYS.items() if find_spec(module)]
    told: dict[str, list[dict[str, Any]]] = {name: [] for name in ways}
    with _bar([name for _ in range(runs) for name in ways], "Counting", runs * len(ways)) as turns:
        for name in turns:
            told[name].append(_alone(name, folder))
    sums = {json.dumps(run["sums"]) for all_runs in told.values() for run in all_runs}
    result: dict[str, Any] = {
        name: {
            "seconds": min(run["seconds"] for run in all_runs),
            "processor_seconds": min(run["processor_seconds"] for run in all_runs),
            "bytes_per_event": round(max(run["peak_bytes"] for run in all_runs) / events, 1),
        }
        for name, all_runs in told.items()
    }
    best = min((result[name]["seconds"] for name in ways if name != "touchstone"), default=None)
    result["ratio_to_best"] = best and round(result["touchstone"]["seconds"] / best, 2)
    result["missing"] = [name for name in one.WAYS if name not in ways]
    result["same_sums"] = len(sums) == 1
    result["sums"] = json.loads(next(iter(sums)))
    return result


def _alone(name: str, folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.counting.one", name, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise click.ClickException(f"{name}: {done.stderr.strip().splitlines()[-1]}")
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _installed(floor: beside.Floor, day: date, table: pa.Table, seconds: float) -> dict[str, Any]:
    with click.progressbar(length=1000, label="Rebuild", file=sys.stderr) as bar:
        rebuild = floor.rebuild(lambda share: bar.update(int(1000 * share) - bar.pos))
    floor.settle()
    after = floor.reach()
    floor.happened(day, table)
    increment = floor.increment() | {"events": len(table)}
    click.echo("claims beside increments …", err=True)
    return {
        "rebuild": rebuild,
        "increment": increment,
        "rebuild_to_increment": round(rebuild["seconds"] / increment["seconds"], 1),
        "claims": floor.claims(day, after, seconds),
    }


def _bar(things: Any, label: str, length: int) -> Any:
    return click.progressbar(things, label=label, length=length, file=sys.stderr)
