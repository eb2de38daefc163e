"""Gold is made, never shown twice, revised with its scores, retired."""

import pytest
from sqlalchemy import func, select, update

from ops import clock_time, consensus
from ops.errors import Conflict, InvalidInput
from ops.models import Assignment, AuditEntry, Batch, Task, WorkEvent
from quality import gold, trust
from quality.judging import answers as read
from quality.judging import gold_scores
from quality.models import (
    Assessment,
    Attempt,
    AttemptQuestion,
    Evidence,
    Gold,
    GoldScore,
    GoldVersion,
)
from tests.db.answering import answer


def gold_of(session, floor, key="a", index=0, **more):
    lead = more.pop("by", None)
    return gold.make(session, floor.project, floor.assets[index], [{"class": key}], lead, **more)


def test_made_gold_is_never_open_and_closes_the_ordinary_task(session, make):
    floor = make.floor(wanted=3)
    made = gold_of(session, floor, by=make.user(role="ops_lead"))
    session.expire_all()
    hidden = session.get(Task, made.task_id)
    assert (hidden.round, hidden.wanted, hidden.open) == (0, 0, False)
    assert hidden.lane_id == floor.lane.id
    assert not floor.tasks[0].open
    known = consensus.current(session, [floor.assets[0].id])[floor.assets[0].id]
    assert (known.method, known.label, known.probability) == ("gold", {"class": "a"}, 1.0)
    assert session.scalar(select(AuditEntry.action).where(AuditEntry.action == "gold.made"))


def test_what_is_held_or_answered_stays_wanted(session, make):
    floor = make.floor(wanted=3, labellers=1)
    answer(session, floor.tasks[0], floor.labellers[0], "a")
    gold_of(session, floor)
    session.expire_all()
    assert (floor.tasks[0].wanted, floor.tasks[0].open) == (1, False)


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ([], "answers"),
        ([{"class": "nonsense"}], "class"),
        ([{"class": k} for k in "abc"], "answers"),
    ],
)
def test_refuses_answers_that_test_nothing(session, make, answers, field):
    floor = make.floor()
    with pytest.raises(InvalidInput) as refused:
        gold.make(session, floor.project, floor.assets[0], answers, None)
    assert refused.value.field == field


def test_refuses_the_asset_of_another_project_and_a_second_making(session, make):
    floor, other = make.floor(), make.floor()
    with pytest.raises(InvalidInput):
        gold.make(session, floor.project, other.assets[0], [{"class": "a"}], None)
    gold_of(session, floor)
    with pytest.raises(Conflict):
        gold_of(session, floor)


def test_a_delivered_batch_keeps_its_labels(session, make):
    floor = make.floor()
    floor.batch.state = "delivered"
    session.flush()
    gold_of(session, floor)
    assert consensus.current(session, [floor.assets[0].id]) == {}


def test_pick_gives_each_labeller_each_gold_once_least_exposed_first(session, make):
    floor = make.floor(assets=6, labellers=2)
    made = [gold_of(session, floor, index=i) for i in range(6)]
    first, second = floor.labellers
    seen = []
    for _ in range(6):
        picked = session.get(Gold, gold.pick(session, first.id, floor.lane))
        seen.append(picked.id)
        answer(session, session.get(Task, picked.task_id), first, "a")
    assert sorted(seen) == sorted(g.id for g in made)
    assert gold.pick(session, first.id, floor.lane) is None
    session.execute(update(Gold).where(Gold.id != made[0].id).values(exposures=9))
    assert gold.pick(session, second.id, floor.lane) == made[0].id


@pytest.mark.parametrize("state", ["leased", "submitted", "skipped", "released", "expired"])
def test_an_assignment_in_any_state_is_exposure(session, make, state):
    floor = make.floor(assets=1)
    made = gold_of(session, floor)
    at = clock_time.now()
    session.add(
        Assignment(
            task_id=made.task_id,
            labeller_id=floor.labellers[0].id,
            project_id=floor.project.id,
            state=state,
            counts=False,
            leased_at=at,
            expires_at=at,
        )
    )
    session.flush()
    assert gold.pick(session, floor.labellers[0].id, floor.lane) is None


def test_an_ordinary_answer_on_the_asset_is_exposure(session, make):
    floor = make.floor(assets=1)
    answer(session, floor.tasks[0], floor.labellers[0], "a")
    gold_of(session, floor)
    assert gold.pick(session, floor.labellers[0].id, floor.lane) is None


def test_an_assessment_question_is_exposure(session, make):
    floor = make.floor(assets=1)
    made = gold_of(session, floor)
    at = clock_time.now()
    assessment = Assessment(
        project_id=floor.project.id,
        skill_id=floor.project.skill_id,
        title="t",
        questions=1,
        pass_mark=0.5,
        created_at=at,
    )
    session.add(assessment)
    session.flush()
    attempt = Attempt(
        assessment_id=assessment.id,
        labeller_id=floor.labellers[0].id,
        number=1,
        seed=1,
        started_at=at,
        ends_at=at,
    )
    session.add(attempt)
    session.flush()
    version = session.scalars(select(GoldVersion.id)).one()
    session.add(AttemptQuestion(attempt_id=attempt.id, position=1, gold_version_id=version))
    session.flush()
    assert gold.pick(session, floor.labellers[0].id, floor.lane) is None
    assert gold.pick(session, make.user().id, floor.lane) == made.id


def test_retired_assessment_and_foreign_gold_are_not_picked(session, make):
    floor, other = make.floor(assets=3), make.floor(assets=1)
    retired = gold_of(session, floor, index=0)
    gold.retire(session, floor.project, retired, None, reason="leaked")
    gold.retire(session, floor.project, retired, None)
    gold_of(session, floor, index=1, for_assessment=True)
    gold_of(session, other)
    assert gold.pick(session, floor.labellers[0].id, floor.lane) is None
    retirements = select(func.count()).where(AuditEntry.action == "gold.retired")
    assert session.scalar(retirements) == 1


def test_the_lanes_own_batch_comes_first(session, make):
    floor = make.floor(assets=2)
    elsewhere = make.batch(floor.project)
    own = gold_of(session, floor, index=0)
    [asset] = make.assets(elsewhere)
    far = gold.make(session, floor.project, asset, [{"class": "a"}], None)
    own.exposures = 50
    session.flush()
    assert session.get(Batch, elsewhere.id) is not None
    assert gold.pick(session, floor.labellers[0].id, floor.lane) == own.id
    answer(session, session.get(Task, own.task_id), floor.labellers[0], "a")
    assert gold.pick(session, floor.labellers[0].id, floor.lane) == far.id


def scored(session, made, *people_and_keys):
    rows = [answer(session, session.get(Task, made.task_id), w, k) for w, k in people_and_keys]
    found = read.by_assignment(session, [row.id for row in rows])
    trust.recompute(session, gold_scores.score(session, found))
    return found


def test_any_accepted_answer_is_right_and_scoring_twice_is_once(session, make):
    floor = make.floor(labellers=3)
    accepted = [{"class": "a"}, {"class": "b"}]
    made = gold.make(session, floor.project, floor.assets[0], accepted, None)
    one, two, three = floor.labellers
    found = scored(session, made, (one, "a"), (two, "b"), (three, "c"))
    assert gold_scores.score(session, found) == set()
    rows = select(GoldScore.correct).order_by(GoldScore.assignment_id)
    assert list(session.scalars(rows)) == [1, 1, 0]
    assert session.scalar(select(func.count()).select_from(WorkEvent)) == 3


def test_revising_scores_stored_answers_again_and_moves_standing(session, make):
    floor = make.floor(labellers=2)
    made = gold_of(session, floor, "a")
    one, two = floor.labellers
    scored(session, made, (one, "a"), (two, "b"))
    skill = floor.project.skill_id
    before = trust.standings(session, [one.id, two.id], skill)
    version = gold.revise(session, floor.project, made, [{"class": "b"}], None, reason="was wrong")
    session.expire_all()
    after = trust.standings(session, [one.id, two.id], skill)
    assert version.version == 2
    assert after[one.id] == before[two.id] and after[two.id] == before[one.id]
    assert session.scalar(select(func.count()).select_from(GoldScore)) == 4
    assert session.scalar(select(func.count()).select_from(Evidence)) == 2
    newest = select(WorkEvent.data).where(WorkEvent.labeller_id == two.id)
    assert session.scalars(newest.order_by(WorkEvent.id.desc())).first() == {"correct": 1.0}
    known = consensus.current(session, [made.asset_id])[made.asset_id]
    assert known.label == {"class": "b"}


def test_revising_to_the_same_answers_changes_nothing_and_needs_a_reason(session, make):
    floor = make.floor()
    made = gold_of(session, floor, "a")
    same = gold.revise(session, floor.project, made, [{"class": "a"}], None, reason="no change")
    assert same.version == 1
    with pytest.raises(InvalidInput):
        gold.revise(session, floor.project, made, [{"class": "b"}], None, reason=" ")


def test_answers_from_before_the_asset_was_gold_are_not_scored(session, make):
    floor = make.floor(labellers=1)
    row = answer(session, floor.tasks[0], floor.labellers[0], "b")
    gold_of(session, floor, "a")
    assert gold_scores.score(session, read.by_assignment(session, [row.id])) == set()
