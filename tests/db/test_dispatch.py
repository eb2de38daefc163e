"""The claim: order, cursors, what comes back, gold in the place of work, and its plan."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from ops import clock_time
from ops.models import Assignment, Lane, Task, WorkEvent
from quality import gold
from quality.models import Gold
from scheduling import claim_sql, dispatch, eligibility, emptiness, leases, sql
from scheduling.models import DeskCursor, GoldPace
from tests.db.books import balanced, events

ROOMY = {"max_leases": 10}


def _claims(session: Any, who: Any, n: int = 1) -> list[int]:
    found = [dispatch.claim(session, who) for _ in range(n)]
    return [c.task_id for c in found if c is not None]


def test_tasks_go_out_in_order_once_to_each(session: Any, make: Any) -> None:
    floor = make.floor(labellers=2, assets=4, wanted=2, settings=ROOMY)
    wanted = [t.id for t in floor.tasks]
    assert _claims(session, floor.labellers[0], 5) == wanted
    assert _claims(session, floor.labellers[1], 5) == wanted
    balanced(session)
    assert [kind for kind, _ in events(session)] == ["leased"] * 8
    event = session.scalars(select(WorkEvent)).first()
    assert (event.batch_id, event.stage) == (floor.batch.id, "label")


def test_the_most_urgent_lane_goes_first_and_lanes_mix(session: Any, make: Any) -> None:
    floor = make.floor(assets=2, settings=ROOMY)
    urgent = make.batch(floor.project)
    tasks = make.tasks(make.lane(urgent), make.assets(urgent, 2))
    tasks[0].npri, tasks[1].npri = -(2**32), 1
    floor.tasks[0].npri, floor.tasks[1].npri = 0, 2
    session.flush()
    order = [tasks[0].id, floor.tasks[0].id, tasks[1].id, floor.tasks[1].id]
    assert _claims(session, floor.labellers[0], 4) == order


def test_one_project_only_when_asked(session: Any, make: Any) -> None:
    floor, other = make.floor(), make.floor()
    me = make.member(other.project, floor.labellers[0])
    found = dispatch.claim(session, me, project_id=other.project.id)
    assert found.project_id == other.project.id


def _scanned_behind(session: Any, me: int) -> int:
    return len(session.scalars(select(DeskCursor).where(DeskCursor.labeller_id == me)).all())


def test_the_cursor_moves_on_and_a_new_generation_starts_again(session: Any, make: Any) -> None:
    floor = make.floor(assets=30, wanted=2, settings=ROOMY)
    me = floor.labellers[0]
    _claims(session, me, 9)
    cursor = session.get(DeskCursor, (me.id, floor.lane.id))
    assert cursor.task_id == floor.tasks[7].id  # set by the eighth claim to what was its head
    # What lands behind the cursor is found because its lane's generation rises with it.
    early = make.tasks(floor.lane, make.assets(floor.batch, 1))[0]
    early.npri = -5
    session.execute(update(Lane).values(generation=Lane.generation + 1))
    session.flush()
    assert _claims(session, me) == [early.id]


def test_behind_the_cursor_nothing_is_looked_at(session: Any, make: Any) -> None:
    """The cursor is believed: without a new generation the early task stays unseen."""
    floor = make.floor(assets=12, wanted=2, settings=ROOMY)
    me = floor.labellers[0]
    _claims(session, me, 8)
    early = make.tasks(floor.lane, make.assets(floor.batch, 1))[0]
    early.npri = -5
    session.flush()
    assert _claims(session, me) == [floor.tasks[8].id]


def test_a_task_that_came_back_is_found_behind_every_cursor(session: Any, make: Any) -> None:
    floor = make.floor(labellers=2, assets=20, settings=ROOMY)
    first, second = floor.labellers
    lost = dispatch.claim(session, first)
    _claims(session, second, 9)
    leases.release(session, first, lost.token)
    assert session.get(Task, lost.task_id, populate_existing=True).returned
    leases.release(session, second, _token(session, floor.tasks[5].id))
    assert _claims(session, second) == [lost.task_id]
    balanced(session)


def _token(session: Any, task_id: int) -> Any:
    return session.scalars(select(Assignment.token).where(Assignment.task_id == task_id)).one()


def test_a_floor_of_one_gets_a_lost_lease_again_when_all_else_is_done(
    session: Any, make: Any
) -> None:
    floor = make.floor(assets=2, settings=ROOMY)
    me = floor.labellers[0]
    lost = dispatch.claim(session, me)
    leases.release(session, me, lost.token)
    assert _claims(session, me, 2) == [floor.tasks[1].id, lost.task_id]
    assert dispatch.claim(session, me) is None
    balanced(session)


def test_a_lapsed_lease_ends_at_the_next_claim(session: Any, make: Any) -> None:
    floor = make.floor(assets=2, settings={"max_leases": 1, "lease_minutes": 5})
    me, at = floor.labellers[0], clock_time.now()
    first = dispatch.claim(session, me)
    assert first.expires_at == session.get(Assignment, first.id).leased_at + timedelta(minutes=5)
    assert dispatch.claim(session, me) is None
    clock_time.use((at + timedelta(minutes=6)).timestamp)
    assert _claims(session, me) == [floor.tasks[1].id]
    states = session.scalars(select(Assignment.state).order_by(Assignment.id)).all()
    assert states == ["expired", "leased"]
    balanced(session)


def test_what_is_shown_comes_back_and_no_more_than_allowed_is_held(session: Any, make: Any) -> None:
    floor = make.floor(assets=5)
    me = floor.labellers[0]
    first = dispatch.next_work(session, me)
    second = dispatch.next_work(session, me)
    assert first.task_id != second.task_id
    assert dispatch.next_work(session, me) == first  # two held: the oldest
    leases.shown(session, me, second.token, tab="t")
    assert dispatch.next_work(session, me).id == second.id  # a reload shows the same
    assert dispatch.next_work(session, me, browser_has=[second.token]).id == first.id
    assert dispatch.next_work(session, me, browser_has=[first.token, second.token]) is None


def test_why_there_is_nothing(session: Any, make: Any) -> None:
    floor = make.floor(labellers=2, assets=1)
    first, second = floor.labellers
    lease = dispatch.claim(session, first)
    empty = emptiness.why_empty(session, second)
    assert empty.next_free_at == lease.expires_at
    assert "others" in empty.reason
    assert emptiness.why_empty(session, first).reason.startswith("All done")


# Gold


@pytest.fixture
def golden(session: Any, make: Any) -> Any:
    """A floor of 40 tasks with 10 gold besides, half of the work."""
    floor = make.floor(
        labellers=1,
        assets=40,
        wanted=2,
        settings={"max_leases": 10, "gold": {"rate_new": 0.5, "rate_trusted": 0.5}},
    )
    for asset in make.assets(floor.batch, 10):
        gold.make(session, floor.project, asset, [{"class": "a"}], None)
    return floor


def _finish(session: Any, who: Any) -> Assignment:
    claimed = dispatch.claim(session, who)
    leases.release(session, who, claimed.token)
    return session.get(Assignment, claimed.id)


def test_gold_goes_out_in_the_place_of_work(session: Any, golden: Any) -> None:
    me = golden.labellers[0]
    had = [_finish(session, me) for _ in range(30)]
    slipped = [a for a in had if not a.counts]
    assert len(slipped) == 10  # all of it, each once; then ordinary work goes on
    assert len({a.task_id for a in slipped}) == 10
    assert {g.exposures for g in session.scalars(select(Gold))} == {1}
    ordinary = [a.task_id for a in had if a.counts]
    assert ordinary == [t.id for t in golden.tasks[: len(ordinary)]]  # none was jumped over
    balanced(session)


def test_gold_is_leased_like_work(session: Any, golden: Any) -> None:
    me = golden.labellers[0]
    had = [_finish(session, me) for _ in range(12)]
    kinds = {a.counts: a for a in had}
    told = session.scalars(select(WorkEvent).where(WorkEvent.kind == "leased")).all()
    by_id = {e.assignment_id: e for e in told}
    assert len(by_id) == 12
    for one in kinds.values():
        assert one.expires_at - one.leased_at == timedelta(minutes=30)
        assert by_id[one.id].stage == "label"


def test_no_gold_when_there_is_no_work(session: Any, golden: Any) -> None:
    me = golden.labellers[0]
    session.add(GoldPace(labeller_id=me.id, project_id=golden.project.id, until_next=0))
    session.execute(update(Task).where(Task.round > 0).values(wanted=0))
    session.flush()
    assert dispatch.claim(session, me) is None
    assert session.get(GoldPace, (me.id, golden.project.id), populate_existing=True).until_next == 0


def test_who_met_an_asset_as_gold_does_not_get_it_as_work(session: Any, make: Any) -> None:
    floor = make.floor(labellers=2, assets=1, wanted=3)
    me, other = floor.labellers
    dispatch.claim(session, other)  # somebody works on it, so its task stays
    made = gold.make(session, floor.project, floor.assets[0], [{"class": "a"}], None)
    session.execute(update(Task).where(Task.id == floor.tasks[0].id).values(wanted=3))
    more = make.tasks(floor.lane, make.assets(floor.batch, 1))[0]
    session.add(GoldPace(labeller_id=me.id, project_id=floor.project.id, until_next=0))
    session.flush()
    assert _claims(session, me, 2) == [made.task_id, more.id]


# The plan


def _plan(session: Any, me: int) -> str:
    at = clock_time.now()
    sql.row(session, claim_sql.LOCK_DESK, me=me, now=at)
    lanes = eligibility.open_lanes(session, me, at)
    values = {"me": me, "now": at, "move": False, **dispatch._arrays(lanes)}
    explain = "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) "
    return "\n".join(r[0] for r in sql.rows(session, explain + claim_sql.CLAIM, **values))


@pytest.mark.parametrize("full", [False, True], ids=["empty statistics", "true statistics"])
def test_the_plan_locks_one_row_and_scans_nothing(session: Any, make: Any, full: bool) -> None:
    """What the claim relies on, whatever the statistics say of the tables."""
    floor = make.floor(labellers=2, assets=300, wanted=3, settings=ROOMY)
    for _ in range(3):
        batch = make.batch(floor.project)
        make.tasks(make.lane(batch), make.assets(batch, 300), wanted=3)
    if not full:
        session.execute(text("ANALYZE assignment"))
    # A long past of the labeller, which the claim must not look through.
    session.execute(
        text(
            """INSERT INTO assignment
                   (task_id, labeller_id, project_id, state, leased_at, expires_at)
               SELECT t.id, :me, :project, 'released', :now, :now FROM task t, generate_series(1, 3)
               WHERE t.npri < 250"""
        ),
        {"me": floor.labellers[0].id, "project": floor.project.id, "now": clock_time.now()},
    )
    if full:
        session.execute(text("ANALYZE"))
    plan = _plan(session, floor.labellers[0].id)
    assert "Seq Scan" not in plan
    assert "ix_assignment_mine" not in plan
    assert "Hash" not in plan
    assert plan.count("LockRows (actual rows=1.00 loops=1)") == 1, plan
    assert plan.count("LockRows") == 2  # of tasks that came back: never executed
    assert "LockRows (never executed)" in plan
