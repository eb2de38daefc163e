"""The plans of the claim: an index per lane, one row locked, no sorting, whatever is on record."""

from typing import Any

import pytest
from sqlalchemy import text

from ops import clock_time
from scheduling import claim_sql, dispatch, sql

ROOMY = {"max_leases": 10}
TASKS = 50_000

_MANY = text(
    """
    WITH made AS (
        INSERT INTO asset (project_id, batch_id, external_id, text, meta, created_at)
        SELECT :project, :batch, 'many ' || n, 'text', '{}', now() FROM generate_series(1, :n) n
        RETURNING id)
    INSERT INTO task (lane_id, asset_id, stage, round, npri, wanted, n_done, n_leased, returned,
        created_at)
    SELECT :lane, id, 'label', 1, id * 7919 % 1000003, 3, 0, 0, false, now() FROM made"""
)


def _search(lane: int, which: str) -> str:
    """The search of the claim in one lane, with its lock, as the function has it."""
    stands_for = {"lane.id": lane, "lane.npri": -(2**63), "lane.task": -(2**63)}
    written = f"{claim_sql.search(which)} {claim_sql.LOCK}"
    for name, value in stands_for.items():
        written = written.replace(name, f"'{value}'::bigint")
    return written


def _plan(session: Any, statement: str, me: int, analyze: bool = True) -> str:
    at = clock_time.now()
    desk = {"turn": 1, "last": 1, "holding": 0}
    values = {"me": me, "now": at, "day": at.date(), "project": None, **desk}
    sql.row(session, f"SELECT {claim_sql.PLANNER}")
    explain = "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) " if analyze else "EXPLAIN "
    return "\n".join(r[0] for r in sql.rows(session, explain + statement, **values))


def _looked_at(session: Any, table: str) -> tuple[int, int]:
    """Rows of `table` that this transaction has read: by scans, and by way of an index."""
    session.flush()
    found = text(
        "SELECT seq_tup_read, idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = :name"
    )
    row = session.execute(found, {"name": table}).one()
    return row.seq_tup_read, row.idx_tup_fetch


def _claimed(session: Any, who: Any, **tables: int) -> None:
    """A claim by the function itself scans nothing, and fetches at most so many rows of each."""
    dispatch.claim(session, who)  # what a session does once is done
    for table, most in tables.items():
        before = _looked_at(session, table)
        assert dispatch.claim(session, who) is not None
        after = _looked_at(session, table)
        assert after[0] == before[0], table
        assert after[1] - before[1] <= most, (table, after[1] - before[1])


def _past(session: Any, floor: Any, which: str) -> None:
    """A long past of the labeller on tasks, which the claim must not look through."""
    session.execute(
        text(
            f"""INSERT INTO assignment
                    (task_id, labeller_id, project_id, state, leased_at, expires_at)
                SELECT t.id, :me, :project, 'released', :now, :now
                FROM task t, generate_series(1, 3) WHERE {which}"""
        ),
        {"me": floor.labellers[0].id, "project": floor.project.id, "now": clock_time.now()},
    )


@pytest.mark.parametrize("full", [False, True], ids=["empty statistics", "true statistics"])
def test_the_plan_locks_one_row_and_scans_nothing(session: Any, make: Any, full: bool) -> None:
    """What the claim relies on, whatever the statistics say of the tables."""
    floor = make.floor(labellers=2, assets=300, wanted=3, settings=ROOMY)
    for _ in range(3):
        batch = make.batch(floor.project)
        make.tasks(make.lane(batch), make.assets(batch, 300), wanted=3)
    if not full:
        session.execute(text("ANALYZE assignment"))
    _past(session, floor, "t.npri < 250")
    if full:
        session.execute(text("ANALYZE"))
    for which, locked in ((claim_sql.RETURNED, 0), (claim_sql.ONWARD, 1)):
        attempt = session.begin_nested()
        plan = _plan(session, _search(floor.lane.id, which), floor.labellers[0].id)
        attempt.rollback()
        assert "Seq Scan" not in plan
        assert "ix_assignment_mine" not in plan
        assert "Hash" not in plan
        assert _rows(plan, "LockRows") == [locked], plan


@pytest.mark.parametrize("statistics", [False, True], ids=["no statistics", "true statistics"])
def test_fifty_thousand_open_tasks_change_nothing(
    session: Any, make: Any, statistics: bool
) -> None:
    floor = make.floor(labellers=1, assets=5, wanted=3, settings=ROOMY)
    more = make.batch(floor.project)
    where = {"project": floor.project.id, "batch": more.id, "lane": make.lane(more).id}
    session.execute(_MANY, {**where, "n": TASKS})
    if statistics:
        session.execute(text("ANALYZE task"))
    index = {claim_sql.RETURNED: "ix_task_returned", claim_sql.ONWARD: "ix_task_open"}
    for which, name in index.items():
        attempt = session.begin_nested()
        plan = _plan(session, _search(where["lane"], which), floor.labellers[0].id)
        attempt.rollback()
        assert "Seq Scan" not in plan
        assert "Hash" not in plan
        assert f"using {name} on task" in plan
        assert max(_rows(plan, "LockRows")) <= 1, plan
        assert max(_rows(plan, "Sort"), default=0) <= 1, plan  # never the open tasks
    _claimed(session, floor.labellers[0], task=30, assignment=30)


def test_what_a_claim_reads_scans_nothing(session: Any, make: Any) -> None:
    floor = make.floor(labellers=2, assets=10, settings=ROOMY)
    session.execute(text("ANALYZE"))
    plan = _plan(session, claim_sql.open_lanes(), floor.labellers[0].id, analyze=False)
    assert "Seq Scan" not in plan
    assert "ix_assignment_mine" not in plan


@pytest.mark.parametrize("statistics", [False, True], ids=["no statistics", "true statistics"])
def test_a_long_past_is_not_looked_through(session: Any, make: Any, statistics: bool) -> None:
    floor = make.floor(labellers=1, assets=50, wanted=3, settings=ROOMY)
    make.tasks(floor.lane, make.assets(floor.batch, 250), wanted=0)
    if statistics:
        session.execute(text("ANALYZE"))
    _past(session, floor, "t.wanted = 0")
    tables = dict.fromkeys(("task", "assignment", "lane", "batch", "user_account", "gold"), 30)
    _claimed(session, floor.labellers[0], **tables)


def _rows(plan: str, node: str) -> list[float]:
    """Rows that nodes of this name gave out, in the order of the plan."""
    lines = [line for line in plan.splitlines() if f"{node} (actual rows=" in line]
    return [float(line.split("actual rows=")[1].split()[0]) for line in lines]
