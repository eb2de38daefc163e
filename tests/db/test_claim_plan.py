"""The plan of the claim amid 50,000 open tasks: an index per lane, one row locked, no sorting."""

from typing import Any

import pytest
from sqlalchemy import text

from scheduling import claim_sql
from tests.db.test_dispatch import _plan

TASKS = 50_000

_MANY = text(
    """
    WITH made AS (
        INSERT INTO asset (project_id, batch_id, external_id, text, meta, created_at)
        SELECT :project, :batch, 'many ' || n, 'text', '{}', now() FROM generate_series(1, :n) n
        RETURNING id)
    INSERT INTO task (lane_id, asset_id, stage, round, npri, wanted, n_done, n_leased, returned)
    SELECT :lane, id, 'label', 1, id * 7919 % 1000003, 3, 0, 0, false FROM made"""
)


@pytest.mark.parametrize("statistics", [False, True], ids=["no statistics", "true statistics"])
def test_fifty_thousand_open_tasks_change_nothing(
    session: Any, make: Any, statistics: bool
) -> None:
    floor = make.floor(labellers=1, assets=5, wanted=3)
    more = make.batch(floor.project)
    where = {"project": floor.project.id, "batch": more.id, "lane": make.lane(more).id}
    session.execute(_MANY, {**where, "n": TASKS})
    if statistics:
        session.execute(text("ANALYZE task"))
    for statement in claim_sql.CLAIM.values():
        attempt = session.begin_nested()
        plan = _plan(session, floor.labellers[0].id, statement)
        attempt.rollback()
        assert "Seq Scan" not in plan
        assert "Hash" not in plan
        assert "using ix_task_open on task" in plan
        assert "using ix_task_returned on task" in plan
        assert _rows(plan, "LockRows") == [0, 1], plan
        assert max(_rows(plan, "Sort"), default=0) <= 1, plan  # never the open tasks


def _rows(plan: str, node: str) -> list[float]:
    """Rows that nodes of this name gave out, in the order of the plan."""
    lines = [line for line in plan.splitlines() if f"{node} (actual rows=" in line]
    return [float(line.split("actual rows=")[1].split()[0]) for line in lines]
