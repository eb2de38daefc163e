"""Which labels are reviewed by standing: shares met in every stratum, gold among them."""

import math
import threading
from collections import Counter, defaultdict

import numpy as np
import pytest
from sqlalchemy import select

from ops import clock_time
from ops.db import transaction
from ops.models import Asset, Assignment, ProjectMember, Task
from quality import gold, review_share
from quality.judging import answers as read
from quality.judging import judge
from quality.measures.standing import Standing as Believed
from quality.models import ReviewDraw, ReviewLook, ReviewSample, ReviewStratum, Standing
from quality.review import sampled
from quality.review_share import Look
from scheduling.desk import opinions
from tests.db.answering import answer, many
from tests.db.staging import Hands


def reviews(session):
    """(labeller, class) → how many of their labels went to review."""
    session.expire_all()
    reviewed = select(Task.asset_id).where(Task.stage == "review")
    assets = set(session.scalars(reviewed))
    found = read.labels_of(session, sorted(assets))
    return Counter((a.labeller_id, a.key) for a in found)


def believed(session, floor, who, *, low, n):
    at = clock_time.now()
    known = {"mean": (low + 1) / 2, "low": low, "high": 1.0, "gold_n": n, "updated_at": at}
    session.add(Standing(labeller_id=who.id, skill_id=floor.project.skill_id, **known))


@pytest.mark.parametrize(
    ("low", "n", "tier"),
    [(0.29, 0, "newcomer"), (0.95, 9, "newcomer"), (0.89, 10, "known"), (0.9, 10, "trusted")],
)
def test_the_tier_is_defined_once(low, n, tier):
    assert review_share.tier(Believed(0.95, low, 1.0, n), 0.9) == tier


def test_the_share_is_met_in_every_stratum_as_exactly_as_whole_numbers_allow(
    session, sessions, make
):
    shares = {"newcomer": 0.5, "known": 0.2, "trusted": 0.05}
    floor = make.floor(labellers=3, assets=210, settings={"review": shares})
    new, known, trusted = floor.labellers
    believed(session, floor, known, low=0.6, n=50)
    believed(session, floor, trusted, low=0.95, n=50)
    share_of = {new.id: 0.5, known.id: 0.2, trusted.id: 0.05}
    rng = np.random.default_rng(5)
    given = [
        (task, floor.labellers[i % 3], str(rng.choice(list("abc"), p=[0.6, 0.3, 0.1])))
        for i, task in enumerate(floor.tasks)
    ]
    for start in range(0, len(given), 30):  # judged as it comes, not at once
        for task, who, key in given[start : start + 30]:
            answer(session, task, who, key)
        session.commit()
        judge(sessions)
    labels = Counter((who.id, key) for _, who, key in given)
    reviewed = reviews(session)
    for stratum, n in labels.items():
        due = n * share_of[stratum[0]]
        assert math.floor(due - 1e-9) <= reviewed[stratum] <= math.ceil(due + 1e-9), stratum
    rows = session.scalars(select(ReviewStratum)).all()
    assert {(r.labeller_id, r.class_key): r.seen for r in rows} == dict(labels)
    assert {(r.labeller_id, r.class_key): r.drawn for r in rows if r.drawn} == dict(reviewed)
    asked = session.execute(select(ReviewDraw.layer, ReviewDraw.reason)).all()
    assert set(asked) == {(1, "standing")} and len(asked) == sum(reviewed.values())


def test_which_ones_are_drawn_is_not_the_same_twice(session, sessions, make):
    drawn = []
    for _ in range(3):
        floor = make.floor(assets=40, settings={"review": {"newcomer": 0.25}})
        many(session, [(task, floor.labellers[0], "a") for task in floor.tasks])
        session.commit()
        judge(sessions)
        ids = [a.id for a in floor.assets]
        wanted = select(Task.asset_id).where(Task.stage == "review", Task.asset_id.in_(ids))
        drawn.append(tuple(sorted(ids.index(i) for i in session.scalars(wanted))))
        assert len(drawn[-1]) == 10
    assert len(set(drawn)) == 3


def test_what_a_restricted_labeller_does_is_all_reviewed(session, sessions, make):
    floor = make.floor(labellers=2, assets=12)
    member = session.get(ProjectMember, (floor.project.id, floor.labellers[0].id))
    member.restricted_at = clock_time.now()
    many(session, [(t, floor.labellers[i % 2], "a") for i, t in enumerate(floor.tasks)])
    session.commit()
    judge(sessions)
    assert reviews(session) == {(floor.labellers[0].id, "a"): 6}
    assert set(session.scalars(select(ReviewDraw.reason))) == {"restricted"}


def test_of_several_authors_the_least_trusted_decides(session, sessions, make):
    terms = {"newcomer": 1.0, "known": 0.0, "trusted": 0.0}
    floor = make.floor(labellers=3, assets=4, wanted=2, settings={"review": terms})
    new, known, trusted = floor.labellers
    believed(session, floor, known, low=0.6, n=50)
    believed(session, floor, trusted, low=0.95, n=50)
    pairs = [(new, known), (known, trusted), (trusted, new), (new, trusted)]
    for task, pair in zip(floor.tasks, pairs, strict=True):
        for who in pair:
            answer(session, task, who, "a")
    session.commit()
    judge(sessions)
    reviewed = set(session.scalars(select(Task.asset_id).where(Task.stage == "review")))
    assert reviewed == {floor.assets[i].id for i in (0, 2, 3)}
    assert set(session.scalars(select(ReviewStratum.labeller_id))) == {new.id}


def test_with_no_share_set_nothing_is_kept_of_it(session, sessions, make):
    floor = make.floor(assets=3)
    many(session, [(task, floor.labellers[0], "a") for task in floor.tasks])
    session.commit()
    judge(sessions)
    assert session.scalars(select(ReviewLook)).all() == []
    assert session.scalars(select(Task).where(Task.stage == "review")).all() == []


def test_judged_twice_is_looked_at_once(session, sessions, make):
    floor = make.floor(labellers=2, assets=20, wanted=2, settings={"review": {"newcomer": 0.5}})
    many(session, [(t, who, "a") for t in floor.tasks for who in floor.labellers])
    session.commit()
    judge(sessions)
    before = [(r.seen, r.due, r.drawn) for r in session.scalars(select(ReviewStratum))]
    assert sum(seen for seen, _, _ in before) == 20
    for row in session.scalars(select(Assignment)):
        row.judged_at = None
    session.commit()
    judge(sessions)
    session.expire_all()
    assert [(r.seen, r.due, r.drawn) for r in session.scalars(select(ReviewStratum))] == before


def test_the_random_sample_stays_what_it_was(session, sessions, make):
    settings = {"review_share": 0.3, "review": {"newcomer": 0.5}}
    floor = make.floor(assets=60, settings=settings)
    many(session, [(task, floor.labellers[0], "a") for task in floor.tasks])
    session.commit()
    judge(sessions)
    sample = set(session.scalars(select(ReviewSample.asset_id)))
    assert sample == {a.id for a in floor.assets if sampled(floor.project.id, a.id, 0.3)}
    standing = set(
        session.scalars(select(Task.asset_id).join(ReviewDraw, ReviewDraw.task_id == Task.id))
    )
    assert len(standing) == 30 and standing - sample
    reviewed = list(session.scalars(select(Task.asset_id).where(Task.stage == "review")))
    assert sorted(reviewed) == sorted(sample | standing)  # one review where both want one


def test_gold_is_drawn_with_the_share_of_work(session, sessions, make):
    floor = make.floor(assets=80, settings={"review": {"newcomer": 0.25}})
    made = [gold.make(session, floor.project, a, [{"class": "a"}], None) for a in floor.assets[40:]]
    [who] = floor.labellers
    for i in range(40):
        answer(session, floor.tasks[i], who, "a")
        answer(session, session.get(Task, made[i].task_id), who, "a")
    session.commit()
    judge(sessions)
    [stratum] = session.scalars(select(ReviewStratum))
    assert (stratum.seen, stratum.drawn) == (80, 20)
    reviewed = set(session.scalars(select(Task.asset_id).where(Task.stage == "review")))
    assert len(reviewed) == 20
    hidden = reviewed & {one.asset_id for one in made}
    # Of 20 drawn among 40 and 40 in any order: as many of each as chance gives, 3 in a million.
    assert 1 <= len(hidden) <= 19


@pytest.mark.parametrize("wanted", [1, 3])
def test_a_review_of_gold_looks_like_a_review_of_work(session, sessions, make, wanted):
    floor = make.floor(labellers=3, assets=2, wanted=wanted, settings={"review": {"newcomer": 1.0}})
    reviewer = make.member(floor.project, make.user(role="reviewer"))
    made = gold.make(session, floor.project, floor.assets[1], [{"class": "a"}], None)
    task = session.get(Task, made.task_id)
    for who in floor.labellers[:wanted]:
        answer(session, task, who, "b")
        answer(session, floor.tasks[0], who, "b")
    session.commit()
    judge(sessions)
    hands, seen = Hands(session, sessions), {}
    for _ in range(2):
        shown = hands.take(reviewer)
        asset = session.scalars(select(Asset).where(Asset.text == shown["text"])).one()
        seen[asset.id] = shown
        hands.hand_in(reviewer, shown, key="b", verdict="accept")
    work, hidden = (seen[a.id] for a in floor.assets)
    unlike = {"token", "text", "expires_at"}
    assert {k: v for k, v in work.items() if k not in unlike} == {
        k: v for k, v in hidden.items() if k not in unlike
    }
    assert hidden["current"] == "b"  # what was answered, not what the gold says
    assert hidden["may_send_back"] is (wanted == 1)


def test_gold_is_reviewed_once_however_often_it_is_answered(session, sessions, make):
    floor = make.floor(labellers=6, assets=2, wanted=3, settings={"review": {"newcomer": 1.0}})
    made = gold.make(session, floor.project, floor.assets[1], [{"class": "a"}], None)
    task = session.get(Task, made.task_id)
    opened = []
    for who in floor.labellers:
        answer(session, task, who, "a")
        session.commit()
        judge(sessions)
        opened.append(len(session.scalars(select(Task).where(Task.stage == "review")).all()))
    assert opened == [0, 0, 1, 1, 1, 1]


def test_gold_that_is_sent_back_disputes_only_what_is_right(session, sessions, make):
    from ops.models import Flag

    floor = make.floor(labellers=1, assets=2, settings={"review": {"newcomer": 1.0}})
    reviewer = make.member(floor.project, make.user(role="reviewer"))
    for asset, said in zip(floor.assets, "ab", strict=True):
        made = gold.make(session, floor.project, asset, [{"class": "a"}], None)
        answer(session, session.get(Task, made.task_id), floor.labellers[0], said)
    session.commit()
    judge(sessions)
    hands = Hands(session, sessions)
    for _ in range(2):
        hands.give(reviewer, "review", verdict="return", remark="no")
    assert hands.tasks("rework") == []
    [flag] = session.scalars(select(Flag))
    assert (flag.kind, flag.asset_id) == ("gold_disputed", floor.assets[0].id)
    assert hands.label(floor.assets[0]) == ("gold", "a")


def test_the_next_layer_gets_its_share_of_each_reviewers_decisions(session, sessions, make):
    terms = {"newcomer": 1.0, "layers": 2, "layer_share": 0.3}
    floor = make.floor(assets=40, settings={"review": terms})
    people = [make.member(floor.project, make.user(role="reviewer")) for _ in range(2)]
    many(session, [(task, floor.labellers[0], "a") for task in floor.tasks])
    session.commit()
    judge(sessions)
    first = session.scalars(select(Task).where(Task.stage == "review").order_by(Task.id)).all()
    decided = defaultdict(int)
    for i, task in enumerate(first):
        who, key = people[i % 2], "ab"[i // 2 % 2]
        answer(session, task, who, key, verdict="accept")
        decided[who.id, key] += 1
    session.commit()
    judge(sessions)
    rows = session.scalars(select(ReviewStratum).where(ReviewStratum.layer == 2)).all()
    assert {(r.labeller_id, r.class_key): (r.seen, r.drawn) for r in rows} == dict.fromkeys(
        decided, (10, 3)
    )
    second = session.scalars(select(ReviewDraw).where(ReviewDraw.reason == "layer")).all()
    assert len(second) == 12 and {row.layer for row in second} == {2}


def test_two_who_draw_at_once_keep_the_count(session, sessions, make):
    floor = make.floor(assets=200)
    [who] = floor.labellers
    made = [answer(session, task, who, "a") for task in floor.tasks]
    session.commit()
    found = read.by_assignment(session, [a.id for a in made])
    start = threading.Barrier(4)

    def draw(part):
        start.wait()
        for one in part:
            with transaction(sessions) as own:
                review_share.draw(own, [Look(one, 0.2, "standing")])

    threads = [threading.Thread(target=draw, args=(found[i::4],)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [row] = session.scalars(select(ReviewStratum))
    assert (row.seen, row.due, row.drawn) == (200, 40.0, 40)
    assert sum(session.scalars(select(ReviewLook.drawn))) == 40


def test_a_first_label_says_nothing_of_what_was_said_before(session):
    assert opinions.before(session, "label", 1, 1, 1) == opinions.NOTHING
