"""One attempt, for managers: what was answered beside what is right, and what to make of it."""

from typing import Any, NamedTuple

from apiflask import APIBlueprint
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from ops import labels, ontologies
from ops.errors import Conflict, InvalidInput
from ops.models import Asset, OntologyVersion, User
from ops.web import viewing
from ops.web.identity import db, user
from quality.gold_answers import label_of
from quality.models import Assessment, Attempt, AttemptQuestion, Gold, GoldVersion
from quality.onboarding import answered, doubts, results, scoring, taking_back

blueprint = APIBlueprint(
    "attempts",
    __name__,
    url_prefix="/onboarding/attempts",
    template_folder="templates",
    enable_openapi=False,
)
DRAWN = 60  # questions of which labels are drawn; a page of more would be too much


class Reviewed(NamedTuple):
    """One question of an attempt beside its accepted answer; `work` is for the viewer."""

    position: int
    gold_id: int
    asset: Asset
    accepted: str
    given: str | None
    credit: float | None
    seconds: float | None
    out: bool
    work: dict[str, Any] | None


@blueprint.get("/<int:attempt_id>")
def attempt(attempt_id: int) -> ResponseReturnValue:
    """What was answered beside what is right, question by question, with the time each took."""
    return _page(taking_back.find(db(), user(), attempt_id))


def _page(found: Attempt, errors: list[dict[str, Any]] | None = None) -> str:
    assessment = db().get_one(Assessment, found.assessment_id)
    raised = doubts.open_of(db(), assessment).get(found.id, [])
    score = None
    if found.finished_at is not None:
        counted = found.counted if found.counted is not None else assessment.questions
        score = scoring.score(assessment, found.correct or 0.0, counted)
    return render_template(
        "onboarding/attempt.html",
        assessment=assessment,
        attempt=found,
        labeller=db().get_one(User, found.labeller_id),
        voided_by=db().get(User, found.voided_by) if found.voided_by else None,
        certificate=taking_back.certificate_of(db(), found),
        score=score,
        ended=results.ended_in_words(assessment, found),
        questions=_reviewed(assessment, found) if found.finished_at else [],
        doubts=[(doubt, doubts.in_words(db(), doubt)) for doubt in raised],
        doubt_names=doubts.NAMES,
        errors=errors,
        reason=request.form.get("reason", ""),
    )


def _reviewed(assessment: Assessment, found: Attempt) -> list[Reviewed]:
    ontology = ontologies.current(db(), assessment.project_id)
    rows = db().execute(
        select(AttemptQuestion, GoldVersion, Gold, Asset)
        .join(GoldVersion, GoldVersion.id == AttemptQuestion.gold_version_id)
        .join(Gold, Gold.id == GoldVersion.gold_id)
        .join(Asset, Asset.id == Gold.asset_id)
        .where(AttemptQuestion.attempt_id == found.id)
        .order_by(AttemptQuestion.position)
    )
    out = answered.exclusions(db(), assessment)
    return [_one(assessment, ontology, *row, out=row[2].id in out) for row in rows]


def _one(
    assessment: Assessment,
    ontology: OntologyVersion | None,
    question: AttemptQuestion,
    version: GoldVersion,
    gold: Gold,
    asset: Asset,
    *,
    out: bool,
) -> Reviewed:
    project = assessment.project
    accepted = label_of(version.answers[0])
    took = question.answered_at and question.shown_at
    work = None
    if ontology and question.position <= DRAWN:
        given = question.payload
        names = {"before": "accepted", "after": "answered"}
        work = viewing.work(
            project, ontology, asset, given or accepted, before=accepted if given else None,
            names=names,
        )  # fmt: skip
    return Reviewed(
        question.position,
        gold.id,
        asset,
        ", ".join(
            labels.in_words(project.label_type, label_of(a), ontology) for a in version.answers
        ),
        labels.in_words(project.label_type, question.payload, ontology)
        if question.payload is not None
        else None,
        question.correct,
        (question.answered_at - question.shown_at).total_seconds()  # type: ignore[operator]
        if took
        else None,
        out,
        work,
    )


@blueprint.post("/<int:attempt_id>/void")
def void(attempt_id: int) -> ResponseReturnValue:
    """Void an attempt with a reason; its certificate is revoked."""
    found = taking_back.find(db(), user(), attempt_id)
    try:
        with db().begin_nested():
            taking_back.void(db(), found, user(), reason=request.form.get("reason", ""))
            if request.form.get("again"):
                taking_back.give_again(db(), found, user())
    except InvalidInput as error:
        return _page(found, [{"field": "reason", "message": error.message}]), 422
    except Conflict as error:
        flash(error.message, "error")
    else:
        flash("The attempt counts no more, and its certificate with it.", "success")
    return _back(found)


@blueprint.post("/<int:attempt_id>/again")
def again(attempt_id: int) -> ResponseReturnValue:
    """Give another attempt in place of this one."""
    found = taking_back.find(db(), user(), attempt_id)
    try:
        with db().begin_nested():
            taking_back.give_again(db(), found, user())
    except Conflict as error:
        flash(error.message, "error")
    else:
        flash("One more attempt is open to them, at once.", "success")
    return _back(found)


@blueprint.post("/<int:attempt_id>/doubts/<int:doubt_id>")
def settle(attempt_id: int, doubt_id: int) -> ResponseReturnValue:
    """Say that all is fine with what was doubted."""
    found = taking_back.find(db(), user(), attempt_id)
    try:
        with db().begin_nested():
            doubts.settle(db(), doubts.find(db(), found, doubt_id), user())
    except Conflict as error:
        flash(error.message, "error")
    else:
        flash("Noted as fine.", "success")
    return _back(found)


def _back(found: Attempt) -> ResponseReturnValue:
    return redirect(url_for("attempts.attempt", attempt_id=found.id), 303)
