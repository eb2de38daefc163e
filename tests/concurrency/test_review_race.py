"""Reviews raced with real commits: two reviewers, two who ask, two judges."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from ops import clock_time
from ops.db import transaction
from ops.models import Assignment, Batch, Consensus, Task, User
from quality import review_tasks
from quality.judging import judge
from scheduling import dispatch, leases, submit
from tests.db.staging import Hands

pytestmark = pytest.mark.serial

ALL = {"review": {"newcomer": 1.0, "known": 1.0, "trusted": 1.0}}


@pytest.fixture
def floor(make, session, sessions):
    floor = make.floor(assets=1, settings=ALL)
    floor.reviewers = [make.member(floor.project, make.user(role="reviewer")) for _ in range(2)]
    session.commit()
    floor.hands = Hands(session, sessions)
    floor.hands.give(floor.labellers[0], "label", key="a")
    return floor


def at_once(*calls):
    """Run all at the same moment; their results in order."""
    gate = threading.Barrier(len(calls))

    def run(call):
        gate.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [f.result() for f in [pool.submit(run, call) for call in calls]]


def claim(sessions, who):
    me = who.id

    def run():
        with transaction(sessions) as own:
            found = dispatch.next_work(own, own.get(User, me))
            return found.token if found else None

    return run


def hand_in(sessions, who, token, **label):
    me = who.id

    def run():
        with transaction(sessions) as own:
            done = submit.submit(
                own, own.get(User, me), token, label=label, key=f"key {token}", revision=0,
                active_ms=0, tab="t",
            )  # fmt: skip
            return done.surplus

    return run


def test_one_review_goes_to_one_of_two_reviewers(floor, sessions):
    tokens = at_once(*(claim(sessions, who) for who in floor.reviewers))
    assert sum(token is not None for token in tokens) == 1


@pytest.mark.parametrize("turn", range(4))
def test_of_two_verdicts_at_once_one_counts_and_nothing_is_lost(floor, session, sessions, turn):
    one, two = floor.reviewers if turn % 2 else floor.reviewers[::-1]
    first = claim(sessions, one)()
    late = clock_time.now() - timedelta(hours=1)
    session.execute(update(Assignment).where(Assignment.token == first).values(expires_at=late))
    session.commit()
    leases.expire(sessions)
    second = claim(sessions, two)()
    fix = {"class": "b", "verdict": "fix"}
    back = {"verdict": "return", "remark": "no", "errors": [{"type": "other"}]}
    late_one, timely = (fix, back) if turn < 2 else (back, fix)
    surplus = at_once(
        hand_in(sessions, one, first, **late_one), hand_in(sessions, two, second, **timely)
    )
    assert surplus == [True, False]
    at_once(*(lambda: judge(sessions) for _ in range(2)))
    judge(sessions)
    hands = floor.hands
    given = select(Assignment).join(Task).where(Task.stage == "review")
    assert {a.state for a in session.scalars(given)} == {"submitted"}
    if timely is back:
        assert len(hands.tasks("rework")) == 1
        assert hands.label(floor.assets[0]) == ("majority", "a")
    else:
        assert hands.tasks("rework") == []
        assert hands.label(floor.assets[0]) == ("review", "b")
    versions = session.scalars(select(Consensus.version).order_by(Consensus.version)).all()
    assert versions == list(range(1, len(versions) + 1))
    [review] = hands.tasks("review")
    assert (review.n_done, review.n_leased) == (1, 0)


def test_two_who_ask_for_a_review_at_once_get_one_task(floor, sessions, make, session):
    [fresh] = make.assets(floor.batch, 1)
    session.commit()
    batch_id, asset_id = floor.batch.id, fresh.id

    def ask():
        with transaction(sessions) as own:
            batch = own.get(Batch, batch_id)
            return review_tasks.ask(own, batch, [asset_id], reason="standing")

    found = at_once(ask, ask, ask)
    assert found[0] == found[1] == found[2]
    assert len([t for t in floor.hands.tasks("review") if t.asset_id == fresh.id]) == 1
