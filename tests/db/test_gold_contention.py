"""Gold in question: raised by evidence, decided by a lead, forgiven from stored answers."""

import pytest
from sqlalchemy import func, select

from ops.errors import Conflict, InvalidInput
from ops.models import AuditEntry, Flag, Notice, Task, WorkEvent
from quality import gold, gold_contention, gold_questioned, gold_telling, trust
from quality.gold_contention import Tally
from quality.judging import answers as read
from quality.judging import gold_scores
from quality.models import Evidence, Gold
from tests.db.answering import answer


@pytest.fixture(autouse=True)
def _forget():
    gold_telling._learnt.clear()


def made(session, floor, asset, key="a", **more):
    return gold.make(session, floor.project, asset, [{"class": key}], None, **more)


def scored(session, one, given):
    """Answers (who, class) to a gold, scored, with standings brought up to date."""
    task = session.get(Task, one.task_id)
    rows = [answer(session, task, who, key) for who, key in given]
    found = read.by_assignment(session, [row.id for row in rows])
    trust.recompute(session, gold_scores.score(session, found))


@pytest.fixture
def floor(session, make):
    """Six labellers who were right about 20 gold, but for the last, who was right by chance."""
    floor = make.floor(assets=1, labellers=6, classes="abcd")
    *good, bad = floor.labellers
    for i, asset in enumerate(make.assets(floor.batch, 20)):
        known = made(session, floor, asset)
        scored(session, known, [*((who, "a") for who in good), (bad, "abcd"[i % 4])])
    [asset] = make.assets(floor.batch, 1)
    floor.doubtful = made(session, floor, asset)
    session.commit()
    return floor


def contended(session):
    flags = select(Flag).where(Flag.kind == gold_questioned.CONTENDED, Flag.resolved_at.is_(None))
    return session.scalars(flags.execution_options(populate_existing=True)).all()


def learn(session, sessions):
    session.commit()
    return gold_telling.learn(sessions)


def test_what_good_labellers_miss_is_flagged_with_its_evidence(session, sessions, make, floor):
    lead = make.member(floor.project, make.user(role="ops_lead"))
    one, two, three, four, _, bad = floor.labellers
    scored(session, floor.doubtful, [(one, "b"), (two, "b"), (bad, "c")])
    learn(session, sessions)
    assert contended(session) == []
    scored(session, floor.doubtful, [(three, "a")])
    learn(session, sessions)
    assert contended(session) == []
    scored(session, floor.doubtful, [(four, "b")])
    learn(session, sessions)
    [flag] = contended(session)
    assert flag.asset_id == floor.doubtful.asset_id
    assert flag.evidence["good"] == 4 and flag.evidence["answered"] == {"b": 3}
    assert flag.evidence["evidence"] >= 1 / flag.evidence["alpha"]
    assert "3 of 4 good labellers answered otherwise" in flag.reason
    assert session.scalars(select(Notice.user_id)).all() == [lead.id]


def test_the_queue_shows_what_was_answered_without_names(session, sessions, floor):
    *good, bad = floor.labellers
    scored(session, floor.doubtful, [*((who, "b") for who in good), (bad, "a")])
    learn(session, sessions)
    [case] = gold_contention.queue(session, floor.project.id)
    assert case.gold.id == floor.doubtful.id and case.accepted == [{"class": "a"}]
    assert case.answers == [Tally("b", 5, 5, 0.0, 0), Tally("a", 1, 0, 1.0, 0)]


def test_accepting_it_too_forgives_and_standings_are_as_if_it_had_always_been_right(
    session, sessions, make, floor
):
    good = floor.labellers[:5]
    scored(session, floor.doubtful, [(who, "b") for who in good])
    skill = floor.project.skill_id
    after_missing = trust.standings(session, [w.id for w in good], skill)
    [asset] = make.assets(floor.batch, 1)
    told_right = made(session, floor, asset)
    learn(session, sessions)
    lead = make.user(role="ops_lead")
    gold_contention.decide(session, floor.project, floor.doubtful, "accept", lead, key="b")
    forgiven = trust.standings(session, [w.id for w in good], skill)
    assert all(forgiven[w.id].mean > after_missing[w.id].mean for w in good)
    # The oracle: the same labellers with the same answers, had the gold accepted b from the start.
    other = [make.member(floor.project, make.user()) for _ in good]
    tasks = session.scalars(
        select(Gold).where(Gold.id.not_in([floor.doubtful.id, told_right.id])).order_by(Gold.id)
    ).all()
    for known in tasks:
        scored(session, known, [(who, "a") for who in other])
    scored(session, told_right, [(who, "a") for who in other])
    ideal = trust.standings(session, [w.id for w in other], skill)
    assert [forgiven[w.id] for w in good] == [ideal[w.id] for w in other]
    evidence = select(Evidence.correct).where(Evidence.labeller_id == good[0].id)
    assert set(session.scalars(evidence)) == {1.0}
    assert contended(session) == []
    newest = gold.latest_version(session, floor.doubtful.id)
    assert (newest.version, newest.answers) == (2, [{"class": "a"}, {"class": "b"}])
    # Earlier events stay, and what is true now is told after them.
    told = select(WorkEvent.data).where(WorkEvent.task_id == floor.doubtful.task_id)
    assert [d["correct"] for d in session.scalars(told.order_by(WorkEvent.id))] == [0] * 5 + [1] * 5


def test_part_of_the_credit_is_part_of_a_right_answer(session, sessions, floor):
    scored(session, floor.doubtful, [(who, "b") for who in floor.labellers[:5]])
    learn(session, sessions)
    gold_contention.decide(
        session, floor.project, floor.doubtful, "accept", None, key="b", worth=0.5
    )
    half = select(Evidence.correct).where(Evidence.correct.not_in([0, 1]))
    assert session.scalars(half).all() == [0.5] * 5


def test_replacing_judges_everybody_by_the_new_answer(session, sessions, floor):
    *good, bad = floor.labellers
    scored(session, floor.doubtful, [*((who, "b") for who in good), (bad, "a")])
    learn(session, sessions)
    gold_contention.decide(session, floor.project, floor.doubtful, "replace", None, key="b")
    assert gold.latest_version(session, floor.doubtful.id).answers == [{"class": "b"}]
    learn(session, sessions)
    assert contended(session) == []


def test_what_is_kept_is_not_questioned_again_by_the_same_answers(session, sessions, make, floor):
    lead = make.user(role="ops_lead")
    scored(session, floor.doubtful, [(who, "b") for who in floor.labellers[:4]])
    learn(session, sessions)
    gold_contention.decide(session, floor.project, floor.doubtful, "keep", lead, reason="It is a.")
    learn(session, sessions)
    gold_telling._learnt.clear()
    learn(session, sessions)
    assert contended(session) == []
    assert session.scalar(select(func.count()).where(AuditEntry.action == "gold.kept")) == 1
    # One more miss adds to nothing that was settled; enough new ones question it anew.
    scored(session, floor.doubtful, [(floor.labellers[4], "b")])
    learn(session, sessions)
    assert contended(session) == []
    more = [make.member(floor.project, make.user()) for _ in range(4)]
    golds = session.scalars(select(Gold).where(Gold.id != floor.doubtful.id)).all()
    for known in golds:
        scored(session, known, [(who, "a") for who in more])
    scored(session, floor.doubtful, [(who, "b") for who in more])
    learn(session, sessions)
    assert len(contended(session)) == 1


def test_a_dispute_joins_the_queue_and_retiring_settles_it(session, make, floor):
    from quality.judging.decisions import decide

    reviewer = make.member(floor.project, make.user(role="reviewer"))
    lane = make.lane(floor.batch, "review")
    asset = session.get(Gold, floor.doubtful.id).asset
    [task] = make.tasks(lane, [asset])
    row = answer(session, task, reviewer, "c", verdict="fix")
    decide(session, read.by_assignment(session, [row.id]))
    [case] = gold_contention.queue(session, floor.project.id)
    assert case.answers == [Tally("c", 0, 0, 0.0, 1)]
    gold_contention.decide(session, floor.project, floor.doubtful, "retire", None)
    assert gold_contention.queue(session, floor.project.id) == []
    assert session.get(Gold, floor.doubtful.id).state == "retired"
    with pytest.raises(Conflict):
        gold_contention.decide(session, floor.project, floor.doubtful, "keep", None)


@pytest.mark.parametrize(
    ("decision", "more", "field"),
    [
        ("accept", {}, "class"),
        ("replace", {"key": "nonsense"}, "class"),
        ("accept", {"key": "b", "worth": 0}, "credit"),
        ("nonsense", {}, "decision"),
    ],
)
def test_refuses_what_decides_nothing(session, sessions, floor, decision, more, field):
    scored(session, floor.doubtful, [(who, "b") for who in floor.labellers[:4]])
    learn(session, sessions)
    with pytest.raises(InvalidInput) as refused:
        gold_contention.decide(session, floor.project, floor.doubtful, decision, None, **more)
    assert refused.value.field == field
    assert len(contended(session)) == 1


def test_what_is_learnt_is_kept_with_the_gold_and_learnt_once(session, sessions, make, floor):
    *good, bad = floor.labellers
    learn(session, sessions)
    session.expire_all()
    known = session.scalars(select(Gold).where(Gold.answers_n > 0)).all()
    assert len(known) == 20 and all(g.answers_n == 6 for g in known)
    right = [g for g in known if g.id in _missed_by(session, bad)]
    easy = [g for g in known if g not in right]
    # Missed by the one who is bad and by nobody else: that tells more than what all get right.
    assert min(g.discrimination for g in right) > max(g.discrimination for g in easy)
    assert learn(session, sessions) == 0
    gold_telling._learnt.clear()
    assert learn(session, sessions) == 0
    assert len(good) == 5


def _missed_by(session, who):
    rows = select(Gold.id).join(Task, Task.id == Gold.task_id).join(
        WorkEvent, WorkEvent.task_id == Task.id
    )  # fmt: skip
    missed = WorkEvent.data["correct"].as_float() == 0
    return set(session.scalars(rows.where(WorkEvent.labeller_id == who.id, missed)))
