"""Seals cover every entry once and betray any change."""

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session, sessionmaker

from ops import audit_log, sealer
from ops.errors import ConfigError
from ops.models import AuditEntry, AuditSeal
from tests.factories import Make


def record(session: Session, organisation_id: int, n: int) -> list[int]:
    return [
        audit_log.record(session, None, "thing.done", f"thing:{i}",
                         organisation_id=organisation_id, i=i, ratio=0.1)
        for i in range(n)
    ]  # fmt: skip


def test_each_organisation_has_a_chain(
    make: Make, session: Session, sessions: sessionmaker[Session]
):
    one, other = make.organisation(), make.organisation()
    session.commit()
    for n in (3, 1):
        record(session, one.id, n)
        record(session, other.id, 2)
        session.commit()
        assert sealer.seal(sessions) == n + 2
    assert sealer.seal(sessions) == 0
    seals = session.scalars(
        select(AuditSeal).where(AuditSeal.organisation_id == one.id).order_by(AuditSeal.id)
    ).all()
    assert [s.entries for s in seals] == [3, 1]
    assert seals[0].previous == sealer.FIRST
    assert seals[1].previous == seals[0].seal
    assert seals[1].after_xid == seals[0].upto_xid
    found = sealer.verify(session)
    assert (found.seals, found.entries, found.unsealed, found.broken) == (4, 8, 0, None)


def test_what_may_still_be_overtaken_waits(
    make: Make, session: Session, sessions: sessionmaker[Session]
):
    client = make.organisation()
    session.commit()
    with sessions() as early, sessions() as late:
        first = record(early, client.id, 1)[0]
        second = record(late, client.id, 1)[0]
        late.commit()
        # The older transaction is still open: sealing past it would leave its entry out.
        assert sealer.seal(sessions) == 0
        assert not sealer.is_sealed(session, second)
        early.commit()
    session.rollback()
    assert sealer.seal(sessions) == 2
    assert sealer.is_sealed(session, first)
    assert sealer.is_sealed(session, second)
    assert not sealer.is_sealed(session, None)


CHANGES = {
    "changed": "UPDATE audit_entry SET data = '{\"i\": 99}' WHERE id = :id",
    "removed": "DELETE FROM audit_entry WHERE id = :id",
    "added": """INSERT INTO audit_entry (xid, organisation_id, at, action, subject, data)
                SELECT xid, organisation_id, at, action, subject, data FROM audit_entry
                WHERE id = :id""",
    "resealed": "UPDATE audit_seal SET entries = 7 WHERE after_xid > 0",
    "cut": "DELETE FROM audit_seal WHERE after_xid = 0",
}


@pytest.mark.parametrize("change", CHANGES)
def test_any_change_is_found_and_the_first_broken_seal_named(
    make: Make, session: Session, sessions: sessionmaker[Session], owner_url: str, change: str
):
    client = make.organisation()
    ids = []
    for _ in range(3):
        ids += record(session, client.id, 2)
        session.commit()
        sealer.seal(sessions)
    seals = session.scalars(select(AuditSeal.id).order_by(AuditSeal.id)).all()
    session.rollback()
    owner = create_engine(owner_url)
    with owner.begin() as connection:
        # Only an owner who lifts the triggers can do this at all.
        connection.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER never_changes"))
        connection.execute(text("ALTER TABLE audit_seal DISABLE TRIGGER never_changes"))
        connection.execute(
            text(CHANGES[change]), {"id": ids[2]} if ":id" in CHANGES[change] else {}
        )
    owner.dispose()
    broken = sealer.verify(session).broken
    assert broken is not None
    assert broken.seal_id == seals[1]


def test_the_service_may_neither_change_nor_delete(make: Make, session: Session):
    record(session, make.organisation().id, 1)
    session.commit()
    for statement in ("UPDATE audit_entry SET action = 'x'", "DELETE FROM audit_seal"):
        with pytest.raises(Exception, match=r"permission denied|never changed"):
            session.execute(text(statement))
        session.rollback()
    assert session.scalars(select(AuditEntry.action)).all() == ["thing.done"]


def test_a_database_that_counts_from_below_its_seals_is_refused(
    make: Make, session: Session, sessions: sessionmaker[Session]
):
    client = make.organisation()
    session.add(
        AuditSeal(
            organisation_id=client.id, after_xid=0, upto_xid=2**60, entries=0, root=sealer.FIRST,
            previous=sealer.FIRST, seal=sealer.FIRST, at=client.created_at,
        )
    )  # fmt: skip
    session.commit()
    with pytest.raises(ConfigError, match="transaction counter"):
        sealer.seal(sessions)
