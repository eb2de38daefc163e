"""Drafts on the server: kept as they are, carried over, never overwritten unseen, swept."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from ops import clock_time
from ops.errors import InvalidInput, NotFound, Stale
from ops.models import Assignment, Project
from scheduling import dispatch, leases, submit
from scheduling.desk import drafts, work
from scheduling.models import Draft

START = datetime.fromisoformat("2026-11-01T08:00:00+00:00")


@pytest.fixture(autouse=True)
def _morning() -> None:
    _at(0)


def _at(minutes: float) -> None:
    clock_time.use((START + timedelta(minutes=minutes)).timestamp)


def _save(session: Any, me: Any, lease: Any, said: Any, revision: int, tab: str = "t") -> Any:
    value = said if said is None or isinstance(said, dict) else {"said": said}
    how = {"value": value, "remark": f"remark {said}", "revision": revision, "tab": tab}
    return drafts.save(session, me, lease.token, **how)


def _shown(session: Any, lease: Any) -> Any:
    return work.view(session, lease.id)["draft"]


@pytest.fixture
def lease(session: Any, make: Any) -> Any:
    floor = make.floor(assets=1)
    lease = dispatch.claim(session, floor.labellers[0])
    return floor.labellers[0], lease


def test_it_is_shown_again_as_it_was_left(session: Any, lease: Any) -> None:
    me, held = lease
    assert _shown(session, held) is None and drafts.of(session, me, held.token) is None
    _at(1)
    # Neither a class of the project nor whole: it is nobody's answer yet.
    half = {"objects": [{"id": "1", "class": "no such class", "x": 3.5}], "text": "ö\n𝄞"}
    assert _save(session, me, held, half, 0).revision == 1
    _at(2)
    assert _save(session, me, held, None, 1).revision == 2
    assert _save(session, me, held, half, 2).revision == 3
    told = {
        "value": half,
        "remark": f"remark {half}",
        "revision": 3,
        "tab": "t",
        "saved_at": "2026-11-01T08:02:00.000000Z",
    }
    assert _shown(session, held) == drafts.of(session, me, held.token) == told


def test_who_does_not_know_of_the_newest_is_told_it_and_changes_nothing(
    session: Any, lease: Any
) -> None:
    me, held = lease
    _save(session, me, held, "here", 0, "here")
    _save(session, me, held, "there", 1, "there")
    with pytest.raises(Stale) as refused:
        _save(session, me, held, "late", 1, "here")
    assert refused.value.detail["draft"] == _shown(session, held)
    assert _shown(session, held)["value"] == {"said": "there"}
    # Whose own the newest is may have lost the answer to that very save.
    assert _save(session, me, held, "again", 0, "there").revision == 3
    # Who has seen it may keep theirs.
    assert _save(session, me, held, "mine", 3, "here").revision == 4


def test_it_comes_round_again_with_the_work_that_ran_out(session: Any, lease: Any) -> None:
    me, held = lease
    _save(session, me, held, "begun", 0)
    _at(31)
    again = dispatch.next_work(session, me)
    assert (again.task_id, again.token == held.token) == (held.task_id, False)
    begun = _shown(session, again)
    assert (begun["value"], begun["revision"]) == ({"said": "begun"}, 0)
    # A machine that was offline may still save under the lease that was lost.
    assert _save(session, me, held, "offline", 1, "other").revision == 2
    assert _shown(session, again)["value"] == {"said": "offline"}
    assert _save(session, me, again, "mended", 0).revision == 1
    assert (_shown(session, again)["value"], _shown(session, again)["revision"]) == (
        {"said": "mended"},
        1,
    )
    _save(session, me, held, "offline still", 2, "other")
    assert _shown(session, again)["value"] == {"said": "mended"}


def test_others_have_neither_the_draft_nor_the_place(session: Any, make: Any, lease: Any) -> None:
    me, held = lease
    _save(session, me, held, "mine", 0)
    stranger = make.member(session.get_one(Project, held.project_id), make.user())
    for look in (
        lambda: drafts.of(session, stranger, held.token),
        lambda: _save(session, stranger, held, "theirs", 1),
    ):
        with pytest.raises(NotFound):
            look()
    _at(31)
    leases.expire_mine(session, me.id, clock_time.now())
    theirs = dispatch.claim(session, stranger)
    assert theirs.task_id == held.task_id
    assert _shown(session, theirs) is None


def test_nothing_is_kept_of_what_was_handed_in(session: Any, make: Any) -> None:
    floor = make.floor(assets=3, settings={"max_leases": 3})
    me = floor.labellers[0]
    answered, skipped, released = (_begun(session, me, i) for i in range(3))
    submit.submit(
        session,
        me,
        answered.token,
        label={"class": "a"},
        key="k" * 8,
        revision=0,
        active_ms=0,
        tab="t",
    )
    submit.skip(session, me, skipped.token, reason="unclear")
    leases.release(session, me, released.token)
    for done in (answered, skipped, released):
        with pytest.raises(NotFound):
            _save(session, me, done, "late", 1)
        with pytest.raises(NotFound):
            drafts.of(session, me, done.token)
    again = dispatch.next_work(session, me)
    assert (again.task_id, _shown(session, again)["value"]) == (released.task_id, {"said": 2})


def _begun(session: Any, me: Any, n: int) -> Any:
    lease = dispatch.claim(session, me)
    assert lease is not None
    _save(session, me, lease, n, 0)
    return lease


def _nested(levels: int) -> Any:
    value: Any = []
    for _ in range(levels - 2):
        value = [value]
    return {"a": value}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (_nested(drafts.MOST_DEPTH + 1), "nests deeper"),
        ({"text": "a" * drafts.MOST_BYTES}, "longer than"),
        ({"x": float("nan")}, "a number that is none"),
        ({"x": [1e308, float("-inf")]}, "a number that is none"),
    ],
)
def test_what_no_label_needs_is_refused(session: Any, lease: Any, value: Any, words: str) -> None:
    me, held = lease
    with pytest.raises(InvalidInput, match=words) as refused:
        _save(session, me, held, value, 0)
    assert refused.value.field == "value"
    assert _shown(session, held) is None


def test_what_a_label_may_need_is_taken(session: Any, lease: Any) -> None:
    me, held = lease
    deep = _nested(drafts.MOST_DEPTH)
    assert _save(session, me, held, deep, 0).value == deep
    room = drafts.MOST_BYTES - len('{"text": ""}')
    assert _save(session, me, held, {"text": "a" * room}, 1).revision == 2


def test_a_week_after_its_work_ended_it_is_forgotten(
    session: Any, make: Any, sessions: Any
) -> None:
    floor = make.floor(assets=3, settings={"max_leases": 3})
    me = floor.labellers[0]
    ended, late, live = (_begun(session, me, i) for i in range(3))
    submit.skip(session, me, ended.token, reason="unclear")
    _at(31)
    week = drafts.KEPT_FOR / timedelta(minutes=1)
    _end(session, late)
    _at(week - 1)
    _save(session, me, late, "still at it", 1)
    session.commit()
    assert drafts.forget(sessions) == 0
    _at(week + 1)
    assert drafts.forget(sessions) == 1
    left = select(Draft.assignment_id).order_by(Draft.assignment_id)
    assert session.scalars(left).all() == [late.id, live.id]
    _at(2 * week)
    assert drafts.forget(sessions) == 1
    assert session.scalars(left).all() == [live.id]


def _end(session: Any, lease: Any) -> None:
    row = session.get_one(Assignment, lease.id)
    row.state, row.ended_at = "expired", clock_time.now()
    session.flush()
