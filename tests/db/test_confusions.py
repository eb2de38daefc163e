"""Confusions: increments leave what a rebuild and a plain reading of the tables would."""

from collections import Counter
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from sqlalchemy import select

from metrics import confusion_parts, confusions
from metrics.models import ConfusionLine, ConfusionRollup
from ops.models import Assignment, Consensus, Label, PastAffiliation, Task
from quality import gold
from quality.judging import belief, judge
from quality.measures.likeness import USUAL
from quality.models import Evidence, Gold, GoldScore, GoldVersion
from tests.db.answering import answer
from tests.db.every_type import CASES, MERGED


@pytest.fixture(autouse=True)
def _fresh_fits():
    belief.forget()


def table(session, model) -> list[tuple]:
    session.rollback()
    columns = model.__table__
    return sorted(tuple(row) for row in session.execute(select(columns)))


def read_plainly(session) -> Counter:
    """(labeller, day, truth by, truth, said) of every answer of a class, by the definition."""
    found: Counter = Counter()
    for one in session.scalars(select(Assignment).where(Assignment.state == "submitted")):
        label = session.scalars(
            select(Label).where(Label.assignment_id == one.id).order_by(Label.revision.desc())
        ).first()
        said, task = label.payload["class"], session.get(Task, one.task_id)
        score = session.execute(
            select(GoldScore.correct, GoldVersion.answers)
            .join(GoldVersion, GoldVersion.id == GoldScore.gold_version_id)
            .where(GoldScore.assignment_id == one.id)
            .order_by(GoldScore.id.desc())
        ).first()
        kinds = set(session.scalars(select(Evidence.kind).where(Evidence.assignment_id == one.id)))
        known = [
            c
            for c in session.scalars(
                select(Consensus).where(Consensus.asset_id == task.asset_id).order_by("version")
            )
            if c.method not in ("gold", "imported")
        ][-1:]
        day = one.ended_at.astimezone(ZoneInfo(one.labeller.timezone)).date()
        if score:
            truth = said if score.correct == 1 else score.answers[0]["class"]
            found[one.labeller_id, day, "gold", truth, said] += 1
        elif task.stage == "label" and known:
            by = "review" if known[0].method in ("review", "adjudication") else "consensus"
            if by in kinds:
                found[one.labeller_id, day, by, known[0].label["class"], said] += 1
    session.rollback()
    return found


def test_increments_equal_a_rebuild_and_a_plain_reading(make, session, sessions):
    random = np.random.default_rng(4)
    floor = make.floor(labellers=3, assets=24, wanted=2)
    floor.labellers[0].timezone = "Pacific/Auckland"
    reviewer = make.member(floor.project, make.user(role="reviewer"))
    expert = make.member(floor.project, make.user(role="expert"))
    golds = [
        gold.make(session, floor.project, floor.assets[i], [{"class": "a"}], None) for i in (0, 1)
    ]
    session.commit()
    assert confusions.count(sessions) == 0
    for i, ordinary in enumerate(floor.tasks):
        task = session.get(Task, golds[i].task_id) if i < 2 else ordinary
        for who in (floor.labellers[i % 3], floor.labellers[(i + 1) % 3]):
            answer(session, task, who, str(random.choice(list("abc"), p=[0.6, 0.3, 0.1])))
        if i % 8 == 7:
            session.commit()
            judge(sessions)
            assert confusions.count(sessions) > 0
            assert confusions.count(sessions) == 0
    for key, who, stage in (("b", reviewer, "review"), ("c", expert, "adjudicate")):
        lane = make.lane(floor.batch, stage, kind="ordinary", requirement_key=f"by {stage}")
        for asset in floor.assets[4:8]:
            task = Task(lane_id=lane.id, asset_id=asset.id, stage=stage, round=9)
            session.add(task)
            session.flush()
            answer(session, task, who, key, verdict="fix")
        session.commit()
        judge(sessions)
        assert confusions.count(sessions) > 0
    gold.revise(
        session, floor.project, session.get(Gold, golds[0].id), [{"class": "b"}], None, reason="no"
    )
    session.commit()
    confusions.count(sessions)
    lines, sums = table(session, ConfusionLine), table(session, ConfusionRollup)
    assert confusions.rebuild(sessions) == len(session.scalars(select(Assignment.id)).all())
    assert (table(session, ConfusionLine), table(session, ConfusionRollup)) == (lines, sums)
    counted: Counter = Counter()
    for row in session.scalars(select(ConfusionRollup)):
        counted[row.labeller_id, row.day, row.truth_by, row.truth, row.said] += row.n
        assert (row.fault == "") == (row.truth == row.said)
    expected = read_plainly(session)
    assert counted == expected
    assert {by for _, _, by, _, _ in expected} == {"gold", "review", "consensus"}
    # A decision that was decided otherwise holds for whoever was wrong both times, too.
    assert any(by == "review" and truth == "c" for _, _, by, truth, _ in expected)


def test_a_day_and_a_team_are_those_of_then(make, session, sessions):
    floor = make.floor(labellers=1, assets=1)
    made = gold.make(session, floor.project, floor.assets[0], [{"class": "a"}], None)
    given = answer(session, session.get(Task, made.task_id), floor.labellers[0], "b")
    session.add(
        PastAffiliation(
            user_id=floor.labellers[0].id, until=given.ended_at.replace(year=2100), team_id=None,
            organisation_id=floor.project.organisation_id, timezone="Pacific/Kiritimati",
        )
    )  # fmt: skip
    session.commit()
    judge(sessions)
    confusions.count(sessions)
    only = session.scalars(select(ConfusionRollup)).one()
    assert only.day == given.ended_at.astimezone(ZoneInfo("Pacific/Kiritimati")).date()
    assert only.vendor_id == floor.project.organisation_id
    assert (only.team_id, only.truth, only.said, only.fault) == (0, "a", "b", "wrong_class")


@pytest.mark.parametrize("label_type", MERGED)
def test_every_type_is_right_as_it_is_and_wrong_where_it_is_wrong(label_type):
    case = CASES[label_type]
    right, wrong = confusion_parts.compare(
        label_type, [case.right, case.wrong], [case.right, case.right], USUAL
    )
    assert sum(right.values()) > 0
    assert all(not fault and truth == said for truth, said, fault in right)
    assert any(fault for _, _, fault in wrong)
