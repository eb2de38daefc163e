"""The gate holds a batch back until the numbers allow it, and says exactly what is missing."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ops import clock_time, consensus, lanes
from ops.errors import Frozen, InvalidInput, NotReady
from ops.models import Asset, Batch, Task
from quality import gate, judging
from quality.models import LabelScore, RescoreRun, ReviewSample
from quality.review_sample import draw_review_sample, results
from tests.db.answering import answer
from tests.db.gated import TERMS, Labelled, decide, review_all, terms_missed
from tests.factories import Make


def test_a_good_batch_passes_after_its_sample_is_reviewed(
    labelled: Labelled, session: Session, sessions: sessionmaker[Session]
):
    batch = labelled.batch
    before = terms_missed(session, batch)
    assert before.keys() == {"review_sample", "accuracy"}
    assert before["review_sample"]["settle"] == 12
    needed = before["accuracy"]["settle"]
    assert draw_review_sample(session, batch, needed, labelled.lead) == needed
    session.commit()
    assert session.get_one(Batch, batch.id).state == "open"
    assert terms_missed(session, batch)["unfinished"]["have"] == needed
    review_all(session, sessions, labelled)
    found = gate.examine(session, batch)
    assert found.reasons == []
    assert found.figures["accuracy"]["value"] == 1.0
    assert found.figures["accuracy"]["delivered_low"] >= 0.9
    verdict = gate.judge_batch(session, batch)
    assert (verdict.passed, verdict.reasons) == (True, [])
    assert verdict.terms["accuracy"] == 0.9
    assert session.get_one(Batch, batch.id).state == "complete"


def test_one_review_less_than_the_gate_says_does_not_pass(
    labelled: Labelled, session: Session, sessions: sessionmaker[Session]
):
    needed = terms_missed(session, labelled.batch)["accuracy"]["settle"]
    draw_review_sample(session, labelled.batch, needed - 1, labelled.lead)
    review_all(session, sessions, labelled)
    reason = terms_missed(session, labelled.batch)["accuracy"]
    assert reason["settle"] == 1
    assert reason["have"] < 0.9
    assert "1 more review would settle it" in reason["message"]


def test_errors_found_ask_for_more_reviews_and_correcting_settles_it(
    labelled: Labelled, session: Session, sessions: sessionmaker[Session]
):
    batch = labelled.batch
    draw_review_sample(session, batch, 20, labelled.lead)
    review_all(session, sessions, labelled, wrong=6)
    reason = terms_missed(session, batch)["accuracy"]
    assert "no sample will show it" in reason["message"]
    figures = gate.examine(session, batch).figures
    assert figures["sample"]["accepted"] == 14
    assert figures["sample"]["fixed"] == 6
    assert figures["sample"]["classes"] == {"a": {"n": 20, "accepted": 14}}
    more = reason["settle"]
    assert 0 < more <= 40
    draw_review_sample(session, batch, more, labelled.lead)
    review_all(session, sessions, labelled, wrong=round(more * 0.3))
    assert terms_missed(session, batch) == {}


def test_a_sample_larger_than_the_batch_is_the_whole_batch(
    labelled: Labelled, session: Session, sessions: sessionmaker[Session]
):
    assert draw_review_sample(session, labelled.batch, 1000, labelled.lead) == 60
    assert draw_review_sample(session, labelled.batch, 1, labelled.lead) == 0
    review_all(session, sessions, labelled, wrong=30)
    # Half of the labels were wrong; every one was seen and corrected.
    assert terms_missed(session, labelled.batch) == {}
    labelled.project.settings = {"gate": {**TERMS, "review_sample": 500}}
    assert terms_missed(session, labelled.batch) == {}


def test_the_draw_is_random_recorded_and_leaves_out_nobody(labelled: Labelled, session: Session):
    batch = labelled.batch
    known = labelled.assets[0]
    decide(session, batch, known.id, "a", "adjudication")
    draw_review_sample(session, batch, 25, labelled.lead, seed=7)
    first = {row.asset_id for row in session.scalars(select(ReviewSample))}
    draw_review_sample(session, batch, 35, labelled.lead, seed=8)
    rows = {row.asset_id: row for row in session.scalars(select(ReviewSample))}
    assert len(first) == 25
    assert len(rows) == 60
    # Decided by a person before the draw: in the sample, without another review.
    assert rows[known.id].task_id is None
    assert all(rows[a.id].task_id for a in labelled.assets[1:])
    assert {row.step for row in rows.values()} == {1, 2}
    assert {r.asset_id for r in results(session, batch.id) if r.accepted} == {known.id}


def test_an_open_review_is_taken_over_and_a_finished_one_is_asked_anew(
    labelled: Labelled, session: Session
):
    batch = labelled.batch
    lane = lanes.lane_for(session, batch, "review")
    opened, finished = labelled.assets[:2]
    ids = lanes.open_tasks(session, lane, [opened.id, finished.id], wanted=1)
    tasks = {task.asset_id: task for task in session.scalars(select(Task).where(Task.id.in_(ids)))}
    answer(session, tasks[finished.id], labelled.reviewer, "a")
    # Labelled anew since that review: what is in force was not reviewed.
    decide(session, batch, finished.id, "c", "majority")
    draw_review_sample(session, batch, 60, labelled.lead)
    rows = {row.asset_id: row.task_id for row in session.scalars(select(ReviewSample))}
    assert rows[opened.id] == tasks[opened.id].id
    assert rows[finished.id] != tasks[finished.id].id


def test_answers_that_are_not_judged_yet_hold_it_back(
    labelled: Labelled, session: Session, sessions: sessionmaker[Session]
):
    draw_review_sample(session, labelled.batch, 60, labelled.lead)
    task = session.scalars(select(Task).where(Task.stage == "review").limit(1)).one()
    answer(session, task, labelled.reviewer, "b", verdict="fix")
    assert terms_missed(session, labelled.batch)["unjudged"]["have"] == 1
    session.commit()
    judging.judge(sessions)
    assert "unjudged" not in terms_missed(session, labelled.batch)


def test_a_review_by_the_labeller_does_not_count(labelled: Labelled, session: Session):
    draw_review_sample(session, labelled.batch, 60, labelled.lead)
    task = session.scalars(select(Task).where(Task.stage == "review").limit(1)).one()
    answer(session, task, labelled.labeller, "a", verdict="accept")
    assert all(one.accepted is None for one in results(session, labelled.batch.id))


def test_suspects_and_adjudications_are_no_random_sample(
    labelled: Labelled, session: Session, sessions: sessionmaker[Session]
):
    for asset in labelled.assets[:40]:
        decide(session, labelled.batch, asset.id, "b", "review")
    assert gate.examine(session, labelled.batch).figures["sample"]["n"] == 0


def test_reviews_drawn_as_labels_came_in_are_of_the_sample(
    make: Make, session: Session, sessions: sessionmaker[Session]
):
    floor = make.floor(labellers=1, assets=40, settings={"review_share": 0.5})
    for task in floor.tasks:
        answer(session, task, floor.labellers[0], "a")
    session.commit()
    judging.judge(sessions)
    session.expire_all()
    reviews = session.scalars(select(Task.id).where(Task.stage == "review")).all()
    assert 0 < len(reviews) < 40
    assert set(session.scalars(select(ReviewSample.task_id))) == set(reviews)


def test_a_sample_is_not_drawn_before_every_label_is_in(make: Make, session: Session):
    floor = make.floor(assets=3)
    lead = make.user(role="ops_lead")
    with pytest.raises(NotReady):
        draw_review_sample(session, floor.batch, 2, lead)
    assert terms_missed(session, floor.batch).keys() >= {"labels", "unfinished", "rescore"}


def test_bad_numbers_and_delivered_batches_are_refused(labelled: Labelled, session: Session):
    with pytest.raises(InvalidInput, match="at least 1"):
        draw_review_sample(session, labelled.batch, 0, labelled.lead)
    labelled.batch.state = "delivered"
    session.flush()
    with pytest.raises(Frozen):
        draw_review_sample(session, labelled.batch, 5, labelled.lead)


def test_an_empty_batch_is_held_back(make: Make, session: Session):
    batch = make.batch(make.project())
    assert "labels" in terms_missed(session, batch)


def score(session: Session, run: RescoreRun, asset: Asset, suspect: bool) -> LabelScore:
    now = consensus.current(session, [asset.id])[asset.id]
    row = LabelScore(
        run_id=run.id, asset_id=asset.id, consensus_id=now.id, given=now.label["class"],
        predicted="b", quality=0.5, probabilities={}, suspect=suspect,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def test_the_re_score_run_must_be_finished_and_of_these_labels(
    labelled: Labelled, session: Session
):
    labelled.project.settings = {"gate": {**TERMS, "rescore": True, "open_suspects": 1}}
    batch, now = labelled.batch, clock_time.now()
    run = RescoreRun(batch_id=batch.id, version=1, name="one", requested_at=now)
    session.add(run)
    session.flush()
    assert "not re-scored yet" in terms_missed(session, batch)["rescore"]["message"]
    scores = [score(session, run, a, suspect=i < 3) for i, a in enumerate(labelled.assets)]
    run.state, run.finished_at = "done", now
    session.flush()
    missed = terms_missed(session, batch)
    assert "rescore" not in missed
    assert (missed["open_suspects"]["have"], missed["open_suspects"]["settle"]) == (3, 2)
    scores[0].outcome = "accepted"
    decide(session, batch, labelled.assets[1].id, "b", "adjudication")
    session.flush()
    missed = terms_missed(session, batch)
    assert "open_suspects" not in missed
    # What a person decided needs no new run; what answers changed does.
    assert "rescore" not in missed
    decide(session, batch, labelled.assets[9].id, "c", "majority")
    assert terms_missed(session, batch)["rescore"]["have"] == 1


def test_gold_accuracy_is_asked_of_the_batchs_labellers(
    labelled: Labelled, session: Session, make: Make, sessions: sessionmaker[Session]
):
    from quality import gold

    labelled.project.settings = {"gate": {**TERMS, "gold_accuracy": 0.8}}
    session.commit()
    assert "has answered gold" in terms_missed(session, labelled.batch)["gold_accuracy"]["message"]
    other = make.batch(labelled.project)
    assets = make.assets(other, 4)
    for asset, given in zip(assets, "aaab", strict=True):
        made = gold.make(session, labelled.project, asset, [{"class": "a"}], labelled.lead)
        answer(session, session.get_one(Task, made.task_id), labelled.labeller, given)
    session.commit()
    judging.judge(sessions)
    session.expire_all()
    missed = terms_missed(session, labelled.batch)["gold_accuracy"]
    assert (missed["have"], missed["need"]) == (0.75, 0.8)
    labelled.project.settings = {"gate": {**TERMS, "gold_accuracy": 0.7}}
    assert "gold_accuracy" not in terms_missed(session, labelled.batch)
