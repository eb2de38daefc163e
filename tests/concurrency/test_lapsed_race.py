"""A claim of somebody whose leases have run out, against those who change many tasks."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from ops import clock_time, reserving
from ops.db import transaction
from tests.concurrency.test_claim_race import claim_one
from tests.concurrency.test_routing_race import ROOMY, do, one, pool, right

__all__ = ["pool"]
pytestmark = pytest.mark.serial


def test_who_waits_for_a_task_holds_none_that_has_run_out(
    make: Any, sessions: sessionmaker[Session], pool: ThreadPoolExecutor
) -> None:
    """Somebody changes a whole batch, the first task before the last; a claim comes in between."""
    floor = make.floor(labellers=1, assets=2, wanted=1, settings=ROOMY)
    make.session.commit()
    [who] = floor.labellers
    first, last = sorted(t.id for t in floor.tasks)
    at = clock_time.now()
    [kept] = do(sessions, reserving.reserve, [last], who.id, at + timedelta(hours=1), at)
    run_out = "UPDATE assignment SET state = 'leased', expires_at = :at WHERE id = :id"
    do(sessions, Session.execute, text(run_out), {"at": at - timedelta(hours=1), "id": kept})
    lock = "SELECT id FROM task WHERE id = :id FOR UPDATE"
    with transaction(sessions) as lead:
        lead.execute(text(lock), {"id": first})
        claiming = pool.submit(claim_one, sessions, who)
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        deadline = time.monotonic() + 10
        while not one(sessions, waiting):
            assert time.monotonic() < deadline and not claiming.done()
            time.sleep(0.01)
        # As it stands, not as a wait that the database ends by throwing somebody out.
        assert lead.scalar(text(f"{lock} NOWAIT"), {"id": last}) == last
    lease = claiming.result()
    assert lease is not None and lease.task_id == first
    assert one(sessions, "SELECT state FROM assignment WHERE id = :id", id=kept) == "expired"
    right(sessions)


def test_what_has_just_run_out_comes_back_when_there_is_nothing_else(
    make: Any, sessions: sessionmaker[Session]
) -> None:
    floor = make.floor(labellers=1, assets=1, wanted=1)
    make.session.commit()
    [who] = floor.labellers
    before = claim_one(sessions, who)
    assert before is not None
    run_out = "UPDATE assignment SET expires_at = :at WHERE id = :id"
    at = clock_time.now() - timedelta(hours=1)
    do(sessions, Session.execute, text(run_out), {"at": at, "id": before.id})
    again = claim_one(sessions, who)
    assert again is not None
    assert (again.task_id, again.id != before.id) == (before.task_id, True)
    right(sessions)
