"""Whoever waits for a task holds no other, not even one that was passed over just now."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from ops import db
from ops.db import transaction
from ops.models import User
from scheduling import dispatch
from tests.concurrency.test_claim_race import claim_one
from tests.concurrency.test_routing_race import ROOMY, one, pool, right

__all__ = ["pool"]
pytestmark = pytest.mark.serial

HELD_UP = 77
# In the session of one claim every look at a task waits for the test: between its snapshot and the
# lock of what it found, where nothing but a crowded machine would hold it up.
_SLOW = (
    f"""
    CREATE FUNCTION pg_temp.held_up() RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_advisory_lock_shared({HELD_UP});
        PERFORM pg_advisory_unlock_shared({HELD_UP});
        RETURN true;
    END $$""",
    "CREATE TEMP VIEW task AS SELECT * FROM public.task WHERE pg_temp.held_up()",
)


def until(sessions: sessionmaker[Session], claiming: Any, waiting_for: str) -> None:
    """Wait until the claim waits, for an advisory lock or another one."""
    locks = f"SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype {waiting_for}"
    deadline = time.monotonic() + 20
    while not one(sessions, locks):
        assert time.monotonic() < deadline and not claiming.done()
        time.sleep(0.01)


def test_a_task_that_was_filled_under_the_search_is_let_go_before_another_is_waited_for(
    make: Any, sessions: sessionmaker[Session], pool: ThreadPoolExecutor
) -> None:
    """Else a lead who changes both in order waits for the claim, and the claim for the lead."""
    floor = make.floor(labellers=2, assets=2, wanted=1, settings=ROOMY)
    first, last = sorted(floor.tasks, key=lambda t: t.id)
    first.npri, last.npri = 2, 1  # the claim meets the last one first
    make.session.commit()
    who, other = floor.labellers
    url = sessions.kw["bind"].url.render_as_string(hide_password=False)
    engine = db.make_engine(url, pool_size=1)

    def claim(labeller: User) -> Any:
        with engine.connect() as connection, Session(connection) as session:
            for statement in _SLOW:
                session.execute(text(statement))
            claimed = dispatch.claim(session, labeller)
            session.commit()
            return claimed

    lock = "SELECT id FROM task WHERE id = :id FOR NO KEY UPDATE"
    with transaction(sessions) as filling, transaction(sessions) as lead:
        lead.execute(text(f"SELECT pg_advisory_lock({HELD_UP})"))
        filled = dispatch.claim(filling, other)
        assert filled is not None and filled.task_id == last.id
        claiming = pool.submit(claim, who)
        until(sessions, claiming, "= 'advisory'")
        lead.execute(text(lock), {"id": first.id})
        filling.commit()
        lead.execute(text(f"SELECT pg_advisory_unlock({HELD_UP})"))
        until(sessions, claiming, "<> 'advisory'")
        # As it stands, not as a wait that the database ends by throwing somebody out.
        assert lead.scalar(text(f"{lock} NOWAIT"), {"id": last.id}) == last.id
    claimed = claiming.result()
    engine.dispose()
    assert claimed is not None and claimed.task_id == first.id
    assert claim_one(sessions, who) is None
    right(sessions)
