"""One predicate: whatever shuts a labeller out of a lane shuts them out everywhere, with words."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from ops import clock_time, reserving
from ops.errors import NotFound
from ops.local_time import day_in
from ops.models import Certificate, ProjectMember, Skill, Task, User
from scheduling import conditions, dispatch, eligibility, emptiness, submit
from scheduling.models import DeskTally


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


# Suspended, in training, restricted


def _member(session: Any, floor: Any) -> ProjectMember:
    return session.get(ProjectMember, (floor.project.id, floor.labellers[0].id))


def test_suspended(session: Any, make: Any) -> None:
    floor = make.floor()
    _member(session, floor).suspended_at = clock_time.now()
    session.flush()
    _says(session, floor, floor.labellers[0], "suspended")
    assert floor.project.name in emptiness.why_empty(session, floor.labellers[0]).reason


def test_in_training_until_an_assessment_is_passed(session: Any, make: Any) -> None:
    floor = make.floor()
    me, at = floor.labellers[0], clock_time.now()
    early = make.certificate(me, session.get(Skill, floor.project.skill_id))
    early.source = "assessment"
    _member(session, floor).training_since = at + timedelta(minutes=1)
    session.flush()
    clock_time.use((at + timedelta(minutes=5)).timestamp)
    _says(session, floor, me, "training")
    assert "assessment" in emptiness.why_empty(session, me).reason
    by_hand = make.certificate(me, session.get(Skill, floor.project.skill_id))
    assert "training" in eligibility.may(session, me, floor.tasks[0].id)
    other = make.certificate(me, make.skill())
    other.source = "assessment"
    session.flush()
    assert "training" in eligibility.may(session, me, floor.tasks[0].id)
    by_hand.source = "assessment"
    session.flush()
    assert eligibility.may(session, me, floor.tasks[0].id) is None


def test_restricted_to_first_labels(session: Any, make: Any) -> None:
    floor = make.floor()
    judge = make.member(floor.project, make.user(role="expert"))
    session.get(ProjectMember, (floor.project.id, judge.id)).restricted_at = clock_time.now()
    assets = make.assets(floor.batch, 1)
    may = {}
    for stage, kind in (
        ("label", "ordinary"), ("rework", "ordinary"), ("label", "hard"), ("review", "ordinary"),
        ("review", "layer_2"), ("adjudicate", "ordinary"),
    ):  # fmt: skip
        batch = make.batch(floor.project)
        task = make.tasks(make.lane(batch, stage, kind=kind), make.assets(batch, 1))[0]
        may[stage, kind] = eligibility.may(session, judge, task.id) is None
    assert [k for k, allowed in may.items() if allowed] == [
        ("label", "ordinary"),
        ("rework", "ordinary"),
    ]
    assert assets


def test_nobody_labels_an_asset_twice_but_its_author_mends_it(session: Any, make: Any) -> None:
    floor = make.floor(assets=1, wanted=2)
    me = floor.labellers[0]
    assert dispatch.claim(session, me) is not None
    again = make.tasks(floor.lane, [])
    for stage, number in (("label", 2), ("rework", 1)):
        lane = floor.lane if stage == "label" else make.lane(floor.batch, stage)
        again.append(Task(lane_id=lane.id, asset_id=floor.assets[0].id, stage=stage, round=number))
    session.add_all(again)
    session.flush()
    said = {t.stage: eligibility.may(session, me, t.id) for t in again}
    assert "this asset" in said["label"]
    assert said["rework"] is None


# Limits


def _answer(session: Any, who: User, n: int, active_ms: int = 0) -> int:
    """Claim and answer up to `n`; how many there were."""
    for i in range(n):
        lease = dispatch.claim(session, who)
        if lease is None:
            return i
        clock_time.use((clock_time.now() + timedelta(hours=1)).timestamp)
        submit.submit(
            session, who, lease.token, label={"class": "a"}, key=f"key {lease.id}", revision=0,
            active_ms=active_ms, tab="t",
        )  # fmt: skip
        clock_time.use(None)
    return n


@pytest.mark.parametrize(("share", "allowed"), [(0.1, 1), (0.25, 3), (0.3, 3), (1, 10)])
def test_a_share_of_a_batch(session: Any, make: Any, share: float, allowed: int) -> None:
    floor = make.floor(labellers=2, assets=10, settings={"limits": {"batch_share": share}})
    me, other = floor.labellers
    assert _answer(session, me, 20) == allowed
    if allowed < 10:
        assert "as much of this batch" in emptiness.why_empty(session, me).reason
        assert "as much" in (eligibility.may(session, me, floor.tasks[9].id) or "")
        assert dispatch.claim(session, other) is not None
    second = make.batch(floor.project)
    make.tasks(make.lane(second), make.assets(second, 10))
    assert dispatch.claim(session, me) is not None  # of every batch a share


def test_what_is_held_and_kept_counts_towards_the_share(session: Any, make: Any) -> None:
    floor = make.floor(assets=10, settings={"limits": {"batch_share": 0.3}, "max_leases": 10})
    me, at = floor.labellers[0], clock_time.now()
    reserving.reserve(session, [floor.tasks[9].id], me.id, at + timedelta(hours=1), at)
    got = [dispatch.claim(session, me) for _ in range(4)]
    assert [c is not None for c in got] == [True, True, True, False]


def test_hours_a_day_over_all_projects_in_ones_own_day(session: Any, make: Any) -> None:
    floor = make.floor(assets=10, settings={"limits": {"hours_per_day": 0.5}})
    me = floor.labellers[0]
    me.timezone = "Asia/Tokyo"
    session.flush()
    noon = clock_time.now().replace(hour=3, minute=0, second=0)  # noon in Tokyo
    clock_time.use(noon.timestamp)
    day = day_in("Asia/Tokyo", noon)
    session.add(DeskTally(labeller_id=me.id, batch_id=floor.batch.id, day=day, active_ms=1_799_999))
    session.flush()
    assert eligibility.may(session, me, floor.tasks[0].id) is None
    session.execute(update(DeskTally).values(active_ms=1_800_000))
    assert "hours" in eligibility.may(session, me, floor.tasks[0].id)
    assert dispatch.claim(session, me) is None
    assert "hours" in emptiness.why_empty(session, me).reason
    clock_time.use((noon + timedelta(hours=11, minutes=59)).timestamp)
    assert eligibility.may(session, me, floor.tasks[0].id) is not None
    clock_time.use((noon + timedelta(hours=12)).timestamp)
    assert eligibility.may(session, me, floor.tasks[0].id) is None


def test_a_zone_nobody_knows_is_utc() -> None:
    at = clock_time.now().replace(hour=23)
    assert day_in("Mars/Olympus", at) == at.date()
    assert day_in("Pacific/Kiritimati", at) == at.date() + timedelta(days=1)


def test_assets_of_a_batch_are_counted_however_they_come(session: Any, make: Any) -> None:
    floor = make.floor(assets=4)
    make.assets(floor.batch, 3)
    session.refresh(floor.batch)
    assert floor.batch.n_assets == 7


# Told to a lead


def test_why_tells_every_condition_in_the_third_person(session: Any, make: Any) -> None:
    floor, at = make.floor(), clock_time.now()
    me, task = floor.labellers[0], floor.tasks[0]
    told = eligibility.why(session, me.id, task.id, at)
    assert all(x.holds for x in told)
    assert len({x.name for x in told}) == len(told) == 20
    _member(session, floor).suspended_at = at
    floor.batch.paused = True
    session.flush()
    failed = {x.name: x.words for x in eligibility.why(session, me.id, task.id, at) if not x.holds}
    assert set(failed) == {"not_suspended", "batch_not_paused"}
    assert not any("you" in words.lower().split() for words in failed.values())
    with pytest.raises(NotFound):
        eligibility.why(session, me.id, 10**9, at)


def test_may_all_agrees_with_may_and_uses_up_a_share(
    session: Any, make: Any, count_queries: list[str]
) -> None:
    floor = make.floor(labellers=2, assets=10, settings={"limits": {"batch_share": 0.5}})
    me, other = floor.labellers
    mine, theirs = dispatch.claim(session, me), dispatch.claim(session, other)
    ids = [t.id for t in floor.tasks]
    count_queries.clear()
    told = eligibility.may_all(session, me.id, [*ids, 10**9], clock_time.now())
    assert len(count_queries) == 1
    assert set(told) == set(ids)
    assert told[mine.task_id] == ["not_mine", "has_room"]
    assert told[theirs.task_id] == ["has_room"]
    free = [i for i in ids if i not in (mine.task_id, theirs.task_id)]
    assert [told[i] for i in free] == [[]] * 4 + [["batch_share"]] * 4
    assert all(eligibility.may(session, me, i) is None for i in free)


def test_a_nested_setting_and_its_default(session: Any) -> None:
    from sqlalchemy import text

    def of(stored: str, name: str) -> Any:
        query = f"SELECT {conditions.setting(name)} FROM (SELECT CAST(:s AS jsonb) AS settings) p"
        return session.scalar(text(query), {"s": stored})

    assert of("{}", "max_leases") == 2
    assert of('{"max_leases": 7}', "max_leases") == 7
    assert of("{}", "limits.batch_share") is None
    assert of('{"limits": {"batch_share": null}}', "limits.batch_share") is None
    assert of('{"limits": {"batch_share": 0.5}}', "limits.batch_share") == 0.5
    assert of("{}", "hard.deadline_hours") == 24
