"""Several machines save drafts of the same work: nobody overwrites what they have not seen."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from ops.db import transaction
from ops.errors import Conflict, NotFound, Stale
from ops.models import User
from scheduling import submit
from scheduling.desk import drafts
from scheduling.models import Draft
from tests.concurrency.test_claim_race import claim_one

pytestmark = pytest.mark.serial

MACHINES = 8
SAVES = 6


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(MACHINES) as pool:
        yield pool


@pytest.fixture
def work(make: Any, sessions: sessionmaker[Session]) -> tuple[User, uuid.UUID]:
    floor = make.floor(assets=1)
    make.session.commit()
    lease = claim_one(sessions, floor.labellers[0])
    assert lease is not None
    return floor.labellers[0], uuid.UUID(str(lease.token))


def _save(
    sessions: sessionmaker[Session], me: User, token: uuid.UUID, said: list[int], n: int, tab: str
) -> int:
    with transaction(sessions) as session:
        how = {"remark": "", "revision": n, "tab": tab}
        return drafts.save(session, me, token, value={"said": said}, **how).revision


def test_of_those_who_save_at_once_one_is_kept_and_the_others_are_told_it(
    sessions: sessionmaker[Session], pool: ThreadPoolExecutor, work: tuple[User, uuid.UUID]
) -> None:
    me, token = work

    def save(machine: int) -> Any:
        try:
            return _save(sessions, me, token, [machine], 0, f"tab {machine}")
        except Stale as stale:
            return stale.detail["draft"]

    found = list(pool.map(save, range(MACHINES)))
    [winner] = [machine for machine, said in enumerate(found) if said == 1]
    told = [said for said in found if said != 1]
    assert len(told) == MACHINES - 1
    assert all((one["value"], one["revision"]) == ({"said": [winner]}, 1) for one in told)


def test_nobody_takes_away_what_they_have_not_seen(
    sessions: sessionmaker[Session], pool: ThreadPoolExecutor, work: tuple[User, uuid.UUID]
) -> None:
    """Each machine adds its own to what it finds; in the end everything is there, in order."""
    me, token = work

    def work_on(machine: int) -> None:
        there: dict[str, Any] = {"value": {"said": []}, "revision": 0}
        for n in range(SAVES):
            while True:
                said = [*there["value"]["said"], machine * SAVES + n]
                try:
                    revision = _save(sessions, me, token, said, there["revision"], f"tab {machine}")
                except Stale as stale:
                    there = stale.detail["draft"]
                else:
                    there = {"value": {"said": said}, "revision": revision}
                    break

    list(pool.map(work_on, range(MACHINES)))
    with sessions() as session:
        [kept] = session.query(Draft).all()
    said = (kept.value or {})["said"]
    assert (kept.revision, len(said)) == (MACHINES * SAVES, MACHINES * SAVES)
    assert sorted(said) == list(range(MACHINES * SAVES))
    for machine in range(MACHINES):
        assert [n for n in said if n // SAVES == machine] == sorted(
            n for n in said if n // SAVES == machine
        )


def test_a_draft_beside_an_answer_comes_to_nothing(
    sessions: sessionmaker[Session], pool: ThreadPoolExecutor, work: tuple[User, uuid.UUID]
) -> None:
    me, token = work

    def act(machine: int) -> str:
        try:
            if machine % 2:
                _save(sessions, me, token, [machine], 0, "tab")
                return "saved"
            with transaction(sessions) as session:
                how = {"key": f"key of {machine}", "revision": 0, "active_ms": 0, "tab": "tab"}
                submit.submit(session, me, token, label={"class": "a"}, **how)
            return "submitted"
        except (Conflict, NotFound) as refused:
            return type(refused).__name__

    found = list(pool.map(act, range(MACHINES)))
    assert found.count("submitted") == 1
    with transaction(sessions) as session, pytest.raises(NotFound):
        drafts.of(session, me, token)
