"""Nesting of newcomers: begun on joining, ended and begun again by standing or by hand."""

import threading

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from ops import clock_time, erasure, people, projects
from ops.db import transaction
from ops.errors import Conflict, InvalidInput
from ops.models import AuditEntry, Notice, ProjectMember, Task
from quality import calibration, calibration_told, gold, trust
from quality.judging import judge
from quality.models import CalibrationMove, Evidence, ReviewDraw
from scheduling import gold_pace, policy
from scheduling.claim_answer import Owing
from tests.db.answering import answer

ON = {"on": True, "answers": 20, "promote_low": 0.8, "demote_high": 0.75}


def nested(session, floor, who):
    member = session.get(ProjectMember, (floor.project.id, who.id), populate_existing=True)
    return member.nesting_since is not None


def judged(session, floor, who, right, wrong, tasks):
    """So many answers of theirs, each beside gold."""
    at = clock_time.now()
    for i, task in enumerate(tasks[: right + wrong]):
        given = answer(session, task, who, "a", at=at)
        session.add(
            Evidence(
                labeller_id=who.id, skill_id=floor.project.skill_id, project_id=floor.project.id,
                assignment_id=given.id, kind="gold", correct=float(i < right), classes=3, at=at,
            )
        )  # fmt: skip
    session.flush()
    trust.recompute(session, [(who.id, floor.project.skill_id)])
    session.commit()


@pytest.fixture
def floor(session, make):
    made = make.floor(labellers=0, assets=130, settings={"nesting": ON})
    made.lead = make.member(made.project, make.user(role="ops_lead"))
    made.labellers = [make.user() for _ in range(2)]
    for who in made.labellers:
        projects.add_member(session, made.project, who, by=made.lead)
    session.commit()
    return made


def moves(session, who):
    found = select(CalibrationMove).where(CalibrationMove.user_id == who.id)
    return session.scalars(found.order_by(CalibrationMove.id)).all()


def test_only_labellers_of_nesting_projects_begin_nested(session, make, floor):
    assert all(nested(session, floor, who) for who in floor.labellers)
    reviewer, other = make.user(role="reviewer"), make.project()
    assert (
        projects.add_member(session, floor.project, reviewer, by=floor.lead).nesting_since is None
    )
    member = projects.add_member(session, other, floor.labellers[0], by=floor.lead)
    assert member.nesting_since is None


def test_standing_moves_newcomers_on_and_back_once(session, sessions, floor):
    good, bad = floor.labellers
    judged(session, floor, good, 19, 0, floor.tasks)
    assert calibration.sweep(sessions) == 0  # sure enough, but of too few answers
    judged(session, floor, good, 11, 0, floor.tasks[19:])
    judged(session, floor, bad, 10, 20, floor.tasks[30:])
    assert (calibration.sweep(sessions), calibration.sweep(sessions)) == (1, 0)
    assert (nested(session, floor, good), nested(session, floor, bad)) == (False, True)
    begun, move = moves(session, good)
    believed = trust.standing(session, good.id, floor.project.skill_id)
    assert (begun.move, move.move, move.by) == ("nested", "promoted", None)
    assert move.evidence["n"] == move.evidence["judged"] == 30
    assert move.evidence["low"] == pytest.approx(believed.low, abs=1e-4) and believed.low >= 0.8
    assert [m.move for m in moves(session, bad)] == ["nested"]
    judged(session, floor, good, 0, 25, floor.tasks[60:])
    assert calibration.sweep(sessions) == 1 and nested(session, floor, good)
    assert moves(session, good)[-1].move == "demoted"
    audited = select(func.count()).where(AuditEntry.action.like("calibration.%"))
    assert session.scalar(audited) == 2


def test_a_hand_with_a_reason_outlasts_the_figures_for_a_while(session, sessions, floor):
    bad = floor.labellers[1]
    judged(session, floor, bad, 5, 20, floor.tasks)
    with pytest.raises(InvalidInput):
        calibration.promote(session, floor.project, bad, by=floor.lead, reason=" ")
    calibration.promote(session, floor.project, bad, by=floor.lead, reason="an expert elsewhere")
    with pytest.raises(Conflict):
        calibration.promote(session, floor.project, bad, by=floor.lead, reason="again")
    session.commit()
    assert calibration.sweep(sessions) == 0 and not nested(session, floor, bad)
    move = moves(session, bad)[-1]
    assert (move.by, move.reason) == (floor.lead.id, "an expert elsewhere")
    judged(session, floor, bad, 0, 20, floor.tasks[30:])
    assert calibration.sweep(sessions) == 1 and nested(session, floor, bad)


def test_a_lead_and_the_sweep_at_once_move_somebody_once(session, sessions, floor):
    good = floor.labellers[0]
    judged(session, floor, good, 30, 0, floor.tasks)
    refused = []

    def by_hand():
        try:
            with transaction(sessions) as mine:
                lead, who = mine.merge(floor.lead), mine.merge(good)
                project = mine.merge(floor.project)
                calibration.promote(mine, project, who, by=lead, reason="known")
        except Conflict as conflict:
            refused.append(conflict)

    both = [threading.Thread(target=by_hand) for _ in range(2)]
    both += [threading.Thread(target=calibration.sweep, args=(sessions,)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    promoted = [m for m in moves(session, good) if m.move == "promoted"]
    assert len(promoted) == 1 and not nested(session, floor, good)
    assert len(refused) == (1 if promoted[0].by else 2)


def test_labellers_are_told_the_last_of_a_day_once(session, sessions, floor):
    good, other = floor.labellers
    judged(session, floor, good, 30, 0, floor.tasks)
    calibration.sweep(sessions)
    assert session.scalar(select(func.count()).select_from(Notice)) == 0
    assert (calibration_told.tell(sessions), calibration_told.tell(sessions)) == (2, 0)
    texts = {n.user_id: n.text for n in session.scalars(select(Notice))}
    assert "no longer" in texts[good.id] and "For a while" in texts[other.id]
    assert not any("gold" in text.lower() for text in texts.values())


def test_all_that_a_nested_labeller_does_is_reviewed(session, sessions, make, floor):
    new, known = floor.labellers
    calibration.promote(session, floor.project, known, by=floor.lead, reason="known")
    for i, task in enumerate(floor.tasks[:12]):
        answer(session, task, (new, known)[i % 2], "a")
    for asset, who in zip(floor.assets[12:14], (new, known), strict=True):
        made = gold.make(session, floor.project, asset, [{"class": "a"}], None)
        answer(session, session.get(Task, made.task_id), who, "a")
    session.commit()
    judge(sessions)
    reviewed = set(session.scalars(select(Task.asset_id).where(Task.stage == "review")))
    assert reviewed == {asset.id for asset in floor.assets[:14:2]}
    assert set(session.scalars(select(ReviewDraw.reason))) == {"nesting"}


def test_gold_comes_as_often_as_the_terms_say_while_nested(session, floor, monkeypatch):
    rates = []
    monkeypatch.setattr(policy, "next_gap", lambda rate, rng: rates.append(rate) or 3)
    new = floor.labellers[0]
    lane = Owing(floor.lane.id, floor.project.id, floor.batch.id)
    terms = floor.project.settings
    for changed in ({**ON, "gold_rate": 0.45}, {**ON, "gold_rate": 0.01}, {**ON, "on": False}):
        floor.project.settings = {**terms, "nesting": changed}
        session.flush()
        gold_pace.settle_due(session, new.id, lane)
    usual = projects.settings_of(floor.project).gold.rate_new
    assert rates[::2] == [0.45, usual, usual]


def test_moves_stay_as_they_were_but_for_who_is_named_in_a_reason(session, sessions, floor):
    who = floor.labellers[0]
    why = f"Asked for by {who.name}, by hand"
    calibration.promote(session, floor.project, who, by=floor.lead, reason=why)
    session.commit()
    people.deactivate(session, who, by=floor.lead)
    erasure.erase(session, who, by=floor.lead)
    session.commit()
    assert moves(session, who)[-1].reason == "Asked for by Erased person, by hand"
    for changed in ("UPDATE calibration_move SET move = 'demoted'", "DELETE FROM calibration_move"):
        with pytest.raises(DBAPIError):
            session.execute(text(changed))
        session.rollback()
