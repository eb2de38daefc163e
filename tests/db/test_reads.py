"""Frames for dashboards: figures as defined, within scope, in a fixed number of queries."""

import math
from datetime import UTC, timedelta

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session, sessionmaker

from metrics import definitions, reads, rollup
from metrics.models import DailyRollup
from ops import clock_time, consensus, flags, scope
from ops.models import Assignment, Label, OntologyVersion
from quality.models import AssetDifficulty, Gold, GoldScore, GoldVersion, Standing
from tests.factories import Make
from tests.histories import History


@pytest.fixture
def history(make: Make, session: Session, sessions: sessionmaker[Session]) -> History:
    made = History(make, 7)
    made.write(session, 150)
    for floor in made.floors:
        floor.project.settings = {"cost_per_hour": 18.0}
    session.commit()
    rollup.roll_up(sessions)
    return made


def everything(history: History) -> dict:
    since = history.start.astimezone(UTC).date()
    ids = [floor.project.id for floor in history.floors]
    return {"scope": ids, "since": since, "until": since + timedelta(days=8)}


def whole(bins: list[int], counts: list[int]) -> list[int]:
    """A histogram with its empty bins."""
    histogram = [0] * definitions.N_TIME_BINS
    for place, n in zip(bins, counts, strict=True):
        histogram[place] = n
    return histogram


def test_a_projects_figures_are_those_of_its_rows(history: History, session: Session):
    found = reads.projects(session, **everything(history)).set_index("project_id")
    for floor in history.floors:
        rows = session.scalars(
            select(DailyRollup).where(DailyRollup.project_id == floor.project.id)
        ).all()
        line = found.loc[floor.project.id]
        labels = sum(r.submitted + r.surplus for r in rows)
        active = sum(r.active_ms for r in rows)
        gold = definitions.gold_accuracy(
            float(sum(r.gold_correct for r in rows)), sum(r.gold_n for r in rows)
        )
        time = definitions.active_time(
            definitions.add_histograms([whole(r.time_bins, r.time_counts) for r in rows])
        )
        assert line.labels == labels
        assert line.efficiency == pytest.approx(definitions.efficiency(labels, active))
        assert line.cost_per_label == pytest.approx(
            definitions.cost_per_label(labels, active, 18.0)
        )
        assert [line.gold, line.gold_n, line.gold_low, line.gold_high] == pytest.approx(gold)
        assert [line.median_seconds, line.mad_log, line.timed_n] == pytest.approx(time)
        assert line.project == floor.project.name


def test_days_add_up_to_the_period(history: History, session: Session):
    per_day = reads.daily(session, **everything(history))
    whole = reads.projects(session, **everything(history))
    summed = per_day.groupby("project_id")[["labels", "active_ms", "gold_n"]].sum()
    assert (summed.to_numpy() == whole[["labels", "active_ms", "gold_n"]].to_numpy()).all()
    binned = reads.times(session, **everything(history))
    assert binned.groupby("project_id").n.sum().tolist() == whole.timed_n.tolist()
    assert (binned.low_seconds < binned.high_seconds).all()


def test_nothing_outside_the_scope_is_read(history: History, session: Session, make: Make):
    asked = everything(history)
    mine, other = history.floors
    lead = make.member(mine.project, make.user(role="ops_lead"))
    asked["scope"] = scope.projects(lead)
    for read in (reads.daily, reads.projects, reads.labellers, reads.stages, reads.times):
        assert set(read(session, **asked).project_id) == {mine.project.id}
    assert set(reads.batches(session, asked["scope"]).project_id) == {mine.project.id}
    for about in (reads.confusion, reads.difficulties, reads.flagged_assets):
        assert about(session, asked["scope"], other.project.id).empty
    both = reads.overview(session, **everything(history)).set_index("key")
    alone = reads.overview(session, **asked).set_index("key")
    assert alone.now["labels"] < both.now["labels"]


def test_labellers_stand_beside_their_standing(history: History, session: Session):
    floor = history.floors[0]
    person = floor.labellers[0]
    session.add(
        Standing(
            labeller_id=person.id, skill_id=floor.project.skill_id, mean=0.9, low=0.8, high=0.95,
            gold_n=12, gold_correct=11, updated_at=clock_time.now(),
        )
    )  # fmt: skip
    session.flush()
    found = reads.labellers(session, **everything(history))
    line = found[(found.labeller_id == person.id) & (found.project_id == floor.project.id)].iloc[0]
    assert (line.labeller, line.standing, line.standing_gold_n) == (person.name, 0.9, 12)
    others = found[found.labeller_id != person.id]
    assert others.standing.isna().all()
    daily = reads.labeller_daily(session, labeller_id=person.id, **everything(history))
    assert daily.labels.sum() == line.labels


def test_the_overview_compares_with_the_period_before(history: History, session: Session):
    asked = everything(history)
    later = {**asked, "since": asked["until"], "until": asked["until"] + timedelta(days=8)}
    now = reads.overview(session, **asked).set_index("key")
    then = reads.overview(session, **later).set_index("key")
    assert list(now.index) == [f.key for f in reads.FIGURES]
    assert then.before["labels"] == now.now["labels"] > 0
    assert then.now["labels"] == 0
    worked = set(reads.daily(session, **asked).day)
    assert set(then.before_days) == {len(worked)}
    # Nothing was done: shares are undefined, not zero.
    assert math.isnan(then.now["gold"])
    assert math.isnan(then.now["efficiency"])
    assert then.n["gold"] == 0
    assert now.low["gold"] < now.now["gold"] < now.high["gold"]


def test_the_number_of_statements_does_not_grow(
    history: History, session: Session, count_queries: list[str]
):
    asked = everything(history)
    expected = {
        reads.daily: 3, reads.projects: 3, reads.stages: 3, reads.labellers: 4, reads.times: 1,
        reads.overview: 3,
    }  # fmt: skip
    for read, n in expected.items():
        count_queries.clear()
        read(session, **asked)
        assert len(count_queries) == n, read.__name__


def test_empty_periods_keep_their_columns(session: Session, make: Make):
    project = make.project()
    today = clock_time.now().date()
    for read in (reads.daily, reads.projects, reads.labellers, reads.stages):
        found = read(session, [project.id], today, today + timedelta(days=1))
        assert found.empty
        assert {"labels", "efficiency", "gold", "cost_per_label", "median_seconds"} <= set(found)
    assert reads.times(session, [project.id], today, today + timedelta(days=1)).empty
    assert reads.as_of(session) is None


def answer(session: Session, floor, task, labeller, given: str) -> Label:
    at = clock_time.now()
    assignment = session.execute(
        insert(Assignment)
        .values(
            task_id=task.id, labeller_id=labeller.id, project_id=floor.project.id,
            state="submitted", leased_at=at, expires_at=at, ended_at=at, counts=False,
        )
        .returning(Assignment.id)
    ).scalar_one()  # fmt: skip
    version = session.scalar(
        select(OntologyVersion.id).where(OntologyVersion.project_id == floor.project.id)
    )
    label = Label(
        assignment_id=assignment, revision=1, payload={"class": given},
        ontology_version_id=version, client_key="k", created_at=at,
    )  # fmt: skip
    session.add(label)
    session.flush()
    return label


def test_confusion_counts_the_newest_score_of_an_answer_to_gold(session: Session, make: Make):
    floor = make.floor(labellers=2, assets=1)
    task, at = floor.tasks[0], clock_time.now()
    gold = Gold(project_id=floor.project.id, asset_id=task.asset_id, task_id=task.id, created_at=at)
    session.add(gold)
    session.flush()
    versions = [
        GoldVersion(gold_id=gold.id, version=i + 1, answers=answers, created_at=at)
        for i, answers in enumerate(([{"class": "a"}], [{"class": "b"}, {"class": "c"}]))
    ]
    session.add_all(versions)
    session.flush()
    for person, given in zip(floor.labellers, "ac", strict=True):
        label = answer(session, floor, task, person, given)
        for version in versions:
            right = {"class": given} in version.answers
            session.add(
                GoldScore(
                    assignment_id=label.assignment_id, gold_version_id=version.id,
                    label_id=label.id, correct=float(right), at=at,
                )
            )  # fmt: skip
            session.flush()
    found = reads.confusion(session, [floor.project.id], floor.project.id)
    assert found.to_dict("records") == [
        {"truth": "b", "given": "a", "n": 1},
        {"truth": "c", "given": "c", "n": 1},
    ]


def test_confusion_against_what_people_decided(session: Session, make: Make):
    floor = make.floor(labellers=1, assets=2)
    person = floor.labellers[0]
    for task, method, decided in zip(floor.tasks, ("majority", "review"), "ab", strict=True):
        answer(session, floor, task, person, "a")
        more = {"probability": 0.9, "answers": 1, "agreement": 1.0, "posterior": {}}
        consensus.append(
            session, asset_id=task.asset_id, batch_id=floor.batch.id, method=method,
            label={"class": decided}, **more,
        )  # fmt: skip
    by_people = reads.confusion(session, [floor.project.id], floor.project.id, "people")
    assert by_people.to_dict("records") == [{"truth": "b", "given": "a", "n": 1}]
    every = reads.confusion(session, [floor.project.id], floor.project.id, "consensus")
    assert every.n.sum() == 2


def test_flagged_and_difficult(session: Session, make: Make):
    floor = make.floor(labellers=1, assets=2)
    hard, easy = floor.assets
    for asset, value, colour in ((easy, 0.1, "green"), (hard, 2.0, "red")):
        session.add(
            AssetDifficulty(
                asset_id=asset.id, project_id=floor.project.id, difficulty=value, colour=colour,
                parts={"answers": 3}, at=clock_time.now(),
            )
        )  # fmt: skip
    session.flush()
    about = {"project_id": floor.project.id, "evidence": {"n": 3}}
    flags.raise_flag(session, kind="hard", reason="takes long", asset_id=hard.id, **about)
    flags.raise_flag(
        session, kind="fast", reason="too fast", labeller_id=floor.labellers[0].id, **about
    )
    seen = [floor.project.id]
    assert reads.difficulties(session, seen, floor.project.id).asset_id.tolist() == [
        hard.id,
        easy.id,
    ]
    only = reads.flagged_assets(session, seen, floor.project.id).iloc[0]
    assert (only.asset_id, only.colour, only.kind) == (hard.id, "red", "hard")
    person = reads.flagged_labellers(session, seen).iloc[0]
    assert (person.labeller, person.kind) == (floor.labellers[0].name, "fast")


def test_batches_say_how_far_they_are(history: History, session: Session, make: Make):
    floor = history.floors[0]
    for task in floor.tasks[:2]:
        task.n_done = task.wanted
    session.flush()
    seen = [floor.project.id]
    line = reads.batches(session, seen).iloc[0]
    assert (line.assets, line.labelled, line.open_label) == (5, 0, 3)
    assert (line.answers_wanted, line.answers_done) == (45, 18)
    assert line.done_share == pytest.approx(18 / 45)
    # All events are days old: no present rate, so no end can be foretold.
    assert math.isnan(line.hours_left)
    assert pd.isna(line.gate_passed)
    recent = {**history.event(), "kind": "submitted", "at": clock_time.now()}
    recent |= {"batch_id": floor.batch.id, "project_id": floor.project.id}
    from ops.models import WorkEvent

    session.execute(insert(WorkEvent).values(**recent))
    line = reads.batches(session, seen, batch_id=floor.batch.id).iloc[0]
    assert line.answers_per_hour == 6
    assert np.isclose(line.hours_left, 27 / 6)
