"""Known answers that the client proposes: what is right for an item, and what became of it."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboards.portal.blueprint import blueprint, page, project_of
from dashboards.portal.items import finished, item_of, item_page, propose_page
from ops import labels, ontologies
from ops.errors import Conflict, InvalidInput, NotFound
from ops.models import Project
from ops.web.identity import db, user
from quality import proposals as proposing
from quality.label_form import from_json, label_from


@blueprint.get("/portal/projects/<int:project_id>/proposals")
def proposals(project_id: int) -> ResponseReturnValue:
    """What was proposed and what became of it; an item is looked up by what the client calls it."""
    project = project_of(project_id)
    named = request.args.get("external_id", "").strip()
    if not named:
        return _proposals_page(project)
    try:
        item_of(project, named)
    except NotFound as error:
        return _proposals_page(project, named, [{"field": "external_id", "message": error.message}])
    return redirect(url_for("portal.item", project_id=project.id, external_id=named), 303)


def _proposals_page(
    project: Project, named: str = "", errors: list[dict[str, Any]] | None = None
) -> ResponseReturnValue:
    ontology = ontologies.current(db(), project.id)
    found = proposing.of_project(db(), project.id)
    rendered: ResponseReturnValue = page(
        "proposals.html",
        project,
        "proposals",
        404 if errors else 200,
        named=named,
        errors=errors,
        rows=[(one, labels.in_words(project.label_type, one.label, ontology)) for one in found],
    )
    return rendered


@blueprint.post("/portal/projects/<int:project_id>/proposals")
def propose(project_id: int) -> ResponseReturnValue:
    """Propose the right answer for an item: what the editor holds, or the label as it is shown."""
    project = project_of(project_id)
    asset = item_of(project, request.form.get("external_id", ""))
    as_shown = "as_shown" in request.form
    label = finished(asset) if as_shown else None
    try:
        label = label or _given(project, as_shown=as_shown)
        with db().begin_nested():
            proposing.propose(
                db(), project, asset, label, user(), remark=request.form.get("remark", "")
            )
    except InvalidInput as error:
        if as_shown:
            return item_page(project, asset, error.errors)
        return propose_page(project, asset, label, error.errors)
    except Conflict as error:
        flash(error.message, "error")
    else:
        flash("Proposed: those who run the project are told, and you see here what they decide.")
    return redirect(url_for("portal.proposals", project_id=project.id), 303)


def _given(project: Project, *, as_shown: bool) -> dict[str, Any]:
    """What the editor sent as JSON in `label`; a choice may come as a plain field as well."""
    if as_shown:
        raise InvalidInput("this item has no finished label yet", field="as_shown")
    if "label" not in request.form:
        return label_from(project.label_type, ontologies.current(db(), project.id), request.form)
    found = from_json(request.form["label"], "label")
    if not isinstance(found, dict):
        raise InvalidInput("a label is a JSON object", field="label")
    return found
