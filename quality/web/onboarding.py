"""Onboarding: managers set assessments and read results; labellers take them against the clock."""

import uuid
from typing import Any

from apiflask import APIBlueprint
from flask import Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from ops import clock_time, guidelines, ontologies, projects, scope, skills, storage
from ops.access import MANAGERS
from ops.errors import Conflict, InvalidInput, NotFound
from ops.models import Asset, Project, Skill
from ops.web.identity import db, user
from quality.label_form import EXAMPLES, choices_in_words, label_from
from quality.models import Assessment, Attempt, AttemptQuestion, Gold, GoldVersion
from quality.onboarding import assessments, attempts, results

blueprint = APIBlueprint(
    "onboarding",
    __name__,
    url_prefix="/onboarding",
    template_folder="templates",
    enable_openapi=False,
)

FIELDS = ("title", "questions", "minutes", "attempts", "level", "valid_days")


@blueprint.get("")
def index() -> ResponseReturnValue:
    """What a manager has set, or what a labeller may take."""
    if user().role not in MANAGERS:
        return render_template("onboarding/offers.html", offers=results.offers(db(), user()))
    rows = assessments.listed(db(), user())
    return render_template(
        "onboarding/assessments.html", rows=rows, tallies=results.tallies(db(), rows)
    )


@blueprint.get("/assessments/new")
def new() -> ResponseReturnValue:
    """The form for a new assessment."""
    chosen = request.args.get("project", type=int)
    return _form({"project": chosen, **_usual()}, None)


@blueprint.post("/assessments/new")
def add() -> ResponseReturnValue:
    """Set an assessment, or say what is wrong with it."""
    try:
        project, skill = _project_and_skill()
        with db().begin_nested():
            made = assessments.create(db(), project, skill, _terms(), user())
    except InvalidInput as error:
        return _form(request.form, error.errors), 422
    flash(f"{made.title} is open to the labellers of {project.name}.", "success")
    return redirect(url_for("onboarding.assessment", assessment_id=made.id), 303)


def _usual() -> dict[str, Any]:
    usual = {name: field.default for name, field in assessments.Terms.model_fields.items()}
    return {**usual, "title": "", "pass_percent": 80}


def _terms() -> dict[str, Any]:
    given: dict[str, Any] = {name: request.form.get(name, "") for name in FIELDS}
    try:
        given["pass_mark"] = float(request.form.get("pass_percent", "")) / 100
    except ValueError:
        raise InvalidInput("must be a number from 1 to 100", field="pass_percent") from None
    if not 0 < given["pass_mark"] <= 1:
        raise InvalidInput("must be a number from 1 to 100", field="pass_percent")
    return given


def _project_and_skill() -> tuple[Project, Skill]:
    number = request.form.get("project", type=int)
    skill_id = request.form.get("skill", type=int)
    if number is None:
        raise InvalidInput("choose a project", field="project")
    try:
        project = projects.find(db(), user(), number)
    except NotFound as error:
        raise InvalidInput(error.message, field="project") from None
    skill = db().get(Skill, skill_id) if skill_id else db().get_one(Skill, project.skill_id)
    if skill is None:
        raise InvalidInput("there is no such skill", field="skill")
    return project, skill


def _form(values: Any, errors: list[dict[str, Any]] | None) -> str:
    mine = select(Project).where(Project.id.in_(scope.projects(user()))).order_by(Project.name)
    listed = db().scalars(mine).all()
    pools = {project.id: len(assessments.pool(db(), project.id)) for project in listed}
    return render_template(
        "onboarding/new.html",
        values=values,
        errors=errors,
        projects=listed,
        pools=pools,
        skills=skills.everything(db()),
    )


@blueprint.get("/assessments/<int:assessment_id>")
def assessment(assessment_id: int) -> ResponseReturnValue:
    """Results: who took it, and how each question fared."""
    found = assessments.find(db(), user(), assessment_id)
    return render_template(
        "onboarding/assessment.html",
        assessment=found,
        taken=results.taken(db(), found),
        asked=results.asked(db(), found),
        gold_left=len(assessments.pool(db(), found.project_id)),
    )


@blueprint.post("/assessments/<int:assessment_id>/open")
def set_open(assessment_id: int) -> ResponseReturnValue:
    """Open or close an assessment to new attempts."""
    found = assessments.find(db(), user(), assessment_id)
    assessments.set_open(db(), found, request.form.get("open") == "1", user())
    return redirect(url_for("onboarding.assessment", assessment_id=found.id), 303)


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
    ontology = ontologies.current(db(), found.project_id)
    guideline = guidelines.current(db(), found.project_id)
    return render_template(
        "onboarding/take.html",
        assessment=found,
        attempt=attempt,
        question=question,
        asset=_asset(question),
        total=len(questions),
        classes=ontology.classes if ontology else [],
        label_type=found.project.label_type,
        choices=choices_in_words(found.project.label_type, ontology),
        example=EXAMPLES.get(found.project.label_type, ""),
        guideline=guideline,
        seconds_left=int((attempt.ends_at - clock_time.now()).total_seconds()),
    )


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
    data, kind = storage.read(asset.uri, current_app.extensions["settings"])
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
    label_type = found.project.label_type
    ontology = ontologies.current(db(), found.project_id)
    try:
        given = label_from(label_type, ontology, request.form)
        attempts.answer(db(), attempt, question_token, given)
    except InvalidInput as refused:
        if label_type == "class":
            raise
        flash(f"Not taken: {refused.message}.", "error")
    return redirect(url_for("onboarding.take", token=token), 303)


@blueprint.get("/take/<uuid:token>/result")
def result(token: uuid.UUID) -> ResponseReturnValue:
    """Score, interval, passed or not; and what comes next."""
    attempt = attempts.find(db(), user(), token)
    if attempt.finished_at is None:
        return redirect(url_for("onboarding.take", token=token), 303)
    found = db().get_one(Assessment, attempt.assessment_id)
    questions = attempts.questions_of(db(), attempt)
    used = len(attempts.of_labeller(db(), found, user()))
    return render_template(
        "onboarding/result.html",
        assessment=found,
        attempt=attempt,
        score=results.score(attempt, len(questions)),
        unanswered=sum(q.answered_at is None for q in questions),
        left=max(found.attempts - used, 0),
    )
