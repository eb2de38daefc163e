"""Assessments, for managers: set, what a pass proves, each question, and taking one out."""

from collections.abc import Sequence
from typing import Any

from apiflask import APIBlueprint
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from ops import ontologies, scope, skills
from ops.access import LEADS
from ops.errors import Conflict, InvalidInput, NotFound
from ops.models import Asset, Project
from ops.web import media, viewing
from ops.web.identity import db, user
from quality.gold_answers import label_of
from quality.models import Assessment, GoldVersion
from quality.onboarding import (
    assessments,
    changes,
    doubts,
    exclusions,
    items,
    proof,
    questioning,
    results,
    revisions,
)
from quality.onboarding.changes import Change
from quality.onboarding.pool import cells, pool, wear
from quality.web import assessment_form

blueprint = APIBlueprint(
    "assessing",
    __name__,
    url_prefix="/onboarding/assessments",
    template_folder="templates",
    enable_openapi=False,
)
THUMB = 96


@blueprint.get("/new")
def new() -> ResponseReturnValue:
    """The form for a new assessment."""
    return _form(
        {"project": request.args.get("project", type=int), **assessment_form.usual()}, None
    )


@blueprint.post("/new")
def add() -> ResponseReturnValue:
    """Set an assessment, or say what is wrong with it; or show what it would draw and prove."""
    try:
        if request.form.get("look"):
            return _form(request.form, None)
        project, skill = assessment_form.project_and_skill()
        with db().begin_nested():
            made = assessments.create(db(), project, skill, assessment_form.terms(), user())
    except InvalidInput as error:
        return _form(request.form, assessment_form.as_typed(error)), 422
    flash(f"{made.title} is open to the labellers of {project.name}.", "success")
    return redirect(url_for("assessing.assessment", assessment_id=made.id), 303)


def _form(values: Any, errors: list[dict[str, Any]] | None) -> str:
    mine = select(Project).where(Project.id.in_(scope.projects(user()))).order_by(Project.name)
    listed = db().scalars(mine).all()
    chosen = next((p for p in listed if str(p.id) == str(values.get("project"))), None)
    questions = pool(db(), chosen.id) if chosen else []
    return render_template(
        "onboarding/new.html",
        values=values,
        errors=errors,
        projects=listed,
        pools={project.id: len(pool(db(), project.id)) for project in listed},
        chosen=chosen,
        cells=cells(questions),
        names=_class_names(chosen) if chosen else {},
        wear=wear(questions),
        proof=None if errors or not request.form.get("look") else _proof(),
        skills=skills.everything(db()),
    )


def _proof() -> proof.Proof | str:
    """What the terms as typed would prove, or why they cannot be."""
    try:
        return proof.of(assessment_form.terms())
    except InvalidInput as error:
        return error.message


def _class_names(project: Project) -> dict[str, str]:
    ontology = ontologies.current(db(), project.id)
    return {c["key"]: c["name"] for c in (ontology.classes if ontology else [])}


@blueprint.get("/<int:assessment_id>")
def assessment(assessment_id: int) -> ResponseReturnValue:
    """What it asks and what a pass proves; who took it, and what is doubtful about it."""
    found = assessments.find(db(), user(), assessment_id)
    left = pool(db(), found.project_id, assessment=found)
    raised = doubts.open_of(db(), found)
    return render_template(
        "onboarding/assessment.html",
        assessment=found,
        taken=results.taken(db(), found),
        doubts=raised,
        doubt_names=doubts.NAMES,
        not_passing=changes.not_passing(db(), found),
        gold_left=len(left),
        wear=wear(left),
        cells=cells(left),
        names=_class_names(found.project),
        proof=proof.of(found),
        spare=results.spared(db(), found),
    )


@blueprint.post("/<int:assessment_id>/open")
def set_open(assessment_id: int) -> ResponseReturnValue:
    """Open or close an assessment to new attempts."""
    found = assessments.find(db(), user(), assessment_id)
    assessments.set_open(db(), found, request.form.get("open") == "1", user())
    return redirect(url_for("assessing.assessment", assessment_id=found.id), 303)


@blueprint.get("/<int:assessment_id>/items")
def item_list(assessment_id: int) -> ResponseReturnValue:
    """Every question: how hard, how telling, and which the best miss."""
    found = assessments.find(db(), user(), assessment_id)
    listed = items.listed(db(), found)
    return render_template(
        "onboarding/items.html",
        assessment=found,
        items=listed,
        pictures={i.gold.id: media.url(i.asset.id, THUMB) for i in listed if i.asset.uri},
    )


@blueprint.get("/<int:assessment_id>/items/<int:gold_id>")
def item(assessment_id: int, gold_id: int) -> ResponseReturnValue:
    """One question: what was answered by whom, and what taking it out would change."""
    return _item(assessment_id, gold_id)


def _item(
    assessment_id: int, gold_id: int, reason: str = "", errors: list[dict[str, Any]] | None = None
) -> str:
    found = assessments.find(db(), user(), assessment_id)
    one = items.one(db(), found, gold_id)
    if one is None:
        raise NotFound("Nobody answered such a question.")
    shown = [] if one.out else exclusions.without(db(), found, gold_id)
    anew = revisions.anew(db(), found, one.gold) if one.revised else []
    return render_template(
        "onboarding/item.html",
        assessment=found,
        item=one,
        work=_work(found, one.asset, gold_id),
        without=_told(shown),
        anew=_told(anew),
        reason=reason,
        errors=errors,
        lead=user().role in LEADS,
    )


def _told(found: Sequence[Change]) -> dict[str, Any]:
    """Changes as the page shows them before they are confirmed."""
    return {
        "changes": found,
        "seen": changes.fingerprint(found),
        "counts": {kind: sum(c.kind == kind for c in found) for kind in changes.KINDS},
    }


def _work(found: Assessment, asset: Asset, gold_id: int) -> dict[str, Any] | None:
    ontology = ontologies.current(db(), found.project_id)
    newest = select(GoldVersion).where(GoldVersion.gold_id == gold_id)
    version = db().scalars(newest.order_by(GoldVersion.version.desc()).limit(1)).one()
    if ontology is None:
        return None
    return viewing.work(found.project, ontology, asset, label_of(version.answers[0]))


@blueprint.post("/<int:assessment_id>/items/<int:gold_id>")
def take_out(assessment_id: int, gold_id: int) -> ResponseReturnValue:
    """Take a question out with a reason, as was shown; attempts are scored anew."""
    found = assessments.find(db(), user(), assessment_id)
    one = items.one(db(), found, gold_id)
    if one is None:
        raise NotFound("Nobody answered such a question.")
    reason = request.form.get("reason", "")
    try:
        with db().begin_nested():
            changed = exclusions.take_out(
                db(), found, one.gold, user(), reason=reason, seen=request.form.get("seen", "")
            )
    except (InvalidInput, Conflict) as error:
        fault = [{"field": "reason", "message": error.message}]
        return _item(assessment_id, gold_id, reason, fault), error_status(error)
    flash(f"Taken out: {_in_words(changed)}", "success")
    return redirect(url_for("assessing.item_list", assessment_id=found.id), 303)


@blueprint.post("/<int:assessment_id>/items/<int:gold_id>/anew")
def score_anew(assessment_id: int, gold_id: int) -> ResponseReturnValue:
    """Score the answers to gold that was revised by its version in force, as was shown."""
    found = assessments.find(db(), user(), assessment_id)
    one = items.one(db(), found, gold_id)
    if one is None:
        raise NotFound("Nobody answered such a question.")
    try:
        with db().begin_nested():
            changed = revisions.score_anew(
                db(), found, one.gold, user(), seen=request.form.get("seen", "")
            )
    except Conflict as error:
        flash(error.message, "error")
    else:
        flash(f"Scored by the gold as it is now: {_in_words(changed)}", "success")
    return redirect(url_for("assessing.item", assessment_id=assessment_id, gold_id=gold_id), 303)


def _in_words(changed: Sequence[Change]) -> str:
    passed = sum(change.kind == "passes" for change in changed)
    return (
        f"{len(changed)} {'attempt' if len(changed) == 1 else 'attempts'} scored anew, "
        f"{passed} {'passes' if passed == 1 else 'pass'} now."
    )


@blueprint.post("/<int:assessment_id>/items/<int:gold_id>/question")
def question(assessment_id: int, gold_id: int) -> ResponseReturnValue:
    """Ask the leads to decide about the gold behind a question."""
    found = assessments.find(db(), user(), assessment_id)
    one = items.one(db(), found, gold_id)
    if one is None:
        raise NotFound("Nobody answered such a question.")
    try:
        questioning.question(db(), found, one, user())
    except Conflict as error:
        flash(error.message, "error")
    else:
        flash("The leads of the project were asked to decide about this gold.", "success")
    return redirect(url_for("assessing.item", assessment_id=assessment_id, gold_id=gold_id), 303)


def error_status(error: InvalidInput | Conflict) -> int:
    """422 for what was typed, 409 for what changed meanwhile."""
    return 422 if isinstance(error, InvalidInput) else 409
