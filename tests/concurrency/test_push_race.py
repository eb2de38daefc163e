"""Leads who push against labellers who pull, by real commits: no place is ever one too many."""

import random
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from ops.db import transaction
from ops.errors import Conflict
from ops.models import Project, User
from scheduling import dispatch, leases, push, submit
from scheduling.selection import Next, Ticked
from tests.db.books import balanced

pytestmark = pytest.mark.serial

LABELLERS, TASKS, ROUNDS = 8, 60, 12

TWICE = text(
    """SELECT task_id, labeller_id FROM assignment
       WHERE state IN ('reserved', 'leased', 'submitted', 'skipped') AND NOT surplus
       GROUP BY 1, 2 HAVING count(*) > 1"""
)
LIVE = text("SELECT id FROM assignment WHERE state IN ('reserved', 'leased')")


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as pool:
        yield pool


def _lead(
    sessions: sessionmaker[Session], project: int, me: int, people: list[int], assets: list[int]
) -> int:
    """Reserve, reassign and recall at random; returns how many assignments that made or ended."""
    done = 0
    for _ in range(ROUNDS):
        with transaction(sessions) as session:
            found, by = session.get_one(Project, project), session.get_one(User, me)
            who = session.get_one(User, random.choice(people))
            live = list(session.scalars(LIVE))
            some = random.sample(live, min(len(live), 8))
            act: Callable[[], Any] = random.choice(
                [
                    partial(push.reserve, session, found, who, Next(5), by=by),
                    partial(
                        push.reserve,
                        session,
                        found,
                        who,
                        Ticked(random.sample(assets, 10)),
                        by=by,
                        tell=True,
                    ),
                    *([partial(push.reassign, session, found, some, who, by=by)] if some else []),
                    *([partial(push.recall, session, found, some, by=by)] if some else []),
                ]
            )
            done += act().n
    return done


def _work(sessions: sessionmaker[Session], me: int) -> int:
    """Claim, and hand in, give back or keep; returns how many answers were accepted."""
    given = 0
    for _ in range(ROUNDS):
        with transaction(sessions) as session:
            work = dispatch.claim(session, session.get_one(User, me))
        if work is None:
            continue
        with transaction(sessions) as session:
            given += _end(session, session.get_one(User, me), work.token)
    return given


def _end(session: Session, me: User, token: str) -> int:
    how = random.random()
    if how < 0.2:
        return 0
    try:
        if how < 0.4:
            leases.release(session, me, uuid.UUID(token))
            return 0
        submit.submit(
            session, me, uuid.UUID(token), label={"class": "a"}, key=token, revision=0,
            active_ms=1, tab="t",
        )  # fmt: skip
    except Conflict:
        return 0
    return 1


def test_push_and_pull_at_once_keep_the_books(
    make: Any, sessions: sessionmaker[Session], pool: ThreadPoolExecutor
) -> None:
    floor = make.floor(labellers=LABELLERS, assets=TASKS, wanted=3, settings={"max_leases": 10})
    leads = [make.member(floor.project, make.user(role="ops_lead")) for _ in range(4)]
    make.session.commit()
    people, assets = [u.id for u in floor.labellers], [a.id for a in floor.assets]
    calls: list[Callable[[], int]] = [partial(_work, sessions, who) for who in people]
    calls += [partial(_lead, sessions, floor.project.id, lead.id, people, assets) for lead in leads]
    done = [future.result() for future in [pool.submit(call) for call in calls]]
    with sessions() as session:
        balanced(session)
        assert session.execute(TWICE).all() == []
        answers = session.scalar(text("SELECT count(*) FROM label"))
    assert answers == sum(done[:LABELLERS]) > 0
    assert sum(done[LABELLERS:]) > 0
