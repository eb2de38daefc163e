"""One roll-up of a folder of files, alone in its process: prints seconds, memory and sums as JSON.

`python -m benchmarks.counting.one touchstone|duckdb|polars FOLDER`. Memory is the most that was
resident, less what was there when the libraries had been loaded.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import feather

from benchmarks.counting import peers

PLACES = "places.arrow"


def main(name: str, folder: Path) -> dict[str, Any]:
    """See the module."""
    files = sorted(str(path) for path in folder.glob("*/*.parquet"))
    places = feather.read_table(folder / PLACES)
    count, module = WAYS[name]
    importlib.import_module(module)
    before = _peak()
    started, processor = time.perf_counter(), time.process_time()
    sums = count(files, places)
    return {
        "seconds": round(time.perf_counter() - started, 3),
        "processor_seconds": round(time.process_time() - processor, 3),
        "peak_bytes": _peak() - before,
        "sums": sums,
    }


def _peak() -> int:
    """The most that was resident since this program began, as the kernel counts it.

    Not `ru_maxrss`, which begins with what the starting process held.
    """
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


SUMS = (
    "SELECT count(*) AS rows, sum(submitted)::BIGINT AS submitted, sum(leased)::BIGINT AS leased, "
    "sum(gold_n)::BIGINT AS gold_n, sum(gold_correct)::BIGINT AS gold_correct, "
    "sum(review_accepted)::BIGINT AS review_accepted, sum(active_ms)::BIGINT AS active_ms, "
    "sum(list_sum(time_counts))::BIGINT AS timed FROM "
)


def _touchstone(files: list[str], places: pa.Table) -> dict[str, int]:
    from metrics.rollup import sql
    from metrics.rollup.engine import counting

    with counting() as duck:
        duck.register("place", places)
        duck.read_parquet(files).create_view("event")
        duck.execute(f"CREATE TABLE counted AS {sql.HOURS}")
        return _told(duck.sql(f"{SUMS} counted"))


def _duckdb(files: list[str], places: pa.Table) -> dict[str, int]:
    return _told(peers.with_duckdb(files, places).sql(f"{SUMS} hours"))


def _polars(files: list[str], places: pa.Table) -> dict[str, int]:
    hours = peers.with_polars(files, places)
    names = ("submitted", "leased", "gold_n", "gold_correct", "review_accepted", "active_ms")
    found = {name: int(hours[name].sum()) for name in names}
    return {"rows": len(hours), **found, "timed": int(hours["time_counts"].list.sum().sum())}


def _told(relation: Any) -> dict[str, int]:
    return dict(zip(relation.columns, map(int, relation.fetchall()[0]), strict=True))


WAYS: dict[str, tuple[Callable[[list[str], pa.Table], dict[str, int]], str]] = {
    "touchstone": (_touchstone, "duckdb"),
    "duckdb": (_duckdb, "duckdb"),
    "polars": (_polars, "polars"),
}

if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]))))
