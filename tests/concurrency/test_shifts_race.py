"""Leads who plan, move and cancel one another's shifts by real commits: none ever overlap."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from ops import clock_time
from ops.db import transaction
from ops.errors import Conflict
from ops.models import Shift, Team, User, WeeklyHours
from ops.shifts import drafting, planning, weekly

pytestmark = pytest.mark.serial

OVERLAPS = text(
    """SELECT count(*) FROM shift a JOIN shift b ON a.user_id = b.user_id AND a.id < b.id
       WHERE a.cancelled_at IS NULL AND b.cancelled_at IS NULL
         AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at"""
)
MONDAY = date(2026, 3, 23)


def test_leads_at_once_plan_no_hour_twice(sessions, session, make):
    clock_time.use(datetime(2026, 3, 16, 12, tzinfo=UTC).timestamp)
    team = Team(name="Dawn", created_at=clock_time.now())
    session.add(team)
    session.flush()
    people = [make.user(team_id=team.id).id for _ in range(3)]
    leads = [make.user(role="admin").id for _ in range(4)]
    session.commit()

    def act(seed: int) -> tuple[int, int]:
        rng, made, refused = random.Random(seed), 0, 0
        for _ in range(12):
            try:
                with transaction(sessions) as mine:
                    by = mine.get_one(User, leads[seed % 4])
                    who = [mine.get_one(User, i) for i in rng.sample(people, 2)]
                    begins = rng.randrange(0, 1440, 60)
                    mine_first = mine.scalars(select(Shift).where(Shift.cancelled_at.is_(None)))
                    live = list(mine_first)
                    if live and rng.random() < 0.4:
                        planning.move(mine, rng.choice(live), MONDAY, begins, begins + 90, by=by)
                        continue
                    draft = drafting.one_each(mine, who, MONDAY, begins, begins + 150)
                    made += len(planning.make(mine, draft, team=mine.get_one(Team, team.id), by=by))
            except Conflict:
                refused += 1
        return made, refused

    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(act, range(6)))
    assert session.scalar(OVERLAPS) == 0
    moved = select(func.count()).select_from(Shift)
    live = session.scalar(moved.where(Shift.cancelled_at.is_(None)))
    assert 0 < live <= sum(made for made, _ in done)
    assert sum(refused for _, refused in done) > 0


def test_two_who_change_somebodys_hours_at_once_leave_one_plan(sessions, session, make):
    clock_time.use(datetime(2026, 3, 16, 12, tzinfo=UTC).timestamp)
    who = make.user().id
    session.commit()

    def put(n: int) -> None:
        with transaction(sessions) as mine:
            person = mine.get_one(User, who)
            day = MONDAY + timedelta(days=n % 3)
            weekly.put(mine, person, {0: [(60 * n, 60 * n + 30)]}, day, by=person)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(put, range(6)))
    rows = session.scalars(select(WeeklyHours).where(WeeklyHours.valid_until.is_(None)))
    assert len(list(rows)) == 1
