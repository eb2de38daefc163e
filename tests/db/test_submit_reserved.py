"""A lease is lost, a lead keeps the same task for the same labeller, and then the answer comes."""

from datetime import timedelta
from typing import Any

import pytest

from ops import clock_time, reserving
from ops.models import Assignment
from scheduling import dispatch, leases, submit
from tests.db.books import balanced


@pytest.mark.parametrize("wanted", [1, 2])
@pytest.mark.parametrize("skips", [False, True])
def test_a_late_answer_takes_the_place_kept_for_it(
    session: Any, make: Any, wanted: int, skips: bool
) -> None:
    floor = make.floor(assets=1, wanted=wanted)
    me, at = floor.labellers[0], clock_time.now()
    clock_time.use(at.timestamp)
    old = dispatch.claim(session, me)
    late = at + timedelta(minutes=31)
    clock_time.use(late.timestamp)
    leases.expire_mine(session, me.id, late)
    (kept,) = reserving.reserve(session, [old.task_id], me.id, late + timedelta(hours=1), late)
    if skips:
        submit.skip(session, me, old.token, reason="unclear")
    else:
        done = submit.submit(
            session, me, old.token, label={"class": "a"}, key="a key", revision=0, active_ms=0,
            tab="t",
        )  # fmt: skip
        assert not done.surplus
    assert session.get(Assignment, kept, populate_existing=True).state == "released"
    balanced(session)
    assert dispatch.claim(session, me) is None  # they have had it
