"""A re-score run through its verbs: asked for, carried out, fenced, taken up again."""

import random

import pytest
from sqlalchemy import func, select, text

from ops import consensus
from ops.db import transaction
from ops.errors import Conflict, InvalidInput, NotReady
from ops.models import Task
from quality.models import LabelScore, RescoreChunk, RescoreRun
from quality.rescoring import job, runs

WORDS = {"a": "sun warm bright clear", "b": "rain cold dark wind", "c": "goal match team ball"}


@pytest.fixture
def labelled(session, make):
    """A batch of 90 texts whose words give their class away; 4 labels are wrong."""
    rng = random.Random(5)
    floor = make.floor(assets=90, labellers=0)
    wrong = set()
    for i, asset in enumerate(floor.assets):
        truth = "abc"[i % 3]
        asset.text = " ".join(rng.choices(WORDS[truth].split(), k=12))
        given = truth
        if i in (3, 22, 41, 61):
            given = "abc"[(i + 1) % 3]
            wrong.add(asset.id)
        make.decided(asset, given)
    for task in floor.tasks:
        task.n_done = task.wanted
    session.commit()
    return floor.batch, wrong


def request(sessions, batch, **settings) -> int:
    with transaction(sessions) as session:
        return runs.request(session, batch, None, settings=settings).id


def test_planted_errors_become_review_tasks(sessions, session, labelled):
    batch, wrong = labelled
    run_id = request(sessions, batch)
    job.run(sessions, run_id)
    run = session.get(RescoreRun, run_id)
    assert (run.state, run.summary["labels"], run.summary["weak"]) == ("done", 90, False)
    found = runs.suspects(session, run)
    assert {asset.id for _, asset in found} == wrong
    assert runs.open_suspects(session, run) == len(wrong)
    tasks = session.scalars(select(Task).where(Task.stage == "review")).all()
    assert {task.id for task in tasks} == {score.review_task_id for score, _ in found}
    assert [score.rank for score, _ in found] == list(range(1, len(wrong) + 1))
    assert all("%" in score.reason for score, _ in found)


def test_decided_labels_are_no_suspects(sessions, session, labelled):
    batch, wrong = labelled
    decided = min(wrong)
    old = consensus.current(session, [decided])[decided]
    consensus.append(
        session,
        asset_id=decided,
        batch_id=batch.id,
        method="adjudication",
        label=old.label,
        probability=None,
        answers=3,
        agreement=None,
        posterior={},
    )
    session.commit()
    run_id = request(sessions, batch)
    job.run(sessions, run_id)
    found = runs.suspects(session, session.get(RescoreRun, run_id))
    assert {asset.id for _, asset in found} == wrong - {decided}


def test_one_run_of_a_batch_at_a_time(sessions, labelled):
    batch, _ = labelled
    request(sessions, batch)
    with pytest.raises(Conflict):
        request(sessions, batch)


def test_a_request_rolled_back_leaves_no_job(sessions, session, labelled):
    batch, _ = labelled
    with pytest.raises(ZeroDivisionError), transaction(sessions) as other:
        runs.request(other, batch, None)
        raise ZeroDivisionError
    assert session.scalar(select(func.count()).select_from(RescoreRun)) == 0
    assert session.scalar(text("SELECT count(*) FROM procrastinate_jobs")) == 0


@pytest.mark.parametrize("settings", [{"folds": 1}, {"folds": 11}, {"fold": 5}])
def test_wrong_settings_are_named(sessions, labelled, settings):
    with pytest.raises(InvalidInput, match="fold"):
        request(sessions, labelled[0], **settings)


def test_too_few_labels(sessions, session, make):
    floor = make.floor(assets=3)
    session.commit()
    with pytest.raises(NotReady, match="at least 20"):
        request(sessions, floor.batch)


def test_an_older_fence_writes_nothing(sessions, session, labelled):
    run_id = request(sessions, labelled[0])
    with transaction(sessions) as first:
        old = runs.take_up(first, run_id).fence
    with transaction(sessions) as second:
        runs.take_up(second, run_id)
    with pytest.raises(runs.FenceLost), transaction(sessions) as late:
        runs.write_chunk(late, run_id, old, 0, [])
    assert session.scalar(select(func.count()).select_from(RescoreChunk)) == 0


def test_a_chunk_written_twice_is_written_once(sessions, session, labelled):
    run_id = request(sessions, labelled[0])
    with transaction(sessions) as s:
        fence = runs.take_up(s, run_id).fence
    for _ in range(2):
        with transaction(sessions) as s:
            runs.write_chunk(s, run_id, fence, 0, [])
    assert session.scalar(select(func.count()).select_from(RescoreChunk)) == 1


def test_a_run_broken_off_ends_as_one_that_was_not(sessions, session, labelled, monkeypatch):
    batch, _ = labelled
    whole = request(sessions, batch)
    job.run(sessions, whole)

    broken = request(sessions, batch)
    write, seen = runs.write_chunk, []

    def die_after_two(*arguments):
        if len(seen) == 2:
            raise SystemExit
        seen.append(arguments)
        write(*arguments)

    monkeypatch.setattr(runs, "write_chunk", die_after_two)
    with pytest.raises(SystemExit):
        job.run(sessions, broken)
    monkeypatch.setattr(runs, "write_chunk", write)
    job.run(sessions, broken)

    def scores(run_id):
        columns = (LabelScore.asset_id, LabelScore.quality, LabelScore.predicted)
        rows = session.execute(
            select(*columns).where(LabelScore.run_id == run_id).order_by(LabelScore.asset_id)
        )
        return [tuple(row) for row in rows]

    assert scores(broken) == scores(whole)
    assert session.scalar(
        select(func.count()).where(RescoreChunk.run_id == broken, RescoreChunk.fence == 1)
    ) == len(seen)
