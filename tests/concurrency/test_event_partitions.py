"""Months of work events: made beside writers, kept until they are sealed."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, insert, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import NullPool

from ops import clock_time, event_partitions, migrate
from ops.db import transaction
from ops.errors import Conflict, NotReady
from ops.models import WorkEvent

pytestmark = pytest.mark.serial
MAY = date(2031, 5, 1)
IN_MAY = datetime(2031, 5, 9, 12, tzinfo=UTC)
WHERE = "SELECT tableoid::regclass::text, count(*) FROM work_event GROUP BY 1 ORDER BY 1"


def event(at: datetime, n: int = 1) -> dict[str, Any]:
    about = {"labeller_id": 1, "project_id": 1, "batch_id": 2, "stage": "label", "task_id": n}
    return {"at": at, "kind": "leased", "assignment_id": n, "data": {"n": n}, **about}


def append(sessions: sessionmaker[Session], *events: dict[str, Any]) -> None:
    with transaction(sessions) as session:
        session.execute(insert(WorkEvent), list(events))


def where(sessions: sessionmaker[Session]) -> dict[str, int]:
    with sessions() as session:
        return dict(row for row in session.execute(text(WHERE)).all())


def test_events_and_their_month_at_once(sessions: sessionmaker[Session]) -> None:
    """Nobody who appends is refused, and every event ends up in the month that is made."""
    made, n = threading.Event(), 0
    append(sessions, event(IN_MAY))

    def write(labeller: int) -> int:
        written = 0
        while not made.is_set() or written < 20:
            append(sessions, event(IN_MAY, labeller), event(IN_MAY, labeller))
            written += 2
        return written

    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, labeller) for labeller in range(4)]
        moved = event_partitions.make(sessions, MAY)
        made.set()
        n = 1 + sum(writer.result() for writer in writers)
    assert moved >= 1
    assert where(sessions) == {"work_event_2031_05": n}


def test_who_holds_the_default_partition_is_not_waited_for_long(
    sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_partitions, "ATTEMPTS", 2)
    with sessions() as writer:
        writer.execute(insert(WorkEvent), [event(IN_MAY)])
        with pytest.raises(Conflict, match="too busy"):
            event_partitions.make(sessions, MAY)
        writer.commit()
    assert event_partitions.make(sessions, MAY) == 1
    assert event_partitions.make(sessions, MAY) == 0


def test_the_clock_keeps_months_ready_and_the_default_partition_empty(
    sessions: sessionmaker[Session],
) -> None:
    clock_time.use((IN_MAY + timedelta(days=200)).timestamp)
    moments = [IN_MAY, IN_MAY + timedelta(days=31), datetime(2203, 1, 1, tzinfo=UTC)]
    append(sessions, *map(event, moments))
    assert where(sessions) == {"work_event_default": 3}
    assert event_partitions.keep_ready(sessions) == 5  # May, June; November and two ahead
    assert where(sessions) == {
        "work_event_2031_05": 1,
        "work_event_2031_06": 1,
        "work_event_default": 1,
    }
    assert event_partitions.keep_ready(sessions) == 0
    with sessions() as session:
        last = event_partitions.months(session)[-1].first
    assert last == date(2032, 1, 1)


def test_the_service_drops_only_what_is_sealed(sessions: sessionmaker[Session]) -> None:
    event_partitions.make(sessions, MAY)
    append(sessions, event(IN_MAY))
    with pytest.raises(NotReady, match="2031-05-09 is not sealed"):
        event_partitions.drop(sessions, MAY)
    with transaction(sessions) as session:
        session.execute(
            text(
                "INSERT INTO event_day (day, version, rows, bytes, sha256, file, below_xid, "
                "sealed_at) SELECT '2031-05-09', 1, 1, 1, repeat('0', 64), 'x', xid + 1, at "
                "FROM work_event"
            )
        )
    append(sessions, event(IN_MAY))
    with pytest.raises(NotReady, match="2031-05-09 is not sealed"):
        event_partitions.drop(sessions, MAY)  # one event more than the file holds
    for statement, why in {
        "SELECT drop_event_month('2031-05-02')": "not the first day",
        "SELECT make_event_month('1900-01-01')": "not the first day",
        "SELECT make_event_month(NULL)": "not the first day",
        "DROP TABLE work_event_2031_05": "must be owner",
        "ALTER TABLE work_event DETACH PARTITION work_event_2031_05": "must be owner",
        "TRUNCATE work_event_2031_05": "permission denied",
        "DELETE FROM work_event_2031_05": "never changed",
        "UPDATE work_event SET at = at + interval '1 month'": "never changed",
    }.items():
        with sessions() as session, pytest.raises(DBAPIError, match=why):
            session.execute(text(statement))
    with transaction(sessions) as session:
        session.execute(text("UPDATE event_day SET rows = 2, below_xid = below_xid + 1000"))
    with sessions() as reader:
        reader.execute(
            text("SELECT pg_advisory_xact_lock_shared(hashtextextended('events.kept', 0))")
        )
        monkey = pytest.MonkeyPatch()
        monkey.setattr(event_partitions, "ATTEMPTS", 1)
        with pytest.raises(Conflict):
            event_partitions.drop(sessions, MAY)
        monkey.undo()
    assert event_partitions.drop(sessions, MAY) == 2
    assert where(sessions) == {}


@pytest.fixture
def owner(owner_url: str) -> Iterator[Any]:
    engine = create_engine(owner_url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


def test_no_event_changes_in_whatever_month_it_lies(sessions: sessionmaker[Session]) -> None:
    append(sessions, event(IN_MAY), event(IN_MAY + timedelta(days=60), 2))
    event_partitions.make(sessions, MAY)
    assert where(sessions) == {"work_event_2031_05": 1, "work_event_default": 1}
    for table in ("work_event", "work_event_2031_05", "work_event_default"):
        for change in ("UPDATE {} SET stage = 'review'", "DELETE FROM {}", "TRUNCATE {}",
                       "ALTER TABLE {} DISABLE TRIGGER ALL"):  # fmt: skip
            with pytest.raises(DBAPIError), transaction(sessions) as session:
                session.execute(text(change.format(table)))
    assert where(sessions) == {"work_event_2031_05": 1, "work_event_default": 1}


def test_rows_are_carried_up_and_down(
    sessions: sessionmaker[Session], owner: Any, owner_url: str
) -> None:
    append(sessions, *(event(IN_MAY + timedelta(days=20 * n), n) for n in range(9)))
    columns = "SELECT id, xid, at, kind, task_id, data FROM work_event ORDER BY id"
    with owner.connect() as connection:
        before = connection.execute(text(columns)).all()
        migrate.downgrade(owner_url, "0008")
        assert connection.execute(text(columns)).all() == before
        append(sessions, event(IN_MAY - timedelta(days=60)))
        migrate.upgrade(owner_url)
        migrate.check(owner_url)
        after = connection.execute(text(columns)).all()
        assert after[:-1] == before
        assert after[-1].id == before[-1].id + 1
        assert len(where(sessions)) == 7
        assert "work_event_default" not in where(sessions)
        append(sessions, event(IN_MAY))
        assert connection.scalar(text("SELECT max(id) FROM work_event")) == after[-1].id + 1
        for table in ("work_event", "work_event_2031_05", "work_event_default"):
            for statement in ("DELETE FROM {}", "TRUNCATE {}"):
                if (table, statement) == ("work_event_default", "DELETE FROM {}"):
                    continue  # it has no rows
                with pytest.raises(IntegrityError, match="never changed"):
                    connection.execute(text(statement.format(table)))
