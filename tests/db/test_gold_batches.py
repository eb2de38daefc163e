"""Gold by the dozen: of reviewed labels, and retired by its faults."""

import pytest
from sqlalchemy import select

from ops.errors import InvalidInput
from ops.models import AuditEntry
from quality import gold, gold_batches
from quality.models import Gold, GoldScore
from tests.db.answering import answer


def test_what_a_person_decided_can_be_made_gold_and_nothing_else(session, make):
    floor = make.floor(assets=5)
    by_hand = floor.assets[:3]
    for asset, method in zip(
        floor.assets, ["review", "adjudication", "review", "majority"], strict=False
    ):
        make.decided(asset, "b", method=method)
    listed = gold_batches.reviewed(session, floor.project.id, batch_id=None, after=0, limit=10)
    assert [(r.id, r.key) for r in listed] == [(a.id, "b") for a in by_hand]
    made = gold_batches.make_many(session, floor.project, [a.id for a in by_hand[:2]], None)
    assert [gold.latest_version(session, g.id).answers for g in made] == [[{"class": "b"}]] * 2
    left = gold_batches.reviewed(session, floor.project.id, batch_id=None, after=0, limit=10)
    assert [r.id for r in left] == [by_hand[2].id]
    for wrong in ([by_hand[0].id], [floor.assets[3].id], [], [10**9]):
        with pytest.raises(InvalidInput) as refused:
            gold_batches.make_many(session, floor.project, wrong, None)
        assert refused.value.field == "assets"


def test_of_another_project_nothing_is_made_or_retired(session, make):
    floor, other = make.floor(), make.floor()
    make.decided(other.assets[0], method="review")
    with pytest.raises(InvalidInput):
        gold_batches.make_many(session, floor.project, [other.assets[0].id], None)
    [theirs] = gold_batches.make_many(session, other.project, [other.assets[0].id], None)
    with pytest.raises(InvalidInput) as refused:
        gold_batches.retire_many(session, floor.project, [theirs.id], None, reason="r")
    assert refused.value.field == "gold"


def test_faults_are_found_and_retired_together(session, make):
    floor = make.floor(assets=8, labellers=3)
    done = make.batch(floor.project)
    [far] = make.assets(done)
    made = [
        gold.make(session, floor.project, asset, [{"class": "a"}], None)
        for asset in [*floor.assets, far]
    ]
    missed, once, shown, old = made[0], made[1], made[2], made[-1]
    done.state = "delivered"
    shown.exposures = 20
    for one, wrong in ((missed, (0, 0, 0)), (once, (0, 1, 0))):
        version = gold.latest_version(session, one.id)
        for who, correct in zip(floor.labellers, wrong, strict=True):
            row = answer(session, one_task(session, one), who, "b")
            session.add(score(row, version, correct, session))
    session.flush()
    of = {f: gold_batches.with_fault(session, floor.project.id, f) for f in gold_batches.FAULTS}
    assert of == {"never_right": [missed.id], "over_exposed": [shown.id], "delivered": [old.id]}
    ids = [i for some in of.values() for i in some]
    with pytest.raises(InvalidInput) as refused:
        gold_batches.retire_many(session, floor.project, ids, None, reason=" ")
    assert refused.value.field == "reason"
    assert gold_batches.retire_many(session, floor.project, ids, None, reason="worn") == 3
    assert gold_batches.retire_many(session, floor.project, ids, None, reason="worn") == 0
    retired = select(Gold.id).where(Gold.state == "retired").order_by(Gold.id)
    assert session.scalars(retired).all() == sorted(ids)
    told = select(AuditEntry).where(AuditEntry.action == "gold.retired")
    assert len(session.scalars(told).all()) == 3
    assert not any(gold_batches.with_fault(session, floor.project.id, f) for f in of)


def one_task(session, one):
    from ops.models import Task

    return session.get(Task, one.task_id)


def score(row, version, correct, session):
    from ops import clock_time
    from ops.models import Label

    label = session.scalars(select(Label.id).where(Label.assignment_id == row.id)).one()
    return GoldScore(
        assignment_id=row.id,
        gold_version_id=version.id,
        label_id=label,
        correct=float(correct),
        at=clock_time.now(),
    )


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ([{"class": "a", "credit": 0}], "credit"),
        ([{"class": "a", "credit": 1.5}], "credit"),
        ([{"class": "a", "credit": True}], "credit"),
        ([{"class": "a", "credit": float("nan")}], "credit"),
        ([{"class": "a", "credit": "1"}], "credit"),
        ([{"class": "a", "credit": 0.5}], "answers"),
        ([{"class": "a"}, {"class": "a", "credit": 0.5}], "answers"),
        (["a"], "answers"),
        ([{"class": "a", "other": 1}], "other"),
    ],
)
def test_credits_are_parts_of_one(session, make, answers, field):
    floor = make.floor()
    with pytest.raises(InvalidInput) as refused:
        gold.make(session, floor.project, floor.assets[0], answers, None)
    assert refused.value.field == field


def test_what_is_wholly_right_stands_first_and_is_the_label(session, make):
    from ops import consensus
    from quality.gold_answers import credit
    from quality.judging.alike import Yardstick

    floor = make.floor()
    given = [{"class": "b", "credit": 0.5}, {"class": "a"}, {"class": "c", "credit": 1}]
    made = gold.make(session, floor.project, floor.assets[0], given, None)
    answers = gold.latest_version(session, made.id).answers
    assert answers == [{"class": "a"}, {"class": "c"}, {"class": "b", "credit": 0.5}]
    assert made.class_key == "a"
    known = consensus.current(session, [floor.assets[0].id])[floor.assets[0].id]
    assert known.label == {"class": "a"}
    worth = [credit(answers, {"class": key}, Yardstick("class")) for key in "abcd"]
    assert worth == [1, 0.5, 1, 0]
