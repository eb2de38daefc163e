"""Leases in time: shown, heartbeats, release, the sweep."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from ops import clock_time
from ops.errors import Conflict, NotFound
from ops.models import Assignment
from scheduling import dispatch, leases, submit
from tests.db.books import balanced, events

START = datetime.fromisoformat("2026-11-01T08:00:00+00:00")


@pytest.fixture(autouse=True)
def _morning() -> None:
    _at(0)


def _at(seconds: float) -> None:
    clock_time.use((START + timedelta(seconds=seconds)).timestamp)


def _lease(session: Any, make: Any, **more: Any) -> tuple[Any, Any]:
    floor = make.floor(**more)
    return floor.labellers[0], dispatch.claim(session, floor.labellers[0])


def _beat(
    session: Any, me: Any, lease: Any, tab: str, beat: int, active_ms: int, **more: int
) -> Any:
    told = {"tab": tab, "beat": beat, "active_ms": active_ms}
    return leases.heartbeat(session, me, lease.token, **told, **more)


def test_the_wall_clock_starts_when_it_is_first_shown(session: Any, make: Any) -> None:
    me, lease = _lease(session, make)
    _at(60)
    expires = leases.shown(session, me, lease.token, tab="a")
    assert expires == START + timedelta(minutes=31)
    _at(70)
    leases.shown(session, me, lease.token, tab="b")
    row = session.get(Assignment, lease.id, populate_existing=True)
    assert (row.shown_at, row.tab) == (START + timedelta(seconds=60), "b")


def test_active_time_is_a_rising_total_within_the_wall_time(session: Any, make: Any) -> None:
    me, lease = _lease(session, make)
    leases.shown(session, me, lease.token, tab="a")
    _at(10)
    assert _beat(session, me, lease, "a", 1, 4_000).active_ms == 4_000
    assert _beat(session, me, lease, "a", 1, 9_000).active_ms == 4_000  # the same message again
    assert _beat(session, me, lease, "a", 2, 3_000).active_ms == 4_000
    assert _beat(session, me, lease, "a", 3, 60_000).active_ms == 10_000
    answer = _beat(session, me, lease, "a", 4, 10_000)
    assert answer.expires_at == START + timedelta(minutes=30, seconds=10)


def test_one_tab_at_a_time(session: Any, make: Any) -> None:
    me, lease = _lease(session, make)
    leases.shown(session, me, lease.token, tab="a")
    _at(10)
    _beat(session, me, lease, "a", 1, 5_000)
    _at(15)
    other = _beat(session, me, lease, "b", 1, 5_000)
    assert (other.mine, other.active_ms) == (False, 5_000)
    _at(40)
    taken = _beat(session, me, lease, "b", 2, 7_000)  # the first tab has been silent for 30 s
    assert (taken.mine, taken.active_ms) == (True, 12_000)
    _at(45)
    assert not _beat(session, me, lease, "a", 2, 9_000).mine


def test_idle_time_and_inputs_add_up_over_tabs(session: Any, make: Any) -> None:
    me, lease = _lease(session, make)
    leases.shown(session, me, lease.token, tab="a")

    def kept() -> tuple[int, int, int]:
        row = session.get(Assignment, lease.id, populate_existing=True)
        return row.active_ms, row.idle_ms, row.inputs

    _at(20)
    _beat(session, me, lease, "a", 1, 10_000, idle_ms=6_000, inputs=30)
    assert kept() == (10_000, 6_000, 30)
    _beat(session, me, lease, "a", 1, 12_000, idle_ms=7_000, inputs=40)  # the same message again
    _beat(session, me, lease, "b", 1, 12_000, idle_ms=7_000, inputs=40)  # a tab that is not shown
    assert kept() == (10_000, 6_000, 30)
    leases.shown(session, me, lease.token, tab="b")
    _at(30)
    _beat(session, me, lease, "b", 1, 3_000, idle_ms=2_000, inputs=5)
    assert kept() == (13_000, 8_000, 35)
    _beat(session, me, lease, "b", 2, 3_000)  # who says nothing of it takes nothing back
    assert kept() == (13_000, 8_000, 35)
    # The rest of the wall time is the most that anybody can have been idle.
    _beat(session, me, lease, "b", 3, 4_000, idle_ms=500_000, inputs=6)
    assert kept() == (14_000, 16_000, 36)
    _at(31)
    submit.skip(
        session,
        me,
        lease.token,
        reason="unclear",
        tab="b",
        active_ms=5_000,
        idle_ms=2_000,
        inputs=9,
    )
    times = {"active_ms": 15_000, "idle_ms": 16_000, "wall_ms": 31_000, "inputs": 39}
    assert events(session)[-1] == ("skipped", times | {"reason": "unclear", "note": ""})
    assert kept() == (15_000, 16_000, 39)


def test_opening_it_in_another_tab_takes_it_over(session: Any, make: Any) -> None:
    me, lease = _lease(session, make)
    leases.shown(session, me, lease.token, tab="a")
    _at(10)
    _beat(session, me, lease, "a", 1, 5_000)
    leases.shown(session, me, lease.token, tab="b")
    _at(12)
    assert not _beat(session, me, lease, "a", 2, 7_000).mine
    assert _beat(session, me, lease, "b", 1, 1_000).active_ms == 6_000


def test_after_the_answer_nothing_counts_any_more(session: Any, make: Any) -> None:
    me, lease = _lease(session, make)
    submit.submit(
        session,
        me,
        lease.token,
        label={"class": "a"},
        key="k" * 8,
        revision=0,
        active_ms=0,
        tab="a",
    )
    _at(10)
    late = _beat(session, me, lease, "a", 1, 5_000)
    assert (late.mine, late.active_ms) == (False, 0)


def test_a_token_belongs_to_one_labeller(session: Any, make: Any) -> None:
    _, lease = _lease(session, make)
    stranger = make.user()
    with pytest.raises(NotFound):
        leases.shown(session, stranger, lease.token, tab="a")
    with pytest.raises(NotFound):
        _beat(session, stranger, lease, "a", 1, 1)
    with pytest.raises(NotFound):
        leases.release(session, stranger, lease.token)


def test_release_frees_the_task_once(session: Any, make: Any) -> None:
    me, lease = _lease(session, make)
    leases.release(session, me, lease.token)
    leases.release(session, me, lease.token)
    balanced(session)
    assert [kind for kind, _ in events(session)] == ["leased", "released"]


def test_what_was_handed_in_cannot_be_released(session: Any, make: Any) -> None:
    me, lease = _lease(session, make)
    submit.skip(session, me, lease.token, reason="unclear")
    with pytest.raises(Conflict):
        leases.release(session, me, lease.token)


def test_the_sweep_ends_what_has_run_out_and_only_that(
    session: Any, make: Any, sessions: Any
) -> None:
    floor = make.floor(labellers=3, assets=3)
    held = [dispatch.claim(session, who) for who in floor.labellers]
    _at(29 * 60)
    leases.shown(session, floor.labellers[0], held[0].token, tab="a")
    session.commit()
    assert leases.expire(sessions) == 0
    _at(31 * 60)
    assert leases.expire(sessions) == 2
    assert leases.expire(sessions) == 0
    states = session.scalars(
        select(Assignment.state).order_by(Assignment.id).execution_options(populate_existing=True)
    ).all()
    assert states == ["leased", "expired", "expired"]
    balanced(session)
    assert [kind for kind, _ in events(session)].count("expired") == 2


def test_the_sweep_leaves_what_is_locked(session: Any, make: Any, sessions: Any) -> None:
    floor = make.floor(labellers=2, assets=2)
    for who in floor.labellers:
        dispatch.claim(session, who)
    session.commit()
    _at(31 * 60)
    with sessions() as busy:
        busy.execute(
            select(type(floor.tasks[0]))
            .where(type(floor.tasks[0]).id == floor.tasks[0].id)
            .with_for_update()
        )
        assert leases.expire(sessions) == 1
    assert leases.expire(sessions) == 1
    balanced(session)
