"""Known answers that the client proposes: what is right for an item, and what became of it."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboards.portal.blueprint import blueprint, page, project_of
from dashboards.portal.items import item_of, item_page
from metrics.reads import client as reads
from ops import labels, ontologies
from ops.errors import Conflict, InvalidInput
from ops.models import Asset, Batch, Project
from ops.web.identity import db, user
from quality import proposals as proposing
from quality.label_form import label_from


@blueprint.get("/portal/projects/<int:project_id>/proposals")
def proposals(project_id: int) -> ResponseReturnValue:
    """What was proposed and what became of it; an item is looked up by what the client calls it."""
    project = project_of(project_id)
    ontology = ontologies.current(db(), project.id)
    found = proposing.of_project(db(), project.id)
    rendered: ResponseReturnValue = page(
        "proposals.html",
        project,
        "proposals",
        rows=[(one, labels.in_words(project.label_type, one.label, ontology)) for one in found],
    )
    return rendered


@blueprint.post("/portal/projects/<int:project_id>/proposals")
def propose(project_id: int) -> ResponseReturnValue:
    """Propose the right answer for an item."""
    project = project_of(project_id)
    asset = item_of(project, request.form.get("external_id", ""))
    try:
        with db().begin_nested():
            label = _label(project, asset)
            proposing.propose(
                db(), project, asset, label, user(), remark=request.form.get("remark", "")
            )
    except InvalidInput as error:
        return item_page(project, asset, error.errors)
    except Conflict as error:
        flash(error.message, "error")
    else:
        flash("Proposed: those who run the project are told, and you see here what they decide.")
    return redirect(url_for("portal.proposals", project_id=project.id), 303)


def _label(project: Project, asset: Asset) -> dict[str, Any]:
    if request.form.get("as_shown"):
        row = reads.finished(db(), db().get_one(Batch, asset.batch_id), asset.id)
        if row is None:
            raise InvalidInput("this item has no finished label yet", field="as_shown")
        return labels.content(row.label)
    ontology = ontologies.current(db(), project.id)
    return label_from(project.label_type, ontology, request.form)
