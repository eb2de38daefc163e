"""What each condition of the one predicate costs: the same statement with it and without it."""

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import psycopg

from benchmarks.dispatching.seed import EXPERTS, LANES, plain
from ops import clock_time
from scheduling import claim_sql, desk_sql
from scheduling.conditions import LANE_CONDITIONS, LIMITS, TASK_CONDITIONS, all_of

Values = Callable[[int], dict[str, Any]]
PAIRS = 400  # alternating executions with and without


def costs(url: str, people: int) -> dict[str, float]:
    """Condition → median µs that a claim is longer for it; negative values are noise.

    `people` is the id of the last labeller who is no expert of the rare skill.
    """
    told = {}
    with psycopg.connect(plain(url), prepare_threshold=0) as connection:
        connection.execute(f"SELECT {claim_sql.PLANNER}")
        conditions = (*LANE_CONDITIONS, *LIMITS)
        for one in conditions:
            rest = tuple(c for c in conditions if c is not one)
            told[one.name] = _difference(
                connection, desk_sql.READ_DESK, desk_sql.read_desk(rest), _desk
            )
        for one in TASK_CONDITIONS:
            rest = tuple(c for c in TASK_CONDITIONS if c is not one)
            without = claim_sql.claim(new_to_me=all_of(rest))
            told[one.name] = _difference(
                connection, claim_sql.claim(), without, partial(_lanes, people)
            )
        connection.rollback()
    return told


def _difference(connection: Any, first: str, second: str, values: Values) -> float:
    taken: dict[str, list[float]] = {first: [], second: []}
    with connection.transaction(force_rollback=True):
        for n in range(-1, PAIRS):
            for which, (statement, times) in enumerate(taken.items()):
                began = time.perf_counter()
                connection.execute(statement, values(2 * n + which))
                times.append(time.perf_counter() - began)
    medians = [statistics.median(times[1:]) for times in taken.values()]
    return round(1e6 * (medians[0] - medians[1]), 1)


def _desk(n: int) -> dict[str, Any]:
    now = clock_time.now()
    return {"me": 3 + n, "now": now, "day": now.date(), "project": None}


def _lanes(people: int, n: int) -> dict[str, Any]:
    """For labellers who have had none of this work: without a condition they might get it twice."""

    def column(value: Any) -> str:
        return "{" + ",".join(str(value or lane) for lane in range(1, LANES + 1)) + "}"

    return {
        "me": people + 1 + n % EXPERTS,
        "now": clock_time.now(),
        "lanes": column(None),
        "projects": column(1),
        "batches": column(None),
        "stages": column("label"),
        "minutes": column(30),
        "generations": column(1),
        "golds": column("NULL"),
        "npris": column("NULL"),
        "tasks": column("NULL"),
    }
