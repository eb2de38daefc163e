"""Questions that the best miss, taken out as was shown; and attempts that may not be one's own."""

import numpy as np
import pytest
from scipy.stats import pearsonr
from sqlalchemy import select

from ops import certificates, clock_time
from ops.errors import Conflict, InvalidInput
from quality import gold
from quality.models import AttemptDoubt, AttemptQuestion, GoldVersion
from quality.onboarding import (
    answered,
    attempts,
    changes,
    doubts,
    exclusions,
    items,
    pool,
    revisions,
)
from tests.assessed import BAD, N_GOLD, N_LABELLERS, TERMS, assessed, credits_of


@pytest.fixture
def made(session, make):
    return assessed(session, make)


def test_the_question_that_the_best_miss_stands_out_and_is_taken_out(session, made):
    table, _ = credits_of(session, made)
    bad = made.golds[BAD]
    listed = items.listed(session, made.assessment)
    assert [item.gold.id for item in listed if item.flagged] == [bad.id] == [listed[0].gold.id]
    assert "may be wrong" in listed[0].told
    for item in listed:
        column = [g.id for g in made.golds].index(item.gold.id)
        rest = (table.sum(axis=1) - table[:, column]) / (N_GOLD - 1)
        assert item.right.value == pytest.approx(table[:, column].mean())
        if item.telling is not None:
            assert item.telling == pytest.approx(pearsonr(table[:, column], rest).statistic)
    before = {a.id: a.passed for a in made.attempts}
    shown = exclusions.without(session, made.assessment, bad.id)
    without = np.delete(table, BAD, axis=1)
    passes = without.mean(axis=1) >= TERMS["pass_mark"] - 1e-9
    expected = {
        a.id: "same" if before[a.id] == good else "passes" if good else "fails"
        for a, good in zip(made.attempts, passes, strict=True)
    }
    assert {c.attempt.id: c.kind for c in shown} == expected
    assert "passes" in expected.values()
    seen = changes.fingerprint(shown)
    for reason, given, error in (("", seen, InvalidInput), ("wrong", "other", Conflict)):
        with pytest.raises(error):
            exclusions.take_out(
                session, made.assessment, bad, made.manager, reason=reason, seen=given
            )
    exclusions.take_out(session, made.assessment, bad, made.manager, reason="wrong", seen=seen)
    for attempt, row in zip(made.attempts, without, strict=True):
        assert (attempt.correct, attempt.counted) == (row.sum(), N_GOLD - 1)
        level = certificates.valid(session, attempt.labeller_id, clock_time.now())
        certified = bool(level.get(made.assessment.skill_id))
        assert certified == (attempt.passed is True) == (expected[attempt.id] == "passes" or
                                                         before[attempt.id])  # fmt: skip
    assert bad.id not in {
        q.gold_id for q in pool.pool(session, made.project.id, 0, made.assessment)
    }
    assert set(answered.exclusions(session, made.assessment)) == {bad.id}
    assert items.listed(session, made.assessment)[-1].out.reason == "wrong"
    with pytest.raises(Conflict, match="already"):
        exclusions.take_out(session, made.assessment, bad, made.manager, reason="x", seen=seen)


def test_a_revised_gold_scores_its_answers_anew(session, made):
    bad, (table, _) = made.golds[BAD], credits_of(session, made)
    said = gold.latest_version(session, bad.id).answers[0]["class"]
    right = "abcd"[("abcd".index(said) + 1) % 4]
    assert revisions.anew(session, made.assessment, bad) == []
    gold.revise(session, made.project, bad, [{"class": right}], made.manager, reason="wrong")
    assert items.one(session, made.assessment, bad.id).revised
    table[:, BAD] = [
        session.scalar(
            select(AttemptQuestion.payload["class"].astext)
            .join(GoldVersion, GoldVersion.id == AttemptQuestion.gold_version_id)
            .where(AttemptQuestion.attempt_id == a.id, GoldVersion.gold_id == bad.id)
        )
        == right
        for a in made.attempts
    ]
    before = {a.id: a.passed for a in made.attempts}
    shown = revisions.anew(session, made.assessment, bad)
    assert len(shown) == N_LABELLERS
    seen = changes.fingerprint(shown)
    revisions.score_anew(session, made.assessment, bad, made.manager, seen=seen)
    good = table.mean(axis=1) >= TERMS["pass_mark"] - 1e-9
    for attempt, row, passes in zip(made.attempts, table, good, strict=True):
        assert (attempt.correct, attempt.counted) == (row.sum(), N_GOLD)
        assert attempt.passed == (passes or before[attempt.id])
    after = items.one(session, made.assessment, bad.id)
    assert not after.revised and not after.flagged
    with pytest.raises(Conflict, match="version in force"):
        revisions.score_anew(session, made.assessment, bad, made.manager, seen=seen)


def test_a_copier_and_somebody_too_fast_are_doubted_once(session, sessions, make, made):
    """The last labeller says what the one before them said; the third is five times as fast."""
    odd_ones = {g.id for g in made.golds[:12]}  # wrong in a way of their own
    source, copier, fast = made.attempts[-2], made.attempts[-1], made.attempts[2]
    said, worth = {}, {}
    for question in attempts.questions_of(session, source):
        version = session.get_one(GoldVersion, question.gold_version_id)
        key = version.answers[0]["class"]
        odd = version.gold_id in odd_ones
        key = "abcd"[("abcd".index(key) + 2) % 4] if odd else key
        said[version.gold_id] = question.payload = {"class": key}
        worth[version.gold_id] = question.correct = float(not odd)
    for question in attempts.questions_of(session, copier):
        version = session.get_one(GoldVersion, question.gold_version_id)
        question.payload, question.correct = said[version.gold_id], worth[version.gold_id]
    for question in attempts.questions_of(session, fast):
        took = question.answered_at - question.shown_at
        question.answered_at = question.shown_at + took / 5
    session.commit()
    assert doubts.look(sessions) == 3
    assert doubts.look(sessions) == 0
    rows = session.scalars(select(AttemptDoubt)).all()
    assert {(d.attempt_id, d.kind) for d in rows} == {
        (source.id, "too_alike"), (copier.id, "too_alike"), (fast.id, "too_fast"),
    }  # fmt: skip
    of_copier = next(d for d in rows if d.attempt_id == copier.id)
    assert made.labellers[-2].name in doubts.in_words(session, of_copier)
    assert of_copier.evidence["with"] == source.id and of_copier.evidence["shared"] == N_GOLD
    assert doubts.waiting(session, [made.assessment]) == {made.assessment.id: 3}
    doubts.settle(session, of_copier, made.manager)
    assert doubts.waiting(session, [made.assessment]) == {made.assessment.id: 2}
    assert of_copier.outcome == "fine"
    with pytest.raises(Conflict):
        doubts.settle(session, of_copier, made.manager)
