"""The order in which the claim searches lanes, in SQL, is that of `policy.in_order`."""

import random
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from ops import clock_time
from scheduling import claim_sql, policy, sql
from scheduling.models import Desk

ROOMY = {"max_leases": 10}
_LANES = """
    SELECT l.id, l.project_id, l.kind, b.priority, b.due_at
    FROM lane l JOIN batch b ON b.id = l.batch_id"""


@pytest.mark.parametrize("seed", range(6))
def test_lanes_come_in_the_order_of_the_policy(session: Any, make: Any, seed: int) -> None:
    rng, at = random.Random(seed), clock_time.now()
    floor, other = make.floor(assets=1, settings=ROOMY), make.floor(assets=1, settings=ROOMY)
    me = make.member(other.project, floor.labellers[0])
    hours = [None, -30, -1, 0, 1, 23.999, 24, 24.001, 100]
    for _ in range(40):
        project = rng.choice([floor.project, other.project])
        due = rng.choice(hours)
        due_at = None if due is None else at + timedelta(hours=due)
        batch = make.batch(project, priority=rng.choice([-1, 0, 0, 2]), due_at=due_at)
        make.lane(batch, kind=rng.choice(["ordinary", "hard"]))
    session.execute(text("ANALYZE"))
    desk = {"me": me.id, "now": at, "day": at.date(), "project": None, "holding": 0}
    for last in (None, floor.project.id, other.project.id):
        for turn in rng.sample(range(10_000), 5):
            found = sql.rows(session, claim_sql.open_lanes(), **desk, turn=turn, last=last)
            lanes = policy.in_order(sql.rows(session, _LANES), at, last, turn)
            assert len(lanes) == 42
            assert [x.id for x in found] == [x.id for x in lanes]


def test_barred_lanes_are_left_out_and_the_order_stays(session: Any, make: Any) -> None:
    at = clock_time.now()
    floor = make.floor(assets=1, settings=ROOMY)
    batches = [make.batch(floor.project, priority=n) for n in range(20)]
    lanes = [make.lane(batch) for batch in batches]
    for batch in batches[::3]:
        batch.paused = True
    session.add(Desk(labeller_id=floor.labellers[0].id))
    session.flush()
    values = {"me": floor.labellers[0].id, "now": at, "day": at.date(), "project": None}
    rest = {"holding": 0, "turn": 1, "last": None}
    found = [x.id for x in sql.rows(session, claim_sql.open_lanes(), **values, **rest)]
    expected = [lane.id for n, lane in enumerate(lanes) if n % 3][::-1]
    assert [x for x in found if x != floor.lane.id] == expected
