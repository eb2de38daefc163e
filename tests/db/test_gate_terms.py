"""Acceptance plans, floors of classes, severities and flags hold a batch back, and say how many
reviews would settle it."""

from typing import get_args

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from metrics import report_accuracy
from metrics.deliver import deliver
from ops import flags, ontologies, talk
from ops.gate_settings import PlanTerms
from ops.models import Asset, Assignment, Flag, Label, Task
from ops.project_settings import ProjectSettings
from quality import gate, judging
from quality.measures import acceptance
from quality.models import ReviewSample
from quality.review_sample import draw_review_sample, results
from tests.db.answering import answer
from tests.db.gated import TERMS, Labelled, decide, review_all, terms_missed


def ask(session: Session, labelled: Labelled, **terms: object) -> None:
    labelled.project.settings = {"gate": {**TERMS, **terms}}
    session.flush()


def review(session: Session, sessions: sessionmaker[Session], labelled: Labelled, says) -> None:
    """Answer every open review with what `says` gives for its asset: (key, verdict, more)."""
    waiting = select(Task).where(Task.stage == "review", Task.open).order_by(Task.asset_id)
    for task in session.scalars(waiting).all():
        key, verdict, *more = says(task.asset_id)
        answer(session, task, labelled.reviewer, key, verdict=verdict, **(more[0] if more else {}))
    session.commit()
    judging.judge(sessions)
    session.expire_all()


def test_the_form_offers_the_limits_of_the_standard():
    offered = get_args(PlanTerms.model_fields["limit"].annotation)
    assert tuple(map(float, offered)) == acceptance.LIMITS
    levels = get_args(PlanTerms.model_fields["level"].annotation)
    assert levels == get_args(acceptance.Level)


def test_a_plan_says_how_many_reviews_and_how_many_errors(
    labelled: Labelled, session: Session, sessions: sessionmaker[Session]
):
    ask(session, labelled, plan={"kind": "plan", "limit": "10", "level": "II"})
    batch = labelled.batch
    plan = acceptance.plan(60, 10.0, "II")
    before = terms_missed(session, batch)
    assert before.keys() == {"review_sample"}
    assert before["review_sample"]["settle"] == plan.n
    draw_review_sample(session, batch, plan.n, labelled.lead, seed=1)
    review_all(session, sessions, labelled, wrong=plan.accept)
    found = gate.examine(session, batch)
    assert found.passed
    assert found.figures["plan"]["n"] == plan.n
    # The same batch under a plan that accepts one error fewer is held back.
    ask(session, labelled, plan={"kind": "plan", "limit": "6.5", "level": "II"})
    strict = terms_missed(session, batch)["plan"]
    assert (strict["have"], strict["need"]) == (plan.accept, plan.accept - 1)
    assert strict["settle"] == 60 - plan.n


def test_a_refused_lot_is_settled_by_reviewing_and_correcting_all_of_it(
    labelled: Labelled, session: Session, sessions: sessionmaker[Session]
):
    ask(session, labelled, plan={"kind": "plan", "limit": "1", "level": "III"})
    need = terms_missed(session, labelled.batch)["review_sample"]["settle"]
    draw_review_sample(session, labelled.batch, need, labelled.lead)
    review_all(session, sessions, labelled, wrong=need // 2)
    held = terms_missed(session, labelled.batch)["plan"]
    assert draw_review_sample(session, labelled.batch, held["settle"], labelled.lead) == 60 - need
    review_all(session, sessions, labelled, wrong=3)
    assert terms_missed(session, labelled.batch) == {}


def two_classes(session: Session, labelled: Labelled) -> list[Asset]:
    """Six of the sixty assets are labelled b."""
    ontologies.publish(
        session, labelled.project, [{"name": n, "key": n} for n in "abc"], labelled.lead
    )
    rare = labelled.assets[:6]
    of = select(Label).join(Assignment).join(Task).where(Task.asset_id.in_([a.id for a in rare]))
    session.add_all(
        Label(
            assignment_id=first.assignment_id, revision=2, payload={"class": "b"}, client_key="b",
            ontology_version_id=first.ontology_version_id, created_at=first.created_at,
        )
        for first in session.scalars(of).all()
    )  # fmt: skip
    for asset in rare:
        decide(session, labelled.batch, asset.id, "b", "majority")
    session.commit()
    return rare


def test_a_rare_class_asks_for_reviews_of_its_own(
    labelled: Labelled, session: Session, sessions: sessionmaker[Session]
):
    rare = two_classes(session, labelled)
    ask(session, labelled, classes={"f1": 0.8, "reviews": 5, "weighted": 0.85})
    draw_review_sample(session, labelled.batch, 30, labelled.lead, seed=4)
    drawn = {r.asset_id for r in results(session, labelled.batch.id)} & {a.id for a in rare}
    # One in ten of thirty, by strata.
    assert len(drawn) == 3
    right = {a.id: "b" for a in rare}
    review(session, sessions, labelled, lambda a: (right.get(a, "a"), "accept"))
    held = terms_missed(session, labelled.batch)
    assert held.keys() == {"class_reviews"}
    assert (held["class_reviews"]["of_class"], held["class_reviews"]["settle"]) == ("b", 2)
    assert draw_review_sample(session, labelled.batch, 2, labelled.lead, of_class="b") == 2
    more = session.scalars(select(ReviewSample).where(ReviewSample.stratum == "b")).all()
    assert {row.asset_id for row in more} <= {a.id for a in rare} - drawn
    review(session, sessions, labelled, lambda a: (right.get(a, "a"), "accept"))
    found = gate.examine(session, labelled.batch)
    assert found.passed, found.reasons
    # What a class drew for itself says nothing of the whole.
    assert found.figures["sample"]["n"] == 30
    assert found.figures["classes"]["f1"]["b"]["reviewed"] == 5
    assert found.figures["classes"]["weighted"]["value"] == 1.0
    # Drawing the rest among all takes the two over, with their reviews.
    assert draw_review_sample(session, labelled.batch, 60, labelled.lead) == 30
    assert all(r.stratum is None for r in results(session, labelled.batch.id))
    assert gate.examine(session, labelled.batch).figures["sample"]["n"] == 32


def test_a_class_that_is_often_wrong_holds_the_batch_back(
    labelled: Labelled, session: Session, sessions: sessionmaker[Session]
):
    rare = two_classes(session, labelled)
    right, wrong = {a.id: "b" for a in rare}, {a.id for a in rare[:3]}
    ask(
        session, labelled, accuracy=0.5, review_sample=1,
        classes={"f1_of": {"b": 0.8}, "reviews": 5, "weights": {"b": 5}, "weighted": 0.9},
    )  # fmt: skip
    draw_review_sample(session, labelled.batch, 60, labelled.lead)
    review(
        session, sessions, labelled,
        lambda a: ("a", "fix") if a in wrong else (right.get(a, "a"), "accept"),
    )  # fmt: skip
    held = terms_missed(session, labelled.batch)
    assert held.keys() == {"class_f1", "weighted_f1"}
    # Three hits, three given wrongly, none missed.
    assert held["class_f1"]["have"] == pytest.approx(2 * 3 / (2 * 3 + 3))
    of_a = 2 * 54 / (2 * 54 + 3)
    assert held["weighted_f1"]["have"] == pytest.approx((of_a + 5 * 6 / 9) / 6)
    assert "0.667" in held["class_f1"]["message"]


def test_errors_count_by_how_bad_they_are(
    labelled: Labelled, session: Session, sessions: sessionmaker[Session]
):
    ask(
        session, labelled, accuracy=0.5, review_sample=1,
        errors={"severity": {"critical": ["wrong_class"]}, "critical": 1, "minor": 0},
    )  # fmt: skip
    draw_review_sample(session, labelled.batch, 60, labelled.lead)
    changed = {asset.id: i for i, asset in enumerate(labelled.assets[:3])}
    said = {"errors": [{"type": "wrong_class", "severity": "minor"}]}

    def says(asset_id: int):
        if asset_id not in changed:
            return "a", "accept"
        return ("b", "fix", said) if changed[asset_id] == 0 else ("b", "fix")

    review(session, sessions, labelled, says)
    found = gate.examine(session, labelled.batch)
    # Two are critical by the terms; the third is minor, as its reviewer said.
    assert found.figures["errors"] == {
        "critical": 2, "major": 0, "minor": 1, "types": {"wrong_class": 3},
    }  # fmt: skip
    assert {r["term"]: (r["have"], r["need"]) for r in found.reasons} == {
        "critical_errors": (2, 1),
        "minor_errors": (1, 0),
    }


def test_open_flags_hold_it_back_until_they_are_resolved(labelled: Labelled, session: Session):
    ask(session, labelled, open_flags=0)
    flag_id = flags.raise_flag(
        session, project_id=labelled.project.id, kind="hard", reason="slow",
        asset_id=labelled.assets[0].id, evidence={},
    )  # fmt: skip
    held = terms_missed(session, labelled.batch)["open_flags"]
    assert (held["have"], held["settle"]) == (1, 1)
    session.execute(update(Flag).where(Flag.id == flag_id).values(resolved_at=Flag.at))
    assert "open_flags" not in terms_missed(session, labelled.batch)


def test_questions_hold_it_back_until_they_are_resolved(labelled: Labelled, session: Session):
    issue = talk.open_issue(
        session, labelled.project, labelled.labeller, {"at": "asset"}, "Which?", key="a-question",
        asset=labelled.assets[0],
    )  # fmt: skip
    held = terms_missed(session, labelled.batch)["open_issues"]
    assert (held["have"], held["need"], held["settle"]) == (1, 0, 1)
    assert held["message"] == "1 question about assets is not resolved; none may stay."
    ask(session, labelled, open_issues=None)
    assert "open_issues" not in terms_missed(session, labelled.batch)
    ask(session, labelled, open_issues=0)
    talk.comment(session, issue, labelled.lead, "This.", key="an-answer")
    assert "open_issues" in terms_missed(session, labelled.batch)
    talk.resolve(session, issue, labelled.labeller)
    assert "open_issues" not in terms_missed(session, labelled.batch)


def test_terms_that_make_no_sense_are_refused():
    for terms, field in [
        ({"plan": {"kind": "plan", "limit": "3"}}, "limit"),
        ({"classes": {"f1_of": {"a": 1.5}}}, "f1_of"),
        ({"errors": {"severity": {"fatal": ["missing"]}}}, "severity"),
    ]:
        with pytest.raises(ValueError, match=field):
            ProjectSettings.model_validate({"gate": terms})


def test_the_report_says_in_words_by_what_the_batch_was_accepted(
    labelled: Labelled, session: Session, sessions: sessionmaker[Session]
):
    ask(
        session, labelled, plan={"kind": "plan", "limit": "10"},
        classes={"f1": 0.5, "reviews": 5}, errors={"major": 3},
    )  # fmt: skip
    plan = acceptance.plan(60, 10.0, "II")
    draw_review_sample(session, labelled.batch, plan.n, labelled.lead, seed=1)
    review_all(session, sessions, labelled, wrong=1)
    labelled.project.settings = {
        "gate": {
            **labelled.project.settings["gate"],
            "classes": {"f1_of": {"a": 0.5}, "reviews": 5},
        }
    }
    made = deliver(session, labelled.batch, labelled.lead)
    said = " ".join(report_accuracy.accuracy(made.report)).replace("\u00a0", " ")
    assert (
        f"of {plan.n} reviewed labels up to {plan.accept} may be wrong; 1 of {plan.n} were" in said
    )
    assert "0 critical, 1 major, 0 minor (1 wrong class)" in said
    f1 = made.report["class_f1"]["f1"]["a"]
    assert f"{f1['value']:.2f} ({f1['low']:.2f} to {f1['high']:.2f}, n = {f1['n']})" in said
