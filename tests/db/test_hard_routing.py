"""Hard assets: found by four signs, sent to experts, given back when the deadline passes."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from ops import clock_time
from ops.db import transaction
from ops.models import Lane, Notice, ProjectMember, Task
from quality.models import AssetDifficulty
from scheduling import dispatch, eligibility, hard, submit
from scheduling.models import HardTask
from tests.db import books
from tests.db.answering import answer

HARD = {"hard": {"level": 3, "below_confidence": 0.5, "deadline_hours": 24}}


@pytest.fixture(autouse=True)
def _nothing_looked_at():
    hard._looked.clear()


@pytest.fixture
def floor(make, lead):
    """Four assets with tasks for two answers, one plain labeller, one expert of level 3."""
    floor = make.floor(labellers=1, assets=4, wanted=2)
    floor.project.settings = HARD
    make.member(floor.project, lead)
    expert = make.member(floor.project, make.user(role="expert"))
    make.certificate(expert, floor.project.skill, 3)
    floor.expert = expert
    return floor


def predict(session, asset, confidence):
    asset.meta = {"prediction": {"class": "a", "confidence": confidence}}
    session.flush()


def routed(session):
    """Asset position by routed task → reason."""
    session.expire_all()
    rows = session.execute(select(HardTask.task_id, HardTask.reason).order_by(HardTask.task_id))
    return dict(rows.all())


def kind_of(session, task):
    session.expire_all()
    return session.scalar(select(Lane.kind).join(Task).where(Task.id == task.id))


def notices_of(session, user):
    return list(session.scalars(select(Notice.text).where(Notice.user_id == user.id)))


def make_red(session, floor, asset, at=None):
    session.add(
        AssetDifficulty(
            asset_id=asset.id,
            project_id=floor.project.id,
            difficulty=3.0,
            colour="red",
            at=at or clock_time.now(),
        )
    )
    session.flush()


def test_each_sign_sends_an_asset_to_experts_once(session, sessions, make, floor):
    unsure, red, disputed, plain = floor.assets
    predict(session, unsure, 0.31)
    predict(session, plain, 0.5)
    make_red(session, floor, red)
    make.decided(disputed, probability=0.62)
    session.commit()
    assert hard.route(sessions) == 3
    tasks = {task.asset_id: task.id for task in floor.tasks}
    assert routed(session) == {
        tasks[unsure.id]: "the model was 31 % sure",
        tasks[red.id]: "its difficulty is red",
        tasks[disputed.id]: "earlier answers left its label 62 % sure",
    }
    assert [kind_of(session, t) for t in floor.tasks] == ["hard", "hard", "hard", "ordinary"]
    lane = session.scalars(select(Lane).where(Lane.kind == "hard")).one()
    assert lane.requirements == {str(floor.project.skill_id): 3}
    assert lane.batch_id == floor.batch.id and lane.generation > 0
    assert hard.route(sessions) == 0
    due = session.scalars(select(HardTask.due_at - HardTask.routed_at)).all()
    assert set(due) == {timedelta(hours=24)}


def test_what_a_person_decided_before_is_no_disagreement(session, sessions, make, floor):
    make.decided(floor.assets[0], probability=0.3)
    make.decided(floor.assets[0], probability=0.3, method="adjudication")
    session.commit()
    assert hard.route(sessions) == 0


@pytest.mark.parametrize("meta", ["x", {"class": "a"}, {"confidence": "0.1"}, {"confidence": -1}])
def test_metadata_that_is_no_confidence_is_left_alone(session, sessions, floor, meta):
    floor.assets[0].meta = {"prediction": meta}
    session.commit()
    assert hard.route(sessions) == 0


def test_half_way_through_dynamic_overlap_and_still_unsure_is_hard(session, sessions, floor):
    overlap = {"kind": "dynamic", "minimum": 2, "maximum": 6}
    floor.project.settings = {**HARD, "overlap": overlap}
    two, three = floor.tasks[:2]
    for task, n in ((two, 2), (three, 3)):
        task.n_done, task.wanted, task.returned = n, n + 1, True
    session.commit()
    assert hard.route(sessions) == 1
    assert routed(session) == {three.id: "3 answers left doubt"}


def test_later_signs_are_seen_without_looking_at_everything_again(
    session, sessions, floor, count_queries
):
    session.commit()
    assert hard.route(sessions) == 0
    make_red(session, floor, floor.assets[0])
    floor.tasks[1].returned = True
    predict(session, floor.assets[1], 0.1)
    predict(session, floor.assets[2], 0.1)  # an old task that nothing points at
    session.commit()
    assert hard.route(sessions) == 2
    assert set(routed(session)) == {floor.tasks[0].id, floor.tasks[1].id}
    session.execute(update(Lane).values(generation=Lane.generation + 1))
    session.commit()
    count_queries.clear()
    assert hard.route(sessions) == 0
    assert not any("SELECT found.id" in query for query in count_queries)


def test_a_restricted_expert_is_no_expert(session, sessions, floor):
    predict(session, floor.assets[0], 0.2)
    member = session.get_one(ProjectMember, (floor.project.id, floor.expert.id))
    member.restricted_at = clock_time.now()
    session.commit()
    assert hard.route(sessions) == 0
    member.restricted_at = None
    session.commit()
    assert hard.route(sessions) == 1


def test_other_terms_make_everything_new(session, sessions, floor):
    predict(session, floor.assets[0], 0.6)
    session.commit()
    assert hard.route(sessions) == 0
    floor.project.settings = {"hard": {**HARD["hard"], "below_confidence": 0.7}}
    session.commit()
    assert hard.route(sessions) == 1


def test_many_tasks_are_looked_at_in_chunks(session, sessions, make, floor, monkeypatch):
    monkeypatch.setattr(hard, "CHUNK", 7)
    low = make.assets(floor.batch, 30, meta={"prediction": {"confidence": 0.2}})
    make.tasks(floor.lane, low, wanted=1)
    session.commit()
    assert hard.route(sessions) == 30
    assert set(routed(session).values()) == {"the model was 20 % sure"}


def test_a_locked_task_is_sent_at_the_next_look(session, sessions, floor):
    predict(session, floor.assets[0], 0.1)
    session.commit()
    with sessions() as other:
        other.execute(text("SELECT FROM task WHERE id = :t FOR UPDATE"), {"t": floor.tasks[0].id})
        assert hard.route(sessions) == 0
    assert hard.route(sessions) == 1


def test_what_somebody_works_on_is_sent_when_they_let_go(session, sessions, floor):
    """Their answer counts, and they may go on looking at it."""
    predict(session, floor.assets[0], 0.1)
    for task in floor.tasks[1:]:
        task.wanted = 0
    session.commit()
    with transaction(sessions) as own:
        held = dispatch.claim(own, own.merge(floor.labellers[0]))
    assert hard.route(sessions) == hard.route(sessions) == 0
    with transaction(sessions) as own:
        said = {"label": {"class": "a"}, "key": "0123456789", "revision": 0}
        who, token = own.merge(floor.labellers[0]), uuid.UUID(held.token)
        done = submit.submit(own, who, token, **said, active_ms=900, tab="t")
    assert not done.surplus
    assert hard.route(sessions) == 1
    books.balanced(session)


def test_only_experts_get_it_and_find_it_behind_their_cursors(session, sessions, make, floor):
    floor.project.settings = {**HARD, "max_leases": 10}
    predict(session, floor.assets[3], 0.1)
    session.commit()
    hard.route(sessions)

    def claim(who):
        with transaction(sessions) as own:
            return dispatch.claim(own, own.merge(who))

    had = [claim(floor.expert) for _ in range(8)]  # some of them move the cursors
    assert {one.task_id for one in had if one} == {task.id for task in floor.tasks}
    assert had[-1] is None
    plain = [claim(floor.labellers[0]) for _ in range(4)]
    assert {one.task_id for one in plain if one} == {task.id for task in floor.tasks[:3]}
    assert "certificate" in eligibility.may(session, floor.labellers[0], floor.tasks[3].id)
    (late,) = make.tasks(
        floor.lane, make.assets(floor.batch, meta={"prediction": {"confidence": 0.2}}), wanted=1
    )
    late.npri = -5
    floor.lane.generation += 1
    session.commit()
    assert hard.route(sessions) == 1
    assert claim(floor.labellers[0]) is None
    assert claim(floor.expert).task_id == late.id
    books.balanced(session)


def test_where_nobody_holds_the_level_the_lead_is_told_and_nothing_moves(
    session, sessions, make, floor, lead
):
    floor.project.settings = {"hard": {**HARD["hard"], "level": 4}}
    session.commit()
    assert hard.route(sessions) == 0
    assert notices_of(session, lead) == []  # nothing is hard yet
    predict(session, floor.assets[0], 0.1)
    session.commit()
    hard._looked.clear()
    assert hard.route(sessions) == hard.route(sessions) == 0
    (told,) = notices_of(session, lead)
    assert "no member holds its skill at level 4" in told
    assert kind_of(session, floor.tasks[0]) == "ordinary"
    make.certificate(floor.expert, floor.project.skill, 4)
    session.commit()
    assert hard.route(sessions) == 1


def test_an_asset_that_every_expert_has_had_stays_with_everybody(session, sessions, floor):
    predict(session, floor.assets[0], 0.1)
    answer(session, floor.tasks[0], floor.expert, "a")
    session.commit()
    assert hard.route(sessions) == 0


def test_after_the_deadline_it_is_everybodys_next_work_and_the_lead_is_told_once(
    session, sessions, floor, lead
):
    start = clock_time.now()
    predict(session, floor.assets[2], 0.1)
    predict(session, floor.assets[3], 0.1)
    session.commit()
    hard.route(sessions)
    assert hard.escalate(sessions) == 0
    assert hard.of_batches(session, [floor.batch.id]) == {
        floor.batch.id: hard.Hard(2, session.scalar(select(func.min(HardTask.routed_at))), 0)
    }
    clock_time.use(lambda: start.timestamp() + 25 * 3600)
    assert hard.escalate(sessions) == 2
    assert hard.escalate(sessions) == hard.route(sessions) == 0
    (told,) = notices_of(session, lead)
    assert "2 hard assets waited for experts past the deadline" in told
    assert [kind_of(session, t) for t in floor.tasks] == ["ordinary"] * 4
    session.expire_all()
    assert [t.returned for t in floor.tasks] == [False, False, True, True]
    assert hard.of_batches(session, [floor.batch.id])[floor.batch.id] == hard.Hard(0, None, 2)
    with transaction(sessions) as own:
        claimed = dispatch.claim(own, own.merge(floor.labellers[0]))
    assert claimed.task_id == floor.tasks[2].id
    books.balanced(session)


def test_when_the_last_expert_has_answered_the_rest_is_for_everybody(
    session, sessions, floor, lead
):
    predict(session, floor.assets[0], 0.1)
    session.commit()
    hard.route(sessions)
    answer(session, floor.tasks[0], floor.expert, "a")
    session.commit()
    assert hard.escalate(sessions) == 1
    assert kind_of(session, floor.tasks[0]) == "ordinary"
    assert notices_of(session, lead) == []
    assert hard.of_batches(session, [floor.batch.id])[floor.batch.id].given_back == 0


def test_switched_off_or_without_experts_everything_comes_back(session, sessions, floor, lead):
    predict(session, floor.assets[0], 0.1)
    predict(session, floor.assets[1], 0.1)
    session.commit()
    assert hard.route(sessions) == 2
    floor.expert.active = False
    session.commit()
    assert hard.escalate(sessions) == 2
    (told,) = notices_of(session, lead)
    assert "no member holds" in told


def test_finished_hard_tasks_are_counted_no_more(session, sessions, floor):
    predict(session, floor.assets[0], 0.1)
    session.commit()
    hard.route(sessions)
    session.execute(update(Task).where(Task.id == floor.tasks[0].id).values(n_done=2))
    session.commit()
    assert hard.of_batches(session, [floor.batch.id])[floor.batch.id].waiting == 0
    later = clock_time.now().timestamp() + 30 * 3600
    clock_time.use(lambda: later)
    assert hard.escalate(sessions) == 0
