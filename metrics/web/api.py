"""The API for gates and deliveries."""

from typing import Any

from apiflask import APIBlueprint
from flask.typing import ResponseReturnValue

from metrics.deliver import deliver
from metrics.web import api_messages as messages
from metrics.web import downloads
from ops import batches, delivery, sealer
from ops.errors import NotReady
from ops.models import Delivery
from ops.web.identity import db, user
from quality import gate
from quality.review_sample import draw_review_sample

blueprint = APIBlueprint("deliveries", __name__, url_prefix="/api/v1", tag="Deliveries")


@blueprint.get("/batches/<int:batch_id>/gate")
@blueprint.output(messages.GateOut)
def judge(batch_id: int) -> dict[str, Any]:
    """Judge a batch

    What the gate would say now: whether the batch may go, and if not, exactly what is missing.
    """
    found = gate.examine(db(), batches.find(db(), user(), batch_id))
    return {
        "batch": batch_id,
        "passed": found.passed,
        "terms": found.terms,
        "figures": found.figures,
        "reasons": found.reasons,
    }


@blueprint.post("/batches/<int:batch_id>/review-sample")
@blueprint.input(messages.SampleIn, arg_name="asked")
@blueprint.output(messages.SampleOut, status_code=201)
def draw(batch_id: int, asked: messages.SampleIn) -> dict[str, Any]:
    """Draw labels for review

    At random among the assets of the batch that were not drawn before.
    """
    batch = batches.find(db(), user(), batch_id)
    drawn = draw_review_sample(db(), batch, asked.n, user(), of_class=asked.of_class)
    return {"drawn": drawn}


@blueprint.post("/batches/<int:batch_id>/deliver")
@blueprint.output(messages.DeliveryOut, status_code=201)
@blueprint.doc(responses=[409])
def deliver_batch(batch_id: int) -> dict[str, Any]:
    """Deliver a batch

    409 with the gate's reasons when the numbers do not allow it.
    """
    return _view(deliver(db(), batches.find(db(), user(), batch_id), user()))


@blueprint.get("/deliveries/<int:delivery_id>")
@blueprint.output(messages.DeliveryOut)
def show(delivery_id: int) -> dict[str, Any]:
    """Get a delivery with its report"""
    return _view(delivery.find(db(), user(), delivery_id))


@blueprint.get("/deliveries/<int:delivery_id>/export")
@blueprint.input(messages.ExportQuery, location="query", arg_name="asked")
@blueprint.doc(responses=[409])
def export(delivery_id: int, asked: messages.ExportQuery) -> ResponseReturnValue:
    """Export the labels of a delivery

    The SHA-256 of the JSONL is the delivery's digest. What another format cannot hold is in the
    header Touchstone-Losses, as JSON. 409 until the delivery is sealed.
    """
    made = delivery.find(db(), user(), delivery_id)
    if not sealer.is_sealed(db(), made.audit_entry_id):
        raise NotReady("This delivery is being sealed. Try again in a moment.")
    return downloads.labels(made, asked.format, made.report["batch"]["name"])


def _view(made: Delivery) -> dict[str, Any]:
    return {
        "id": made.id,
        "batch": made.batch_id,
        "version": made.version,
        "items": made.items,
        "delivered_at": made.delivered_at,
        "sealed": sealer.is_sealed(db(), made.audit_entry_id),
        "digest": made.digest,
        "report": made.report,
        "report_digest": made.report_digest,
    }
