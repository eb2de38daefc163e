"""The judging job: gold, consensus, adjudication, reviews, and that doing it twice is once."""

from collections import Counter

import numpy as np
import pytest
from sqlalchemy import func, select

from ops import consensus
from ops.models import Assignment, Batch, Consensus, Flag, Task, WorkEvent
from quality import gold, trust
from quality.adjudication import NO_ADJUDICATOR, try_again
from quality.judging import belief, judge
from quality.models import Evidence, GoldScore, LabelScore, RescoreRun, Standing
from quality.review import sampled
from tests.db import naive_fit
from tests.db.answering import answer, answers


@pytest.fixture(autouse=True)
def _fresh_fits():
    belief.forget()


def count(session, model, *where):
    session.expire_all()
    return session.scalar(select(func.count()).select_from(model).where(*where))


def everything(session):
    """All that judging may write, as comparable rows."""
    session.expire_all()
    columns = {
        Consensus: ("asset_id", "version", "method", "label", "probability", "answers"),
        Evidence: ("assignment_id", "kind", "correct", "certainty", "at"),
        GoldScore: ("assignment_id", "correct"),
        Standing: ("labeller_id", "mean", "low", "high", "consensus_n"),
        WorkEvent: ("id", "kind", "data"),
        Task: ("id", "stage", "wanted"),
        Flag: ("id", "reason"),
    }
    return {
        model.__name__: [
            tuple(getattr(row, name) for name in names)
            for row in session.scalars(select(model).order_by(*model.__table__.primary_key))
        ]
        for model, names in columns.items()
    }


def settled(session, floor, given, sessions, index=0):
    """Answers by the floor's labellers in order to one asset, judged; the consensus."""
    answers(session, floor.tasks[index], zip(floor.labellers, given, strict=True))
    session.commit()
    judge(sessions)
    session.expire_all()
    return consensus.current(session, [floor.assets[index].id]).get(floor.assets[index].id)


def test_gold_is_scored_once_and_ordinary_work_waits_for_its_last_answer(session, sessions, make):
    floor = make.floor(labellers=2, assets=2, wanted=2)
    made = gold.make(session, floor.project, floor.assets[1], [{"class": "a"}], None)
    one, two = floor.labellers
    answer(session, session.get(Task, made.task_id), one, "a")
    answer(session, session.get(Task, made.task_id), two, "b")
    answer(session, floor.tasks[0], one, "a")
    session.commit()
    assert judge(sessions) == 3
    assert judge(sessions) == 0
    rows = session.execute(select(Evidence.labeller_id, Evidence.kind, Evidence.correct)).all()
    assert sorted(rows) == sorted([(one.id, "gold", 1.0), (two.id, "gold", 0.0)])
    assert count(session, Consensus, Consensus.asset_id == floor.assets[0].id) == 0
    assert count(session, Assignment, Assignment.judged_at.is_(None)) == 0
    skill = floor.project.skill_id
    right, wrong = (trust.standing(session, who.id, skill) for who in (one, two))
    assert right.mean > trust.unknown().mean > wrong.mean and right.n == 1


def test_three_of_three_agree(session, sessions, make):
    floor = make.floor(labellers=3, wanted=3)
    found = settled(session, floor, "aaa", sessions)
    assert (found.label, found.method, found.answers) == ({"class": "a"}, "majority", 3)
    assert found.agreement == 1.0
    # Three strangers, each right with the prior's mean, errors spread over the other two classes.
    right = trust.unknown().mean ** 3
    wrong = 2 * ((1 - trust.unknown().mean) / 2) ** 3
    assert found.probability == pytest.approx(right / (right + wrong))
    events = session.scalars(select(WorkEvent).where(WorkEvent.kind == "consensus_scored")).all()
    assert [event.data for event in events] == [{"correct": 1.0}] * 3
    rows = session.execute(select(Evidence.correct, Evidence.certainty)).all()
    others = trust.unknown().mean ** 2
    others /= others + 2 * ((1 - trust.unknown().mean) / 2) ** 2
    assert rows == [(1.0, pytest.approx(others))] * 3


def test_a_tie_is_a_disagreement_that_goes_to_someone_else(session, sessions, make):
    floor = make.floor(labellers=2, wanted=2)
    make.member(floor.project, make.user(role="expert"))
    found = settled(session, floor, "ab", sessions)
    assert found.agreement == 0.5 and found.probability < 0.8
    events = session.scalars(select(WorkEvent.data).where(WorkEvent.kind == "consensus_scored"))
    assert list(events) == [{"correct": 0.5}] * 2
    assert set(session.scalars(select(Evidence.correct))) == {0.0}
    task = session.scalars(select(Task).where(Task.stage == "adjudicate")).one()
    assert (task.asset_id, task.wanted, task.open) == (floor.assets[0].id, 1, True)
    assert session.get(Batch, floor.batch.id).state == "open"


def test_sure_consensus_completes_the_batch(session, sessions, make):
    floor = make.floor(labellers=3, assets=1, wanted=3)
    settled(session, floor, "aaa", sessions)
    assert count(session, Task, Task.stage == "adjudicate") == 0
    assert session.get(Batch, floor.batch.id).state == "complete"


def test_a_single_answer_has_no_agreement_and_nothing_to_adjudicate(session, sessions, make):
    floor = make.floor(labellers=1, wanted=1)
    found = settled(session, floor, "a", sessions)
    assert found.agreement is None
    assert found.probability == pytest.approx(trust.unknown().mean)
    assert count(session, Evidence) == count(session, WorkEvent) == 0
    assert count(session, Task, Task.stage != "label") == 0


@pytest.mark.parametrize("role", [None, "labeller"])
def test_where_nobody_may_adjudicate_a_flag_says_so_until_somebody_can(
    session, sessions, make, role
):
    floor = make.floor(labellers=2, wanted=2)
    if role:
        make.member(floor.project, make.user(role=role))
    settled(session, floor, "ab", sessions)
    flag = session.scalars(select(Flag)).one()
    assert flag.kind == NO_ADJUDICATOR and "no member who may adjudicate" in flag.reason
    assert count(session, Task, Task.stage == "adjudicate") == 0
    assert try_again(session) == 0
    make.member(floor.project, make.user(role="reviewer"))
    assert try_again(session) == 1
    session.expire_all()
    assert session.get(Flag, flag.id).resolved_at is not None
    assert try_again(session) == 0


def test_a_reviewer_who_labelled_the_asset_cannot_adjudicate_it(session, sessions, make):
    floor = make.floor(labellers=1, wanted=2)
    floor.labellers.append(make.member(floor.project, make.user(role="reviewer")))
    settled(session, floor, "ab", sessions)
    assert "everyone who may adjudicate (1)" in session.scalars(select(Flag.reason)).one()


def decided(session, floor, stage, who, key, **payload):
    task = session.scalars(
        select(Task).where(Task.stage == stage, Task.asset_id == floor.assets[0].id)
    ).one()
    return answer(session, task, who, key, **payload)


def test_an_adjudication_decides_and_judges_the_labellers(session, sessions, make):
    floor = make.floor(labellers=2, wanted=2)
    expert = make.member(floor.project, make.user(role="expert"))
    settled(session, floor, "ab", sessions)
    decided(session, floor, "adjudicate", expert, "b", verdict="fix")
    session.commit()
    assert judge(sessions) == 1
    found = consensus.current(session, [floor.assets[0].id])[floor.assets[0].id]
    assert (found.method, found.label, found.version) == ("adjudication", {"class": "b"}, 2)
    assert (found.decided_by, found.probability, found.agreement) == (expert.id, None, 0.5)
    reviews = select(Evidence.labeller_id, Evidence.correct).where(Evidence.kind == "review")
    one, two = floor.labellers
    assert sorted(session.execute(reviews)) == sorted([(one.id, 0.0), (two.id, 1.0)])
    told = session.scalars(select(WorkEvent).where(WorkEvent.kind == "reviewed")).all()
    assert Counter(e.data["correct"] for e in told) == {0.0: 1, 1.0: 1}
    assert {e.stage for e in told} == {"label"}
    session.expire_all()
    row = session.get(Standing, (two.id, floor.project.skill_id))
    # The answer counts once, by the review, no longer by the other labeller.
    assert (row.review_n, row.consensus_n) == (1, 0)


def test_a_reviewers_believed_accuracy_is_the_probability(session, sessions, make):
    floor = make.floor(labellers=2, assets=2, wanted=2)
    expert = make.member(floor.project, make.user(role="expert"))
    made = gold.make(session, floor.project, floor.assets[1], [{"class": "a"}], None)
    answer(session, session.get(Task, made.task_id), expert, "a")
    settled(session, floor, "ab", sessions)
    decided(session, floor, "adjudicate", expert, "b")
    session.commit()
    judge(sessions)
    found = consensus.current(session, [floor.assets[0].id])[floor.assets[0].id]
    believed = trust.standing(session, expert.id, floor.project.skill_id)
    assert believed.n == 1 and found.probability == believed.mean


def test_the_review_sample_is_drawn_once_and_covers_gold(session, sessions, make):
    floor = make.floor(labellers=3, assets=40, wanted=3)
    floor.project.settings = {"review_share": 0.5}
    made = [gold.make(session, floor.project, a, [{"class": "a"}], None) for a in floor.assets[20:]]
    for task in floor.tasks[:20]:
        answers(session, task, zip(floor.labellers, "aaa", strict=True))
    for item in made:
        answers(session, session.get(Task, item.task_id), zip(floor.labellers, "aab", strict=True))
    session.commit()
    judge(sessions)
    drawn = {a.id for a in floor.assets if sampled(floor.project.id, a.id, 0.5)}
    tasks = select(Task.asset_id).where(Task.stage == "review")
    assert set(session.scalars(tasks)) == drawn
    assert drawn & {item.asset_id for item in made} and len(drawn) < 40


def test_the_sample_keeps_its_share_and_grows_with_it():
    drawn = [sampled(3, asset, 0.2) for asset in range(5000)]
    assert abs(np.mean(drawn) - 0.2) < 4 * np.sqrt(0.2 * 0.8 / 5000)
    more = [sampled(3, asset, 0.4) for asset in range(5000)]
    assert all(b for a, b in zip(drawn, more, strict=True) if a)
    assert drawn != [sampled(4, asset, 0.2) for asset in range(5000)]


def test_what_was_adjudicated_is_reviewed_after_the_decision(session, sessions, make):
    floor = make.floor(labellers=2, wanted=2)
    floor.project.settings = {"review_share": 1.0}
    expert = make.member(floor.project, make.user(role="expert"))
    settled(session, floor, "ab", sessions)
    assert count(session, Task, Task.stage == "review") == 0
    decided(session, floor, "adjudicate", expert, "b")
    session.commit()
    judge(sessions)
    assert count(session, Task, Task.stage == "review") == 1


def test_what_nobody_can_adjudicate_is_drawn_like_the_rest(session, sessions, make):
    floor = make.floor(labellers=2, wanted=2)
    floor.project.settings = {"review_share": 1.0}
    settled(session, floor, "ab", sessions)
    assert count(session, Flag, Flag.kind == NO_ADJUDICATOR) == 1
    assert count(session, Task, Task.stage == "review") == 1


def test_a_review_that_disputes_gold_flags_it_and_changes_nothing(session, sessions, make):
    floor = make.floor(labellers=1)
    floor.project.settings = {"review_share": 1.0}
    reviewer = make.member(floor.project, make.user(role="reviewer"))
    made = gold.make(session, floor.project, floor.assets[0], [{"class": "a"}], None)
    answer(session, session.get(Task, made.task_id), floor.labellers[0], "a")
    session.commit()
    judge(sessions)
    decided(session, floor, "review", reviewer, "b", verdict="fix")
    session.commit()
    judge(sessions)
    found = consensus.current(session, [made.asset_id])[made.asset_id]
    assert (found.method, found.version) == ("gold", 1)
    assert session.scalars(select(Flag.kind)).one() == "gold_disputed"
    scored = select(Evidence.correct).where(Evidence.labeller_id == reviewer.id)
    assert session.scalars(scored).one() == 0.0


def test_surplus_waits_for_a_review_and_is_then_judged_by_it(session, sessions, make):
    floor = make.floor(labellers=4, wanted=2)
    expert = make.member(floor.project, make.user(role="expert"))
    one, two, early, late = floor.labellers
    answers(session, floor.tasks[0], [(one, "a"), (two, "b")])
    extra = answer(session, floor.tasks[0], early, "a", surplus=True)
    session.commit()
    judge(sessions)
    found = consensus.current(session, [floor.assets[0].id])[floor.assets[0].id]
    assert found.answers == 2
    assert count(session, Evidence, Evidence.assignment_id == extra.id) == 0
    decided(session, floor, "adjudicate", expert, "b")
    session.commit()
    judge(sessions)
    after = answer(session, floor.tasks[0], late, "b", surplus=True)
    session.commit()
    judge(sessions)
    kept = dict(
        session.execute(
            select(Evidence.assignment_id, Evidence.correct).where(
                Evidence.kind == "review", Evidence.assignment_id.in_([extra.id, after.id])
            )
        ).all()
    )
    assert kept == {extra.id: 0.0, after.id: 1.0}


@pytest.mark.parametrize(("key", "outcome"), [("a", "accepted"), ("b", "changed")])
def test_the_review_of_a_suspect_says_what_came_of_it(session, sessions, make, key, outcome):
    floor = make.floor(labellers=3, wanted=3)
    reviewer = make.member(floor.project, make.user(role="reviewer"))
    found = settled(session, floor, "aaa", sessions)
    [task] = make.tasks(make.lane(floor.batch, "review"), floor.assets[:1])
    run = RescoreRun(batch_id=floor.batch.id, version=1, name="r", requested_at=found.at)
    session.add(run)
    session.flush()
    session.add(
        LabelScore(
            run_id=run.id,
            asset_id=found.asset_id,
            consensus_id=found.id,
            given="a",
            predicted="b",
            quality=0.1,
            probabilities={},
            review_task_id=task.id,
        )
    )
    answer(session, task, reviewer, key)
    session.commit()
    judge(sessions)
    assert session.scalars(select(LabelScore.outcome)).one() == outcome


def test_model_consensus_never_overrules_a_person(session, sessions, make):
    floor = make.floor(labellers=3, wanted=3)
    reviewer = make.member(floor.project, make.user(role="reviewer"))
    one, two, three = floor.labellers
    answers(session, floor.tasks[0], [(one, "a"), (two, "a")])
    [task] = make.tasks(make.lane(floor.batch, "review"), floor.assets[:1])
    answer(session, task, reviewer, "b")
    session.commit()
    judge(sessions)
    last = answer(session, floor.tasks[0], three, "a")
    session.commit()
    judge(sessions)
    found = consensus.current(session, [floor.assets[0].id])[floor.assets[0].id]
    assert (found.method, found.label) == ("review", {"class": "b"})
    kept = session.execute(
        select(Evidence.kind, Evidence.correct).where(Evidence.assignment_id == last.id)
    ).all()
    assert kept == [("review", 0.0)]


def test_a_second_round_decides_anew(session, sessions, make):
    floor = make.floor(labellers=3, wanted=3)
    settled(session, floor, "aaa", sessions)
    again = Task(
        lane_id=floor.lane.id, asset_id=floor.assets[0].id, stage="label", round=2, wanted=3
    )
    session.add(again)
    session.flush()
    answers(session, again, zip(floor.labellers, "bbb", strict=True))
    session.commit()
    judge(sessions)
    found = consensus.current(session, [floor.assets[0].id])[floor.assets[0].id]
    assert (found.version, found.label) == (2, {"class": "b"})


def simulate(session, make, *, assets=120, labellers=4, seed=1, accuracy=0.8):
    """A finished floor with known truth: (floor, codes of answers assets × labellers)."""
    rng = np.random.default_rng(seed)
    floor = make.floor(labellers=labellers, assets=assets, wanted=labellers)
    truth = rng.integers(0, 3, assets)
    right = rng.random((assets, labellers)) < np.linspace(
        accuracy - 0.2, accuracy + 0.15, labellers
    )
    given = np.where(right, truth[:, None], (truth[:, None] + rng.integers(1, 3, right.shape)) % 3)
    for i, task in enumerate(floor.tasks):
        answers(session, task, [(w, "abc"[given[i, j]]) for j, w in enumerate(floor.labellers)])
    session.commit()
    return floor, given


def test_with_enough_answers_it_is_dawid_skene_drawn_to_the_usual(session, sessions, make):
    floor, given = simulate(session, make)
    judge(sessions)
    n, m = given.shape
    asset, who = np.repeat(np.arange(n), m), np.tile(np.arange(m), n)
    posterior, confusion, prior = naive_fit.drawn(asset, who, given.ravel(), n, m, 3, rounds=60)
    current = consensus.current(session, [a.id for a in floor.assets])
    found = [current[a.id] for a in floor.assets]
    assert {row.method for row in found} == {"dawid_skene"}
    assert [row.label["class"] for row in found] == ["abc"[i] for i in posterior.argmax(1)]
    # EM stops when posteriors move by 1e-4 on average; the slow loop goes on to the end.
    gap = np.abs([row.probability for row in found] - posterior.max(1))
    assert gap.mean() < 2e-3 and gap.max() < 0.03
    best, chance = naive_fit.of_others(asset, who, given.ravel(), confusion, prior)
    rows = session.execute(
        select(Evidence.correct, Evidence.certainty)
        .join(Assignment, Assignment.id == Evidence.assignment_id)
        .order_by(Assignment.id)
    ).all()
    assert np.array_equal([r.correct for r in rows], best == given.ravel())
    gap = np.abs([r.certainty for r in rows] - chance)
    assert gap.mean() < 5e-3 and gap.max() < 0.05


def test_everything_twice_is_once(session, sessions, make):
    simulate(session, make, assets=40)
    judge(sessions)
    before = everything(session)
    assert before["Consensus"] and before["Evidence"]
    for row in session.scalars(select(Assignment)):
        row.judged_at = None
    session.commit()
    assert judge(sessions) == 160
    after = everything(session)
    standing = before.pop("Standing"), after.pop("Standing")
    assert after == before
    assert standing[0] == standing[1]
