"""One item of the client's with its label at full size, and the editor to say what is right."""

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

Label = dict[str, Any]
Errors = list[dict[str, Any]]


@blueprint.get("/portal/projects/<int:project_id>/item")
def item(project_id: int) -> ResponseReturnValue:
    """One item with its label, if it is finished."""
    project = project_of(project_id)
    return item_page(project, item_of(project, request.args.get("external_id", "")))


def item_of(project: Project, external_id: str) -> Asset:
    """The asset that the client calls so. Raises NotFound."""
    mine = (Asset.project_id == project.id) & (Asset.external_id == external_id.strip())
    found = db().scalar(select(Asset).where(mine))
    if found is None:
        raise NotFound(f"No item of this project is called “{external_id[:100]}”.")
    return found


def item_page(project: Project, asset: Asset, errors: Errors | None = None) -> ResponseReturnValue:
    """The page of an item, with why its label could not be proposed."""
    ontology = _ontology(project)
    label = finished(asset)
    found: ResponseReturnValue = page(
        "item.html",
        project,
        "project",
        422 if errors else 200,
        batch=db().get_one(Batch, asset.batch_id),
        asset=asset,
        picture=media.url(asset.id) if asset.uri else None,
        label=label,
        words=labels.in_words(project.label_type, label, ontology),
        work=viewing.work(project, ontology, asset, label) if label is not None else None,
        errors=errors or [],
    )
    return found


def finished(asset: Asset) -> Label | None:
    """The label of an item, once it may be shown."""
    row = reads.finished(db(), db().get_one(Batch, asset.batch_id), asset.id)
    return labels.content(row.label) if row else None


@blueprint.get("/portal/projects/<int:project_id>/proposals/new")
def new_proposal(project_id: int) -> ResponseReturnValue:
    """The editor, begun with the label in force, to say what is right instead."""
    project = project_of(project_id)
    asset = item_of(project, request.args.get("external_id", ""))
    return propose_page(project, asset, finished(asset))


def propose_page(
    project: Project, asset: Asset, label: Label | None, errors: Errors | None = None
) -> ResponseReturnValue:
    """The editor with `label` in it, and what was wrong with it."""
    shown = viewing.work(project, _ontology(project), asset, {})
    work = {key: shown[key] for key in ("medium", "image", "text", "pair", "brief")}
    found: ResponseReturnValue = page(
        "propose.html",
        project,
        "proposals",
        422 if errors else 200,
        asset=asset,
        work=work | {"value": label, "stage": "label"},
        values=request.form,
        errors=errors or [],
    )
    return found


def _ontology(project: Project) -> OntologyVersion:
    found = ontologies.current(db(), project.id)
    return found or OntologyVersion(classes=[], attributes=[], reasons=[])
