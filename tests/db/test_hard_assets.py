"""Reads that dashboards need: hard assets within scope, stages of labelling, names of projects."""

from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import insert

from metrics import balance, definitions, reads, rollup
from ops import clock_time, scope
from ops.models import WorkEvent
from quality.models import AssetDifficulty
from tests.db.answering import answer
from tests.shown import shown


@pytest.fixture
def two(make, session, sessions):
    return [shown(make, session, sessions, seed=seed, answers=60) for seed in (1, 2)]


def period() -> tuple:
    today = clock_time.now().date()
    return today - timedelta(days=29), today + timedelta(days=1)


def test_the_worst_come_first_and_only_those_in_scope(two, session, sessions):
    mine, other = two
    hard = session.get(AssetDifficulty, mine.floor.assets[2].id)
    hard.colour, hard.difficulty = "yellow", 9.0
    session.get(AssetDifficulty, mine.floor.assets[1].id).difficulty = 4.0
    session.flush()
    found = reads.hard_assets(session, scope.projects(mine.lead))
    expected = [mine.floor.assets[i].id for i in (1, 0, 2)]
    assert found.asset_id.tolist() == expected
    assert found.colour.tolist() == ["red", "red", "yellow"]
    assert set(found.label) == {"a"}
    assert not found.pictured.any()
    assert reads.hard_assets(session, scope.projects(mine.lead), other.project.id).empty
    assert len(reads.hard_assets(session, [mine.project.id], colour="yellow")) == 1
    assert reads.hard_assets(session, [mine.project.id], label="b").empty
    session.commit()
    balance.rebuild(sessions)
    session.rollback()
    counts = reads.colours(session, scope.projects(mine.lead))
    assert dict(zip(counts.colour, counts.n, strict=True)) == {"red": 2, "yellow": 1}


def test_an_asset_without_a_label_is_hard_all_the_same(two, session):
    mine, _ = two
    asset = mine.floor.assets[5]
    session.add(
        AssetDifficulty(
            asset_id=asset.id, project_id=mine.project.id, difficulty=99.0, colour="red", parts={},
            reason="Everybody skips it.", at=clock_time.now(),
        )
    )  # fmt: skip
    session.flush()
    first = reads.hard_assets(session, [mine.project.id]).iloc[0]
    assert (first.asset_id, first.label) == (asset.id, None)


def test_names_are_of_the_scope_with_work_or_without(two, make, session):
    mine, _ = two
    empty = make.member(make.project(name="AAA"), mine.lead)
    found = reads.names(session, scope.projects(empty))
    assert found.project.tolist() == ["AAA", mine.project.name]


def test_what_reviewers_answer_is_no_label(two, make, session, sessions):
    mine, _ = two
    scope_ = [mine.project.id]
    before = reads.overview(session, scope_, *period(), reads.LABELLING)
    lane = make.lane(mine.floor.batch, "review")
    task = make.tasks(lane, mine.floor.assets[:1])[0]
    reviewer = make.member(mine.project, make.user(role="reviewer"))
    given = answer(session, task, reviewer, "a")
    session.execute(
        insert(WorkEvent).values(
            at=clock_time.now() - timedelta(minutes=1), kind="submitted",
            data={"active_ms": 60_000, "wall_ms": 60_000, "class": "a"}, labeller_id=reviewer.id,
            project_id=mine.project.id, batch_id=mine.floor.batch.id, stage="review",
            task_id=task.id, assignment_id=given.id,
        )
    )  # fmt: skip
    session.commit()
    rollup.roll_up(sessions)
    session.rollback()
    for read in (reads.days, reads.daily, reads.labellers):
        labelling = read(session, scope_, *period(), reads.LABELLING).labels.sum()
        assert labelling == 60 == read(session, scope_, *period()).labels.sum() - 1
    after = reads.overview(session, scope_, *period(), reads.LABELLING)
    assert after.set_index("key").now.to_dict() == pytest.approx(
        before.set_index("key").now.to_dict()
    )


def test_pace_stands_beside_its_labeller(two, session):
    mine, _ = two
    found = reads.labellers(session, [mine.project.id], *period()).set_index("labeller")
    paces = {person.name: 0.8 + 0.1 * i for i, person in enumerate(mine.floor.labellers)}
    assert found.pace.to_dict() == pytest.approx(paces)


def test_efficiency_carries_its_interval(two, session):
    mine, _ = two
    row = reads.overview(session, [mine.project.id], *period()).set_index("key").loc["efficiency"]
    assert 0 <= row.low < row.now < row.high
    assert row.n == 60


def test_the_interval_of_efficiency_covers_across_labellers():
    """Simulated floors of 12 labellers whose pace and hours differ: about 95 % hold the truth."""
    random = np.random.default_rng(11)
    held, runs = 0, 600
    for _ in range(runs):
        hours = random.uniform(0.5, 2.0, 12)
        pace = random.normal(300, 60, 12)
        labels = random.poisson(pace.clip(50) * hours)
        low, high = definitions.efficiency_interval(labels, hours * 3_600_000)
        held += low <= 300 <= high
    assert 0.91 <= held / runs <= 0.98


def test_one_labeller_gives_no_interval_of_efficiency():
    assert definitions.efficiency_interval([10], [60_000]) == (None, None)
    assert definitions.efficiency_interval([10, 0], [60_000, 0]) == (None, None)
    assert definitions.efficiency_interval([], []) == (None, None)
