"""Assessments, for managers: set, what a pass proves, each question, and taking one out."""

from collections.abc import Sequence
from typing import Any

from apiflask import APIBlueprint
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from ops import ontologies, projects, scope, skills
from ops.access import LEADS
from ops.errors import Conflict, InvalidInput, NotFound
from ops.models import Asset, Project, Skill
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
from quality.onboarding.pool import BANDS, cells, pool, wear

blueprint = APIBlueprint(
    "assessing",
    __name__,
    url_prefix="/onboarding/assessments",
    template_folder="templates",
    enable_openapi=False,
)
FIELDS = ("title", "questions", "minutes", "attempts", "cool_down_hours", "level", "valid_days")
# Fields in percent, and what they are called in the terms.
SHARES = {
    "pass_percent": "pass_mark",
    "fail_percent": "fail_mark",
    "false_pass_percent": "false_pass",
    "false_fail_percent": "false_fail",
}
THUMB = 96


@blueprint.get("/new")
def new() -> ResponseReturnValue:
    """The form for a new assessment."""
    return _form({"project": request.args.get("project", type=int), **_usual()}, None)


@blueprint.post("/new")
def add() -> ResponseReturnValue:
    """Set an assessment, or say what is wrong with it; or show what it would draw and prove."""
    try:
        if request.form.get("look"):
            return _form(request.form, None)
        project, skill = _project_and_skill()
        with db().begin_nested():
            made = assessments.create(db(), project, skill, _terms(), user())
    except InvalidInput as error:
        return _form(request.form, _as_typed(error)), 422
    flash(f"{made.title} is open to the labellers of {project.name}.", "success")
    return redirect(url_for("assessing.assessment", assessment_id=made.id), 303)


def _usual() -> dict[str, Any]:
    usual = {name: field.default for name, field in assessments.Terms.model_fields.items()}
    shares = {"pass_percent": 80, "fail_percent": 60, "false_pass_percent": 5}
    return {**usual, **shares, "false_fail_percent": 5, "title": "", "way": "fixed"}


def _terms() -> assessments.Terms:
    given: dict[str, Any] = {name: request.form.get(name, "") for name in FIELDS}
    given["cool_down_hours"] = given["cool_down_hours"] or 0
    given["pass_mark"] = _share("pass_percent", 1)
    if request.form.get("way") == "adaptive":
        given["least_questions"] = request.form.get("least_questions") or 1
        for field, most in (("fail_percent", 0.99), ("false_pass_percent", 0.2)):
            given[SHARES[field]] = _share(field, most)
        given["false_fail"] = _share("false_fail_percent", 0.2)
    given["mix"] = _mix()
    return assessments.clean(given)


def _share(field: str, most: float) -> float:
    try:
        share = float(request.form.get(field, "")) / 100
    except ValueError:
        share = -1.0
    least = 0.001 if most < 0.5 else 0.01
    if not least <= share <= most:
        low, high = f"{100 * least:g}", f"{100 * most:g}"
        raise InvalidInput(f"must be a number from {low} to {high}", field=field)
    return share


def _mix() -> dict[str, Any]:
    """Weights as typed: of classes in `class_<key>`, of difficulties in `band_<name>`."""
    classes = {
        name.removeprefix("class_"): _weight(name)
        for name in request.form
        if name.startswith("class_")
    }
    bands = {band: _weight(f"band_{band}") for band in BANDS if f"band_{band}" in request.form}
    even = len(set(classes.values())) <= 1
    alike = len(set(bands.values())) <= 1
    if (classes and not any(classes.values())) or (bands and not any(bands.values())):
        raise InvalidInput("give at least one a weight above 0", field="mix")
    return {"classes": {} if even else classes, "difficulty": {} if alike else bands}


def _weight(name: str) -> float:
    typed = request.form.get(name, "").strip() or "0"
    try:
        weight = float(typed)
    except ValueError:
        weight = -1.0
    if not 0 <= weight <= 100:
        raise InvalidInput("a weight is a number from 0 to 100", field=name)
    return weight


def _as_typed(error: InvalidInput) -> list[dict[str, Any]]:
    """Faults at the fields of the form, which asks in percent."""
    typed = {term: field for field, term in SHARES.items()}
    return [{**e, "field": typed.get(e.get("field", ""), e.get("field"))} for e in error.errors]


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
        return proof.of(_terms())
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
