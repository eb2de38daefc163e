"""Gold by the dozen and gold in question: made of reviewed labels, retired together, decided."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from flask import flash, redirect, request, url_for

from ops import labels, ontologies
from ops.errors import Conflict, InvalidInput, NotFound
from ops.models import Project
from ops.web import media
from ops.web.identity import db, user
from quality import gold_batches, gold_contention
from quality.judging.answers import guesses
from quality.measures import surprise
from quality.models import Gold
from scheduling.projects import reads
from scheduling.projects.blueprint import blueprint, page, project_of

PER_PAGE = 60


def gold_of(project: Project, gold_id: int) -> Gold:
    """The gold of a page. Raises NotFound outside the project."""
    found = db().get(Gold, gold_id)
    if found is None or found.project_id != project.id:
        raise NotFound("There is no such gold in this project.")
    return found


def say(project: Project) -> Callable[[Mapping[str, Any]], str]:
    """What puts the project's labels into words."""
    return partial(
        labels.in_words, project.label_type, ontology=ontologies.current(db(), project.id)
    )


def names(project_id: int) -> dict[str, dict[str, str]]:
    """Class key → class, of the classes in force."""
    ontology = ontologies.current(db(), project_id)
    return {c["key"]: c for c in ontology.classes} if ontology else {}


@blueprint.post("/projects/<int:project_id>/gold/retire")
def retire_gold(project_id: int) -> Any:
    """Retire the gold that is ticked."""
    project = project_of(project_id)
    ticked = request.form.getlist("gold", type=int)
    show = request.form.get("show", "")
    try:
        done = gold_batches.retire_many(
            db(), project, ticked, user(), reason=request.form.get("reason", "")
        )
        flash(f"{done} retired: handed out no more, their scores stay.", "success")
    except InvalidInput as error:
        flash(f"Nothing was retired: {error.message}.", "error")
    return redirect(url_for("projects.gold", project_id=project.id, show=show or None), 303)


@blueprint.get("/projects/<int:project_id>/gold/contention")
def gold_contention_queue(project_id: int) -> Any:
    """Gold in question: what was answered, and what to decide."""
    project = project_of(project_id)
    known = names(project.id)
    return page(
        "gold_contention.html",
        project,
        "gold",
        cases=gold_contention.queue(db(), project.id),
        names=known,
        say=say(project),
        good_from=float(surprise.good_from(guesses(project, ontologies.current(db(), project.id)))),
        media_url=media.url,
    )


@blueprint.post("/projects/<int:project_id>/gold/contention/<int:gold_id>")
def decide_gold(project_id: int, gold_id: int) -> Any:
    """Decide of one gold in question: accept another answer too, replace, retire or keep."""
    project = project_of(project_id)
    one = gold_of(project, gold_id)
    decision, _, key = request.form.get("decision", "").partition(":")
    try:
        with db().begin_nested():
            gold_contention.decide(
                db(),
                project,
                one,
                decision,  # type: ignore[arg-type]
                user(),
                key=key or request.form.get("class") or None,
                reason=request.form.get("reason", ""),
            )
        flash(SAID[decision], "success")
    except (InvalidInput, Conflict) as error:
        flash(f"Nothing was decided: {error.message}.", "error")
    return redirect(url_for("projects.gold_contention_queue", project_id=project.id), 303)


SAID = {
    "accept": "Accepted too: earlier answers are scored again, and standings follow.",
    "replace": "Replaced: earlier answers are scored again, and standings follow.",
    "retire": "Retired: it is handed out no more, its scores stay.",
    "keep": "Kept: only new answers can question it again.",
}


@blueprint.get("/projects/<int:project_id>/gold/reviewed")
def reviewed_gold(project_id: int) -> Any:
    """Labels that a person decided, to be ticked and made gold."""
    project = project_of(project_id)
    batch_id = request.args.get("batch", type=int)
    after = request.args.get("after", 0, type=int)
    found = gold_batches.reviewed(
        db(), project.id, batch_id=batch_id, after=after, limit=PER_PAGE + 1
    )
    return page(
        "gold_reviewed.html",
        project,
        "gold",
        rows=found[:PER_PAGE],
        next_after=found[PER_PAGE - 1].id if len(found) > PER_PAGE else None,
        batches=reads.batches_of(db(), [project.id]),
        batch_id=batch_id,
        after=after,
        names=names(project.id),
        say=say(project),
        media_url=media.url,
    )


@blueprint.post("/projects/<int:project_id>/gold/reviewed")
def make_reviewed_gold(project_id: int) -> Any:
    """Make gold of the reviewed labels that are ticked."""
    project = project_of(project_id)
    ticked = request.form.getlist("asset", type=int)
    try:
        with db().begin_nested():
            made = gold_batches.make_many(
                db(),
                project,
                ticked,
                user(),
                for_assessment=bool(request.form.get("for_assessment")),
            )
        flash(f"{len(made)} made gold.", "success")
    except (InvalidInput, Conflict) as error:
        flash(f"Nothing was made gold: {error.message}.", "error")
    back = url_for("projects.reviewed_gold", project_id=project.id, batch=request.form.get("batch"))
    return redirect(back, 303)
