"""The client's portal: their projects, batches, deliveries. Never a labeller's name, nor a cost."""

from typing import Any

from apiflask import APIBlueprint
from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from metrics import report_pages
from metrics.reads import batches as read_batches
from metrics.web import downloads
from metrics.web.batches import records
from ops import delivery, scope, sealer
from ops.errors import NotReady
from ops.models import Batch, Delivery, Project
from ops.web.identity import db, user

blueprint = APIBlueprint("portal", __name__, enable_openapi=False, template_folder="templates")


@blueprint.get("/portal")
def index() -> ResponseReturnValue:
    """Projects of the client's organisation, with their batches and deliveries."""
    seen = scope.projects(user())
    projects = db().scalars(select(Project).where(Project.id.in_(seen)).order_by(Project.name))
    by_project: dict[int, list[dict[str, Any]]] = {}
    for row in records(read_batches(db(), seen)):
        by_project.setdefault(row["project_id"], []).append(row)
    return render_template(
        "portal/index.html",
        projects=projects.all(),
        batches=by_project,
        deliveries={made.batch_id: (made, _sealed(made)) for made in _deliveries()},
    )


@blueprint.get("/portal/deliveries/<int:delivery_id>")
def report(delivery_id: int) -> ResponseReturnValue:
    """The quality report of a delivery, with what can be taken away."""
    made = delivery.find(db(), user(), delivery_id)
    return render_template(
        "report/page.html",
        made=made,
        content=report_pages.content(made.report),
        sealed=_sealed(made),
        back=url_for("portal.index"),
        pdf=url_for("portal.report_pdf", delivery_id=delivery_id),
        jsonl=url_for("portal.labels", delivery_id=delivery_id, form="jsonl"),
        csv=url_for("portal.labels", delivery_id=delivery_id, form="csv"),
    )


@blueprint.get("/portal/deliveries/<int:delivery_id>/report.pdf")
def report_pdf(delivery_id: int) -> ResponseReturnValue:
    """The same as a PDF."""
    return downloads.report_pdf(_taken(delivery_id))


@blueprint.get("/portal/deliveries/<int:delivery_id>/labels.<form>")
def labels(delivery_id: int, form: str) -> ResponseReturnValue:
    """The delivered labels as a file."""
    made = _taken(delivery_id)
    return downloads.labels(made, form, made.report["batch"]["name"])


def _deliveries() -> list[Delivery]:
    mine = select(Delivery).join(Batch).where(Batch.project_id.in_(scope.projects(user())))
    return list(db().scalars(mine.order_by(Delivery.version)))


def _sealed(made: Delivery) -> bool:
    return sealer.is_sealed(db(), made.audit_entry_id)


def _taken(delivery_id: int) -> Delivery:
    """A delivery that may leave the house: its seal stands."""
    made = delivery.find(db(), user(), delivery_id)
    if not _sealed(made):
        raise NotReady("This delivery is being sealed. Try again in a moment.")
    return made
