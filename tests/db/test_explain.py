"""Why a labeller gets, or does not get, a task; where it stands is what the claims then show."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from ops import clock_time, reserving
from ops.models import Asset, Task
from quality import gold
from scheduling import dispatch, explain, explain_next, leases, line, submit

NOW = datetime.fromisoformat("2026-11-01T08:00:00+00:00")


@pytest.fixture(autouse=True)
def _morning() -> None:
    clock_time.use(NOW.timestamp)


def _why(session: Any, who: Any, task: Task) -> Any:
    found = explain.of_asset(session, who, session.get_one(Asset, task.asset_id), NOW)
    return next(one for one in found if one.task.id == task.id)


def _answer(session: Any, who: Any, work: Any) -> None:
    submit.submit(
        session, who, uuid.UUID(work.token), label={"class": "a"}, key=work.token, revision=0,
        active_ms=1, tab="t",
    )  # fmt: skip


@pytest.fixture
def floor(session: Any, make: Any) -> Any:
    """Three batches whose order is settled by priority and due date; some work came back."""
    made = make.floor(labellers=2, assets=6, wanted=2, settings={"max_leases": 10})
    made.labellers[0].name, made.labellers[1].name = "Ana", "Bo"
    made.urgent = make.batch(made.project, due_at=NOW + timedelta(hours=3))
    made.first = make.batch(made.project, priority=3)
    for batch in (made.urgent, made.first):
        made.tasks += make.tasks(make.lane(batch), make.assets(batch, 4), wanted=2)
    for _ in range(3):
        work = dispatch.claim(session, made.labellers[1])
        assert work is not None
        leases.release(session, made.labellers[1], uuid.UUID(work.token))
    session.execute(text("UPDATE task SET returned = true WHERE id = ANY(:some)"),
                    {"some": [made.tasks[4].id, made.tasks[8].id]})  # fmt: skip
    session.expire_all()
    return made


def test_the_place_in_line_is_the_order_of_the_claims(session: Any, floor: Any) -> None:
    ana = floor.labellers[0]
    places = {t.id: _why(session, ana, t).place.before for t in floor.tasks}
    head = [row.id for row in line.first(session, ana, line.lanes_in_order(session, ana, NOW), 99)]
    claimed: list[int] = []
    while len(claimed) < len(floor.tasks):
        work = dispatch.claim(session, ana)
        assert work is not None
        _answer(session, ana, work)
        claimed.append(work.task_id)
    assert claimed == sorted(places, key=lambda task: places[task])
    assert sorted(places.values()) == list(range(len(floor.tasks)))
    assert head == claimed


def test_what_puts_a_lane_where_it_is(session: Any, floor: Any) -> None:
    ana = floor.labellers[0]
    said = [x.because for x in line.lanes_in_order(session, ana, NOW)]
    assert said == ["Priority 3.", "Due within a day, 2026-11-01 11:00 UTC.", ""]
    dispatch.claim(session, ana)
    assert line.lanes_in_order(session, ana, NOW)[2].because == "They worked in this project last."


def test_what_is_reserved_comes_before_the_line(session: Any, floor: Any) -> None:
    ana = floor.labellers[0]
    kept = floor.tasks[0]
    reserving.reserve(session, [kept.id], ana.id, NOW + timedelta(hours=1), NOW)
    assert "reserved for Ana until 2026-11-01 09:00 UTC" in _why(session, ana, kept).verdict
    assert _why(session, ana, floor.tasks[10]).place.reserved == 1
    found = explain_next.of_project(session, ana, floor.project, NOW)
    assert [row.task for row in found.reserved] == [kept.id]
    assert found.words[0] == "What is reserved for Ana comes first: 1 task."


def test_every_condition_is_told_and_the_first_that_fails_leads(session: Any, floor: Any) -> None:
    ana = floor.labellers[0]
    floor.batch.paused = True
    floor.project.state = "paused"
    session.flush()
    found = _why(session, ana, floor.tasks[0])
    assert [one.name for one in found.failing] == ["running", "batch_not_paused"]
    assert found.verdict == "Ana does not get it: the project is not running. 1 more does not hold."
    assert found.place is None and len(found.conditions) > 10


def test_what_they_did_with_it_is_the_answer(session: Any, floor: Any) -> None:
    ana, bo = floor.labellers
    work = dispatch.claim(session, ana)
    assert work is not None
    task = session.get_one(Task, work.task_id)
    held = _why(session, ana, task)
    assert held.verdict.startswith("It is on the desk of Ana until")
    assert [(h.name, h.state) for h in _why(session, bo, task).holders] == [("Ana", "leased")]
    _answer(session, ana, work)
    assert _why(session, ana, task).verdict == "Ana answered it, 2026-11-01 08:00 UTC."
    assert _why(session, bo, task).holders == ()


def test_a_full_task_may_come_later(session: Any, floor: Any, make: Any) -> None:
    ana, bo = floor.labellers
    cy = make.member(floor.project, make.user(name="Cy"))
    for who in (ana, bo):
        reserving.reserve(session, [floor.tasks[0].id], who.id, NOW + timedelta(hours=1), NOW)
    said = _why(session, cy, floor.tasks[0]).verdict
    assert said.startswith("Cy may have it, but not now: all the answers this task wants")


def test_gold_is_told_as_it_is(session: Any, floor: Any, make: Any) -> None:
    ana, lead = floor.labellers[0], make.user(role="ops_lead")
    asset = floor.assets[5]
    one = gold.make(session, floor.project, asset, [{"class": "a"}], lead)

    def said() -> list[str]:
        return [x.verdict for x in explain.of_asset(session, ana, asset, NOW)]

    assert said()[0].startswith("Gold, which Ana has not met.")
    assert said()[1] == "The asset is gold now: no more ordinary work goes out for it."
    dispatch.claim(session, ana)
    session.execute(
        text(
            """INSERT INTO gold_pace (labeller_id, project_id, until_next) VALUES (:me, :project, 0)
               ON CONFLICT (labeller_id, project_id) DO UPDATE SET until_next = 0"""
        ),
        {"me": ana.id, "project": floor.project.id},
    )
    assert "Ana gets gold at their next claim" in said()[0]
    met = dispatch.claim(session, ana)
    assert met is not None and met.task_id == one.task_id
    assert said()[0].startswith("Gold, on the desk of Ana until")
    gold.retire(session, floor.project, one, lead, reason="wrong")
    bo = explain.of_asset(session, floor.labellers[1], asset, NOW)
    assert bo[0].verdict == "Gold that was retired: it goes to nobody."


def test_what_comes_next_for_whoever_gets_nothing(session: Any, floor: Any, make: Any) -> None:
    reviewer = make.member(floor.project, make.user(name="Ria"))
    session.execute(text("UPDATE project_member SET suspended_at = :at WHERE user_id = :ria"),
                    {"at": NOW, "ria": reviewer.id})  # fmt: skip
    found = explain_next.of_project(session, reviewer, floor.project, NOW)
    assert found.words == ("Ria gets nothing here: suspended from the project.",)
    assert {(x.rank, x.failing) for x in found.lanes} == {(None, ("Suspended from the project.",))}


def test_what_they_hold_comes_first(session: Any, floor: Any) -> None:
    floor.project.settings = {"max_leases": 1}
    session.flush()
    ana = floor.labellers[0]
    dispatch.claim(session, ana)
    found = explain_next.of_project(session, ana, floor.project, NOW)
    assert found.words[0] == (
        "Ana holds 1 of 1 tasks here, so they get nothing new before one is handed in."
    )
    assert len(found.leased) == 1
    assert session.scalars(select(Task).where(Task.id == found.leased[0].task)).one()
