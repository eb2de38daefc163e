"""The API of an audit, for the client's own machines: draw, look, decide, compare."""

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy import select

from dashboards.portal import audit_messages as messages
from dashboards.portal import audit_view as view
from ops import delivery
from ops.labels import ERROR_WORDS
from ops.models import Acceptance, AcceptanceItem, Delivery, DeliveryItem
from ops.web.identity import db, user
from quality.acceptance import audit, deciding, drawing, plans, tracing

blueprint = APIBlueprint("api_audits", __name__, url_prefix="/api/v1", tag="Acceptance")


@blueprint.get("/deliveries/<int:delivery_id>/audit")
@blueprint.output(messages.AuditOut)
def show_audit(delivery_id: int) -> dict[str, Any]:
    """Get the audit of a delivery

    How large a sample is proposed; once one is drawn, its items and what it shows.
    """
    return _audit(_delivery(delivery_id))


@blueprint.post("/deliveries/<int:delivery_id>/audit")
@blueprint.input(messages.AuditDrawIn, arg_name="asked")
@blueprint.output(messages.AuditOut, status_code=201)
@blueprint.doc(responses=[409])
def draw_audit(delivery_id: int, asked: messages.AuditDrawIn) -> dict[str, Any]:
    """Draw the sample of an audit

    Called again with a larger `n` it goes on in the same order. 409 until the delivery is sealed,
    and once it was decided.
    """
    made = _delivery(delivery_id)
    drawing.draw(db(), made, user(), asked.n, asked.seed)
    return _audit(made)


@blueprint.post("/deliveries/<int:delivery_id>/audit/items")
@blueprint.input(messages.AuditChooseIn, arg_name="asked")
@blueprint.output(messages.AuditItemOut, status_code=201)
@blueprint.doc(responses=[409])
def choose_item(delivery_id: int, asked: messages.AuditChooseIn) -> dict[str, Any]:
    """Add an item of your own choosing to an audit"""
    made = _delivery(delivery_id)
    item = drawing.choose(db(), made, user(), asked.external_id)
    return _items(made, [item])[0]


@blueprint.put("/deliveries/<int:delivery_id>/audit/items/<int:position>")
@blueprint.input(messages.AuditLookIn, arg_name="said")
@blueprint.output(messages.AuditItemOut)
@blueprint.doc(responses=[409])
def look_at_item(delivery_id: int, position: int, said: messages.AuditLookIn) -> dict[str, Any]:
    """Say whether the label of an item is right

    409 when a colleague has said something else, or the delivery was decided.
    """
    made = _delivery(delivery_id)
    item = audit.look(db(), made, user(), position, said.verdict, said.errors, said.remark)
    return _items(made, [item])[0]


@blueprint.post("/deliveries/<int:delivery_id>/decision")
@blueprint.input(messages.AuditDecideIn, arg_name="said")
@blueprint.output(messages.AuditOut)
@blueprint.doc(responses=[409])
def decide_delivery(delivery_id: int, said: messages.AuditDecideIn) -> dict[str, Any]:
    """Accept or reject a delivery

    Once. Rejecting returns the items that were found wrong; a new delivery follows.
    """
    made = _delivery(delivery_id)
    act = deciding.accept if said.decision == "accept" else deciding.reject
    act(db(), made, user(), said.remarks)
    return _audit(made)


@blueprint.get("/deliveries/<int:delivery_id>/differences")
@blueprint.output(messages.DifferencesOut)
def list_differences(delivery_id: int) -> dict[str, Any]:
    """List what changed since the delivery before"""
    made = _delivery(delivery_id)
    first = view.before(db(), made)
    found = delivery.differences(db(), first, made) if first else []
    names = ("external_id", "before", "after", "relabelled")
    return {
        "delivery": made.id,
        "before": first.id if first else None,
        "items": [{name: getattr(one, name) for name in names} for one in found],
    }


def _delivery(delivery_id: int) -> Delivery:
    return delivery.find(db(), user(), delivery_id)


def _audit(made: Delivery) -> dict[str, Any]:
    found = audit.of_delivery(db(), made)
    items = list(audit.items(db(), found)) if found else []
    accuracy, confidence = plans.agreed(db(), made)
    return {
        "delivery": made.id,
        "proposed": plans.propose(db(), made)._asdict(),
        "agreed": accuracy,
        "confidence": confidence,
        "kinds": ERROR_WORDS[made.batch.project.label_type],
        "items": _items(made, items),
        "shows": audit.shown(made, found, items)._asdict() if found else None,
        **_state(found),
    }


def _state(found: Acceptance | None) -> dict[str, Any]:
    if found is None:
        nothing = dict.fromkeys(("seed", "opened_at", "decided_at"))
        return {"state": "none", "remarks": "", **nothing}
    names = ("state", "seed", "opened_at", "decided_at", "remarks")
    return {name: getattr(found, name) for name in names}


def _items(made: Delivery, items: list[AcceptanceItem]) -> list[dict[str, Any]]:
    assets = [item.asset_id for item in items]
    mine = (DeliveryItem.delivery_id == made.id) & DeliveryItem.asset_id.in_(assets)
    frozen = {one.asset_id: one for one in db().scalars(select(DeliveryItem).where(mine))}
    return [
        {
            "position": item.position,
            "external_id": frozen[item.asset_id].external_id,
            "chosen": item.chosen,
            "label": frozen[item.asset_id].label,
            "verdict": item.verdict,
            "errors": [error["type"] for error in item.errors],
            "remark": item.remark,
            "cause": tracing.TOLD[item.cause] if item.cause else None,
        }
        for item in items
    ]
