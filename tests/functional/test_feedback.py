"""Feedback at the desk: checked answers, gold and reviewed alike, told the day after."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from ops import clock_time
from ops.models import Assignment, ProjectMember
from quality.models import Evidence
from tests.factories import Make


@pytest.fixture
def answered(session, make, client_for):
    """A labeller who answered 'a' on three assets, and what they are asked through."""
    floor = make.floor(labellers=1, assets=3)
    client = client_for(floor.labellers[0])
    for n in range(3):
        work = client.post("/api/v1/desk/next", json={"tab": "t"}).json["work"]
        body = {
            "label": {"class": "a"},
            "key": f"00000000-0000-4000-8000-00000000000{n}",
            "revision": 0,
            "tab": "t",
            "active_ms": 900,
        }
        assert client.post(f"/api/v1/desk/{work['token']}/submit", json=body).status_code == 200
    return floor, client, session.scalars(select(Assignment).order_by(Assignment.id)).all()


def check(session, floor, assignment, kind, decided, at):
    """As if a check of `kind` had found that the asset is `decided`."""
    decide(session, floor, assignment, decided, at, "gold" if kind == "gold" else "review")
    session.add(
        Evidence(
            labeller_id=assignment.labeller_id,
            skill_id=floor.project.skill_id,
            project_id=floor.project.id,
            assignment_id=assignment.id,
            kind=kind,
            correct=float(decided == "a"),
            classes=3,
            at=at,
        )
    )
    session.commit()


def decide(session, floor, assignment, decided, at, method="review"):
    """The asset is `decided` from `at` on."""
    Make(session).decided(
        assignment.task.asset, decided, at=at, method=method, probability=None, answers=1,
        agreement=None,
    )  # fmt: skip
    session.commit()


def test_yesterdays_checks_are_told_and_todays_are_not(answered, session):
    floor, client, (one, two, three) = answered
    yesterday = clock_time.now() - timedelta(days=1)
    check(session, floor, one, "gold", "b", yesterday)
    check(session, floor, two, "review", "c", yesterday)
    check(session, floor, three, "review", "b", clock_time.now())
    told = client.get("/api/v1/desk/me").json["feedback"]
    assert {(t["token"], t["given"], t["decided"]) for t in told} == {
        (str(one.token), "a", "b"),
        (str(two.token), "a", "c"),
    }
    # Nothing says which of the two was gold.
    assert len({tuple(sorted(t)) for t in told}) == 1
    wrong = {"type": "wrong_class", "name": "Wrong class", "remark": ""}
    assert [(t["remark"], t["errors"]) for t in told] == [("", [wrong])] * 2


def test_what_was_right_is_no_feedback(answered, session):
    floor, client, (one, *_) = answered
    check(session, floor, one, "review", "a", clock_time.now() - timedelta(days=1))
    assert client.get("/api/v1/desk/me").json["feedback"] == []


def test_the_day_of_the_check_betrays_nothing(answered, session):
    """Gold is checked within seconds, work hours later: neither the time nor the order says so."""
    floor, client, (one, two, three) = answered
    yesterday = clock_time.now() - timedelta(days=1)
    check(session, floor, one, "review", "b", yesterday)
    check(session, floor, two, "gold", "b", yesterday - timedelta(hours=5))
    check(session, floor, three, "review", "b", yesterday - timedelta(hours=9))
    told = client.get("/api/v1/desk/me").json["feedback"]
    assert [t["token"] for t in told] == [str(a.token) for a in (three, two, one)]
    assert "checked_at" not in told[0]


@pytest.mark.parametrize("today", ["c", "a"])
def test_what_is_decided_today_is_told_tomorrow(answered, session, today):
    """The label of work may change at any hour, that of gold does not: the list would tell."""
    floor, client, (one, two, _) = answered
    yesterday = clock_time.now() - timedelta(days=1)
    check(session, floor, one, "review", "b", yesterday)
    check(session, floor, two, "gold", "b", yesterday)
    before = client.get("/api/v1/desk/me").json["feedback"]
    decide(session, floor, one, today, clock_time.now())
    assert client.get("/api/v1/desk/me").json["feedback"] == before
    later = (clock_time.now() + timedelta(days=1)).timestamp()
    clock_time.use(lambda: later)
    told = client.get("/api/v1/desk/me").json["feedback"]
    assert [t["decided"] for t in told] == ["b", "c"][: 1 + (today == "c")]


def test_a_project_one_left_is_not_shown(answered, session):
    floor, client, (one, *_) = answered
    check(session, floor, one, "review", "b", clock_time.now() - timedelta(days=1))
    session.delete(session.get(ProjectMember, (floor.project.id, floor.labellers[0].id)))
    session.commit()
    assert client.get("/api/v1/desk/me").json["feedback"] == []


def test_nobody_reads_anothers_feedback(answered, session, client_for):
    floor, _, (one, *_) = answered
    check(session, floor, one, "gold", "b", clock_time.now() - timedelta(days=1))
    other = client_for("labeller")
    assert other.get("/api/v1/desk/me").json["feedback"] == []
