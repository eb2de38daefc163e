"""Capacity by skill: what is there by shifts, hours and certificates; what is needed."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, func, insert, update

from metrics.models import DailyRollup
from metrics.reads import capacity
from ops import clock_time
from ops.models import Absence, Batch, Certificate, Shift
from ops.shifts import weekly

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def project(make, session):
    """600 answers of 36 s are left, due on the Sunday of the second week: 6 hours over 14 days."""
    clock_time.use(MONDAY.timestamp)
    made = make.floor(assets=600)
    session.execute(update(Batch).values(due_at=MONDAY + timedelta(days=13, hours=12)))
    who = make.user()  # worked here once, and is gone
    for n in range(1, 29):
        session.execute(insert(DailyRollup).values(
            labeller_id=who.id, batch_id=made.batch.id, project_id=made.project.id, stage="label",
            label_class="", team_id=0, vendor_id=0, day=(MONDAY - timedelta(days=n)).date(),
            submitted=100, gold_n=0, active_ms=3_600_000))  # fmt: skip
    session.flush()
    return made


def shift(session, who, day, hours, by):
    session.add(Shift(user_id=who.id, starts_at=day, ends_at=day + timedelta(hours=hours),
                      planned_by=by.id, planned_at=MONDAY))  # fmt: skip
    session.flush()


def test_need_is_spread_until_it_is_due_and_gaps_are_named(project, make, session):
    lead = make.user(role="ops_lead")
    make.member(project.project, lead)
    found = capacity.of_viewer(session, lead)
    (cells,) = found.cells.values()
    assert [round(c.need, 6) for c in cells] == [3, 3, 0, 0, 0, 0]
    name = project.project.skill.name
    assert found.gaps == [
        (MONDAY.date(), name, pytest.approx(3)),
        ((MONDAY + timedelta(days=7)).date(), name, pytest.approx(3)),
    ]
    assert found.usual is None
    assert capacity.of_viewer(session, make.user(role="ops_lead")).cells == {}


def test_nothing_is_needed_on_days_on_which_nobody_worked(project, make, session):
    clock_time.use((MONDAY + timedelta(days=5)).timestamp)  # a Saturday
    lead = make.user(role="admin")
    of_weekends = func.extract("isodow", DailyRollup.day) >= 6
    session.execute(delete(DailyRollup).where(of_weekends))
    (cells,) = capacity.of_viewer(session, lead).cells.values()
    assert [round(c.need, 6) for c in cells] == [0, 6, 0, 0, 0, 0]
    session.execute(update(Batch).values(due_at=MONDAY + timedelta(days=6, hours=12)))
    (cells,) = capacity.of_viewer(session, lead).cells.values()
    assert cells[0].need == pytest.approx(6)  # due on the Sunday: then it has to be


def test_hours_count_by_shift_or_week_absence_certificate_and_utilisation(project, make, session):
    lead, who = make.user(role="admin"), project.labellers[0]
    for n in (1, 2):  # two days of eight planned hours, four active in all: a quarter
        shift(session, who, MONDAY - timedelta(days=n), 8, lead)
        row = {"labeller_id": who.id, "batch_id": 0, "project_id": 0, "stage": "label"}
        row |= {"label_class": "", "team_id": 0, "vendor_id": 0, "active_ms": 7_200_000}
        session.execute(insert(DailyRollup).values(
            **row, day=(MONDAY - timedelta(days=n)).date()))  # fmt: skip
    # What was done in weeks without a plan says nothing.
    session.execute(insert(DailyRollup).values(
        **row, day=(MONDAY - timedelta(days=20)).date()))  # fmt: skip
    weekly.put(session, who, {0: [(0, 1440)], 1: [(0, 480)]}, MONDAY.date(), by=who)
    shift(session, who, MONDAY + timedelta(days=3), 4, lead)  # the first week is planned
    session.add(Absence(user_id=who.id, kind="sick", state="granted", asked_at=MONDAY,
                        first_day=(MONDAY + timedelta(days=7)).date(),
                        last_day=(MONDAY + timedelta(days=7)).date()))  # fmt: skip
    made = make.certificate(who, project.project.skill, days=22)
    found = capacity.of_viewer(session, lead)
    assert found.usual == pytest.approx(0.25)
    assert found.planned[:4] == [(4, 0), (8, 8), (32, 32), (32, 32)]
    (cells,) = found.cells.values()
    assert [(round(c.covered, 6), round(c.spare, 6)) for c in cells[:5]] == [
        (1, 0), (2, 0), (0, 8), (0, 6), (0, 0),
    ]  # fmt: skip
    assert [round(missing, 6) for _, _, missing in found.gaps] == [2, 1]
    session.execute(update(Certificate).where(Certificate.id == made.id).values(revoked_at=MONDAY))
    assert [round(gap[2]) for gap in capacity.of_viewer(session, lead).gaps] == [3, 3]
