"""Overlap: drawn at import, one more answer at a time, changed by a lead."""

import numpy as np
import pytest
from sqlalchemy import func, select, text, update

from ops import answers_wanted, consensus, lanes, projects
from ops.errors import Frozen, InvalidInput
from ops.models import AuditEntry, Batch, Consensus, Lane, Task
from ops.project_settings import OverlapTerms, ProjectSettings
from quality import trust
from quality.judging import belief, judge, refresh
from tests.db import books
from tests.db.answering import answer

DYNAMIC = {"overlap": {"kind": "dynamic", "minimum": 2, "maximum": 5, "target": 0.9}}


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    belief.forget()
    refresh._looked_at.clear()


@pytest.fixture
def floor(make):
    floor = make.floor(labellers=6, assets=1, wanted=2)
    floor.project.settings = DYNAMIC
    return floor


def give(session, sessions, floor, keys, task=None):
    """One answer at a time by the labellers in order, judged after each; what the task wants."""
    task = task or floor.tasks[0]
    wanted = []
    for who, key in zip(floor.labellers, keys, strict=False):
        answer(session, task, who, key)
        session.commit()
        judge(sessions)
        session.expire_all()
        wanted.append(session.get(Task, task.id).wanted)
    return wanted


def label_of(session, floor):
    return consensus.current(session, [floor.assets[0].id]).get(floor.assets[0].id)


def test_settings_say_what_a_new_asset_wants():
    dynamic = ProjectSettings(wanted_answers=4, overlap=OverlapTerms(kind="dynamic", minimum=3))
    assert answers_wanted.draw(dynamic, 2) == [3, 3]
    assert answers_wanted.draw(ProjectSettings(wanted_answers=4), 2) == [4, 4]
    share = ProjectSettings(wanted_answers=4, overlap=OverlapTerms(kind="share", share=0.1))
    drawn = answers_wanted.draw(share, 20_000)
    assert set(drawn) == {1, 4}
    # Ten standard deviations of a binomial around its mean.
    assert abs(drawn.count(4) - 2000) < 10 * (20_000 * 0.1 * 0.9) ** 0.5
    assert answers_wanted.draw(share, 20_000) != drawn


def test_sure_after_the_minimum_nothing_more_is_asked(session, sessions, floor):
    assert give(session, sessions, floor, "aa") == [2, 2]
    found = label_of(session, floor)
    assert (found.label, found.answers) == ({"class": "a"}, 2)
    assert session.get(Batch, floor.batch.id).state == "complete"


def test_in_doubt_one_more_is_asked_and_the_batch_is_never_complete(session, sessions, floor):
    give(session, sessions, floor, "ab")
    task = session.get(Task, floor.tasks[0].id)
    assert (task.wanted, task.open, task.returned) == (3, True, True)
    assert label_of(session, floor) is None
    assert refresh.refresh(sessions) == 0
    assert session.get(Batch, floor.batch.id).state == "open"
    assert session.scalar(select(func.count()).select_from(Task)) == 1


def test_unsure_at_the_maximum_an_expert_decides(session, sessions, make, floor):
    make.member(floor.project, make.user(role="expert"))
    assert give(session, sessions, floor, "abcab") == [2, 3, 4, 5, 5]
    assert label_of(session, floor).answers == 5
    assert label_of(session, floor).probability < 0.9
    opened = session.scalars(select(Task).where(Task.stage == "adjudicate")).one()
    assert opened.asset_id == floor.assets[0].id
    assert session.get(Batch, floor.batch.id).state == "open"


def test_whoever_answered_is_asked_no_more_and_what_is_left_concludes(session, sessions, floor):
    """Six members: after them nobody is left, though the maximum is not reached."""
    floor.project.settings = {"overlap": {**DYNAMIC["overlap"], "maximum": 20, "target": 0.999}}
    assert give(session, sessions, floor, "abcabc")[-1] == 6
    assert label_of(session, floor).answers == 6


def test_people_who_left_after_they_were_asked_are_not_waited_for(session, sessions, floor):
    give(session, sessions, floor, "ab")
    for who in floor.labellers[2:]:
        who.active = False
    session.commit()
    assert refresh.refresh(sessions) == 1
    session.expire_all()
    task = session.get(Task, floor.tasks[0].id)
    assert (task.wanted, task.open) == (2, False)
    assert label_of(session, floor).answers == 2


def test_a_held_lease_is_waited_for(session, sessions, floor):
    give(session, sessions, floor, "ab")
    for who in floor.labellers[2:]:
        who.active = False
    session.execute(update(Task).values(n_leased=1))
    session.commit()
    assert refresh.refresh(sessions) == 0
    assert label_of(session, floor) is None


def test_certificates_and_suspension_say_who_is_left(session, sessions, make, floor):
    skill = floor.project.skill
    floor.lane.requirements = {str(skill.id): 2}
    make.certificate(floor.labellers[0], skill, 2)
    make.certificate(floor.labellers[1], skill, 2)
    make.certificate(floor.labellers[2], skill, 1)
    assert give(session, sessions, floor, "ab") == [2, 2]
    assert label_of(session, floor) is not None


def naive(keys, mean, classes, terms):
    """What the loop comes to by hand: (wanted after each answer, label or None, adjudicated)."""
    wanted, trail = terms["minimum"], []
    for n in range(1, len(keys) + 1):
        if n == wanted:
            like = np.array(
                [
                    np.prod([mean if k == c else (1 - mean) / (classes - 1) for k in keys[:n]])
                    for c in "abc"[:classes]
                ]
            )
            votes = [keys[:n].count(c) for c in "abc"[:classes]]
            sure = (like / like.sum())[int(np.argmax(votes))]
            if sure < terms["target"] and n < terms["maximum"]:
                wanted += 1
                trail.append(wanted)
                continue
            trail.append(wanted)
            return trail, "abc"[int(np.argmax(votes))], sure < terms["target"]
        trail.append(wanted)
    return trail, None, False


@pytest.mark.parametrize("seed", range(4))
def test_the_loop_does_what_a_naive_simulation_does(session, sessions, make, seed, monkeypatch):
    """Strangers of one accuracy, so that a posterior can be had with pencil and paper."""
    mean = trust.unknown().mean
    monkeypatch.setattr(
        trust, "standings", lambda s, who, skill: dict.fromkeys(who, trust.unknown())
    )
    rng = np.random.default_rng(seed)
    terms = {
        "minimum": int(rng.integers(1, 4)),
        "maximum": 7,
        "target": float(rng.uniform(0.7, 0.99)),
    }
    floor = make.floor(labellers=9, assets=8, wanted=terms["minimum"])
    floor.project.settings = {"overlap": {"kind": "dynamic", **terms}}
    make.member(floor.project, make.user(role="expert"))
    for asset, task in zip(floor.assets, floor.tasks, strict=True):
        keys = "".join(rng.choice(list("aab"), 9))
        expected, said, adjudicated = naive(keys, mean, 3, terms)
        assert give(session, sessions, floor, keys[: len(expected)], task) == expected
        found = consensus.current(session, [asset.id]).get(asset.id)
        assert (found and found.label["class"]) == said
        decided = select(Task.id).where(Task.stage == "adjudicate", Task.asset_id == asset.id)
        assert (session.scalar(decided) is not None) == (adjudicated and len(expected) > 1)
    books.balanced(session)


def test_doubt_that_a_later_look_finds_asks_for_more_instead_of_an_expert(
    session, sessions, make, floor, monkeypatch
):
    """Sure by what was believed then, unsure by what is believed now."""
    make.member(floor.project, make.user(role="expert"))
    extra = make.assets(floor.batch)
    make.tasks(floor.lane, extra, wanted=2)
    give(session, sessions, floor, "aa")
    assert label_of(session, floor).probability > 0.9
    doubted = trust.unknown()._replace(mean=0.4)
    monkeypatch.setattr(trust, "standings", lambda s, who, skill: dict.fromkeys(who, doubted))
    belief.forget()
    refresh.refresh(sessions)
    session.expire_all()
    task = session.get(Task, floor.tasks[0].id)
    assert (task.wanted, task.returned) == (3, True)
    assert session.scalars(select(Task).where(Task.stage == "adjudicate")).all() == []
    # Once more changes nothing while the answer is awaited.
    refresh._looked_at.clear()
    refresh.refresh(sessions)
    session.expire_all()
    assert session.get(Task, floor.tasks[0].id).wanted == 3
    assert session.scalars(select(Task).where(Task.stage == "adjudicate")).all() == []


def test_more_is_asked_only_of_full_tasks_and_never_of_gold(session, make):
    floor = make.floor(assets=3, wanted=2)
    full, half, gold = floor.tasks
    full.n_done, half.n_done = 2, 1
    gold.round, gold.wanted = 0, 0
    session.flush()
    assert lanes.want_more(session, [t.id for t in floor.tasks]) == {full.id}
    session.expire_all()
    assert [t.wanted for t in floor.tasks] == [3, 2, 0]
    assert [t.returned for t in floor.tasks] == [True, False, False]
    assert lanes.want_more(session, []) == set()


def test_asking_more_opens_a_complete_batch_and_leaves_a_delivered_one(session, make):
    floor = make.floor(assets=1, wanted=1)
    floor.tasks[0].n_done = 1
    floor.batch.state = "complete"
    session.flush()
    assert lanes.want_more(session, [floor.tasks[0].id], 2) == {floor.tasks[0].id}
    session.refresh(floor.batch)
    session.refresh(floor.tasks[0])
    assert (floor.batch.state, floor.tasks[0].wanted) == ("open", 3)
    floor.tasks[0].n_done = 3
    floor.batch.state = "delivered"
    session.flush()
    assert lanes.want_more(session, [floor.tasks[0].id]) == set()


def test_a_task_that_somebody_holds_is_judged_at_the_next_look(session, sessions, floor):
    answer(session, floor.tasks[0], floor.labellers[0], "a")
    answer(session, floor.tasks[0], floor.labellers[1], "b")
    session.commit()
    with sessions() as other:
        other.execute(text("SELECT FROM task WHERE id = :t FOR UPDATE"), {"t": floor.tasks[0].id})
        assert judge(sessions) == 0
    session.expire_all()
    assert session.get(Task, floor.tasks[0].id).wanted == 2
    assert judge(sessions) == 2
    session.expire_all()
    assert session.get(Task, floor.tasks[0].id).wanted == 3
    assert label_of(session, floor) is None


def test_a_lead_changes_the_answers_wanted_of_a_batch(session, make, lead):
    floor = make.floor(labellers=2, assets=5, wanted=3)
    _, begun, held, full, gold = floor.tasks
    begun.n_done = 1
    held.n_done, held.n_leased = 1, 1
    full.n_done = 3
    gold.round, gold.wanted = 0, 0
    session.flush()
    generation = session.get(Lane, floor.lane.id).generation

    def wanted():
        session.expire_all()
        return [t.wanted for t in floor.tasks]

    assert answers_wanted.set_for_batch(session, floor.batch, 1, by=lead) == 3
    assert wanted() == [1, 1, 2, 3, 0]
    assert session.get(Lane, floor.lane.id).generation == generation + 1
    assert answers_wanted.set_for_batch(session, floor.batch, 4, by=lead) == 2
    assert wanted() == [4, 1, 4, 3, 0]  # what has all its answers is finished
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.action, entry.data) == ("batch.wanted_set", {"wanted": 4, "tasks": 2})
    for wrong in (0, 26):
        with pytest.raises(InvalidInput, match="between 1 and 25"):
            answers_wanted.set_for_batch(session, floor.batch, wrong, by=lead)
    floor.batch.state = "delivered"
    session.flush()
    with pytest.raises(Frozen):
        answers_wanted.set_for_batch(session, floor.batch, 2, by=lead)


def test_with_dynamic_overlap_a_lead_stays_within_minimum_and_maximum(session, floor, lead):
    with pytest.raises(InvalidInput, match="between 2 and 5"):
        answers_wanted.set_for_batch(session, floor.batch, 1, by=lead)
    assert answers_wanted.set_for_batch(session, floor.batch, 4, by=lead) == 1


def test_lower_settings_clamp_open_work_but_not_what_a_lead_raised(session, make, lead):
    floor = make.floor(assets=4, wanted=3)
    _, b, raised, held = floor.tasks
    b.n_done, raised.wanted, held.n_leased = 2, 9, 3
    session.flush()
    projects.save_settings(session, floor.project, {"wanted_answers": 1}, lead)
    session.expire_all()
    assert [t.wanted for t in floor.tasks] == [1, 2, 9, 3]
    projects.save_settings(session, floor.project, {"wanted_answers": 5}, lead)
    session.expire_all()
    assert [t.wanted for t in floor.tasks] == [1, 2, 9, 3]


def test_what_a_lead_cut_short_is_concluded_without_asking_again(session, sessions, floor, lead):
    give(session, sessions, floor, "ab")
    settings = {"overlap": {**DYNAMIC["overlap"], "maximum": 2}}
    projects.save_settings(session, floor.project, settings, lead)
    session.commit()
    assert refresh.refresh(sessions) == 1
    session.expire_all()
    assert session.get(Task, floor.tasks[0].id).wanted == 2
    assert session.scalar(select(func.count()).select_from(Consensus)) == 1


def test_a_tied_vote_goes_to_whom_more_is_believed_of(session, sessions, make, floor, monkeypatch):
    """Sure by who said what, though the votes tie: no further answer, and no expert."""
    make.member(floor.project, make.user(role="expert"))
    good, poor = floor.labellers[1], floor.labellers[0]
    unknown = trust.unknown()
    means = {good.id: 0.99, poor.id: 0.4}
    monkeypatch.setattr(
        trust,
        "standings",
        lambda s, who, skill: {w: unknown._replace(mean=means.get(w, 0.7)) for w in who},
    )
    assert give(session, sessions, floor, "ab") == [2, 2]
    assert label_of(session, floor).label == {"class": "b"}
    assert label_of(session, floor).probability > 0.9
    assert session.scalars(select(Task).where(Task.stage == "adjudicate")).all() == []
