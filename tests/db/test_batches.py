"""Batches and lanes: priority, completion, and work that is opened once."""

import pytest
from sqlalchemy import func, select, update

from ops import batches, consensus, flags, lanes
from ops.errors import Conflict, Frozen, InvalidInput, NotFound
from ops.models import Flag, Task


@pytest.fixture
def batch(session, make, lead):
    return batches.create(session, make.project(), name="First", by=lead)


def test_a_batch_is_found_by_members_only(session, make, batch, lead):
    with pytest.raises(NotFound):
        batches.find(session, lead, batch.id)
    make.member(batch.project, lead)
    assert batches.find(session, lead, batch.id) is batch
    with pytest.raises(Conflict):
        batches.create(session, batch.project, name="first", by=lead)
    with pytest.raises(InvalidInput) as caught:
        batches.create(session, batch.project, name="Second", by=lead, priority=5000)
    assert caught.value.field == "priority"


def test_opening_tasks_twice_opens_them_once(session, make, batch):
    assets = make.assets(batch, 20)
    lane = lanes.lane_for(session, batch, "label")
    assert lanes.lane_for(session, batch, "label") is lane
    ids = [a.id for a in assets]
    first = lanes.open_tasks(session, lane, ids[:15], wanted=3)
    generation = lane.generation
    second = lanes.open_tasks(session, lane, ids, wanted=3)
    assert (len(first), len(second)) == (15, 5)
    session.refresh(lane)
    assert lane.generation == generation + 1
    assert lanes.open_tasks(session, lane, ids, wanted=3) == []
    assert len(lanes.open_tasks(session, lane, ids, wanted=1, round=2)) == 20
    session.refresh(lane)
    assert lane.generation == generation + 2


def test_the_order_within_a_lane_is_random_and_priority_leaves_it_alone(session, make, batch, lead):
    lane = lanes.lane_for(session, batch, "label")
    new = lanes.open_tasks(session, lane, [a.id for a in make.assets(batch, 50)], wanted=1)
    order = list(session.scalars(select(Task.id).order_by(Task.npri, Task.id)))
    assert set(order) == set(new) and order != sorted(order)
    batches.set_priority(session, batch, 7, by=lead)
    assert batch.priority == 7
    assert list(session.scalars(select(Task.id).order_by(Task.npri, Task.id))) == order
    low, high = session.execute(select(func.min(Task.npri), func.max(Task.npri))).one()
    assert 0 <= low < high < 2**31


def test_a_batch_is_complete_when_nothing_is_open_or_leased_and_all_is_decided(
    session, make, batch
):
    assert not batches.note_completion(session, batch.id)  # empty
    assets = make.assets(batch, 2)
    lane = lanes.lane_for(session, batch, "label")
    lanes.open_tasks(session, lane, [a.id for a in assets], wanted=1)
    for asset in assets:
        make.decided(asset)
    assert not batches.note_completion(session, batch.id)  # open
    session.execute(update(Task).values(n_leased=1))
    assert not batches.note_completion(session, batch.id)  # leased
    session.execute(update(Task).values(n_leased=0, n_done=1))
    more = make.assets(batch, 1)
    assert not batches.note_completion(session, batch.id)  # undecided
    make.decided(more[0])
    assert batches.note_completion(session, batch.id)
    assert (batch.state, batches.note_completion(session, batch.id)) == ("complete", False)
    review = lanes.lane_for(session, batch, "review")
    lanes.open_tasks(session, review, [assets[0].id], wanted=1)
    assert (batch.state, batch.completed_at) == ("open", None)


def test_gold_wants_no_answers_and_keeps_no_batch_open(session, make, batch):
    (asset,) = make.assets(batch, 1)
    lane = lanes.lane_for(session, batch, "label")
    lanes.open_tasks(session, lane, [asset.id], wanted=0, round=0)
    make.decided(asset)
    assert batches.note_completion(session, batch.id)


def test_a_delivered_batch_takes_no_work(session, make, batch, lead):
    (asset,) = make.assets(batch, 1)
    lane = lanes.lane_for(session, batch, "label")
    batch.state = "delivered"
    session.flush()
    with pytest.raises(Frozen):
        lanes.open_tasks(session, lane, [asset.id], wanted=1)
    with pytest.raises(Frozen):
        batches.set_priority(session, batch, 1, by=lead)
    with pytest.raises(Frozen):
        batches.pause(session, batch, by=lead)


def test_consensus_is_appended_and_the_newest_is_in_force(session, make, batch):
    one, two = make.assets(batch, 2)
    make.decided(one)
    newest = make.decided(one)
    assert newest.version == 2
    assert consensus.current(session, [one.id, two.id]) == {one.id: newest}


def test_a_flag_is_raised_once_brought_up_to_date_and_raised_again_after(
    session, make, batch, lead
):
    (asset,) = make.assets(batch, 1)
    raised = {"project_id": batch.project_id, "kind": "hard", "asset_id": asset.id}
    first = flags.raise_flag(session, **raised, reason="slow", evidence={"z": 2})
    same = flags.raise_flag(session, **raised, reason="slower", evidence={"z": 3})
    flag = session.get(Flag, first)
    session.refresh(flag)
    assert (same, flag.reason, flag.evidence) == (first, "slower", {"z": 3})
    flags.resolve(session, flag, by=lead)
    assert flag.resolved_by == lead.id
    assert flags.raise_flag(session, **raised, reason="again", evidence={}) != first
    with pytest.raises(InvalidInput):
        flags.raise_flag(session, project_id=batch.project_id, kind="x", reason="", evidence={})
