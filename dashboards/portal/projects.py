"""The client's projects: all of them, one with its batches, one batch."""

from flask import render_template
from flask.typing import ResponseReturnValue

from dashboards.portal import view, words
from dashboards.portal.blueprint import blueprint, page, project_of
from metrics.reads import client as reads
from metrics.reads import service
from ops import batches
from ops.web.identity import db, user

# Batches whose samples are read while somebody waits.
MOST_JUDGED = 12


@blueprint.get("/portal")
def index() -> ResponseReturnValue:
    """Projects of the client's organisation with their newest batches, and what waits for them."""
    mine = view.projects(db(), user())
    asked = view.asked_of_client(db(), user(), [one.id for one in mine])
    shown = {one.id: view.batches(db(), one, reads.batches(db(), one.id, 5)) for one in mine}
    return render_template("portal/index.html", projects=mine, batches=shown, asked=asked)


@blueprint.get("/portal/projects/<int:project_id>")
def project(project_id: int) -> ResponseReturnValue:
    """One project: how far each batch is, when it will be through, how good the labels are."""
    one = project_of(project_id)
    shown = view.batches(db(), one, reads.batches(db(), one.id))
    judged = [s for s in shown if s.at.labelled][:MOST_JUDGED]
    ids = [s.batch.id for s in shown]
    found: ResponseReturnValue = page(
        "project.html",
        one,
        "project",
        rows=shown,
        reviewed=[(s.batch, reads.reviewed(db(), s.batch)) for s in judged],
        agreement=words.agreement(reads.agreeing(db(), ids)),
        deliveries=[(s.batch, d) for s in shown for d in s.deliveries],
        service=service.of_project(db(), one),
    )
    return found


@blueprint.get("/portal/batches/<int:batch_id>")
def batch(batch_id: int) -> ResponseReturnValue:
    """One batch: progress, forecast, quality to date, its deliveries."""
    one = batches.find(db(), user(), batch_id)
    (shown,) = view.batches(db(), one.project, [one])
    found: ResponseReturnValue = page(
        "batch.html",
        one.project,
        "project",
        batch=one,
        row=shown,
        quality=words.quality(reads.reviewed(db(), one)),
        agreement=words.agreement(reads.agreeing(db(), [one.id])),
    )
    return found
