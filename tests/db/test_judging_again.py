"""Judging once more: early verdicts follow what was learnt since, decided ones stay."""

import numpy as np
import pytest
from sqlalchemy import func, select, update

from ops import consensus
from ops.models import Batch, Consensus, Task
from quality.judging import belief, judge, refresh
from quality.models import Evidence
from tests.db import naive_fit
from tests.db.answering import answers


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    belief.forget()
    refresh._looked_at.clear()
    monkeypatch.setattr(belief, "PAID_OFF", 0)  # a fit of its own for every look


def crowd(session, make, assets, labellers=4, seed=5):
    """Two good labellers and two who mostly answer "a"; the last asset is left open."""
    rng = np.random.default_rng(seed)
    floor = make.floor(labellers=labellers, assets=assets, wanted=labellers)
    truth = rng.integers(0, 3, assets)
    given = np.where(rng.random((assets, labellers)) < 0.9, truth[:, None], 0)
    given[:, 2:] = np.where(rng.random((assets, 2)) < 0.8, 0, truth[:, None])
    return floor, given


def submit(session, sessions, floor, given, which):
    for i in which:
        answers(
            session,
            floor.tasks[i],
            [(w, "abc"[given[i, j]]) for j, w in enumerate(floor.labellers)],
        )
        if i % 10 == 0:
            session.commit()
            judge(sessions)
    session.commit()
    judge(sessions)


def codes(given):
    n, m = given.shape
    return np.repeat(np.arange(n), m), np.tile(np.arange(m), n), given.ravel(), n, m, 3


def test_early_majorities_become_what_all_the_answers_say(session, sessions, make):
    floor, given = crowd(session, make, 101)
    submit(session, sessions, floor, given, range(100))
    early = consensus.current(session, [floor.assets[0].id])[floor.assets[0].id]
    assert early.method == "majority"
    assert refresh.refresh(sessions) > 0
    session.expire_all()
    posterior, confusion, prior = naive_fit.drawn(*codes(given[:100]), rounds=60)
    current = consensus.current(session, [a.id for a in floor.assets[:100]])
    found = [current[a.id] for a in floor.assets[:100]]
    assert [row.label["class"] for row in found] == ["abc"[i] for i in posterior.argmax(1)]
    gap = np.abs(np.array([row.probability for row in found]) - posterior.max(1))
    assert gap.max() <= refresh.WORTH_SAYING + 5e-3
    best, chance = naive_fit.of_others(*codes(given[:100])[:3], confusion, prior)
    rows = session.execute(
        select(Evidence.correct, Evidence.certainty).order_by(Evidence.assignment_id)
    ).all()
    assert np.array_equal([r.correct for r in rows], best == given[:100].ravel())
    off = np.abs(np.array([r.certainty for r in rows]) - chance)
    assert off.max() <= refresh.WORTH_SAYING + 5e-3


def test_again_twice_is_once(session, sessions, make):
    floor, given = crowd(session, make, 101)
    submit(session, sessions, floor, given, range(100))
    refresh.refresh(sessions)
    versions = session.scalar(select(func.count()).select_from(Consensus))
    assert refresh.refresh(sessions) == 0
    refresh._looked_at.clear()
    assert refresh.refresh(sessions) == 0
    session.expire_all()
    assert session.scalar(select(func.count()).select_from(Consensus)) == versions


def test_completing_a_batch_looks_once_more_and_then_lets_be(session, sessions, make):
    floor, given = crowd(session, make, 100)
    floor.project.settings = {"adjudicate_below": 0.0}
    given[given.shape[0] // 2 :, :2] = given[given.shape[0] // 2 :, [0]]
    submit(session, sessions, floor, given, range(100))
    session.expire_all()
    posterior, _, _ = naive_fit.drawn(*codes(given), rounds=60)
    current = consensus.current(session, [a.id for a in floor.assets])
    tied = {t.asset_id for t in session.scalars(select(Task).where(Task.stage == "adjudicate"))}
    agree = [
        current[a.id].label["class"] == "abc"[k]
        for a, k in zip(floor.assets, posterior.argmax(1), strict=True)
        if a.id not in tied
    ]
    assert session.get(Batch, floor.batch.id).state == "complete"
    assert all(agree)
    assert refresh.refresh(sessions) == 0


def test_what_a_person_decided_is_left_alone(session, sessions, make):
    floor, given = crowd(session, make, 101)
    submit(session, sessions, floor, given, range(100))
    mine = floor.assets[3]
    consensus.append(
        session,
        asset_id=mine.id,
        batch_id=floor.batch.id,
        method="review",
        label={"class": "c"},
        probability=None,
        answers=4,
        agreement=0.0,
        posterior={},
    )
    session.commit()
    refresh.refresh(sessions)
    session.expire_all()
    found = consensus.current(session, [mine.id])[mine.id]
    assert (found.method, found.label) == ("review", {"class": "c"})


def test_lowering_what_is_wanted_is_taken_up(session, sessions, make):
    floor = make.floor(labellers=2, assets=2, wanted=3)
    answers(session, floor.tasks[0], zip(floor.labellers, "aa", strict=True))
    session.commit()
    judge(sessions)
    session.execute(update(Task).where(Task.id == floor.tasks[0].id).values(wanted=2))
    session.commit()
    assert refresh.refresh(sessions) == 1
    session.expire_all()
    assert consensus.current(session, [floor.assets[0].id])[floor.assets[0].id].answers == 2
