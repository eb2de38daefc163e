"""The schema is the sum of the migrations, and history cannot be changed."""

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import NullPool

from ops import audit_log, migrate
from ops.models import ASSIGNMENT_STATES, WORK_EVENTS


def test_schema_equals_the_models(owner_url):
    migrate.check(owner_url)


def test_down_and_up_again(owner_url):
    migrate.downgrade(owner_url, "base")
    migrate.upgrade(owner_url)
    migrate.check(owner_url)


def test_audit_entries_cannot_be_changed_by_the_service(session):
    audit_log.record(session, None, "test.done", "test:1")
    session.commit()
    for statement in ("UPDATE audit_entry SET action = 'x'", "DELETE FROM audit_entry"):
        with pytest.raises(DBAPIError, match="permission denied"):
            session.execute(text(statement))
        session.rollback()


def test_audit_entries_cannot_be_changed_by_the_owner(session, owner_url):
    audit_log.record(session, None, "test.done", "test:1")
    session.commit()
    engine = create_engine(owner_url, poolclass=NullPool)
    for statement in (
        "UPDATE audit_entry SET action = 'x'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
    ):
        with engine.connect() as connection, pytest.raises(IntegrityError, match="never changed"):
            connection.execute(text(statement))
    engine.dispose()


@pytest.mark.parametrize(
    ("function", "words"),
    [("is_assignment_state", ASSIGNMENT_STATES), ("is_work_event_kind", WORK_EVENTS)],
)
def test_the_database_knows_the_words_of_the_models(session, function, words):
    others = {*ASSIGNMENT_STATES, *WORK_EVENTS, "", "leased ", "Leased"}
    known = {word for word in others if session.scalar(text(f"SELECT {function}(:w)"), {"w": word})}
    assert known == set(words)
