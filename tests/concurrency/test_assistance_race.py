"""Several tabs show, reload and hand in drafted work while it is judged: each draft counts once."""

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ops import projects, references
from ops.db import transaction
from ops.errors import Conflict
from ops.models import Assignment, AuditEntry, User
from ops.reference_rows import Said
from quality.judging import judge
from quality.models import Assistance
from scheduling import dispatch, submit
from scheduling.desk import work

pytestmark = pytest.mark.serial

TABS, ASSETS = 3, 12


@pytest.fixture
def labeller(make: Any) -> User:
    """One of a floor whose model says something of every asset, and is withheld of half."""
    floor = make.floor(assets=ASSETS, settings={"max_leases": 3})
    rows = [Said(asset.external_id, {"class": "a"}) for asset in floor.assets]
    references.give_predictions(make.session, floor.project, "m", rows, by=None)
    terms = {"assist": {"model": "m", "share_without": 0.5}, "max_leases": 3}
    projects.save_settings(make.session, floor.project, terms, make.user(role="ops_lead"))
    make.session.commit()
    me: User = floor.labellers[0]
    return me


def test_each_draft_is_as_it_was_first_shown_and_compared_once(
    session: Session, sessions: sessionmaker[Session], labeller: User
) -> None:
    shown: list[tuple[str, bool]] = []

    def show(has: Sequence[str] | None) -> str | None:
        with transaction(sessions) as one:
            found = dispatch.next_work(one, one.get_one(User, labeller.id), browser_has=has)
            if found is None:
                return None
            seen = work.view(one, found.id)
        shown.append((str(found.token), seen["proposal"] is not None))
        return str(found.token)

    def tab(_: int) -> None:
        mine: list[str] = []
        while (token := show(mine)) is not None or mine:
            # A reload shows what is held, whichever tab took it.
            mine = list({*mine, *filter(None, (token, show([])))})
            for one in mine:
                _hand_in(sessions, labeller, one)
            mine = []

    with ThreadPoolExecutor(TABS + 1) as pool:
        tabs = [pool.submit(tab, n) for n in range(TABS)]
        judging = pool.submit(_judge_until, sessions, tabs)
        for each in (*tabs, judging):
            each.result()
    judge(sessions)

    rows = session.scalars(select(Assistance)).all()
    answered = session.scalars(select(Assignment).where(Assignment.state == "submitted")).all()
    assert {row.assignment_id for row in rows} == {one.id for one in answered}
    assert len(answered) == ASSETS
    assert len(dict(shown)) == len(set(shown)) == ASSETS  # the same at every asking
    token_of = {one.id: str(one.token) for one in answered}
    for row in rows:
        drafted = dict(shown)[token_of[row.assignment_id]]
        assert (row.withheld, row.kept, row.added) == (not drafted, int(drafted), int(not drafted))
    told = select(AuditEntry).where(AuditEntry.action == "assignment.submitted")
    assert len(session.scalars(told).all()) == ASSETS


def _hand_in(sessions: sessionmaker[Session], labeller: User, token: str) -> None:
    try:
        with transaction(sessions) as one:
            me = one.get_one(User, labeller.id)
            how: Any = {"key": str(uuid.uuid4()), "revision": 0, "active_ms": 0, "tab": "t"}
            submit.submit(one, me, uuid.UUID(token), label={"class": "a"}, **how)
    except Conflict:
        pass  # the other tab was first


def _judge_until(sessions: sessionmaker[Session], tabs: Sequence[Any]) -> None:
    while not all(one.done() for one in tabs):
        judge(sessions)
