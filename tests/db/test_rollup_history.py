"""A random history, counted as it happens and as a whole, gives the same figures.

Late, corrected and judged again; over changes of clocks, teams and vendors; by labellers whose day
is another than that of UTC; with days sealed in files and a month that the database let go.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, insert, text, update
from sqlalchemy.orm import Session, sessionmaker

from metrics import rollup
from metrics.models import DailyRollup, HourlyRollup
from ops import affiliations, clock_time, event_partitions, event_retention, event_sealing
from ops.config import Settings
from ops.db import transaction
from ops.models import Assignment, Organisation, Team, User, WorkEvent
from tests.db.test_rollup import expect_counts, rows
from tests.factories import Floor, Make

# The clocks of three of these zones change in March.
ZONES = ("UTC", "Asia/Kolkata", "America/St_Johns", "Europe/Berlin", "Mars/Olympus")
START, LAST = datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 4, 14, tzinfo=UTC)
JUDGED = ("gold_scored", "consensus_scored", "reviewed")


class Story:
    """A floor whose past is written at random while its clock goes on."""

    def __init__(self, make: Make, sessions: sessionmaker[Session], seed: int):
        self.random, self.sessions = np.random.default_rng(seed), sessions
        self.now, self.ended = START, START
        self.floors: list[Floor] = [make.floor(labellers=3, assets=5, wanted=9) for _ in range(2)]
        self.people = [who for floor in self.floors for who in floor.labellers]
        self.teams = [Team(name=f"Team {n} of story {seed}", created_at=START) for n in range(2)]
        kinds = ("vendor", "client")
        self.houses = [
            Organisation(name=f"{kind} of story {seed}", kind=kind, created_at=START)
            for kind in kinds
        ]
        make.session.add_all([*self.teams, *self.houses])
        make.session.flush()
        for who, zone in zip(self.people, ZONES * 2, strict=False):
            who.timezone = zone
        self.events: dict[int, WorkEvent] = {}
        self.about = [self._assignment(make.session) for _ in range(45)]
        make.session.commit()

    def _assignment(self, session: Session) -> dict[str, Any]:
        floor = self.floors[self.random.integers(2)]
        task = floor.tasks[self.random.integers(len(floor.tasks))]
        leased = self.moment(START, LAST - timedelta(days=10))
        row = {
            "task_id": task.id, "project_id": floor.project.id, "state": "expired",
            "labeller_id": floor.labellers[self.random.integers(3)].id,
            "leased_at": leased, "expires_at": leased,
        }  # fmt: skip
        made = session.execute(insert(Assignment).values(**row).returning(Assignment.id))
        known = {name: row[name] for name in ("task_id", "project_id", "labeller_id", "leased_at")}
        stage = str(self.random.choice(["label", "rework", "review"]))
        more = {"assignment_id": made.scalar_one(), "batch_id": floor.batch.id, "stage": stage}
        return known | more

    def moment(self, first: datetime, last: datetime) -> datetime:
        """Some moment between the two, often a full or half hour, where days begin."""
        span = int((last - first) / timedelta(microseconds=1))
        at = first + timedelta(microseconds=int(self.random.integers(max(1, span))))
        return at.replace(minute=30, second=0, microsecond=0) if self.random.random() < 0.2 else at

    def happen(self, session: Session, n: int) -> None:
        """n events before now, each dated anywhere since its lease: most of them come late."""
        begun = [about for about in self.about if about["leased_at"] < self.now]
        for _ in range(n if begun else 0):
            about = dict(begun[self.random.integers(len(begun))])
            at = self.moment(about.pop("leased_at"), self.now)
            plain = ("leased", "skipped", "expired", "reserved")
            kind = str(self.random.choice(plain + JUDGED * 2 + ("submitted", "surplus") * 3))
            event = WorkEvent(at=at, kind=kind, data=self._data(kind), **about)
            session.add(event)
            session.flush()
            self.events[event.id] = event

    def _data(self, kind: str) -> dict[str, Any]:
        if kind in JUDGED:
            return {"correct": float(self.random.integers(0, 8)) / 7}
        if kind not in ("submitted", "surplus"):
            return {"reason": "unclear"}
        active = int(self.random.lognormal(9, 2)) * int(self.random.random() > 0.1)
        said = [{"class": "a"}, {"class": 'b, "c"'}, {"class": None}, {}]
        times = {"active_ms": active, "idle_ms": active // 7, "wall_ms": active + 500}
        return times | said[self.random.integers(4)]

    def move(self, session: Session) -> None:
        """Somebody goes to another team, vendor or time zone, now."""
        who = session.get_one(User, self.people[self.random.integers(len(self.people))].id)
        affiliations.move(
            session,
            who,
            team=[None, *self.teams][self.random.integers(3)],
            organisation=[None, *self.houses][self.random.integers(3)],
            timezone=ZONES[self.random.integers(4)],
            by=None,
        )

    def clock(self) -> float:
        return self.now.timestamp()

    def pass_on(self, hours: int) -> None:
        self.now += timedelta(hours=hours, minutes=int(self.random.integers(60)))


def written(session: Session) -> list[int]:
    """The transactions that wrote the rows."""
    found: list[int] = []
    for table in ("hourly_rollup", "daily_rollup"):
        found += session.scalars(text(f"SELECT xmin::text::bigint FROM {table} ORDER BY 1"))
    session.rollback()
    return found


@pytest.fixture
def home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.setenv("TOUCHSTONE_HOME", str(settings.home))
    yield settings
    clock_time.use(None)


@pytest.mark.parametrize("seed", range(1, 2))
def test_increments_of_a_random_history_equal_its_rebuild_and_plain_counting(
    make: Make, session: Session, sessions: sessionmaker[Session], home: Settings, seed: int
):
    story = Story(make, sessions, seed)
    clock_time.use(story.clock)
    event_partitions.make(sessions, date(2026, 3, 1))
    with sessions() as slow:
        for step in range(12):
            story.pass_on(hours=80)
            with transaction(sessions) as quick:
                story.happen(quick, 25)
                story.move(quick)
            # One writer commits much later than it wrote.
            story.happen(slow, 4)
            if step % 3 == 2:
                slow.commit()
            if step % 2:
                rollup.roll_up(sessions)
            if step % 4 == 3:
                event_sealing.seal(sessions, home)
        story.now = datetime(2026, 6, 2, tzinfo=UTC)
        event_sealing.seal(sessions, home)
        assert event_retention.retain(sessions, 2, home).keys() == {date(2026, 3, 1)}
        rollup.roll_up(sessions)
        # Of answers that the database no longer has: judged, corrected, their labellers moved.
        for _ in range(2):
            with transaction(sessions) as quick:
                story.happen(quick, 15)
                story.move(quick)
            rollup.roll_up(sessions)
        slow.commit()
        rollup.roll_up(sessions)
    expect_counts(session, list(story.events.values()))
    hours, days = rows(session), rows(session, DailyRollup)
    assert rollup.roll_up(sessions) == 0
    before = written(session)
    assert rollup.rebuild(sessions) == len(hours)
    # What is right is not even written again.
    assert written(session) == before
    assert (rows(session), rows(session, DailyRollup)) == (hours, days)
    # From nothing, and over what is wrong.
    session.execute(delete(HourlyRollup).where(HourlyRollup.hour < LAST - timedelta(days=20)))
    session.execute(update(HourlyRollup).values(gold_n=77))
    session.execute(delete(DailyRollup).where(DailyRollup.submitted > 0))
    session.execute(update(DailyRollup).values(team_id=DailyRollup.team_id + 90))
    session.commit()
    rollup.rebuild(sessions)
    assert (rows(session), rows(session, DailyRollup)) == (hours, days)
