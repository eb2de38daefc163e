"""Handing in: once, versioned, checked, and never lost however late."""

import random
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from ops import audit_log, clock_time, reserving
from ops.errors import Conflict, Forbidden, InvalidInput, NotFound, Stale
from ops.models import Assignment, AuditEntry, Batch, Label, ProjectMember, Task
from quality import gold
from scheduling import dispatch, leases, submit
from scheduling.models import DeskTally, GoldPace
from tests.db.books import balanced, events


def _submit(session: Any, who: Any, lease: Any, **more: Any) -> submit.Accepted:
    said = {"label": {"class": "a"}, "key": "a key", "revision": 0, "active_ms": 0, "tab": "t"}
    return submit.submit(session, who, lease.token, **{**said, **more})


def _later(minutes: float) -> None:
    at = clock_time.now() + timedelta(minutes=minutes)
    clock_time.use(at.timestamp)


def _row(session: Any, lease: Any) -> Assignment:
    return session.get(Assignment, lease.id, populate_existing=True)


def test_an_answer_is_kept_with_its_times(session: Any, make: Any) -> None:
    _later(0)  # time stands still
    floor = make.floor()
    me = floor.labellers[0]
    lease = dispatch.claim(session, me)
    leases.shown(session, me, lease.token, tab="t")
    _later(1)
    said = {"active_ms": 20_000, "idle_ms": 70_000, "inputs": 12}
    assert _submit(session, me, lease, **said) == submit.Accepted(1)
    row, label = _row(session, lease), session.scalars(select(Label)).one()
    assert (row.state, row.counts) == ("submitted", True)
    # Nobody was idle for longer than was left of the wall time.
    times = {"active_ms": 20_000, "idle_ms": 40_000, "wall_ms": 60_000, "inputs": 12}
    assert {name: getattr(row, name) for name in times} == times
    assert (label.revision, label.payload) == (1, {"class": "a"})
    kind, data = events(session)[-1]
    assert (kind, data) == ("submitted", times | {"class": "a"})
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.action, entry.actor) == ("assignment.submitted", me.pseudonym)
    assert entry.organisation_id == floor.project.organisation_id
    balanced(session)


def test_the_same_key_is_the_same_submission(session: Any, make: Any) -> None:
    floor = make.floor()
    me = floor.labellers[0]
    lease = dispatch.claim(session, me)
    first = _submit(session, me, lease)
    assert _submit(session, me, lease, label={"class": "b"}) == first
    with pytest.raises(Conflict):
        _submit(session, me, lease, key="another key")
    assert session.scalars(select(Label.payload)).all() == [{"class": "a"}]


def test_only_the_revision_that_was_handed_out(session: Any, make: Any) -> None:
    floor = make.floor()
    lease = dispatch.claim(session, floor.labellers[0])
    with pytest.raises(Stale):
        _submit(session, floor.labellers[0], lease, revision=1)


def test_a_label_is_checked_and_nothing_is_half_written(session: Any, make: Any) -> None:
    floor = make.floor()
    me = floor.labellers[0]
    lease = dispatch.claim(session, me)
    for label in ({"class": "z"}, {}, {"class": "a", "extra": 1}, {"class": ["a"]}):
        with pytest.raises(InvalidInput):
            _submit(session, me, lease, label=label)
    with pytest.raises(NotFound):
        _submit(session, make.user(), lease)
    assert _row(session, lease).state == "leased"
    assert session.scalar(select(func.count()).select_from(Label)) == 0


def test_paused_in_the_middle_of_work(session: Any, make: Any) -> None:
    floor = make.floor()
    me = floor.labellers[0]
    lease = dispatch.claim(session, me)
    _pause(session, floor, me)
    assert _submit(session, me, lease).surplus
    assert (_row(session, lease).state, _row(session, lease).counts) == ("submitted", False)
    balanced(session)


def _pause(session: Any, floor: Any, who: Any) -> None:
    until = clock_time.now() + timedelta(days=1)
    session.execute(
        update(ProjectMember).where(ProjectMember.user_id == who.id).values(paused_until=until)
    )


def _shut_out(session: Any, floor: Any, who: Any, how: str) -> None:
    """Make the predicate fail in one way, between the claim and the answer."""
    member = session.get(ProjectMember, (floor.project.id, who.id))
    at = clock_time.now()
    if how == "certificate":
        floor.lane.requirements = {str(floor.project.skill_id): 1}
    elif how == "attributes":
        floor.project.settings = {**floor.project.settings, "attributes": {"language": ["de"]}}
    elif how == "project":
        floor.project.state = "paused"
    elif how == "batch":
        floor.batch.paused = True
    elif how == "account":
        who.active = False
    else:
        setattr(member, how, at + timedelta(days=1) if how == "paused_until" else at)
    session.flush()


HOW = [
    "paused_until", "suspended_at", "training_since", "certificate", "attributes", "project",
    "batch", "account",
]  # fmt: skip


@pytest.mark.parametrize("kind", ["work", "gold"])
@pytest.mark.parametrize("how", HOW)
def test_what_is_handed_in_after_one_was_shut_out_is_surplus(
    session: Any, make: Any, how: str, kind: str
) -> None:
    floor = make.floor(assets=2, wanted=2)
    me = floor.labellers[0]
    gold.make(session, floor.project, make.assets(floor.batch, 1)[0], [{"class": "a"}], None)
    until = 0 if kind == "gold" else 50
    session.add(GoldPace(labeller_id=me.id, project_id=floor.project.id, until_next=until))
    session.flush()
    lease = dispatch.claim(session, me)
    assert _row(session, lease).counts is (kind == "work")
    _shut_out(session, floor, me, how)
    with pytest.raises(Forbidden):
        leases.shown(session, me, lease.token, tab="t")
    with pytest.raises(Forbidden):
        leases.heartbeat(session, me, lease.token, tab="t", beat=1, active_ms=1)
    assert dispatch.next_work(session, me) is None
    assert _submit(session, me, lease).surplus
    row = _row(session, lease)
    assert (row.state, row.counts, row.surplus) == ("submitted", False, True)
    assert events(session)[-1][0] == "surplus"
    balanced(session)


def test_a_limit_does_not_shut_out_what_is_held(session: Any, make: Any) -> None:
    floor = make.floor(assets=10, settings={"limits": {"batch_share": 0.2, "hours_per_day": 1}})
    me = floor.labellers[0]
    held = [dispatch.claim(session, me) for _ in range(2)]
    assert dispatch.claim(session, me) is None  # a fifth of ten
    leases.shown(session, me, held[0].token, tab="t")
    assert dispatch.next_work(session, me).id == held[0].id
    assert not any(_submit(session, me, x, key=f"key {x.id}").surplus for x in held)
    assert dispatch.claim(session, me) is None
    balanced(session)


def test_recalled_work_that_is_handed_in_is_surplus(session: Any, make: Any) -> None:
    floor = make.floor(labellers=2, assets=2)
    me, other = floor.labellers
    mine, theirs = dispatch.claim(session, me), dispatch.claim(session, other)
    at = clock_time.now()
    assert leases.recall(session, [theirs.id, mine.id], at) == [mine.id, theirs.id]
    assert leases.recall(session, [mine.id], at) == []
    balanced(session)
    assert [kind for kind, _ in events(session)][-2:] == ["recalled"] * 2
    assert _submit(session, me, mine).surplus
    leases.release(session, other, theirs.token)
    assert dispatch.claim(session, me).task_id == theirs.task_id
    balanced(session)


def test_late_while_the_same_task_is_kept_for_me(session: Any, make: Any) -> None:
    floor = make.floor(assets=1)
    me = floor.labellers[0]
    old = dispatch.claim(session, me)
    _lose(session, me, old)
    at = clock_time.now()
    kept = reserving.reserve(session, [old.task_id], me.id, at + timedelta(hours=1), at)
    assert not _submit(session, me, old).surplus
    assert session.get(Assignment, kept[0], populate_existing=True).state == "released"
    balanced(session)


def test_the_day_is_tallied_with_gold_and_surplus_and_skips(session: Any, make: Any) -> None:
    _later(0)
    floor = make.floor(assets=5, settings={"max_leases": 10})
    me = floor.labellers[0]
    me.timezone = "Pacific/Kiritimati"  # UTC+14
    gold.make(session, floor.project, make.assets(floor.batch, 1)[0], [{"class": "a"}], None)
    session.add(GoldPace(labeller_id=me.id, project_id=floor.project.id, until_next=0))
    session.flush()
    held = [dispatch.claim(session, me) for _ in range(4)]
    _later(5)
    for x in held[:2]:
        _submit(session, me, x, key=f"key {x.id}", active_ms=1000)
    submit.skip(session, me, held[2].token, reason="unclear", active_ms=500, tab="t")
    _pause(session, floor, me)
    assert _submit(session, me, held[3], key="the last", active_ms=1000).surplus
    tally = session.scalars(select(DeskTally)).one()
    there = clock_time.now() + timedelta(hours=14)
    assert (tally.answers, tally.active_ms, tally.day) == (3, 3500, there.date())


def test_the_audit_entry_is_the_one_that_record_writes(session: Any, make: Any) -> None:
    floor = make.floor()
    me = floor.labellers[0]
    lease = dispatch.claim(session, me)
    _submit(session, me, lease)
    organisation = floor.project.organisation_id
    audit_log.record(
        session, me, "assignment.submitted", f"assignment:{lease.id}",
        organisation_id=organisation, revision=1,
    )  # fmt: skip
    ours, theirs = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()[-2:]
    for name in ("organisation_id", "actor", "action", "subject", "data"):
        assert getattr(ours, name) == getattr(theirs, name), name


def _lose(session: Any, who: Any, lease: Any) -> None:
    session.commit()
    _later(31)
    assert len(leases.expire_mine(session, who.id, clock_time.now())) == 1


def test_late_but_the_task_has_room(session: Any, make: Any) -> None:
    floor = make.floor()
    me = floor.labellers[0]
    lease = dispatch.claim(session, me)
    _lose(session, me, lease)
    assert not _submit(session, me, lease).surplus
    assert _row(session, lease).counts
    balanced(session)


def test_late_and_paused_is_surplus(session: Any, make: Any) -> None:
    floor = make.floor()
    me = floor.labellers[0]
    lease = dispatch.claim(session, me)
    _lose(session, me, lease)
    _pause(session, floor, me)
    assert _submit(session, me, lease).surplus
    balanced(session)


def test_late_and_the_task_is_full_is_surplus(session: Any, make: Any) -> None:
    floor = make.floor(labellers=2, assets=1)
    me, other = floor.labellers
    mine = dispatch.claim(session, me)
    _lose(session, me, mine)
    theirs = dispatch.claim(session, other)
    assert theirs.task_id == mine.task_id
    assert _submit(session, me, mine).surplus
    row = _row(session, mine)
    assert (row.state, row.counts, row.surplus) == ("submitted", False, True)
    assert events(session)[-1][0] == "surplus"
    assert not _submit(session, other, theirs).surplus
    balanced(session)


def test_late_while_holding_the_same_task_again(session: Any, make: Any) -> None:
    floor = make.floor(assets=1)
    me = floor.labellers[0]
    old = dispatch.claim(session, me)
    _lose(session, me, old)
    again = dispatch.claim(session, me)
    assert again.task_id == old.task_id
    assert not _submit(session, me, old).surplus
    assert _row(session, again).state == "released"
    assert _submit(session, me, again, key="the other").surplus  # a second answer of mine
    balanced(session)


def test_a_lease_that_ran_out_but_was_not_swept_still_counts(session: Any, make: Any) -> None:
    floor = make.floor()
    me = floor.labellers[0]
    lease = dispatch.claim(session, me)
    _later(40)
    assert not _submit(session, me, lease).surplus
    balanced(session)


def test_late_for_a_batch_that_is_complete_is_surplus(session: Any, make: Any) -> None:
    floor = make.floor()
    me = floor.labellers[0]
    lease = dispatch.claim(session, me)
    _lose(session, me, lease)
    session.execute(update(Batch).values(state="complete"))
    assert _submit(session, me, lease).surplus


def test_a_skip_frees_the_task_for_others_only(session: Any, make: Any) -> None:
    floor = make.floor(labellers=2, assets=1)
    me, other = floor.labellers
    lease = dispatch.claim(session, me)
    submit.skip(session, me, lease.token, reason="broken", note="black")
    submit.skip(session, me, lease.token, reason="broken")
    kind, data = events(session)[-1]
    assert kind == "skipped"
    assert (data["reason"], data["note"]) == ("broken", "black")
    assert dispatch.claim(session, me) is None
    assert dispatch.claim(session, other).task_id == lease.task_id
    with pytest.raises(Conflict):
        _submit(session, me, lease)
    with pytest.raises(InvalidInput):
        submit.skip(session, me, lease.token, reason="bored")
    balanced(session)


def test_gold_never_counts_however_it_comes_in(session: Any, make: Any) -> None:
    floor = make.floor(assets=3, settings={"max_leases": 10})
    me = floor.labellers[0]
    for asset in make.assets(floor.batch, 2):
        gold.make(session, floor.project, asset, [{"class": "a"}], None)
    for late in (False, True):
        session.merge(GoldPace(labeller_id=me.id, project_id=floor.project.id, until_next=0))
        session.flush()
        lease = dispatch.claim(session, me)
        assert not _row(session, lease).counts
        if late:
            _lose(session, me, lease)
        assert not _submit(session, me, lease, key=f"key {late}").surplus
        assert not _row(session, lease).counts
        task = session.get(Task, lease.task_id, populate_existing=True)
        assert (task.n_leased, task.n_done, task.wanted) == (0, 0, 0)
    balanced(session)


def test_submit_does_the_same_for_gold_and_for_work(
    session: Any, make: Any, count_queries: list[str]
) -> None:
    floor = make.floor(assets=3, settings={"max_leases": 10})
    me = floor.labellers[0]
    gold.make(session, floor.project, make.assets(floor.batch, 1)[0], [{"class": "a"}], None)
    work = dispatch.claim(session, me)
    session.merge(GoldPace(labeller_id=me.id, project_id=floor.project.id, until_next=0))
    session.flush()
    hidden = dispatch.claim(session, me)
    assert [_row(session, x).counts for x in (work, hidden)] == [True, False]
    sent = []
    for lease in (work, hidden):
        count_queries.clear()
        _submit(session, me, lease)
        sent.append(list(count_queries))
    assert sent[0] == sent[1]
    assert len(sent[0]) == 3


steps = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2), st.integers(0, 5)), max_size=60)


@given(history=steps, wanted=st.integers(1, 3))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_happens_the_books_balance(
    session: Any, make: Any, history: list[tuple[int, int, int]], wanted: int
) -> None:
    """Any order of claims, answers, skips, releases and lost leases keeps counters and answers."""
    session.rollback()
    clock_time.use(None)
    floor = make.floor(labellers=3, assets=3, wanted=wanted, settings={"max_leases": 3})
    held: list[list[Any]] = [[], [], []]
    answers = 0
    for what, who, which in history:
        me, mine = floor.labellers[who], held[who]
        if what < 4 or not mine:
            claimed = dispatch.claim(session, me)
            mine.extend([claimed] if claimed else [])
        elif what < 7:
            answers += _try(session, me, mine[which % len(mine)])
        elif what == 7:
            with suppress(Conflict):
                _skip(session, me, mine[which % len(mine)])
        elif what == 8:
            with suppress(Conflict):
                _release(session, me, mine[which % len(mine)])
        else:
            _later(random.Random(which).choice([1, 31]))
            leases.expire_mine(session, me.id, clock_time.now())
        balanced(session)
    kept = session.scalar(select(func.count()).select_from(Label))
    told = sum(kind in ("submitted", "surplus") for kind, _ in events(session))
    assert kept == told == answers


def _try(session: Any, me: Any, lease: Any) -> int:
    """1 if this answer is new; a refusal must be one that is foreseen."""
    before = _row(session, lease).state
    try:
        _submit(session, me, lease, key=f"key {lease.id}")
    except Conflict:
        assert before == "skipped"
        return 0
    return int(before != "submitted")


def _skip(session: Any, me: Any, lease: Any) -> None:
    submit.skip(session, me, lease.token, reason="unclear")


def _release(session: Any, me: Any, lease: Any) -> None:
    leases.release(session, me, lease.token)
