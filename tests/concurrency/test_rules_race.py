"""Rules under races: one firing, one effect, whoever looks and acts at once."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from benchmarks.crashing import recount
from ops import clock_time, reopening
from ops.db import transaction
from ops.models import (
    Assignment,
    AuditEntry,
    Notice,
    ProjectMember,
    Task,
    User,
    WorkEvent,
)
from quality import gold
from quality.judging import belief, judge
from scheduling import dispatch, rules
from scheduling.models import RuleFiring
from scheduling.rules import book, firings
from tests.concurrency.test_claim_race import claim_one, submit_one
from tests.db.answering import answer
from tests.db.books import balanced

pytestmark = pytest.mark.serial
THREADS = 6


@pytest.fixture
def unreliable(make, session, sessions):
    """A labeller with a dozen wrong answers to gold, and a rule that pauses and redoes."""
    belief.forget()
    floor = make.floor(labellers=2, assets=30, wanted=2, classes="abcd")
    lead = make.member(floor.project, make.user("ops_lead"))
    book.create(
        session, floor.project, name="R", signal="gold_accuracy", terms={}, action="pause",
        measure={"redo": True}, by=lead,
    )  # fmt: skip
    for task in floor.tasks[:20]:
        answer(session, task, floor.labellers[0], "a")
    for asset in make.assets(floor.batch, 12):
        made = gold.make(session, floor.project, asset, [{"class": "a"}], lead)
        answer(session, session.get_one(Task, made.task_id), floor.labellers[0], "b")
    session.commit()
    judge(sessions)
    floor.lead = lead
    return floor


def at_once(*calls):
    """Call them together; returns what they returned."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [one.result() for one in [pool.submit(call) for call in calls]]


def later(**more):
    moment = (clock_time.now() + timedelta(**more)).timestamp()
    clock_time.use(lambda: moment)


def count(session, model, *where):
    session.expire_all()
    return session.scalar(select(func.count()).select_from(model).where(*where))


@pytest.mark.parametrize("locked", [True, False])
def test_looking_at_once_fires_once(unreliable, session, sessions, monkeypatch, locked):
    if not locked:  # the unique index alone
        monkeypatch.setattr(rules, "_mine", lambda *_: True)
    found = at_once(*[lambda: rules.evaluate(sessions)] * THREADS)
    assert sum(found) == 1
    assert count(session, RuleFiring) == 1
    assert count(session, AuditEntry, AuditEntry.action == "rule_firing.decided") == 1


def test_carried_out_once(unreliable, session, sessions):
    rules.evaluate(sessions)
    later(hours=2)
    at_once(*[lambda: rules.apply_due(sessions)] * THREADS)
    assert count(session, AuditEntry, AuditEntry.action == "rule_firing.applied") == 1
    assert count(session, WorkEvent, WorkEvent.kind == "reopened") == 20
    mine = Notice.user_id == unreliable.labellers[0].id
    assert count(session, Notice, mine) == 1
    balanced(session)


def test_a_claim_during_the_pause_is_recalled_or_refused(unreliable, session, sessions):
    rules.evaluate(sessions)
    later(hours=2)
    me = unreliable.labellers[0].id

    def claim():
        with sessions.begin() as own:
            return dispatch.claim(own, own.get_one(User, me))

    at_once(*[claim] * 4, lambda: rules.apply_due(sessions), *[claim] * 4)
    live = (Assignment.labeller_id == me, Assignment.state.in_(("leased", "reserved")))
    assert count(session, Assignment, *live) == 0
    balanced(session)


def test_an_override_while_it_is_carried_out_leaves_nothing_behind(unreliable, session, sessions):
    rules.evaluate(sessions)
    later(hours=2)
    number = session.scalars(select(RuleFiring.id)).one()
    lead = unreliable.lead.id

    def override():
        with sessions.begin() as own:
            firing = own.get_one(RuleFiring, number)
            firings.settle(own, firing, uphold=False, why="No", by=own.get_one(User, lead))

    at_once(lambda: rules.apply_due(sessions), override)
    rules.apply_due(sessions)
    session.expire_all()
    me = unreliable.labellers[0].id
    member = session.get_one(ProjectMember, (unreliable.project.id, me))
    assert member.paused_until is None
    assert session.get_one(RuleFiring, number).state == "overridden"
    balanced(session)
    done = session.scalars(select(func.sum(Task.n_done))).one()
    assert done == 20  # what lost its weight has it again: nobody took it up meanwhile


def test_an_answer_does_not_count_again_where_a_claim_takes_the_place_just_then(make, sessions):
    """One place, and the claim that has it is not committed when the answer is to count again."""
    floor = make.floor(labellers=2, assets=1, wanted=1)
    make.session.commit()
    author, other = floor.labellers
    lease = claim_one(sessions, author)
    assert lease is not None
    submit_one(sessions, author, lease.token, "key")
    at = clock_time.now()
    whose = (author.id, floor.project.id)
    with transaction(sessions) as session:
        assert reopening.discount(session, *whose, at - timedelta(hours=1), at, cause="x") == 1

    def again():
        with transaction(sessions) as session:
            return reopening.count_again(session, *whose, "x", at)

    with ThreadPoolExecutor(1) as pool:
        with transaction(sessions) as claiming:
            assert dispatch.claim(claiming, other) is not None
            counting = pool.submit(again)
            deadline = time.monotonic() + 10
            waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            while not claiming.scalar(waits):
                assert time.monotonic() < deadline and not counting.done()
                time.sleep(0.01)
        assert counting.result() == 0
    with sessions() as session:
        assert recount.wrong(session) == {}
