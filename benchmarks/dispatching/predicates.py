"""What each condition of the one predicate costs: the same search with it and without it."""

import statistics
import time
from typing import Any

import psycopg

from benchmarks.dispatching.seed import plain
from ops import clock_time
from scheduling import claim_sql
from scheduling.conditions import LANE_CONDITIONS, LIMITS, TASK_CONDITIONS, all_of

PAIRS = 400  # alternating executions with and without


def costs(url: str, people: int) -> dict[str, float]:
    """Condition → median µs that a claim is longer for it; negative values are noise.

    `people` is the number of labellers who are no experts of the rare skill.
    """
    told = {}
    with psycopg.connect(plain(url), prepare_threshold=0) as connection:
        connection.execute(f"SELECT {claim_sql.PLANNER}")
        conditions = (*LANE_CONDITIONS, *LIMITS)
        for one in conditions:
            rest = tuple(c for c in conditions if c is not one)
            without = claim_sql.open_lanes(rest)
            told[one.name] = _difference(connection, claim_sql.open_lanes(), without, people)
        for one in TASK_CONDITIONS:
            rest = tuple(c for c in TASK_CONDITIONS if c is not one)
            without = claim_sql.head(all_of(rest))
            told[one.name] = _difference(connection, claim_sql.HEAD, without, people)
        connection.rollback()
    return told


def _difference(connection: Any, first: str, second: str, people: int) -> float:
    taken: dict[str, list[float]] = {first: [], second: []}
    for n in range(-1, PAIRS):
        for statement, times in taken.items():
            began = time.perf_counter()
            connection.execute(statement, _values(3 + n % (people - 3)))
            times.append(time.perf_counter() - began)
    medians = [statistics.median(times[1:]) for times in taken.values()]
    return round(1e6 * (medians[0] - medians[1]), 1)


def _values(me: int) -> dict[str, Any]:
    now = clock_time.now()
    desk = {"turn": 1, "last": 1, "holding": 0}
    return {"me": me, "now": now, "day": now.date(), "project": None, **desk}
