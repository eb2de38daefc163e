"""The claim: order, cursors, what comes back, gold in the place of work, and its plan."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from ops import clock_time, reserving
from ops.models import Assignment, Lane, Task, WorkEvent
from quality import gold
from quality.models import Gold
from scheduling import dispatch, emptiness, leases
from scheduling.models import Desk, DeskCursor, GoldPace
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


def _another_lane(make: Any, project: Any, n: int = 3, **more: Any) -> Any:
    """A batch of its own with a lane of `n` tasks; `more` is of the batch, `kind` of the lane."""
    kind = more.pop("kind", "ordinary")
    batch = make.batch(project, **more)
    return {t.id for t in make.tasks(make.lane(batch, kind=kind), make.assets(batch, n))}


def test_lanes_go_out_by_priority_then_due_date_then_project_then_hard(
    session: Any, make: Any
) -> None:
    at = clock_time.now()
    floor = make.floor(assets=3, settings=ROOMY)
    me, here = floor.labellers[0], floor.project
    there = make.project(settings=ROOMY)
    make.member(there, me)
    ordinary = {t.id for t in floor.tasks}
    hard = _another_lane(make, here, kind="hard")
    elsewhere = _another_lane(make, there, due_at=at + timedelta(hours=25))
    tomorrow = _another_lane(make, there, due_at=at + timedelta(hours=23))
    overdue = _another_lane(make, here, due_at=at - timedelta(days=2))
    first = _another_lane(make, there, priority=1)
    expected = [first, overdue, tomorrow, elsewhere, hard, ordinary]
    got = []
    for wanted in expected:
        claimed = _claims(session, me, 3)
        got.append(set(claimed) == wanted)
        session.execute(update(Assignment).values(state="expired", expires_at=at))
    assert got == [True] * len(expected)


def test_the_project_of_the_newest_claim_is_stayed_on(session: Any, make: Any) -> None:
    floor, other = make.floor(assets=4, settings=ROOMY), make.floor(assets=4, settings=ROOMY)
    me = make.member(other.project, floor.labellers[0])
    projects = [dispatch.claim(session, me).project_id for _ in range(8)]
    assert (
        projects
        == [projects[0]] * 4 + [({floor.project.id, other.project.id} - {projects[0]}).pop()] * 4
    )
    assert session.get(Desk, me.id).project_id == projects[-1]


def test_equal_lanes_mix(session: Any, make: Any) -> None:
    floor = make.floor(assets=20, settings=ROOMY)
    also = _another_lane(make, floor.project, 20)
    ordinary = [t.id for t in floor.tasks]
    mixed = _claims(session, floor.labellers[0], 10)
    assert 1 <= len(set(mixed) & also) <= 9
    assert [t for t in mixed if t not in also] == ordinary[: 10 - len(set(mixed) & also)]


# What is kept for me


def _keep(session: Any, who: Any, *tasks: Any, hours: float = 1) -> list[int]:
    at = clock_time.now()
    return reserving.reserve(
        session, [t.id for t in tasks], who.id, at + timedelta(hours=hours), at
    )


def test_what_is_kept_for_me_comes_first(session: Any, make: Any) -> None:
    floor = make.floor(labellers=2, assets=4, settings=ROOMY)
    me, other = floor.labellers
    kept = _keep(session, me, floor.tasks[2], floor.tasks[3])
    assert _claims(session, other, 3) == [floor.tasks[0].id, floor.tasks[1].id]
    leased = [dispatch.claim(session, me) for _ in range(3)]
    assert [c.id for c in leased[:2]] == kept
    assert leased[2] is None
    assert leased[0].expires_at - session.get(Assignment, kept[0]).leased_at == timedelta(
        minutes=30
    )
    assert [kind for kind, _ in events(session)][-2:] == ["leased"] * 2
    balanced(session)


def test_what_is_kept_waits_while_its_lane_is_shut_to_me(session: Any, make: Any) -> None:
    floor = make.floor(assets=2, settings=ROOMY)
    me = floor.labellers[0]
    more = _another_lane(make, floor.project, 1)
    kept = _keep(session, me, floor.tasks[0])
    floor.batch.paused = True
    session.flush()
    assert set(_claims(session, me, 2)) == more
    floor.batch.paused = False
    session.flush()
    assert dispatch.claim(session, me).id == kept[0]


def test_a_reservation_that_ran_out_gives_its_place_back(
    session: Any, make: Any, sessions: Any
) -> None:
    floor = make.floor(labellers=2, assets=1)
    me, other = floor.labellers
    _keep(session, me, floor.tasks[0])
    assert dispatch.claim(session, other) is None
    session.commit()
    at = clock_time.now()
    clock_time.use((at + timedelta(hours=2)).timestamp)
    assert leases.expire(sessions) == 1
    assert _claims(session, other) == [floor.tasks[0].id]
    assert [kind for kind, _ in events(session)] == ["reserved", "expired", "leased"]
    balanced(session)


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


def test_what_others_have_reserved_frees_one_day_too(session: Any, make: Any) -> None:
    floor = make.floor(labellers=2, assets=1)
    me, other = floor.labellers
    kept = _keep(session, other, floor.tasks[0])
    empty = emptiness.why_empty(session, me)
    assert empty.next_free_at == session.get(Assignment, kept[0]).expires_at


def test_what_is_held_but_shut_is_not_in_the_way(session: Any, make: Any) -> None:
    floor, other = make.floor(assets=3), make.floor(assets=3)
    me = make.member(other.project, floor.labellers[0])
    for _ in range(2):
        assert dispatch.claim(session, me, project_id=floor.project.id) is not None
    assert dispatch.next_work(session, me, browser_has=None).project_id == floor.project.id
    floor.project.state = "paused"
    session.flush()
    assert dispatch.next_work(session, me).project_id == other.project.id
    assert "not running" in emptiness.why_empty(session, me, project_id=floor.project.id).reason


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


def test_gold_is_settled_ahead_and_costs_no_statement_more(
    session: Any, golden: Any, count_queries: list[str]
) -> None:
    """Whatever is handed out, the same statements run, save for the one claim that settles gold."""
    me = golden.labellers[0]
    told = []
    for _ in range(24):
        count_queries.clear()
        claimed = dispatch.claim(session, me)
        sent = len(count_queries)
        counts = session.get(Assignment, claimed.id).counts
        told.append((counts, sent))
        leases.release(session, me, claimed.token)
    quick = min(sent for _, sent in told)
    assert quick == 1
    for counts in (True, False):
        assert any(sent == quick for c, sent in told if c is counts), told


def test_settled_gold_that_was_retired_goes_out_no_more(session: Any, golden: Any) -> None:
    me = golden.labellers[0]
    session.add(
        GoldPace(labeller_id=me.id, project_id=golden.project.id, until_next=0, gap_after=3)
    )
    row = session.get(GoldPace, (me.id, golden.project.id))
    chosen = session.scalars(select(Gold)).first()
    row.gold_id = chosen.id
    chosen.state = "retired"
    session.flush()
    assert _finish(session, me).counts
    session.refresh(row)
    assert row.gold_id != chosen.id


def test_what_was_lost_comes_back_while_gold_is_due_and_the_gold_stays_due(
    session: Any, golden: Any, monkeypatch: Any
) -> None:
    """Gold takes the place of work; of what is waited for by name it takes none."""
    me = golden.labellers[0]
    lost = dispatch.claim(session, me)
    session.execute(update(Task).where(Task.id != lost.task_id).values(wanted=0))
    leases.release(session, me, lost.token)
    unmet = select(Gold.id).where(Gold.task_id != lost.task_id).limit(1)
    where = {"labeller_id": me.id, "project_id": golden.project.id}
    row = session.merge(GoldPace(**where, until_next=0, gap_after=3))
    row.gold_id = session.scalars(unmet).one()
    session.flush()
    tried = iter(range(10))  # whoever is told the same ten times over asks for ever
    attempt = dispatch._Asking._attempt
    monkeypatch.setattr(
        dispatch._Asking, "_attempt", lambda *a, **how: (next(tried), attempt(*a, **how))[1]
    )
    assert dispatch.claim(session, me).task_id == lost.task_id
    settled = row.gold_id
    session.refresh(row)
    assert (row.until_next, row.gap_after, row.gold_id) == (0, 3, settled)
    balanced(session)


def test_gold_goes_out_in_the_place_of_what_is_kept(session: Any, golden: Any) -> None:
    me = golden.labellers[0]
    kept = _keep(session, me, golden.tasks[5])
    session.add(GoldPace(labeller_id=me.id, project_id=golden.project.id, until_next=0))
    session.flush()
    first, second = dispatch.claim(session, me), dispatch.claim(session, me)
    assert not session.get(Assignment, first.id).counts
    assert second.id == kept[0] or not session.get(Assignment, second.id).counts
    balanced(session)
