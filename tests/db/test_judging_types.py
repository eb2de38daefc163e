"""Labels of every type through the whole house: consensus, gold, review, an expert, delivery."""

from collections import Counter

import pytest
from sqlalchemy import select

from ops import consensus, exports, labels
from ops.models import Assignment, Batch, Consensus, Label, Task, WorkEvent
from quality import gold, gold_contention, gold_telling, trust
from quality.judging import alike, belief, judge
from quality.models import Evidence, GoldScore
from tests.db.every_type import CASES, IN_PART, MERGED, floor_of
from tests.db.staging import Hands

every_type = pytest.mark.parametrize("label_type", CASES)


@pytest.fixture(autouse=True)
def _fresh_fits():
    belief.forget()


@pytest.fixture
def hands(session, sessions):
    return Hands(session, sessions)


def in_force(session, asset):
    session.expire_all()
    return consensus.current(session, [asset.id]).get(asset.id)


def likeness(session, floor, given, truth):
    return alike.yardstick(session, floor.project)(given, truth)


def answered(session, floor, hands, *said):
    """Each labeller of the floor answers the one task there is."""
    session.commit()
    for who, label in zip(floor.labellers, said, strict=True):
        hands.give(who, "label", **label)


@every_type
def test_two_who_are_right_outweigh_one_who_is_not_and_standings_follow(
    session, make, hands, label_type
):
    case = CASES[label_type]
    floor = floor_of(make, label_type, labellers=3, assets=1, wanted=3)
    answered(session, floor, hands, case.right, case.wrong, case.right)
    found = in_force(session, floor.assets[0])
    assert likeness(session, floor, found.label, case.right) == pytest.approx(1)
    assert found.method == ("merged" if label_type in MERGED else "majority")
    assert found.answers == 3 and 0.4 < found.probability < 1
    assert 0.3 < found.agreement < 1
    # What is in force is itself a label of the type.
    shown = labels.check(
        label_type, _ontology(session, floor), found.label, size=_size(floor.assets[0])
    )
    assert shown == found.label
    rows = dict(session.execute(select(Evidence.labeller_id, Evidence.correct)).all())
    right, wrong, other = (rows[who.id] for who in floor.labellers)
    assert right == other >= wrong and wrong < 0.5
    believed = [
        trust.standing(session, who.id, floor.project.skill_id).mean for who in floor.labellers
    ]
    assert believed[0] == pytest.approx(believed[2]) and believed[0] > believed[1]
    told = session.scalars(select(WorkEvent.data).where(WorkEvent.kind == "consensus_scored"))
    assert len(list(told)) == 3


def _ontology(session, floor):
    from ops import ontologies

    return ontologies.current(session, floor.project.id)


def _size(asset):
    return (asset.width, asset.height) if asset.width else None


@every_type
def test_judging_the_same_answers_again_changes_nothing(session, sessions, make, hands, label_type):
    from quality.judging.refresh import again

    case = CASES[label_type]
    floor = floor_of(make, label_type, labellers=3, assets=1, wanted=3)
    answered(session, floor, hands, case.right, case.near, case.right)
    before = in_force(session, floor.assets[0])
    assert judge(sessions) == 0
    assert again(session, floor.batch.id) == 0
    assert in_force(session, floor.assets[0]).id == before.id


@every_type
def test_a_single_answer_stands_as_it_was_given(session, make, hands, label_type):
    case = CASES[label_type]
    floor = floor_of(make, label_type, labellers=1, assets=1, wanted=1)
    answered(session, floor, hands, case.right)
    found = in_force(session, floor.assets[0])
    assert found.label == case.right and found.agreement is None
    # A rating's is how near it is, whatever is right: a little more in the middle of the scale.
    assert found.probability == pytest.approx(
        trust.unknown().mean, abs=0.05 if label_type == "rating" else 1e-4
    )
    assert session.scalars(select(Evidence)).all() == []


@every_type
def test_gold_is_worth_the_likeness_of_the_answer(session, sessions, make, label_type):
    case = CASES[label_type]
    floor = floor_of(make, label_type, labellers=3, assets=1, wanted=1)
    made = gold.make(session, floor.project, floor.assets[0], [case.right], None)
    kept = in_force(session, floor.assets[0])
    assert (kept.method, kept.label, kept.probability) == ("gold", case.right, 1.0)
    given(session, floor, made, case.right, case.near, case.wrong)
    assert judge(sessions) == 3
    worth = list(session.scalars(select(GoldScore.correct).order_by(GoldScore.assignment_id)))
    assert worth == pytest.approx(
        [likeness(session, floor, said, case.right) for said in (case.right, case.near, case.wrong)]
    )
    assert worth[0] == 1 > worth[2] and worth[2] < 0.5
    if label_type in IN_PART:
        assert 0.3 < worth[1] < 1
    skill = floor.project.skill_id
    means = [trust.standing(session, who.id, skill).mean for who in floor.labellers]
    assert means[0] >= means[1] > means[2]


def given(session, floor, made, *said):
    from tests.db.answering import answer

    task = session.get(Task, made.task_id)
    for who, label in zip(floor.labellers, said, strict=True):
        answer(session, task, who, None, **label)
    session.commit()


@pytest.mark.parametrize("label_type", IN_PART)
def test_tolerance_and_several_right_answers_spare_what_is_near(
    session, sessions, make, label_type
):
    case = CASES[label_type]
    floor = floor_of(make, label_type, labellers=2, assets=2, wanted=1)
    short = 1 - likeness(session, floor, case.near, case.right)
    spared = gold.make(
        session, floor.project, floor.assets[0], [{**case.right, "tolerance": short}], None
    )
    either = [case.right, {**case.near, "credit": 0.9}]
    several = gold.make(session, floor.project, floor.assets[1], either, None)
    given(session, floor, spared, case.near, case.wrong)
    given(session, floor, several, case.near, case.wrong)
    judge(sessions)
    scores = session.execute(
        select(GoldScore.correct).order_by(GoldScore.gold_version_id, GoldScore.assignment_id)
    ).scalars()
    one, off, other, _ = scores
    partly = likeness(session, floor, case.near, case.right)
    assert one == 1 > off and other == pytest.approx(max(0.9, partly))


@every_type
def test_a_review_accepts_and_fixes_and_sends_back(session, make, hands, label_type):
    case = CASES[label_type]
    floor = floor_of(
        make, label_type, labellers=1, assets=3, wanted=1, settings={"review_share": 1.0}
    )
    reviewer = make.member(floor.project, make.user(role="reviewer"))
    session.commit()
    [author] = floor.labellers
    for _ in floor.assets:
        hands.give(author, "label", **case.wrong)
    done = {}
    for verdict in ("accept", "fix", "return"):
        said = case.right if verdict == "fix" else {}
        if verdict == "accept" and label_type == "class":
            said = case.wrong
        remark = {"remark": "Look again."} if verdict == "return" else {}
        hands.give(reviewer, "review", verdict=verdict, **said, **remark)
        [done[verdict]] = {t.asset_id for t in hands.tasks("review") if t.n_done} - {*done.values()}
    now = consensus.current(session, list(done.values()))
    accepted, fixed, back = (now[done[v]] for v in ("accept", "fix", "return"))
    assert (accepted.method, accepted.label) == ("review", case.wrong)
    assert (fixed.method, fixed.label) == ("review", case.right)
    assert back.label == case.wrong and back.method != "review"
    worth = _reviewed(session)
    assert worth[done["accept"]] == 1
    off = likeness(session, floor, case.wrong, case.right)
    assert worth[done["fix"]] == pytest.approx(off)
    assert worth[done["return"]] == 0
    # Mended by its author, it is looked at once more.
    hands.give(author, "rework", **case.right)
    hands.give(
        reviewer, "review", verdict="accept", **(case.right if label_type == "class" else {})
    )
    mended = in_force(session, session.get(Task, hands.tasks("rework")[0].id).asset)
    assert (mended.method, mended.label) == ("review", case.right)


def _reviewed(session):
    from ops.models import Assignment

    rows = session.execute(
        select(Task.asset_id, Evidence.correct)
        .join(Assignment, Assignment.id == Evidence.assignment_id)
        .join(Task, Task.id == Assignment.task_id)
        .where(Evidence.kind == "review")
    )
    return dict(rows.all())


@every_type
def test_what_two_see_quite_otherwise_goes_to_an_expert(session, make, hands, label_type):
    case = CASES[label_type]
    floor = floor_of(make, label_type, labellers=2, assets=1, wanted=2)
    expert = make.member(floor.project, make.user(role="expert"))
    answered(session, floor, hands, case.right, case.wrong)
    assert in_force(session, floor.assets[0]).probability < 0.8
    hands.give(expert, "adjudicate", verdict="fix", **case.right)
    found = in_force(session, floor.assets[0])
    assert (found.method, found.label) == ("adjudication", case.right)
    one, two = floor.labellers
    skill = floor.project.skill_id
    assert trust.standing(session, one.id, skill).mean > trust.standing(session, two.id, skill).mean
    assert session.get(Batch, floor.batch.id).state == "complete"


@every_type
def test_dynamic_overlap_asks_only_those_who_disagree_for_more(session, make, hands, label_type):
    case = CASES[label_type]
    overlap = {"kind": "dynamic", "minimum": 2, "maximum": 3, "target": 0.83}
    floor = floor_of(
        make, label_type, labellers=3, assets=2, wanted=2, settings={"overlap": overlap}
    )
    session.commit()
    one, two, _ = floor.labellers
    for who, said in ((one, case.right), (two, case.right)):
        hands.give(who, "label", **said)
    for who, said in ((one, case.right), (two, case.wrong)):
        hands.give(who, "label", **said)
    session.expire_all()
    assert sorted(task.wanted for task in floor.tasks) == [2, 3]


@every_type
def test_what_is_in_force_is_what_goes_out(session, make, hands, label_type):
    case = CASES[label_type]
    floor = floor_of(make, label_type, labellers=3, assets=2, wanted=3)
    session.commit()
    for who, said in zip(floor.labellers, (case.right, case.right, case.wrong), strict=True):
        hands.give(who, "label", **said)
        hands.give(who, "label", **said)
    out = [one["label"] for one in exports.of_batch(session, floor.batch.id)]
    assert out == [in_force(session, asset).label for asset in floor.assets]
    assert all(likeness(session, floor, one, case.right) == pytest.approx(1) for one in out)


@pytest.mark.parametrize("label_type", MERGED)
def test_gold_in_question_tells_what_was_answered_in_words(session, sessions, make, label_type):
    """Good labellers who say the same otherwise than the gold, each in their own strokes."""
    gold_telling._learnt.clear()
    case = CASES[label_type]
    floor = floor_of(make, label_type, labellers=5, assets=22, wanted=1)
    *known, doubtful = floor.assets
    for asset in known:
        made = gold.make(session, floor.project, asset, [case.right], None)
        given(session, floor, made, *[case.right] * 5)
    made = gold.make(session, floor.project, doubtful, [case.wrong], None)
    given(session, floor, made, *[case.right] * 4, case.near)
    judge(sessions)
    gold_telling.learn(sessions)
    session.expire_all()
    [asked] = gold_contention.queue(session, floor.project.id)
    assert asked.gold.id == made.id
    most = asked.answers[0]
    assert most.n >= 4 and most.label == case.right and most.credit < 0.5
    assert most.words == labels.in_words(label_type, case.right, _ontology(session, floor))
    gold_contention.decide(session, floor.project, asked.gold, "replace", None, key=most.key)
    assert gold.latest_version(session, made.id).answers == [case.right]
    newest = in_force(session, doubtful)
    assert (newest.method, newest.label) == ("gold", case.right)


def test_disagreement_is_never_more_than_a_low_probability(session, make, hands):
    """Nothing drawn, the whole picture, a crowd of slivers: a label comes of it all the same."""
    floor = floor_of(make, "boxes", labellers=3, assets=1, wanted=3)
    slivers = [
        {"id": str(n), "class": "abc"[n % 3], "box": [float(n), 0.0, 0.5, 100.0]}
        for n in range(150)
    ]
    whole = {"id": "x", "class": "a", "box": [0.0, 0.0, 200.0, 100.0]}
    answered(session, floor, hands, {"objects": []}, {"objects": [whole]}, {"objects": slivers})
    found = in_force(session, floor.assets[0])
    assert found.label == {"objects": []} and found.probability < 0.9
    assert session.scalars(select(Consensus)).one().version == 1


@pytest.mark.parametrize("label_type", MERGED)
def test_an_asset_on_which_answers_differ_is_the_harder(session, make, hands, label_type):
    from quality.models import AssetDifficulty
    from quality.timing_job import update_project

    case = CASES[label_type]
    floor = floor_of(make, label_type, labellers=2, assets=2, wanted=2)
    session.commit()
    one, two = floor.labellers
    for said in ((case.right, case.right), (case.right, case.wrong)):
        hands.give(one, "label", **said[0])
        hands.give(two, "label", **said[1])
    assert update_project(session, floor.project)
    found = session.scalars(select(AssetDifficulty).order_by(AssetDifficulty.difficulty)).all()
    assert [row.parts["disagreement"] for row in found] == [0, 1]
    labels_ = consensus.current(session, [row.asset_id for row in found])
    easy, hard = (labels_[row.asset_id].agreement for row in found)
    assert easy == pytest.approx(1) and hard < 0.5
    assert found[0].difficulty < found[1].difficulty


@every_type
def test_a_quality_report_speaks_of_every_type(session, make, hands, label_type):
    from metrics import report_labels, report_pages
    from metrics.deliver import deliver

    case = CASES[label_type]
    gate = {"accuracy": 0.5, "confidence": 0.6, "review_sample": 1, "rescore": False}
    floor = floor_of(make, label_type, labellers=2, assets=2, wanted=2, settings={"gate": gate})
    lead = make.member(floor.project, make.user(role="ops_lead"))
    reviewer = make.member(floor.project, make.user(role="reviewer"))
    session.commit()
    for who in floor.labellers:
        for _ in floor.assets:
            hands.give(who, "label", **case.right)
    from quality.review_sample import draw_review_sample

    draw_review_sample(session, session.get(Batch, floor.batch.id), 2, lead, seed=1)
    for _ in floor.assets:
        repeated = case.right if label_type == "class" else {}
        hands.give(reviewer, "review", verdict="accept", **repeated)
    made = deliver(session, session.get(Batch, floor.batch.id), lead)
    out = [one["label"] for one in exports.of_delivery(session, made.id)]
    assert [likeness(session, floor, one, case.right) for one in out] == pytest.approx([1, 1])
    told = report_pages.content(made.report)
    assert report_pages.pdf(made.report).startswith(b"%PDF")
    agreed = made.report["agreement"]
    assert agreed["items"] == 2 and agreed["pairs_agreeing"] == pytest.approx(1)
    if label_type in ("boxes", "polygons", "masks", "keypoints", "spans"):
        assert agreed["alpha"] == pytest.approx(1) and agreed["compared"] == 2
        assert any("Krippendorff" in line for line in told["agreement"])
    counted = {c["key"]: c["n"] for c in made.report["classes"] if c["n"]}
    things = case.right.get("objects") or case.right.get("spans") or ()
    expected = {key: 2 * n for key, n in Counter(x["class"] for x in things).items()}
    if label_type in ("class", "rating", "preference"):
        expected = {str(case.right[label_type]): 2}
    if label_type == "tags":
        expected = dict.fromkeys(case.right["tags"], 2)
    assert counted == expected
    assert told["asked"][1].startswith(f"Each {floor.project.medium} gets ")
    assert report_labels.agreement(session, floor.batch, floor.project) == agreed


@pytest.mark.parametrize("label_type", MERGED)
def test_a_reviewer_is_shown_of_gold_what_its_answers_come_to_as_of_work(
    session, sessions, make, hands, label_type
):
    from scheduling.desk import opinions
    from tests.db.answering import answer

    case = CASES[label_type]
    floor = floor_of(
        make, label_type, labellers=3, assets=2, wanted=3, settings={"review_share": 1.0}
    )
    reviewer = make.member(floor.project, make.user(role="reviewer"))
    made = gold.make(session, floor.project, floor.assets[0], [case.wrong], None)
    said = (case.right, case.near, case.right)
    given(session, floor, made, *said)
    for who, label in zip(floor.labellers, said, strict=True):
        answer(session, floor.tasks[1], who, None, **label)
    session.commit()
    judge(sessions)
    shown = {
        task.asset_id: opinions.before(
            session, "review", task.asset_id, task.id, reviewer.id, label_type
        )
        for task in hands.tasks("review")
    }
    of_gold, of_work = (shown[asset.id] for asset in floor.assets)
    assert of_gold == of_work
    assert of_gold["judged"] == in_force(session, floor.assets[1]).label
    for _ in range(2):
        hands.give(reviewer, "review", verdict="accept")
    kept = session.scalars(
        select(Label.payload).join(Assignment).join(Task).where(Task.stage == "review")
    ).all()
    assert kept[0] == kept[1] == of_gold["judged"] | {"verdict": "accept"}
