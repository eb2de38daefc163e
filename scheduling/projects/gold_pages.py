"""The gold of a project: marked one after the other, seen with its answers, put right."""

from typing import Any

from flask import flash, redirect, request, url_for
from sqlalchemy import func, select

from ops import ontologies
from ops.errors import Conflict, InvalidInput, NotFound
from ops.models import Asset, Project, Task
from ops.web import media
from ops.web.identity import db, user
from quality import gold as golds
from quality import gold_contention, proposals
from quality.label_form import EXAMPLES, choices_in_words
from quality.models import Gold
from scheduling.projects import gold_reads
from scheduling.projects.blueprint import blueprint, page, project_of
from scheduling.projects.gold_form import Answers, answers_of
from scheduling.projects.gold_many_pages import gold_of, names
from scheduling.projects.readiness import GOLD_ADVISED

PER_PAGE = 100
CREDITS = (("", "Wrong"), ("0.5", "Partly right (½)"), ("1", "Right"))


@blueprint.get("/projects/<int:project_id>/gold")
def gold(project_id: int) -> Any:
    """The gold there is, how often each was handed out, and what its answers say of it."""
    project = project_of(project_id)
    show = request.args.get("show", "")
    before = request.args.get("before", type=int)
    found = gold_reads.listed(db(), project.id, show=show, before=before, limit=PER_PAGE + 1)
    ontology = ontologies.current(db(), project.id)
    known = names(project.id)
    counted = select(func.count()).where(
        Gold.project_id == project.id, Gold.state == "active", ~Gold.for_assessment
    )
    return page(
        "gold.html",
        project,
        "gold",
        rows=found[:PER_PAGE],
        next_before=found[PER_PAGE - 1].gold.id if len(found) > PER_PAGE else None,
        shown=gold_reads.SHOWN,
        show=show,
        active=db().scalar(counted),
        advised=GOLD_ADVISED,
        names=known,
        defined=ontology is not None or project.label_type in ontologies.NOTHING_NEEDED,
        said={one.gold.id: one.words(project.label_type, ontology) for one in found},
        any_gold=db().scalar(select(Gold.id).where(Gold.project_id == project.id).limit(1)),
        any_assets=db().scalar(select(Asset.id).where(Asset.project_id == project.id).limit(1)),
        contended=len(gold_contention.queue(db(), project.id)),
        proposed=proposals.waiting(db(), project.id),
        credits=CREDITS,
        media_url=media.url,
    )


@blueprint.get("/projects/<int:project_id>/gold/mark")
def mark_gold(project_id: int) -> Any:
    """One asset, large, with a button for each class: the next one comes after each."""
    project = project_of(project_id)
    return _mark_page(project, _asset(project, request.args.get("asset", type=int)))


def _asset(project: Project, asset_id: int | None) -> Asset | None:
    """The asset asked for, or one at random that nobody has answered: gold is a sample."""
    if asset_id is not None:
        asset = db().get(Asset, asset_id)
        if asset is None or asset.project_id != project.id:
            raise NotFound("There is no such asset in this project.")
        return asset
    touched = (Task.asset_id == Asset.id) & ((Task.n_done > 0) | (Task.n_leased > 0))
    fresh = select(Asset).where(
        Asset.project_id == project.id,
        ~select(Gold.id).where(Gold.asset_id == Asset.id).exists(),
        ~select(Task.id).where(touched).exists(),
    )
    return db().scalar(fresh.order_by(func.random()).limit(1))


def _mark_page(
    project: Project, asset: Asset | None, errors: list[dict[str, Any]] | None = None
) -> Any:
    ontology = ontologies.current(db(), project.id)
    counted = select(func.count()).where(Gold.project_id == project.id, Gold.state == "active")
    return page(
        "gold_mark.html",
        project,
        "gold",
        422 if errors else 200,
        asset=asset,
        classes=ontology.classes if ontology else [],
        defined=ontology is not None or project.label_type in ontologies.NOTHING_NEEDED,
        choices=choices_in_words(project.label_type, ontology),
        example=EXAMPLES.get(project.label_type, ""),
        given=request.form.get("label", ""),
        marked=db().scalar(counted),
        advised=GOLD_ADVISED,
        media_url=media.url,
        errors=errors or [],
    )


@blueprint.post("/projects/<int:project_id>/gold")
def make_gold(project_id: int) -> Any:
    """Make an asset gold with the classes chosen, and go on to the next."""
    project = project_of(project_id)
    asset = _asset(project, request.form.get("asset", -1, type=int))
    assert asset is not None
    try:
        with db().begin_nested():
            golds.make(
                db(),
                project,
                asset,
                _answers(project),
                user(),
                for_assessment=bool(request.form.get("for_assessment")),
            )
    except InvalidInput as error:
        return _mark_page(project, asset, error.errors)
    except Conflict as error:
        return _mark_page(project, asset, [{"field": "answers", "message": error.message}])
    return redirect(url_for("projects.mark_gold", project_id=project.id), 303)


def _answers(project: Project) -> Answers:
    return answers_of(project, ontologies.current(db(), project.id), request.form)


@blueprint.post("/projects/<int:project_id>/gold/<int:gold_id>")
def change_gold(project_id: int, gold_id: int) -> Any:
    """Retire gold, or put its answer right."""
    project = project_of(project_id)
    one = gold_of(project, gold_id)
    reason = request.form.get("reason", "")
    try:
        if request.form.get("action") == "retire":
            golds.retire(db(), project, one, user(), reason=reason)
            flash("Retired: it is handed out no more, its scores stay.", "success")
        else:
            golds.revise(db(), project, one, _answers(project), user(), reason=reason)
            flash("Put right: earlier answers are scored again.", "success")
    except InvalidInput as error:
        flash(f"Gold was not changed: {error.message}", "error")
    return redirect(url_for("projects.gold", project_id=project.id), 303)
