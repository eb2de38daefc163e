"""The roll-up leaves what a rebuild would, and what plain counting would."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC
from fractions import Fraction

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from metrics import definitions, rollup
from metrics.models import DailyRollup, RollupState
from ops.models import WorkEvent
from tests.factories import Make
from tests.histories import History

COLUMNS = DailyRollup.__table__.columns.keys()


def rows(session: Session) -> list[tuple]:
    table = DailyRollup.__table__
    found = session.execute(select(table).order_by(*table.primary_key.columns)).all()
    session.rollback()
    return [tuple(row) for row in found]


def counted_by_hand(session: Session) -> dict[tuple, dict]:
    """The same figures by a plain reading of the definitions."""
    events = session.scalars(select(WorkEvent).order_by(WorkEvent.at, WorkEvent.id)).all()
    submission = {e.assignment_id: e for e in events if e.kind in ("submitted", "surplus")}
    newest = {}
    for event in events:
        if event.kind in ("gold_scored", "consensus_scored", "reviewed"):
            newest[event.assignment_id, event.kind] = event
    counts: dict[tuple, dict] = defaultdict(lambda: defaultdict(Fraction))
    times: dict[tuple, list[int]] = defaultdict(list)

    def key(event: WorkEvent) -> tuple:
        day = event.at.astimezone(UTC).date()
        return (day, event.labeller_id, event.batch_id, event.stage)

    for event in events:
        if event.kind in ("leased", "skipped", "released", "expired"):
            counts[key(event)][event.kind] += 1
    for event in submission.values():
        counts[key(event)][event.kind] += 1
        counts[key(event)]["active_ms"] += event.data["active_ms"]
        counts[key(event)]["wall_ms"] += event.data["wall_ms"]
        times[key(event)].append(event.data["active_ms"])
    names = {
        "gold_scored": ("gold_n", "gold_correct"),
        "consensus_scored": ("consensus_n", "consensus_agreed"),
        "reviewed": ("review_n", "review_accepted"),
    }
    for (assignment, kind), event in newest.items():
        if assignment in submission:
            n, correct = names[kind]
            counts[key(submission[assignment])][n] += 1
            counts[key(submission[assignment])][correct] += Fraction(event.data["correct"])
    for at, ms in times.items():
        counts[at]["log_time_histogram"] = definitions.time_histogram(ms).tolist()
    session.rollback()
    return counts


@pytest.mark.parametrize("seed", range(4))
def test_increments_equal_a_rebuild_and_plain_counting(
    make: Make, session: Session, sessions: sessionmaker[Session], seed: int
):
    history = History(make, seed)
    for n in (40, 1, 60, 25):
        history.write(session, n)
        session.commit()
        assert rollup.roll_up(sessions) > 0 or n == 1
    incremental = rows(session)
    assert rollup.roll_up(sessions) == 0
    assert rows(session) == incremental
    assert rollup.rebuild(sessions) == len(incremental)
    assert rows(session) == incremental
    expected = counted_by_hand(session)
    assert {row[:4] for row in incremental} == expected.keys()
    for row in incremental:
        found = dict(zip(COLUMNS, row, strict=True))
        for name in COLUMNS[5:-1]:
            assert found[name] == pytest.approx(float(expected[row[:4]][name]), abs=1e-12), name
        histogram = expected[row[:4]]["log_time_histogram"] or [0] * definitions.N_TIME_BINS
        assert found["log_time_histogram"] == histogram


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
    assert (only.gold_n, only.gold_correct) == (1, 1.0)


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
