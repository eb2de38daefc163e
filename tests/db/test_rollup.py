"""The roll-up leaves what a rebuild would, and what plain counting would."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from metrics import definitions, rollup
from metrics.models import DailyRollup, HourlyRollup, RollupState
from metrics.rollup import fence, increment, store
from metrics.rollup.sql import COLUMNS, KEY
from ops.models import Organisation, PastAffiliation, User, WorkEvent
from tests.factories import Make
from tests.histories import History

MILLIONTH = Decimal("0.000001")
NAMES = {
    "gold_scored": ("gold_n", "gold_correct"),
    "consensus_scored": ("consensus_n", "consensus_agreed"),
    "reviewed": ("review_n", "review_accepted"),
}


def rows(session: Session, table: Any = HourlyRollup) -> list[tuple]:
    names = COLUMNS if table is HourlyRollup else COLUMNS[1:]
    columns = [getattr(table, name) for name in names]
    found = session.execute(select(*columns).order_by(*columns[: len(names) - len(COLUMNS[8:])]))
    listed = [tuple(row) for row in found]
    session.rollback()
    return listed


class Belonging:
    """Where somebody belonged at a moment, by a plain reading of the tables."""

    def __init__(self, session: Session):
        session.expire_all()  # others may have moved whom this session knows
        self.people = {user.id: user for user in session.scalars(select(User))}
        past = select(PastAffiliation).order_by(PastAffiliation.until, PastAffiliation.id)
        self.past = session.scalars(past).all()
        vendors = select(Organisation.id).where(Organisation.kind == "vendor")
        self.vendors = set(session.scalars(vendors))

    def __call__(self, who: int, at: datetime) -> tuple[Any, int, int]:
        """The day, the team, the vendor."""
        then: Any = self.people[who]
        for row in self.past:
            if row.user_id == who and row.until > at:
                then = row
                break
        vendor = then.organisation_id if then.organisation_id in self.vendors else 0
        zone = ZoneInfo(then.timezone if then.timezone in available_timezones() else "UTC")
        return at.astimezone(zone).date(), then.team_id or 0, vendor


def counted_by_hand(session: Session, events: Sequence[WorkEvent]) -> dict[tuple, dict]:
    """The figures of every hour by a plain reading of the definitions."""
    events = sorted(events, key=lambda event: (event.at, event.id))
    belonged = Belonging(session)
    submission = {e.assignment_id: e for e in events if e.kind in ("submitted", "surplus")}
    newest = {}
    for event in events:
        if event.kind in NAMES:
            newest[event.assignment_id, event.kind] = event
    counts: dict[tuple, dict] = defaultdict(lambda: defaultdict(Decimal))
    times: dict[tuple, list[int]] = defaultdict(list)

    def key(event: WorkEvent, label_class: str = "") -> tuple:
        hour = event.at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        day, team, vendor = belonged(event.labeller_id, event.at)
        found = (hour, day, event.labeller_id, event.batch_id, event.stage, label_class)
        counts[*found, team, vendor]["project_id"] = Decimal(event.project_id)
        return *found, team, vendor

    for event in events:
        if event.kind in ("leased", "skipped", "released", "expired"):
            counts[key(event)][event.kind] += 1
    own = {about: key(e, e.data.get("class") or "") for about, e in submission.items()}
    for about, event in submission.items():
        counts[own[about]][event.kind] += 1
        for name in ("active_ms", "idle_ms", "wall_ms"):
            counts[own[about]][name] += event.data.get(name, 0)
        times[own[about]].append(event.data.get("active_ms", 0))
    for (about, kind), event in newest.items():
        if about in submission and (kind, submission[about].stage) != ("reviewed", "rework"):
            n, correct = NAMES[kind]
            share = Decimal(event.data["correct"]).quantize(MILLIONTH, ROUND_HALF_UP)
            counts[own[about]][n] += 1
            counts[own[about]][correct] += share
    for at, ms in times.items():
        histogram = definitions.time_histogram(ms)
        counts[at]["time_bins"] = [i for i, n in enumerate(histogram) if n]
        counts[at]["time_counts"] = [int(n) for n in histogram if n]
    session.rollback()
    return counts


def added_up(hours: dict[tuple, dict]) -> dict[tuple, dict]:
    """The same by day: sums, with the histograms merged."""
    days: dict[tuple, dict] = defaultdict(lambda: defaultdict(Decimal))
    times: dict[tuple, Counter] = defaultdict(Counter)
    for key, counts in hours.items():
        for name in COLUMNS[9:-2]:
            days[key[1:]][name] += counts[name]
        days[key[1:]]["project_id"] = counts["project_id"]
        pairs = zip(counts["time_bins"] or [], counts["time_counts"] or [], strict=True)
        for place, n in pairs:
            times[key[1:]][place] += n
    for key, found in times.items():
        days[key]["time_bins"] = sorted(found)
        days[key]["time_counts"] = [found[place] for place in sorted(found)]
    return days


def expect_counts(session: Session, events: Sequence[WorkEvent] | None = None) -> None:
    """What is stored is what plain counting of all events finds, to the last digit."""
    if events is None:
        events = session.scalars(select(WorkEvent)).all()
    expected = counted_by_hand(session, events)
    for table, counts in ((HourlyRollup, expected), (DailyRollup, added_up(expected))):
        names = COLUMNS if table is HourlyRollup else COLUMNS[1:]
        n_keys = len(names) - len(COLUMNS) + len(KEY)
        stored = rows(session, table)
        assert {row[:n_keys] for row in stored} == counts.keys()
        for row in stored:
            for name, value in zip(names[n_keys:], row[n_keys:], strict=True):
                assert value == (counts[row[:n_keys]][name] or type(value)()), name


@pytest.mark.parametrize("seed", range(4))
def test_increments_equal_a_rebuild_and_plain_counting(
    make: Make, session: Session, sessions: sessionmaker[Session], seed: int
):
    history = History(make, seed)
    for n in (40, 1, 60, 25):
        history.write(session, n)
        session.commit()
        assert rollup.roll_up(sessions) > 0 or n == 1
    hours, days = rows(session), rows(session, DailyRollup)
    assert rollup.roll_up(sessions) == 0
    assert (rows(session), rows(session, DailyRollup)) == (hours, days)
    assert rollup.rebuild(sessions) == len(hours)
    assert (rows(session), rows(session, DailyRollup)) == (hours, days)
    expect_counts(session)


def test_a_second_score_of_one_answer_replaces_the_first(
    make: Make, session: Session, sessions: sessionmaker[Session]
):
    history = History(make, 1)
    about = history.assignments[0]
    for kind, data in [
        ("submitted", {"active_ms": 5000, "wall_ms": 6000, "class": "a"}),
        ("gold_scored", {"correct": 0}),
        ("gold_scored", {"correct": 1}),
    ]:
        session.add(WorkEvent(at=history.start, kind=kind, data=data, **about))
        session.commit()
        rollup.roll_up(sessions)
    only = session.scalars(select(DailyRollup)).one()
    assert (only.gold_n, only.gold_correct) == (1, 1)


@pytest.fixture
def writers(sessions: sessionmaker[Session]) -> Iterator[list[Session]]:
    opened = [sessions() for _ in range(4)]
    yield opened
    for writer in opened:
        writer.close()


def test_writers_with_open_transactions_lose_nothing(
    make: Make, session: Session, sessions: sessionmaker[Session], writers: list[Session]
):
    history = History(make, 3)
    # Written in one order, committed in another, with a roll-up after every step.
    for writer in writers:
        history.write(writer, 20)
        rollup.roll_up(sessions)
    for i in (2, 0, 3, 1):
        writers[i].commit()
        rollup.roll_up(sessions)
    incremental = rows(session)
    counted = sum(row[COLUMNS.index("leased")] for row in incremental)
    leased = select(func.count()).where(WorkEvent.kind == "leased")
    assert counted == session.scalar(leased) > 0
    session.rollback()
    rollup.rebuild(sessions)
    assert rows(session) == incremental


def test_a_database_restored_under_smaller_transaction_numbers_is_counted_again(
    make: Make, session: Session, sessions: sessionmaker[Session]
):
    history = History(make, 5)
    history.write(session, 30)
    session.commit()
    rollup.roll_up(sessions)
    before = rows(session)
    session.get_one(RollupState, rollup.NAME).below_xid = 2**60
    session.commit()
    assert rollup.roll_up(sessions) == len(before)
    assert rows(session) == before


def test_an_empty_database_rolls_up_to_nothing(session: Session, sessions: sessionmaker[Session]):
    assert rollup.roll_up(sessions) == 0
    assert rollup.rebuild(sessions) == 0
    assert rows(session) == []
    assert session.scalars(select(RollupState)).one().below_xid > 0


def test_a_roll_up_that_dies_halfway_is_mended_by_the_next(
    make: Make,
    session: Session,
    sessions: sessionmaker[Session],
    monkeypatch: pytest.MonkeyPatch,
):
    history = History(make, 11)
    for n in (40, 60):
        history.write(session, n)
        session.commit()
        before = rollup.roll_up(sessions)
    history.write(session, 60)
    session.commit()
    replaced, replace = [], store.replace

    def dies(*args: Any) -> int:
        if len(replaced) == 2:
            raise ConnectionResetError
        replaced.append(replace(*args))
        return replaced[-1]

    monkeypatch.setattr(increment, "AT_A_TIME", 15)
    monkeypatch.setattr(store, "replace", dies)
    with pytest.raises(ConnectionResetError):
        rollup.roll_up(sessions)
    assert before and sum(replaced) > 0
    monkeypatch.setattr(store, "replace", replace)
    assert rollup.roll_up(sessions) > 0
    expect_counts(session)


def test_one_roll_up_at_a_time(make: Make, session: Session, sessions: sessionmaker[Session]):
    history = History(make, 12)
    history.write(session, 30)
    session.commit()
    with fence.alone(sessions, rollup.NAME) as mine:
        assert mine is not None
        assert rollup.roll_up(sessions) == 0
        assert rows(session) == []
    assert rollup.roll_up(sessions) > 0
    expect_counts(session)
