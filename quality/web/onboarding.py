"""Onboarding: the assessments that managers set, and their taking, against the clock."""

import uuid
from typing import Any

from apiflask import APIBlueprint
from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from ops import clock_time, guidelines, ontologies, storage
from ops.access import MANAGERS
from ops.errors import Conflict, InvalidInput, NotFound
from ops.models import Asset, OntologyVersion, Project
from ops.web import viewing
from ops.web.identity import db, installation, user
from quality.label_form import from_json, label_from
from quality.models import Assessment, Attempt, AttemptQuestion, Gold, GoldVersion
from quality.onboarding import assessments, attempts, doubts, results

blueprint = APIBlueprint(
    "onboarding",
    __name__,
    url_prefix="/onboarding",
    template_folder="templates",
    enable_openapi=False,
)


@blueprint.get("")
def index() -> ResponseReturnValue:
    """What a manager has set, or what a labeller may take."""
    if user().role not in MANAGERS:
        return render_template("onboarding/offers.html", offers=results.offers(db(), user()))
    rows = assessments.listed(db(), user())
    return render_template(
        "onboarding/assessments.html",
        rows=rows,
        tallies=results.tallies(db(), rows),
        doubts=doubts.waiting(db(), rows),
    )


@blueprint.post("/assessments/<int:assessment_id>/begin")
def begin(assessment_id: int) -> ResponseReturnValue:
    """Start the clock, or go on where the labeller left off."""
    found = assessments.find(db(), user(), assessment_id)
    try:
        with db().begin_nested():
            attempt = attempts.begin(db(), found, user())
    except Conflict as refused:
        flash(refused.message, "error")
        return redirect(url_for("onboarding.index"), 303)
    return redirect(url_for("onboarding.take", token=attempt.token), 303)


@blueprint.get("/take/<uuid:token>")
def take(token: uuid.UUID) -> ResponseReturnValue:
    """The next question; after the last one, or out of time, the result."""
    attempt = attempts.find(db(), user(), token)
    if attempt.finished_at is None and clock_time.now() >= attempt.ends_at:
        attempts.finish(db(), attempt)
    if attempt.finished_at is not None:
        return redirect(url_for("onboarding.result", token=token), 303)
    found = assessments.find(db(), user(), attempt.assessment_id)  # members only
    question = attempts.show(db(), attempt)
    if question is None:  # what was left was taken out of the assessment
        attempts.finish(db(), attempt)
        return redirect(url_for("onboarding.result", token=token), 303)
    questions = attempts.questions_of(db(), attempt)
    return render_template(
        "onboarding/take.html",
        assessment=found,
        attempt=attempt,
        question=question,
        work=_work(found.project, attempt, question),
        number=sum(q.answered_at is not None for q in questions) + 1,
        # How near the decision is, nobody shall read from how many questions are left.
        total=len(questions) if found.fail_mark is None else None,
        guideline=guidelines.current(db(), found.project_id),
        seconds_left=int((attempt.ends_at - clock_time.now()).total_seconds()),
    )


def _work(project: Project, attempt: Attempt, question: AttemptQuestion) -> dict[str, Any]:
    """What the editor shows: as at the desk, under no name but tokens."""
    asset = _asset(question)
    ontology = ontologies.current(db(), project.id) or OntologyVersion(classes=[])
    found = viewing.work(project, ontology, asset, {})
    picture = url_for("onboarding.medium", token=attempt.token, question_token=question.token)
    return {key: found[key] for key in ("medium", "text", "pair", "brief")} | {
        "image": picture if asset.uri else None,
        "value": None,
        "stage": "label",
    }


def _asset(question: AttemptQuestion) -> Asset:
    of_version = GoldVersion.id == question.gold_version_id
    shown = select(Asset).join(Gold, Gold.asset_id == Asset.id).join(GoldVersion)
    return db().scalars(shown.where(of_version)).one()


@blueprint.get("/take/<uuid:token>/<uuid:question_token>/medium")
def medium(token: uuid.UUID, question_token: uuid.UUID) -> ResponseReturnValue:
    """The picture of a question, under no name but its token."""
    attempt = attempts.find(db(), user(), token)
    assessments.find(db(), user(), attempt.assessment_id)  # members only
    asset = _asset(_question(attempt, question_token))
    if asset.uri is None:
        raise NotFound("There is no such picture.")
    data, kind = storage.read(asset.uri, installation())
    answer = Response(data, mimetype=kind)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _question(attempt: Attempt, question_token: uuid.UUID) -> AttemptQuestion:
    found = attempts.questions_of(db(), attempt)
    question = next((q for q in found if q.token == question_token), None)
    if question is None:
        raise NotFound("There is no such question.")
    return question


@blueprint.post("/take/<uuid:token>/<uuid:question_token>")
def answer(token: uuid.UUID, question_token: uuid.UUID) -> ResponseReturnValue:
    """Take the answer, if it is the first and in time, and go on."""
    attempt = attempts.find(db(), user(), token)
    found = assessments.find(db(), user(), attempt.assessment_id)  # members only
    try:
        attempts.answer(db(), attempt, question_token, _label(found.project))
    except InvalidInput as refused:
        flash(f"Not taken: {refused.message}.", "error")
    return redirect(url_for("onboarding.take", token=token), 303)


def _label(project: Project) -> dict[str, Any]:
    """What the editor sent as JSON in `label`; a choice may come as a plain field as well."""
    if "label" not in request.form:
        return label_from(project.label_type, ontologies.current(db(), project.id), request.form)
    given = from_json(request.form["label"], "label")
    if not isinstance(given, dict):
        raise InvalidInput("a label is a JSON object", field="label")
    return given


@blueprint.get("/take/<uuid:token>/result")
def result(token: uuid.UUID) -> ResponseReturnValue:
    """Score, interval, passed or not; what went well by class, and what comes next."""
    attempt = attempts.find(db(), user(), token)
    if attempt.finished_at is None:
        return redirect(url_for("onboarding.take", token=token), 303)
    found = db().get_one(Assessment, attempt.assessment_id)
    return render_template(
        "onboarding/result.html",
        assessment=found,
        attempt=attempt,
        score=results.score(found, attempt),
        ended=results.ended_in_words(found, attempt, own=True),
        feedback=results.by_class(db(), found, attempt),
        next=results.next_for(db(), found, user()),
    )
