"""A lead reserves, assigns, recalls and reassigns by name, under the predicate of the claim."""

import json
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from ops import clock_time, projects
from ops.errors import InvalidInput
from ops.models import Assignment, AuditEntry, Lane, Notice, ProjectMember, Task, WorkEvent
from quality import gold
from scheduling import dispatch, push, selection, submit
from scheduling.selection import Next, Ticked
from tests.db.books import balanced

NOW = datetime.fromisoformat("2026-11-01T08:00:00+00:00")


@pytest.fixture(autouse=True)
def _morning() -> None:
    clock_time.use(NOW.timestamp)


@pytest.fixture
def world(session: Any, make: Any) -> Any:
    return World(session, make)


class World:
    """Ana and Bo may work, twelve assets wait, a lead pushes."""

    def __init__(self, session: Any, make: Any, wanted: int = 2):
        self.session, self.make = session, make
        self.floor = make.floor(labellers=3, assets=12, wanted=wanted)
        self.project, self.batch = self.floor.project, self.floor.batch
        self.ana, self.bo, self.cy = self.floor.labellers
        self.lead = make.member(self.project, make.user(role="ops_lead"))
        for person, name in ((self.ana, "Ana"), (self.bo, "Bo"), (self.cy, "Cy")):
            person.name = name
        session.flush()

    def ticked(self, n: int = 12, stage: str | None = None) -> Ticked:
        return Ticked([a.id for a in self.floor.assets[:n]], stage)

    def reserve(self, who: Any, chosen: Any, **more: Any) -> Any:
        return push.reserve(self.session, self.project, who, chosen, by=self.lead, **more)

    def recall(self, assignments: Any) -> Any:
        return push.recall(self.session, self.project, assignments, by=self.lead)

    def reassign(self, assignments: Any, to: Any, **more: Any) -> Any:
        return push.reassign(self.session, self.project, assignments, to, by=self.lead, **more)

    def states(self, who: Any) -> dict[str, int]:
        counted = (
            select(Assignment.state, func.count())
            .where(Assignment.labeller_id == who.id)
            .group_by(Assignment.state)
        )
        return {row[0]: row[1] for row in self.session.execute(counted)}

    def answer(self, who: Any) -> Any:
        work = dispatch.claim(self.session, who)
        assert work is not None
        submit.submit(
            self.session, who, uuid.UUID(work.token), label={"class": "a"}, key=work.token,
            revision=0, active_ms=1, tab="t",
        )  # fmt: skip
        return work

    def entries(self) -> list[Any]:
        found = self.session.scalars(
            select(AuditEntry).where(AuditEntry.action.startswith("work.")).order_by(AuditEntry.id)
        )
        return list(found)


def test_what_is_reserved_waits_for_them_as_long_as_the_project_says(world: Any) -> None:
    world.project.settings = {"reserve_hours": 5}
    done = world.reserve(world.ana, world.ticked(4))
    assert (done.act, done.n, done.refused) == ("reserved", 4, ())
    assert done.until == NOW + timedelta(hours=5)
    assert world.states(world.ana) == {"reserved": 4}
    assert done.words() == "4 tasks are reserved for Ana until 2026-11-01 13:00 UTC."
    balanced(world.session)
    assert world.session.scalars(select(Notice)).all() == []


def test_assigned_is_reserved_and_told(world: Any) -> None:
    done = world.reserve(world.ana, world.ticked(1), tell=True, hours=2)
    notice = world.session.scalars(select(Notice)).one()
    assert (done.act, notice.user_id) == ("assigned", world.ana.id)
    assert "1 task in " in notice.text and "2026-11-01 10:00 UTC" in notice.text


def test_one_entry_an_act_under_a_pseudonym(world: Any) -> None:
    world.reserve(world.ana, world.ticked(5))
    kept = push.held_by(world.session, world.project, world.ana)
    world.reassign(kept[:2], world.bo)
    world.recall(kept[2:])
    entries = world.entries()
    told = [(e.action, e.actor, e.subject, e.data["tasks"]) for e in entries]
    by, what = world.lead.pseudonym, f"project:{world.project.id}"
    assert told == [
        ("work.reserved", by, what, 5),
        ("work.reassigned", by, what, 2),
        ("work.recalled", by, what, 3),
    ]
    ana, bo = str(world.ana.pseudonym), str(world.bo.pseudonym)
    assert entries[0].data["labeller"] == ana
    assert (entries[1].data["labeller"], entries[1].data["of"]) == (bo, {ana: 2})
    assert entries[2].data["of"] == {ana: 3}
    assert "Ana" not in json.dumps([e.data for e in entries])


def test_what_the_predicate_refuses_is_counted_in_words(world: Any) -> None:
    had = [world.answer(world.ana).task_id for _ in range(3)]
    for who in (world.bo, world.cy):  # two of the others are full
        push.reserve(
            world.session, world.project, who, _assets_beside(world, had, 2), by=world.lead
        )
    done = world.reserve(world.ana, world.ticked())
    assert done.n == 12 - 3 - 2
    assert {one.name: one.n for one in done.refused} == {"not_mine": 3, "has_room": 2}
    assert "3 not reserved: Ana has had this task already." in done.words()
    assert "2 not reserved: all the answers this task wants" in done.words()
    assert world.entries()[-1].data["refused"] == {"not_mine": 3, "has_room": 2}
    balanced(world.session)


def _assets_beside(world: Any, tasks: list[int], n: int) -> Ticked:
    return Ticked([t.asset_id for t in world.floor.tasks if t.id not in tasks][:n])


def test_nothing_is_reserved_for_whoever_may_not_work_and_nothing_is_written(world: Any) -> None:
    until = NOW + timedelta(days=1)
    projects.pause_member(
        world.session, world.project, world.ana, until=until, reason="", by=world.lead
    )
    for chosen in (world.ticked(), Next(5)):
        done = world.reserve(world.ana, chosen)
        assert (done.n, [(x.name, x.n) for x in done.refused]) == (0, [("not_paused", 12)])
        assert done.words().startswith("Nothing was reserved. 12 not reserved: paused in")
    assert world.entries() == []
    assert world.session.scalars(select(WorkEvent)).all() == []


def test_the_next_n_in_the_order_of_the_claim_pass_over_what_they_have_had(world: Any) -> None:
    first = world.answer(world.ana)
    done = world.reserve(world.ana, Next(3))
    rows = world.session.scalars(select(Assignment).where(Assignment.state == "reserved")).all()
    expected = [t.id for t in world.floor.tasks if t.id != first.task_id][:3]
    assert (done.n, done.refused) == (3, ())
    assert sorted(r.task_id for r in rows) == sorted(expected)


def test_the_next_n_of_several_batches_by_priority(world: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(selection, "PAGE", 5)
    other, urgent = (world.make.batch(world.project, priority=p) for p in (1, 5))
    lanes = [world.make.lane(batch) for batch in (urgent, other)]
    for lane, batch in zip(lanes, (urgent, other), strict=True):
        world.make.tasks(lane, world.make.assets(batch, 8))
    done = world.reserve(world.ana, Next(10, [urgent.id, other.id]))
    reserved = select(Task.lane_id, func.count()).join(Assignment).group_by(Task.lane_id)
    assert done.n == 10
    assert dict(world.session.execute(reserved).all()) == {lanes[0].id: 8, lanes[1].id: 2}


def test_a_filter_on_the_external_id(world: Any) -> None:
    world.floor.assets[3].external_id = "Odd_one%"
    world.session.flush()
    done = world.reserve(world.ana, Next(10, search="odd_ONE%"))
    row = world.session.scalars(select(Assignment)).one()
    assert (done.n, row.task_id) == (1, world.floor.tasks[3].id)


def test_fewer_than_asked_for_says_why(world: Any) -> None:
    for _ in range(2):
        world.answer(world.ana)
    review = world.make.lane(world.batch, "review")
    world.make.tasks(review, world.floor.assets[:4])
    done = world.reserve(world.ana, Next(100, stage=None))
    assert done.n == 10
    assert {one.name: one.n for one in done.refused} == {"role": 4, "not_mine": 2}


def test_a_share_of_a_batch_runs_out(world: Any) -> None:
    world.project.settings = {"limits": {"batch_share": 0.25}}
    world.session.execute(text("UPDATE batch SET n_assets = 12"))
    for chosen in (Next(10), world.ticked()):
        done = world.reserve(world.ana, chosen)
    assert world.states(world.ana) == {"reserved": 3}
    assert done.refused[0].name in ("batch_share", "not_mine")
    balanced(world.session)


def test_recall_gives_the_places_back_and_what_comes_later_is_surplus(world: Any) -> None:
    work = dispatch.claim(world.session, world.ana)
    assert work is not None
    world.reserve(world.ana, world.ticked(3))
    held = push.held_by(world.session, world.project, world.ana, ("leased", "reserved"))
    done = world.recall(held)
    assert done.n == len(held)
    assert world.states(world.ana) == {"released": len(held)}
    kinds = world.session.scalars(select(WorkEvent.kind).order_by(WorkEvent.id)).all()
    assert kinds.count("recalled") == len(held)
    balanced(world.session)
    # The place is free again: its answer still counts until somebody else fills the task.
    world.reserve(world.bo, world.ticked())
    world.reserve(world.cy, world.ticked())
    late = submit.submit(
        world.session, world.ana, uuid.UUID(work.token), label={"class": "a"}, key="k" * 9,
        revision=0, active_ms=1, tab="t",
    )  # fmt: skip
    assert late.surplus
    balanced(world.session)


def test_recall_twice_says_what_ended_meanwhile(world: Any) -> None:
    world.reserve(world.ana, world.ticked(2))
    held = push.held_by(world.session, world.project, world.ana)
    world.recall(held[:1])
    done = world.recall(held)
    assert (done.n, [(x.name, x.n) for x in done.refused]) == (1, [("ended", 1)])


def test_what_was_recalled_by_mistake_can_be_given_back(world: Any) -> None:
    world.reserve(world.ana, world.ticked(2))
    world.recall(push.held_by(world.session, world.project, world.ana))
    assert world.reserve(world.ana, world.ticked(2)).n == 2
    balanced(world.session)


def test_everything_reserved_for_one_goes_to_another(world: Any) -> None:
    world.reserve(world.ana, world.ticked(6))
    answered = world.answer(world.bo)  # one that Bo has had is left with Ana
    held = push.held_by(world.session, world.project, world.ana)
    done = world.reassign(held, world.bo, hours=1)
    same = answered.task_id in [t.id for t in world.floor.tasks[:6]]
    assert same and done.n == 5
    assert [(x.name, x.n) for x in done.refused] == [("not_mine", 1)]
    assert world.states(world.ana) == {"released": 5, "reserved": 1}
    assert world.states(world.bo) == {"submitted": 1, "reserved": 5}
    assert done.until == NOW + timedelta(hours=1)
    balanced(world.session)


def test_a_full_task_changes_hands(session: Any, make: Any) -> None:
    world = World(session, make, wanted=1)
    world.reserve(world.ana, world.ticked(12))
    assert world.reassign(push.held_by(session, world.project, world.ana), world.bo).n == 12
    balanced(session)


def test_one_task_held_by_two_goes_to_a_third_once(world: Any) -> None:
    world.reserve(world.ana, world.ticked(1))
    world.reserve(world.bo, world.ticked(1))
    held = [*push.held_by(world.session, world.project, world.ana),
            *push.held_by(world.session, world.project, world.bo)]  # fmt: skip
    done = world.reassign(held, world.cy)
    assert (done.n, [(x.name, x.n) for x in done.refused]) == (1, [("once", 1)])
    balanced(world.session)


def test_gold_ends_with_the_rest_and_goes_to_nobody(world: Any) -> None:
    asset = world.make.assets(world.batch)[0]
    gold.make(world.session, world.project, asset, [{"class": "a"}], world.lead)
    dispatch.claim(world.session, world.ana)  # draws when the next gold comes
    world.session.execute(text("UPDATE gold_pace SET until_next = 0"))
    slipped = dispatch.claim(world.session, world.ana)
    assert slipped is not None
    assert not world.session.get_one(Assignment, slipped.id).counts
    held = push.held_by(world.session, world.project, world.ana, ("leased",))
    done = world.reassign(held, world.bo)
    assert (done.n, done.refused) == (1, ())
    assert done.words().endswith("1 gold was ended with the rest and reserved for nobody.")
    assert world.states(world.ana) == {"released": 2}
    assert world.states(world.bo) == {"reserved": 1}
    balanced(world.session)


def test_gold_is_never_reserved(world: Any) -> None:
    gold.make(world.session, world.project, world.floor.assets[0], [{"class": "a"}], world.lead)
    lane = world.session.scalars(select(Lane)).first()
    done = world.reserve(world.ana, world.ticked(1))
    rounds = select(Task.round).join(Assignment).where(Task.lane_id == lane.id)
    assert 0 not in world.session.scalars(rounds).all()
    assert done.n + sum(one.n for one in done.refused) == 1


@pytest.mark.parametrize("hours", [0, -1, 721, float("nan"), float("inf")])
def test_hours_are_bounded(world: Any, hours: float) -> None:
    with pytest.raises(InvalidInput) as refused:
        world.reserve(world.ana, world.ticked(), hours=hours)
    assert refused.value.field == "hours"


def test_each_field_has_its_message(world: Any) -> None:
    stranger, elsewhere = world.make.user(), world.make.floor()
    faults = []
    for who, chosen in (
        (stranger, world.ticked()),
        (world.ana, Ticked([])),
        (world.ana, Ticked([elsewhere.assets[0].id])),
        (world.ana, Ticked(range(1, selection.MOST + 2))),
        (world.ana, Next(0)),
        (world.ana, Next(selection.MOST + 1)),
    ):
        with pytest.raises(InvalidInput) as refused:
            world.reserve(who, chosen)
        faults.append(refused.value.field)
    assert faults == ["labeller", "assets", "assets", "assets", "n", "n"]
    with pytest.raises(InvalidInput, match="at least one"):
        world.recall([])
    assert world.entries() == []


def test_what_is_anothers_is_not_touched(world: Any, make: Any) -> None:
    other = World(world.session, make)
    other.reserve(other.ana, other.ticked(2))
    held = push.held_by(world.session, other.project, other.ana)
    assert world.recall(held).n == 0
    world.session.delete(world.session.get(ProjectMember, (world.project.id, world.bo.id)))
    world.session.flush()
    with pytest.raises(InvalidInput):
        world.reassign(held, world.bo)
    assert other.states(other.ana) == {"reserved": 2}
