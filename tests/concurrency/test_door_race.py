"""Two people at one door at once: links, the first administrator, revoking, inviting."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select

from ops import certificates, first_admin, organisations, people, skills
from ops.db import transaction
from ops.errors import Conflict, NotFound, TouchstoneError
from ops.models import AuditEntry, Certificate, User

pytestmark = pytest.mark.serial
AT_ONCE = 6


def at_once(sessions: Any, act: Callable[[Any, int], Any]) -> list[Any]:
    """What `act(session, i)` returned or raised, each in its own transaction, all together."""
    barrier = Barrier(AT_ONCE)

    def one(i: int) -> Any:
        barrier.wait()
        try:
            with transaction(sessions) as session:
                return act(session, i)
        except TouchstoneError as error:
            return error

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(AT_ONCE)))


def winners(results: list[Any], *losers: type[Exception]) -> list[Any]:
    won = [r for r in results if not isinstance(r, Exception)]
    assert all(isinstance(r, losers) for r in results if isinstance(r, Exception)), results
    return won


def test_a_link_sets_one_password(sessions, session, make):
    user = make.user("labeller")
    secret = people.start_reset(session, user)
    session.commit()
    results = at_once(sessions, lambda s, i: people.accept_link(s, secret, f"password number {i}"))
    (won,) = winners(results, NotFound)
    number = next(i for i, r in enumerate(results) if r is won)
    found = people.authenticate(sessions, user.email, f"password number {number}", "here")
    assert found == user.id


def test_there_is_one_first_administrator(sessions, session):
    secret = first_admin.start(session)
    session.commit()

    def finish(s, i):
        email = f"admin{i}@example.com"
        return first_admin.finish(s, secret, name="A", email=email, password="long enough")

    assert len(winners(at_once(sessions, finish), Conflict, NotFound)) == 1
    assert session.scalar(select(func.count(User.id))) == 1


def test_a_certificate_is_revoked_once(sessions, session, make):
    admin, labeller = make.user("admin"), make.user("labeller")
    number = make.certificate(labeller, make.skill()).id
    session.commit()

    def revoke(s, i):
        certificate = s.get_one(Certificate, number)
        certificates.revoke(s, certificate, by=s.get_one(User, admin.id), reason=f"reason {i}")
        return i

    assert len(winners(at_once(sessions, revoke), Conflict)) == 1
    revoked = AuditEntry.action == "certificate.revoked"
    assert session.scalar(select(func.count(AuditEntry.id)).where(revoked)) == 1


def test_an_address_gets_one_account(sessions, session):
    def create(s, i):
        return people.create(s, email="Bo@example.com", name=f"Bo {i}", role="labeller")

    assert len(winners(at_once(sessions, create), Conflict)) == 1
    assert session.scalar(select(func.count(User.id))) == 1


def test_a_name_is_given_once(sessions, session):
    def both(s, i):
        skills.create(s, name="Animals", by=None)
        return organisations.create(s, name="Harbour", kind="client", by=None)

    assert len(winners(at_once(sessions, both), Conflict)) == 1
