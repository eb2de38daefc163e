"""Work events in files: sealed once, again when events come late, and what the database lets go."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlalchemy.orm import Session, sessionmaker

import wsgi
from ops import (
    clock_time,
    event_archive,
    event_files,
    event_partitions,
    event_retention,
    event_sealing,
    event_status,
    transaction_numbers,
)
from ops.config import Settings
from ops.db import transaction
from ops.errors import ArchiveDamaged, ConfigError, InvalidInput, NotReady
from ops.models import EventDay, WorkEvent

NOW = datetime(2026, 6, 20, 12, tzinfo=UTC)
MARCH = date(2026, 3, 1)
RAW = text(
    "SELECT id, xid, at, kind, labeller_id, project_id, batch_id, stage, task_id, assignment_id,"
    " data FROM work_event ORDER BY at, id"
)


@pytest.fixture(autouse=True)
def _in_june() -> Iterator[None]:
    clock_time.use(NOW.timestamp)
    yield
    clock_time.use(None)


def event(at: datetime, n: int = 0, **data: Any) -> dict[str, Any]:
    about = {"labeller_id": n % 7, "project_id": 1, "batch_id": 2, "stage": "label", "task_id": n}
    kind = "submitted" if data else "leased"
    return {"at": at, "kind": kind, "assignment_id": n, "data": data, **about}


def append(sessions: sessionmaker[Session], *events: dict[str, Any]) -> None:
    with transaction(sessions) as session:
        session.execute(insert(WorkEvent), list(events))


def raw(sessions: sessionmaker[Session]) -> list[tuple]:
    with sessions() as session:
        return [tuple(row) for row in session.execute(RAW)]


def told(batches: Any) -> list[tuple]:
    """The rows of record batches as the database tells them."""
    names = [*event_files.SCHEMA.names[:10], "data"]
    rows = [row for batch in batches for row in batch.to_pylist()]
    for row in rows:
        row["data"] = json.loads(row["data"])
        for name in ("active_ms", "class", "correct"):
            assert row[name] == row["data"].get(name)
    return sorted((tuple(row[name] for name in names) for row in rows), key=lambda r: (r[2], r[0]))


def everything(sessions: sessionmaker[Session], settings: Settings) -> list[tuple]:
    """All events, from the files and what these do not hold."""
    with transaction(sessions) as session:
        archive = event_archive.look(session, settings.home)
        below = session.execute(event_sealing.HORIZON).scalar_one()
        files = [batch for path in archive.files() for batch in event_files.read(path)]
        return told([*files, *archive.rest(session, below)])


def days(sessions: sessionmaker[Session]) -> dict[str, tuple[int, int]]:
    with sessions() as session:
        return {f"{d.day:%m-%d}": (d.version, d.rows) for d in session.query(EventDay)}


@pytest.fixture
def spring(sessions: sessionmaker[Session]) -> None:
    """Events of every third day from March to June, with whatever may stand in their data."""
    start = datetime(2026, 3, 1, tzinfo=UTC)
    moments = [start + timedelta(days=n // 10 * 3, hours=n % 10 * 2.4) for n in range(400)]
    some = [
        event(
            moments[n] + timedelta(microseconds=n),
            n,
            active_ms=n * 1000,
            **{"class": ["a", "", 'say "x",\ny', "naïve"][n % 4]},
            correct=n / 3,
        )
        for n in range(0, 400, 2)
    ]
    append(sessions, *some, *(event(moments[n], n) for n in range(1, 400, 2)))


def test_sealed_days_and_the_rest_are_everything(
    sessions: sessionmaker[Session], settings: Settings, spring: None
) -> None:
    before = raw(sessions)
    heard: list[tuple[int, int]] = []
    n = event_sealing.seal(sessions, settings, lambda *seen: heard.append(seen))
    assert n == len(days(sessions)) == 35  # 1 March to 11 June
    assert heard[-1][0] == heard[-1][1] == sum(rows for _, rows in days(sessions).values())
    assert everything(sessions, settings) == before == raw(sessions)
    assert event_sealing.seal(sessions, settings) == 0


def test_late_events_make_a_new_version(
    sessions: sessionmaker[Session], settings: Settings, spring: None
) -> None:
    event_sealing.seal(sessions, settings)
    version, rows = days(sessions)["03-04"]
    append(
        sessions,
        event(datetime(2026, 3, 4, 13, tzinfo=UTC), 1000, active_ms=5),
        event(datetime(2026, 3, 4, 0, tzinfo=UTC), 1001),
        event(datetime(2026, 2, 3, tzinfo=UTC), 1002),  # a day, and a month, of its own
    )
    whole = raw(sessions)
    assert everything(sessions, settings) == whole
    assert event_sealing.seal(sessions, settings) == 2
    assert days(sessions)["03-04"] == (version + 1, rows + 2)
    assert everything(sessions, settings) == whole
    with sessions() as session:
        day = session.get_one(EventDay, date(2026, 3, 4))
        held = list(event_files.read(settings.home / "events" / day.file))
    assert [r[2] for r in told(held)] == [a for b in held for a in b.column("at").to_pylist()]


def test_what_still_runs_is_sealed_later(
    sessions: sessionmaker[Session], settings: Settings, spring: None
) -> None:
    with sessions() as writer:
        writer.execute(insert(WorkEvent), [event(datetime(2026, 3, 4, tzinfo=UTC), 77)])
        event_sealing.seal(sessions, settings)
        append(sessions, event(datetime(2026, 3, 7, tzinfo=UTC), 78))  # younger than the writer
        version, rows = days(sessions)["03-07"]
        event_sealing.seal(sessions, settings)
        assert days(sessions)["03-07"] == (version, rows)
        writer.commit()
    assert event_sealing.seal(sessions, settings) == 2
    assert days(sessions)["03-07"] == (version + 1, rows + 1)
    assert everything(sessions, settings) == raw(sessions)


def test_killed_between_file_and_row(
    sessions: sessionmaker[Session],
    settings: Settings,
    spring: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write, calls = event_files.write, []

    def die_after(*given: Any) -> Any:
        calls.append(write(*given))
        if len(calls) == 20:
            raise KeyboardInterrupt
        return calls[-1]

    monkeypatch.setattr(event_files, "write", die_after)
    with pytest.raises(KeyboardInterrupt):
        event_sealing.seal(sessions, settings)
    monkeypatch.undo()
    files = set(settings.home.glob("events/*/*/*.parquet"))
    assert (len(files), len(days(sessions))) == (20, 19)
    stray = next(iter(files)).with_name(".2026-03-01.v1.parquet.1.part")
    stray.write_bytes(b"half")
    append(sessions, event(datetime(2026, 3, 30, tzinfo=UTC), 5), event(NOW, 6))
    assert everything(sessions, settings) == raw(sessions)
    event_sealing.seal(sessions, settings)
    assert not stray.exists()
    assert everything(sessions, settings) == raw(sessions)
    assert len(set(settings.home.glob("events/*/*/*"))) == len(days(sessions))


def test_a_changed_file_is_found_and_made_again_where_it_can_be(
    sessions: sessionmaker[Session], settings: Settings, spring: None
) -> None:
    event_sealing.seal(sessions, settings)
    with sessions() as session:
        day = session.get_one(EventDay, date(2026, 3, 4))
    path = settings.home / "events" / day.file
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ArchiveDamaged, match="2026-03-04 were changed"):
        everything(sessions, settings)
    append(sessions, event(datetime(2026, 3, 4, 1, tzinfo=UTC), 9))
    event_sealing.seal(sessions, settings)
    assert everything(sessions, settings) == raw(sessions)
    for number, file in enumerate(settings.home.glob("events/*/*/2026-04-1*")):
        file.write_bytes(b"") if number else file.unlink()
    assert event_sealing.seal(sessions, settings) == 0
    with pytest.raises(ArchiveDamaged, match=r"2026-04-1\d (cannot be read|were changed)"):
        everything(sessions, settings)
    assert event_sealing.seal(sessions, settings, check=True) == 3
    assert everything(sessions, settings) == raw(sessions)


def test_a_server_that_counts_anew_seals_nothing(
    sessions: sessionmaker[Session], settings: Settings, owner_url: str, spring: None
) -> None:
    event_sealing.seal(sessions, settings)
    with transaction(sessions) as session:
        session.execute(text("UPDATE event_day SET below_xid = below_xid + 1000"))
    with pytest.raises(ConfigError, match="touchstone db restore"):
        event_sealing.seal(sessions, settings)
    assert 500 < transaction_numbers.catch_up(owner_url) <= 1000
    assert event_sealing.seal(sessions, settings) == 0


def test_months_go_when_files_hold_them(
    sessions: sessionmaker[Session], settings: Settings, spring: None
) -> None:
    event_partitions.keep_ready(sessions)
    with pytest.raises(NotReady, match="2026-03 cannot be dropped: 2026-03-01 is not sealed"):
        event_retention.retain(sessions, 2, settings)
    with pytest.raises(InvalidInput, match="2 or more"):
        event_retention.retain(sessions, 1, settings)
    event_sealing.seal(sessions, settings)
    whole = raw(sessions)
    assert event_retention.retain(sessions, 2, settings) == {MARCH: 110}
    assert len(raw(sessions)) == len(whole) - 110
    assert everything(sessions, settings) == whole

    late = event(datetime(2026, 3, 4, 13, tzinfo=UTC), 1000, active_ms=5)
    append(sessions, late)
    first, stop = datetime(2026, 3, 3, 20, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC)

    def between() -> list[tuple]:
        with transaction(sessions) as session:
            return told(event_archive.history(session, first, stop, 2**62, settings.home))

    expected = sorted([*whole, *raw(sessions)], key=lambda r: (r[2], r[0]))
    inside = [r for i, r in enumerate(expected) if first <= r[2] < stop and r not in expected[:i]]
    assert between() == inside
    assert event_partitions.keep_ready(sessions) == 1  # March is there again, for one event
    with pytest.raises(NotReady, match="2026-03-04 is not sealed"):
        event_retention.retain(sessions, 2, settings)
    event_sealing.seal(sessions, settings)
    assert between() == inside
    assert event_retention.retain(sessions, 2, settings) == {MARCH: 1}
    assert between() == inside
    with transaction(sessions) as session:
        march = event_status.by_month(session)[0]
        assert event_archive.dropped_upto(session) == datetime(2026, 4, 1, tzinfo=UTC)
    assert (march.first, march.rows, march.sealed_rows, march.dropped) == (MARCH, 0, 111, True)


def test_the_command_line(
    settings: Settings,
    spring: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("TOUCHSTONE_HOME", str(settings.home))
    monkeypatch.setattr(clock_time, "use_configured", lambda: None)

    def run(*arguments: str) -> tuple[int, str]:
        status: object = 0
        try:
            wsgi.cli(["events", *arguments])
        except SystemExit as done:
            status = done.code
        out, err = capsys.readouterr()
        return int(str(status)), out + err

    assert run("seal") == (0, "35 days sealed.\n")
    status, said = run("status", "--json", "--check")
    months = {month["month"]: month for month in json.loads(said)["months"]}
    assert (status, months["2026-03"]["sealed_rows"]) == (0, 110)
    # None of these months was made ahead: the clock has not run.
    assert months[None]["rows"] == 400
    assert run("status")[1].splitlines()[1].split() == ["2026-03", "-", "11", "110", "0.1"]
    assert run("retain", "--months", "2", "--dry-run")[1] == (
        "Nothing is old enough to be dropped.\n"
    )
    status, said = run("retain", "--months", "0")
    assert (status, said) == (2, "touchstone: --months: must be 2 or more\n")
