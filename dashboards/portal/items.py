"""One item of the client's with its label at full size, and the form to propose what is right."""

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from dashboards.portal.blueprint import blueprint, page, project_of
from metrics.reads import client as reads
from ops import labels, ontologies
from ops.errors import NotFound
from ops.models import Asset, Batch, OntologyVersion, Project
from ops.web import media, viewing
from ops.web.identity import db
from quality.label_form import EXAMPLES, choices_in_words


@blueprint.get("/portal/projects/<int:project_id>/item")
def item(project_id: int) -> ResponseReturnValue:
    """One item with its label, if it is finished, and the form to propose the right answer."""
    project = project_of(project_id)
    return item_page(project, item_of(project, request.args.get("external_id", "")))


def item_of(project: Project, external_id: str) -> Asset:
    """The asset that the client calls so. Raises NotFound."""
    mine = (Asset.project_id == project.id) & (Asset.external_id == external_id.strip())
    found = db().scalar(select(Asset).where(mine))
    if found is None:
        raise NotFound(f"No item of this project is called “{external_id[:100]}”.")
    return found


def item_page(
    project: Project, asset: Asset, errors: list[dict[str, Any]] | None = None
) -> ResponseReturnValue:
    """The page of an item, with what was wrong with a proposal."""
    ontology = ontologies.current(db(), project.id) or OntologyVersion(
        classes=[], attributes=[], reasons=[]
    )
    batch = db().get_one(Batch, asset.batch_id)
    row = reads.finished(db(), batch, asset.id)
    found: ResponseReturnValue = page(
        "item.html",
        project,
        "project",
        422 if errors else 200,
        batch=batch,
        asset=asset,
        picture=media.url(asset.id) if asset.uri else None,
        label=row.label if row else None,
        words=labels.in_words(project.label_type, row.label, ontology) if row else "",
        work=viewing.work(project, ontology, asset, row.label) if row else None,
        errors=errors or [],
        values=request.form,
        **_form(project, ontology),
    )
    return found


def _form(project: Project, ontology: OntologyVersion) -> dict[str, Any]:
    """What the form asks, by the project's label type."""
    return {
        "classes": ontology.classes if project.label_type in ("class", "tags") else [],
        "choices": choices_in_words(project.label_type, ontology),
        "example": EXAMPLES.get(project.label_type, ""),
    }
