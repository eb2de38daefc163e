"""Label, review, rework, adjudicate: every path through the stages, over the real claim."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from ops import clock_time
from ops.errors import InvalidInput
from ops.models import Assignment, Batch, Consensus, Flag, Task, WorkEvent
from quality.judging import judge
from quality.models import Evidence, ReviewDraw
from quality.review_sample import results
from scheduling import leases
from scheduling.desk import own
from tests.db.answering import answer
from tests.db.staging import Hands

ALL = {"review": {"newcomer": 1.0, "known": 1.0, "trusted": 1.0}}


@pytest.fixture
def hands(session, sessions):
    return Hands(session, sessions)


@pytest.fixture
def stage(make):
    """One labelled asset whose label is reviewed: author, two reviewers, an expert."""

    def build(**settings):
        review = {**ALL["review"], **settings.pop("review", {})}
        floor = make.floor(assets=1, settings={"review": review, **settings})
        floor.author = floor.labellers[0]
        roles = ("reviewer", "reviewer", "reviewer", "expert")
        people = [make.member(floor.project, make.user(role=role)) for role in roles]
        floor.one, floor.two, floor.three, floor.expert = people
        floor.asset = floor.assets[0]
        make.session.commit()
        return floor

    return build


def evidence(session, kind="review"):
    rows = select(Assignment.id, Evidence.correct).join(Evidence).where(Evidence.kind == kind)
    return [correct for _, correct in session.execute(rows.order_by(Assignment.id))]


def told(session):
    rows = select(WorkEvent.assignment_id, WorkEvent.data["correct"]).where(
        WorkEvent.kind == "reviewed"
    )
    return [correct for _, correct in session.execute(rows.order_by(WorkEvent.id))]


def state(session, floor):
    session.expire_all()
    return session.get(Batch, floor.batch.id).state


@pytest.mark.parametrize(
    ("label", "after", "right"),
    [
        ({"key": "a", "verdict": "accept"}, ("review", "a"), 1.0),
        ({"key": "b", "verdict": "fix", "remark": "it has wings"}, ("review", "b"), 0.0),
    ],
)
def test_a_review_accepts_or_puts_right(session, hands, stage, label, after, right):
    floor = stage()
    hands.give(floor.author, "label", key="a")
    assert state(session, floor) == "open"
    [task] = hands.tasks("review")
    asked = session.get(ReviewDraw, task.id)
    assert (asked.layer, asked.reason) == (1, "standing")
    shown = hands.give(floor.one, "review", **label)
    assert (shown["current"], shown["may_send_back"], shown["remarks"]) == ("a", True, [])
    assert hands.label(floor.asset) == after
    assert evidence(session) == told(session) == [right]
    assert state(session, floor) == "complete"


def test_sent_back_mended_and_accepted_by_the_same_reviewer(session, hands, stage):
    floor = stage()
    hands.give(floor.author, "label", key="a")
    ears = [{"type": "wrong_class", "severity": "major", "remark": "pointed"}]
    hands.give(floor.one, "review", verdict="return", remark="look at the ears", errors=ears)
    assert hands.label(floor.asset) == ("majority", "a")  # in force until somebody decides
    [rework] = hands.tasks("rework")
    assert (rework.round, rework.wanted, rework.n_leased) == (2, 1, 1)
    assert state(session, floor) == "open"
    shown = hands.give(floor.author, "rework", key="b")
    assert shown["earlier"] == "a"
    said = {"by": "reviewer", "verdict": "return", "class": None, "remark": "look at the ears"}
    assert shown["remarks"] == [said | {"errors": ears}]
    assert (shown["answers"], shown["current"], shown["may_send_back"]) == (None, None, False)
    again = hands.tasks("review")[-1]
    assert (again.round, session.get(ReviewDraw, again.id).reason) == (2, "rework")
    assert hands.label(floor.asset) == ("majority", "b")
    shown = hands.give(floor.one, "review", key="b", verdict="accept")
    assert (shown["current"], shown["answers"]) == ("b", [{"class": "b", "count": 1}])
    assert [o["remark"] for o in shown["remarks"]] == ["look at the ears", ""]
    assert hands.label(floor.asset) == ("review", "b")
    # The first answer was wrong and needed rework; the second was right at its first review.
    assert evidence(session) == [0.0, 1.0] and told(session) == [0.0, 1.0]
    assert state(session, floor) == "complete"
    # The day after the author is told what was said of the answer, whatever became of it later.
    later = (clock_time.now() + timedelta(days=1)).timestamp()
    clock_time.use(lambda: later)
    [fed] = own.about(session, floor.author)["feedback"]
    assert (fed["given"], fed["decided"], fed["remark"]) == ("a", "b", "look at the ears")
    assert fed["errors"] == [{"type": "wrong_class", "name": "Wrong class", "remark": "pointed"}]


def test_who_stands_by_the_answer_gets_an_expert_not_another_round(session, hands, stage):
    floor = stage()
    hands.give(floor.author, "label", key="a")
    hands.give(floor.one, "review", verdict="return", remark="this is b")
    hands.give(floor.author, "rework", key="a", verdict="stand", remark="no: it has no tail")
    assert len(hands.tasks("review")) == 1
    shown = hands.give(floor.expert, "adjudicate", key="a", verdict="accept")
    assert [(o["by"], o["verdict"], o["remark"]) for o in shown["remarks"]] == [
        ("reviewer", "return", "this is b"),
        ("author", "stand", "no: it has no tail"),
    ]
    assert shown["answers"] == [{"class": "a", "count": 1}]
    assert hands.label(floor.asset) == ("adjudication", "a")
    # The expert says that the answer was right from the start: that is told of it last.
    assert evidence(session) == [1.0, 1.0]
    assert told(session) == [0.0, 1.0, 1.0]
    assert state(session, floor) == "complete"


def test_sent_back_a_second_time_goes_to_an_expert(session, hands, stage):
    floor = stage()
    hands.give(floor.author, "label", key="a")
    hands.give(floor.one, "review", verdict="return", remark="no")
    hands.give(floor.author, "rework", key="b")
    hands.give(floor.one, "review", verdict="return", remark="still not")
    assert len(hands.tasks("rework")) == 1
    shown = hands.give(floor.expert, "adjudicate", key="c", verdict="fix")
    assert [o["remark"] for o in shown["remarks"]] == ["no", "", "still not"]
    assert hands.label(floor.asset) == ("adjudication", "c")
    assert evidence(session) == [0.0, 0.0]
    assert state(session, floor) == "complete"


def test_rework_waits_for_its_author_and_then_for_anybody(session, hands, stage, make):
    floor = stage(reserve_hours=2)
    other = make.member(floor.project, make.user())
    hands.give(floor.author, "label", key="a")
    hands.give(floor.one, "review", verdict="return", remark="no")
    assert hands.take(other) is None
    assert hands.take(floor.one) is None  # whoever sent it back mends nothing
    later = (clock_time.now() + timedelta(hours=3)).timestamp()
    clock_time.use(lambda: later)
    assert leases.expire(hands.sessions) == 1
    shown = hands.take(other)
    assert shown["stage"] == "rework"
    assert shown["earlier"] is None and shown["remarks"][0]["remark"] == "no"
    with pytest.raises(InvalidInput) as refused:
        hands.hand_in(other, shown, key="a", verdict="stand", remark="not mine")
    assert refused.value.field == "class"
    session.rollback()
    hands.hand_in(other, shown, key="b")
    assert hands.label(floor.asset) == ("majority", "b")


def test_an_author_who_has_left_is_not_waited_for(session, hands, stage, make):
    from ops import projects

    floor = stage()
    other = make.member(floor.project, make.user())
    hands.give(floor.author, "label", key="a")
    projects.remove_member(session, floor.project, floor.author, by=make.user(role="admin"))
    session.commit()
    hands.give(floor.one, "review", verdict="return", remark="no")
    assert hands.give(other, "rework", key="b")["earlier"] is None


def test_several_answers_are_put_right_by_the_reviewer(session, sessions, hands, make):
    floor = make.floor(labellers=3, assets=1, wanted=3, settings=ALL)
    reviewer = make.member(floor.project, make.user(role="reviewer"))
    session.commit()
    for who in floor.labellers:
        hands.give(who, "label", key="a")
    shown = hands.take(reviewer)
    assert (shown["may_send_back"], shown["answers"]) == (False, [{"class": "a", "count": 3}])
    with pytest.raises(InvalidInput) as refused:
        hands.hand_in(reviewer, shown, verdict="return", remark="no")
    assert refused.value.field == "verdict"
    session.rollback()
    hands.hand_in(reviewer, shown, key="b", verdict="fix")
    assert hands.label(floor.assets[0]) == ("review", "b")


@pytest.mark.parametrize(
    ("at", "label", "field"),
    [
        ("label", {"key": "a", "verdict": "accept"}, "verdict"),
        ("label", {"verdict": "return", "remark": "x"}, "verdict"),
        ("review", {"key": "a", "verdict": "stand", "remark": "x"}, "verdict"),
        ("review", {"verdict": "return"}, "remark"),
        ("review", {"verdict": "return", "remark": "  "}, "remark"),
        ("review", {"verdict": "return", "remark": "x", "errors": []}, "errors"),
        ("rework", {"key": "b", "errors": [{"type": "other"}]}, "errors"),
        ("review", {"verdict": "return", "key": "a", "remark": "x"}, "class"),
        ("rework", {"key": "a", "verdict": "stand"}, "remark"),
        ("rework", {"key": "b", "verdict": "stand", "remark": "x"}, "class"),
        ("rework", {"key": "a", "verdict": "accept"}, "verdict"),
        ("adjudicate", {"verdict": "return", "remark": "x"}, "verdict"),
    ],
)
def test_a_verdict_that_the_stage_does_not_offer_is_named(session, hands, stage, at, label, field):
    floor = stage()
    steps = {
        "label": (floor.author, {"key": "a"}),
        "review": (floor.one, {"verdict": "return", "remark": "no"}),
        "rework": (floor.author, {"key": "a", "verdict": "stand", "remark": "yes"}),
        "adjudicate": (floor.expert, {}),
    }
    for name, (who, given) in steps.items():
        if name == at:
            break
        hands.give(who, name, **given)
    shown = hands.take(who)
    assert shown["stage"] == at
    with pytest.raises(InvalidInput) as refused:
        hands.hand_in(who, shown, **label)
    assert refused.value.field == field
    session.rollback()
    assert hands.take(who)["token"] == shown["token"]  # nothing was written, the work is theirs


def test_a_second_layer_looks_afresh_and_by_somebody_else(session, hands, stage):
    floor = stage(review={"layers": 2, "layer_share": 1.0})
    hands.give(floor.author, "label", key="a")
    hands.give(floor.one, "review", key="a", verdict="accept", remark="clear")
    [_, second] = hands.tasks("review")
    asked = session.get(ReviewDraw, second.id)
    assert (second.lane.kind, asked.layer, asked.reason) == ("layer_2", 2, "layer")
    assert state(session, floor) == "open"
    assert hands.take(floor.one) is None and hands.take(floor.author) is None
    shown = hands.give(floor.two, "review", key="a", verdict="accept")
    assert (shown["current"], shown["remarks"]) == ("a", [])
    assert len(hands.tasks("review")) == 2 and not hands.tasks("adjudicate")
    assert told(session) == [1.0]
    assert state(session, floor) == "complete"


def test_layers_that_differ_call_for_an_expert_who_sees_both_sides(session, hands, stage):
    floor = stage(review={"layers": 3})
    hands.give(floor.author, "label", key="a")
    hands.give(floor.one, "review", key="b", verdict="fix", remark="wings")
    hands.give(floor.two, "review", key="a", verdict="fix", remark="no wings")
    assert hands.label(floor.asset) == ("review", "b")
    for touched in (floor.author, floor.one, floor.two):
        assert hands.take(touched) is None
    shown = hands.give(floor.expert, "adjudicate", key="a", verdict="accept")
    assert [(o["class"], o["remark"]) for o in shown["remarks"]] == [
        ("b", "wings"),
        ("a", "no wings"),
    ]
    assert hands.label(floor.asset) == ("adjudication", "a")
    assert told(session) == [0.0, 1.0]
    assert state(session, floor) == "complete"


def test_a_third_layer_follows_the_second(session, hands, stage):
    floor = stage(review={"layers": 3})
    hands.give(floor.author, "label", key="a")
    for who in (floor.one, floor.two, floor.three):
        hands.give(who, "review", key="a", verdict="accept")
    assert [task.lane.kind for task in hands.tasks("review")] == ["ordinary", "layer_2", "layer_3"]
    assert state(session, floor) == "complete"


def test_what_the_second_layer_sends_back_it_sees_again(session, hands, stage):
    floor = stage(review={"layers": 2})
    hands.give(floor.author, "label", key="a")
    hands.give(floor.one, "review", key="a", verdict="accept")
    hands.give(floor.two, "review", verdict="return", remark="too quick")
    hands.give(floor.author, "rework", key="b")
    assert hands.tasks("review")[-1].lane.kind == "layer_2"
    assert hands.take(floor.one) is None  # of the first layer
    hands.give(floor.two, "review", key="b", verdict="accept")
    assert hands.label(floor.asset) == ("review", "b")
    assert state(session, floor) == "complete"


def test_with_nobody_to_decide_the_batch_says_so_and_takes_up_again(session, sessions, hands, make):
    from quality import adjudication

    floor = make.floor(assets=1, settings=ALL)
    reviewer = make.member(floor.project, make.user(role="reviewer"))
    session.commit()
    hands.give(floor.labellers[0], "label", key="a")
    hands.give(reviewer, "review", verdict="return", remark="no")
    hands.give(floor.labellers[0], "rework", key="a", verdict="stand", remark="yes")
    assert session.scalars(select(Flag.kind)).one() == adjudication.NO_ADJUDICATOR
    expert = make.member(floor.project, make.user(role="expert"))
    session.commit()
    assert adjudication.try_again(session) == 1
    session.commit()
    hands.give(expert, "adjudicate", key="a", verdict="accept")
    assert hands.label(floor.assets[0]) == ("adjudication", "a")


def test_an_accepted_surplus_answer_carries_the_label(session, sessions, hands, stage, make):
    floor = stage()
    late = make.member(floor.project, make.user())
    hands.give(floor.author, "label", key="a")
    extra = answer(session, floor.tasks[0], late, "b", surplus=True)
    session.commit()
    shown = hands.take(floor.one)
    assert shown["answers"] == [{"class": "a", "count": 1}, {"class": "b", "count": 1}]
    hands.hand_in(floor.one, shown, key="b", verdict="fix")
    assert hands.label(floor.asset) == ("review", "b")
    kept = select(Evidence.correct).where(Evidence.assignment_id == extra.id)
    assert session.scalars(kept).all() == [1.0]


def test_what_is_sent_back_is_an_error_of_the_sample_at_once(session, hands, stage):
    floor = stage(review_share=1.0)
    hands.give(floor.author, "label", key="a")
    assert len(hands.tasks("review")) == 1  # one review serves the sample and the standing
    [task] = hands.tasks("review")
    assert session.get(ReviewDraw, task.id).reason == "standing"

    def sample():
        [one] = results(session, floor.batch.id)
        return one.given, one.accepted, one.fixed

    assert sample() == ("a", None, False)
    hands.give(floor.one, "review", verdict="return", remark="no")
    assert sample() == ("a", False, False)
    hands.give(floor.author, "rework", key="b")
    assert sample() == ("a", False, False)
    hands.give(floor.one, "review", key="b", verdict="accept")
    assert sample() == ("a", False, True)


def test_an_expert_who_upholds_the_label_makes_it_accepted_in_the_sample(session, hands, stage):
    floor = stage(review_share=1.0, review={"layers": 2})
    hands.give(floor.author, "label", key="a")
    hands.give(floor.one, "review", key="b", verdict="fix")
    assert [(s.accepted, s.fixed) for s in results(session, floor.batch.id)] == [(False, True)]
    hands.give(floor.two, "review", key="a", verdict="fix")
    hands.give(floor.expert, "adjudicate", key="a", verdict="accept")
    assert [(s.given, s.accepted) for s in results(session, floor.batch.id)] == [("a", True)]


def test_an_author_who_was_right_is_right_in_the_sample(session, hands, stage):
    floor = stage(review_share=1.0)
    hands.give(floor.author, "label", key="a")
    hands.give(floor.one, "review", verdict="return", remark="no")
    hands.give(floor.author, "rework", key="a", verdict="stand", remark="yes")
    hands.give(floor.expert, "adjudicate", key="a", verdict="accept")
    assert [(s.given, s.accepted) for s in results(session, floor.batch.id)] == [("a", True)]


def test_first_pass_yield_counts_first_answers_and_what_was_said_of_them(session, hands, stage):
    from metrics import rollup
    from metrics.models import DailyRollup

    floor = stage()
    hands.give(floor.author, "label", key="a")
    hands.give(floor.one, "review", verdict="return", remark="no")
    hands.give(floor.author, "rework", key="b")
    hands.give(floor.one, "review", key="b", verdict="accept")
    rollup.roll_up(hands.sessions)
    figures = (func.sum(getattr(DailyRollup, n)) for n in ("submitted", "review_n"))
    summed = select(DailyRollup.stage, *figures, func.sum(DailyRollup.review_accepted))
    rows = session.execute(summed.group_by(DailyRollup.stage)).all()
    assert {tuple(row) for row in rows if row[1]} == {
        ("label", 1, 1, 0.0),
        ("rework", 1, 0, 0.0),
        ("review", 2, 0, 0.0),
    }


def test_whoever_reviewed_an_asset_before_it_was_gold_does_not_see_it_again(
    session, hands, stage, make
):
    from quality import gold

    floor = stage()
    hands.give(floor.author, "label", key="a")
    hands.give(floor.one, "review", key="a", verdict="accept")
    made = gold.make(session, floor.project, floor.asset, [{"class": "a"}], None)
    other = make.member(floor.project, make.user())
    answer(session, session.get(Task, made.task_id), other, "b")
    session.commit()
    judge(hands.sessions)
    assert len(hands.tasks("review")) == 2
    assert hands.take(floor.one) is None
    shown = hands.take(floor.two)
    assert (shown["current"], shown["answers"]) == ("b", [{"class": "b", "count": 1}])


def test_who_has_done_their_part_of_a_batch_still_mends_their_own(session, hands, make):
    floor = make.floor(assets=4, settings={**ALL, "limits": {"batch_share": 0.25}})
    [author] = floor.labellers
    reviewer = make.member(floor.project, make.user(role="reviewer"))
    session.commit()
    hands.give(author, "label", key="a")
    assert hands.take(author) is None
    given = {"verdict": "return", "remark": "no"}
    while (shown := hands.take(reviewer))["stage"] != "review":
        hands.hand_in(reviewer, shown, key="a")
    hands.hand_in(reviewer, shown, **given)
    hands.give(author, "rework", key="b")


def test_a_suspect_that_was_sent_back_is_settled_by_what_its_rework_comes_to(
    session, sessions, hands, make
):
    from quality import review_tasks
    from quality.models import LabelScore, RescoreRun

    floor = make.floor(assets=1)
    [author] = floor.labellers
    reviewer = make.member(floor.project, make.user(role="reviewer"))
    session.commit()
    hands.give(author, "label", key="a")
    tasks = review_tasks.ask(session, floor.batch, [floor.assets[0].id])
    at = clock_time.now()
    run = RescoreRun(batch_id=floor.batch.id, version=1, name="r", requested_at=at)
    session.add(run)
    session.flush()
    decided = session.scalars(select(Consensus)).one()
    session.add(
        LabelScore(
            run_id=run.id, asset_id=floor.assets[0].id, consensus_id=decided.id, given="a",
            predicted="b", quality=0.1, probabilities={}, suspect=True,
            review_task_id=tasks[floor.assets[0].id],
        )
    )  # fmt: skip
    session.commit()
    hands.give(reviewer, "review", verdict="return", remark="a model doubts it too")
    outcome = select(LabelScore.outcome)
    assert session.scalars(outcome).one() is None
    hands.give(author, "rework", key="b")
    hands.give(reviewer, "review", key="b", verdict="accept")
    assert session.scalars(outcome).one() == "changed"
