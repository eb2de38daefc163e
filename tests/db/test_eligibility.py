"""One predicate: whatever shuts a labeller out of a lane shuts them out everywhere, with words."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from ops import clock_time
from ops.models import Certificate, ProjectMember, User
from scheduling import dispatch, eligibility, emptiness


def _says(session: Any, floor: Any, who: User, words: str) -> None:
    """`may`, the lanes and the claim agree that there is nothing for `who`."""
    assert words in (eligibility.may(session, who, floor.tasks[0].id) or "")
    assert eligibility.open_lanes(session, who.id, clock_time.now()) == []
    assert not eligibility.lane_is_open(session, who.id, floor.lane.id, clock_time.now())
    assert dispatch.claim(session, who) is None


def test_a_member_gets_work(session: Any, make: Any) -> None:
    floor = make.floor()
    me = floor.labellers[0]
    assert eligibility.may(session, me, floor.tasks[0].id) is None
    assert eligibility.lane_is_open(session, me.id, floor.lane.id, clock_time.now())
    assert dispatch.claim(session, me) is not None


def test_not_a_member(session: Any, make: Any) -> None:
    floor, stranger = make.floor(), make.user()
    _says(session, floor, stranger, "not a member")
    assert "in no project" in emptiness.why_empty(session, stranger).reason


def test_a_closed_account(session: Any, make: Any) -> None:
    floor = make.floor()
    floor.labellers[0].active = False
    session.flush()
    _says(session, floor, floor.labellers[0], "closed")


@pytest.mark.parametrize("role", ["labeller"])
def test_a_role_that_does_not_review(session: Any, make: Any, role: str) -> None:
    floor = make.floor()
    floor.lane.stage = floor.tasks[0].stage = "review"
    session.flush()
    _says(session, floor, floor.labellers[0], "role")
    judge = make.member(floor.project, make.user(role="reviewer"))
    assert eligibility.may(session, judge, floor.tasks[0].id) is None


def test_paused_until(session: Any, make: Any) -> None:
    floor = make.floor()
    me, at = floor.labellers[0], clock_time.now()
    member = session.get(ProjectMember, (floor.project.id, me.id))
    member.paused_until = at + timedelta(hours=2)
    session.flush()
    _says(session, floor, me, "paused")
    reason = emptiness.why_empty(session, me).reason
    assert f"{member.paused_until:%Y-%m-%d %H:%M}" in reason
    clock_time.use((at + timedelta(hours=3)).timestamp)
    assert eligibility.may(session, me, floor.tasks[0].id) is None


@pytest.mark.parametrize("state", ["draft", "paused", "closed"])
def test_a_project_that_does_not_run(session: Any, make: Any, state: str) -> None:
    floor = make.floor(state=state)
    _says(session, floor, floor.labellers[0], "not running")
    assert "not running" in emptiness.why_empty(session, floor.labellers[0]).reason


def test_a_batch_that_is_paused_or_complete(session: Any, make: Any) -> None:
    floor = make.floor()
    floor.batch.paused = True
    session.flush()
    _says(session, floor, floor.labellers[0], "paused")
    floor.batch.paused, floor.batch.state = False, "complete"
    session.flush()
    _says(session, floor, floor.labellers[0], "complete")


def test_every_requirement_needs_a_valid_certificate(session: Any, make: Any) -> None:
    floor = make.floor()
    me, first, second = floor.labellers[0], make.skill(), make.skill()
    floor.lane.requirements = {str(first.id): 1, str(second.id): 2}
    session.flush()
    task, at = floor.tasks[0].id, clock_time.now()
    _says(session, floor, me, "certificate")
    reason = emptiness.why_empty(session, me).reason
    assert f"{first.name} at level 1" in reason
    assert f"{second.name} at level 2" in reason

    make.certificate(me, first, level=3)
    make.certificate(me, second, level=1)
    assert "certificate" in eligibility.may(session, me, task)
    assert first.name not in emptiness.why_empty(session, me).reason
    high = make.certificate(me, second, level=2, days=10)
    assert eligibility.may(session, me, task) is None

    clock_time.use((at + timedelta(days=11)).timestamp)
    assert "certificate" in eligibility.may(session, me, task)
    clock_time.use(None)
    high.revoked_at = at
    session.flush()
    assert "certificate" in eligibility.may(session, me, task)
    assert len(session.scalars(select(Certificate)).all()) == 3


def test_attributes_that_a_project_asks_for(session: Any, make: Any) -> None:
    floor = make.floor(settings={"attributes": {"language": ["de", "fr"], "clearance": ["yes"]}})
    me, task = floor.labellers[0], floor.tasks[0].id
    _says(session, floor, me, "profile")
    assert "clearance, language" in emptiness.why_empty(session, me).reason
    for attributes, allowed in (
        ({"language": "de"}, False),
        ({"language": "en", "clearance": "yes"}, False),
        ({"language": "de", "clearance": "yes"}, True),
        ({"language": ["en", "fr"], "clearance": "yes"}, True),
        ({"language": [], "clearance": "yes"}, False),
    ):
        me.attributes = attributes
        session.flush()
        assert (eligibility.may(session, me, task) is None) is allowed, attributes


def test_nobody_reviews_what_they_labelled(session: Any, make: Any) -> None:
    floor = make.floor(assets=2, wanted=2)
    judge = make.member(floor.project, make.user(role="reviewer"))
    mine = dispatch.claim(session, judge)
    assert mine is not None
    review = make.tasks(make.lane(floor.batch, "review"), floor.assets)
    by_asset = {t.asset_id: t for t in review}
    labelled = next(t.asset_id for t in floor.tasks if t.id == mine.task_id)
    other = next(a.id for a in floor.assets if a.id != labelled)
    assert "this asset" in eligibility.may(session, judge, by_asset[labelled].id)
    assert eligibility.may(session, judge, by_asset[other].id) is None
    got = {dispatch.claim(session, judge).task_id}
    assert labelled not in {t.asset_id for t in review if t.id in got}


def test_a_full_task_and_full_hands(session: Any, make: Any) -> None:
    floor = make.floor(labellers=2, assets=3, settings={"max_leases": 1})
    first, second = floor.labellers
    mine = dispatch.claim(session, first)
    assert "being given" in eligibility.may(session, second, mine.task_id)
    other = next(t.id for t in floor.tasks if t.id != mine.task_id)
    assert "as many" in eligibility.may(session, first, other)
    assert "as many" in emptiness.why_empty(session, first).reason
    assert eligibility.may(session, first, 10**9) == "There is no such task."
