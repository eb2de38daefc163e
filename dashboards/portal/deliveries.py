"""A delivery as its client takes it away: the quality report as page and PDF, and the labels."""

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from dashboards.portal.blueprint import blueprint
from metrics import report_pages
from metrics.web import downloads
from ops import delivery, sealer
from ops.errors import NotReady
from ops.models import Delivery
from ops.web.identity import db, user


@blueprint.get("/portal/deliveries/<int:delivery_id>")
def report(delivery_id: int) -> ResponseReturnValue:
    """The quality report of a delivery, with what can be taken away."""
    made = delivery.find(db(), user(), delivery_id)
    return render_template(
        "report/page.html",
        made=made,
        content=report_pages.content(made.report),
        sealed=_sealed(made),
        back=url_for("portal.batch", batch_id=made.batch_id),
        pdf=url_for("portal.report_pdf", delivery_id=delivery_id),
        audit=url_for("audits.show", delivery_id=delivery_id),
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


def _sealed(made: Delivery) -> bool:
    return sealer.is_sealed(db(), made.audit_entry_id)


def _taken(delivery_id: int) -> Delivery:
    """A delivery that may leave the house: its seal stands."""
    made = delivery.find(db(), user(), delivery_id)
    if not _sealed(made):
        raise NotReady("This delivery is being sealed. Try again in a moment.")
    return made
