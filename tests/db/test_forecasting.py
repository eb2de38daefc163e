"""Forecasts of open batches from roll-ups; kept, thinned, and held against what came."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Integer, func, insert, select, update

from metrics.forecasting import job
from metrics.forecasting.floor import floor as read_floor
from metrics.forecasting.plans import plan
from metrics.models import DailyRollup, Forecast, HourlyRollup
from metrics.reads import forecasts
from ops import clock_time
from ops.models import Absence, Batch, Shift, Task

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday


@pytest.fixture
def at_noon():
    clock_time.use(NOON.timestamp)
    return NOON


@pytest.fixture
def worked(make, session):
    """A function: a floor whose one labeller gave `a_day` answers of 36 s on each of so many days.

    Work lies between 10 and 14 o'clock, two of a day's hours before now and two after.
    """

    def worked(days: int, a_day: int = 100, until: datetime = NOON, **more):
        made = make.floor(**{"assets": 250, "wanted": 1} | more)
        made.project.settings = {"cost_per_hour": 20.0, "wanted_answers": 1}
        work(session, made, made.batch, made.labellers[0], days, a_day, until)
        session.commit()
        return made

    return worked


def work(session, made, batch, labeller, days, a_day, until):
    for n in range(1, days + 1):
        day = until.replace(hour=0) - timedelta(days=n)
        row = {
            "labeller_id": labeller.id, "batch_id": batch.id, "project_id": made.project.id,
            "stage": "label", "label_class": "", "team_id": 0, "vendor_id": 0, "day": day.date(),
        }  # fmt: skip
        counted = {"submitted": a_day + 5, "gold_n": 5, "gold_correct": 4}
        session.execute(
            insert(DailyRollup).values(**row, **counted, active_ms=(a_day + 5) * 36_000)
        )
        for hour in (10, 11, 12, 13):
            when = day + timedelta(hours=hour)
            session.execute(insert(HourlyRollup).values(**row, hour=when, active_ms=1000))


def test_an_open_batch_ends_where_its_steady_pace_brings_it(worked, session, at_noon):
    made = worked(28)
    found = read_floor(session, made.project, NOON)
    # Half of today's 100 answers are still to come, then 100 a day: 250 end after two and a half
    # working days, the last on Wednesday between 10 and 14 o'clock.
    outcome = found.run(runs=50)
    assert found.left.sum() == 250
    assert outcome.days[0, 0] == pytest.approx(2.5, abs=0.01)
    expected = found.expected(outcome)[0]
    assert expected.finish_50 == expected.finish_90
    assert abs(expected.finish_50 - datetime(2026, 3, 4, 14, tzinfo=UTC)) < timedelta(minutes=5)
    # Gold takes its share: 105 answers' time for 100 that count.
    hours = 28 * 105 * 0.01 + 250 * 0.0105
    assert expected.cost_50 == pytest.approx(20 * hours, rel=1e-3)
    assert expected.in_time is None


def shift(session, who, day, hours, by, planned_at, **more):
    """A shift from 8 o'clock on, known since `planned_at`."""
    row = Shift(
        user_id=who.id, starts_at=day.replace(hour=8), ends_at=day.replace(hour=8 + hours),
        planned_by=by.id, planned_at=planned_at, **more,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


@pytest.fixture
def planned(worked, session, make):
    """A function: four weeks of shifts of 7 hours each day, of which 1.05 were active here."""

    def planned():
        made = worked(28)
        who, lead = made.labellers[0], make.user(role="ops_lead")
        for n in range(1, 29):
            day = NOON - timedelta(days=n)
            shift(session, who, day, 7, lead, NOON - timedelta(days=60))
        return made, who, lead

    return planned


def test_days_to_come_are_as_planned_times_what_comes_of_plans(planned, make, session, at_noon):
    made, who, lead = planned()
    assert read_floor(session, made.project, NOON).ahead is None  # nothing is planned ahead
    week = [shift(session, who, NOON + timedelta(days=n), 14, lead, NOON - timedelta(days=1))
            for n in (2, 3, 4)]  # fmt: skip
    found = read_floor(session, made.project, NOON)
    # 105 answers took 1.05 of 7 planned hours; 14 hours bring 200 that count. Today nothing.
    assert found.ahead.hours[:5].sum(axis=1) == pytest.approx([0, 0, 2.1, 2.1, 2.1])
    outcome = found.run(runs=20)
    assert found.expected(outcome)[0].finish_50.date() == week[1].starts_at.date()
    off = Absence(user_id=who.id, kind="sick", first_day=week[0].starts_at.date(),
                  last_day=week[1].starts_at.date(), state="granted", asked_at=NOON,
                  decided_at=NOON, decided_by=lead.id)  # fmt: skip
    session.add(off)
    session.flush()
    without = read_floor(session, made.project, NOON)
    assert without.ahead.hours[:5].sum(axis=1) == pytest.approx([0, 0, 0, 0, 2.1])
    elsewhere = make.project()
    shift(session, who, NOON + timedelta(days=9), 7, lead, NOON, project_id=elsewhere.id)
    session.flush()
    moved = read_floor(session, made.project, NOON).ahead  # a week that is planned elsewhere
    assert (moved.rest[7:14].sum(), moved.hours[7:14].sum()) == (0, 0)
    # Weeks without shifts are as those that were seen.
    assert without.ahead.rest[7:14].sum(axis=2).max() == pytest.approx(1.05)
    assert without.ahead.rest[:7].sum() == 0


def test_days_off_count_although_nobody_plans(worked, make, session, at_noon):
    made = worked(28)
    who, tomorrow = made.labellers[0], NOON.date() + timedelta(days=1)
    session.add(Absence(user_id=who.id, kind="sick", first_day=tomorrow, state="granted",
                        last_day=tomorrow, asked_at=NOON, decided_at=NOON))  # fmt: skip
    session.flush()
    found = read_floor(session, made.project, NOON)
    # 50 answers today, none tomorrow, 100 on each day after it.
    assert found.run(runs=20).days[0, 0] == pytest.approx(3.5, abs=0.01)


def test_a_plan_counts_from_when_it_was_known(planned, session, at_noon):
    made, who, lead = planned()
    past = read_floor(session, made.project, NOON).past
    early, day = NOON - timedelta(days=3), NOON + timedelta(days=2)
    kept = shift(session, who, day, 7, lead, early)
    gone = shift(session, who, day + timedelta(days=1), 7, lead, early, cancelled_at=NOON)
    late = shift(session, who, day + timedelta(days=2), 7, lead, NOON)
    off = Absence(user_id=who.id, kind="holiday", first_day=kept.starts_at.date(),
                  last_day=kept.starts_at.date(), state="withdrawn", asked_at=early,
                  decided_at=early, withdrawn_at=NOON, decided_by=lead.id)  # fmt: skip
    session.add(off)
    session.flush()

    def hours(at):
        found = plan(session, made.project, past, at)
        first = at.date()
        days = [(s.starts_at.date() - first).days for s in (kept, gone, late)]
        return [round(float(found.hours[n].sum()), 4) for n in days]

    assert hours(NOON) == [1.05, 0, 1.05]
    assert hours(NOON - timedelta(hours=36)) == [0, 1.05, 0]


def test_forecasts_are_kept_thinned_and_read(worked, session, sessions, at_noon):
    made = worked(28)
    session.execute(update(Batch).values(due_at=NOON + timedelta(days=1)))
    session.commit()
    assert job.forecast_all(sessions) == 1
    assert job.forecast_all(sessions) == 0  # nobody needs another within minutes
    for hours in (1, 2, 24, 25):
        clock_time.use(lambda h=hours: NOON.timestamp() + h * 3600)
        assert job.forecast_all(sessions) == 1
    clock_time.use(lambda: NOON.timestamp() + 100 * 3600)
    job.forecast_all(sessions)
    session.expire_all()
    kept = session.scalars(select(Forecast.at).order_by(Forecast.at)).all()
    assert [(at - NOON) / timedelta(hours=1) for at in kept] == [2, 25, 100]
    (row,) = forecasts.newest(session, [made.project.id])
    assert row.at == kept[-1] and row.basis["left"]["label"] == 250
    assert row.finish_50 > row.due_at
    again = forecasts.now(session, made.project.id, [row], NOON)
    assert (again.left == read_floor(session, made.project, NOON).left).all()
    assert forecasts.newest(session, []) == []


def test_what_cannot_be_told_says_why(worked, make, session, sessions, at_noon):
    fresh = worked(2)
    stuck = worked(28)
    review = make.lane(stuck.batch, "review")
    make.tasks(review, stuck.assets[:1])
    session.commit()
    job.forecast_all(sessions)
    why = dict(session.execute(select(Forecast.batch_id, Forecast.why)).all())
    assert why[fresh.batch.id] == "work was done on 2 days only; 3 are needed"
    assert why[stuck.batch.id] == "nobody worked at the stage review in the last eight weeks"
    session.execute(update(Task).where(Task.lane_id == review.id).values(wanted=0))
    session.commit()
    assert read_floor(session, stuck.project, NOON).expected  # and without it there is an end


def test_complete_batches_are_forecast_as_they_would_have_been(
    worked, make, session, sessions, at_noon
):
    made = worked(40, until=NOON - timedelta(days=10), assets=1000)
    begun, over = NOON - timedelta(days=20), NOON - timedelta(days=10)
    session.execute(update(Batch).values(created_at=begun, completed_at=over, state="complete"))
    session.execute(update(DailyRollup).where(DailyRollup.day < begun.date()).values(batch_id=0))
    session.commit()
    assert job.look_back(sessions) > 1
    assert job.look_back(sessions) == 0
    rows = session.scalars(select(Forecast).order_by(Forecast.at)).all()
    assert all(begun < row.at < over and row.basis["looked_back"] for row in rows)
    # 1,000 assets at 100 a day from the first day on: each of them had the tenth day's end.
    assert {abs(row.finish_50 - over) < timedelta(days=1) for row in rows} == {True}
    held = forecasts.held(session, [made.project.id])
    assert (held.forecasts, held.batches, held.looked_back) == (len(rows), 1, len(rows))
    in_time = session.scalar(select(func.avg((Forecast.finish_90 >= over).cast(Integer))))
    assert held.at_90.value == pytest.approx(float(in_time)) and held.at_90.n == 1
