"""What clients said of the deliveries of a batch, for leads: rejected items by cause, and why."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from apiflask import APIBlueprint
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from metrics.reads import service
from ops import batches, delivery, ontologies
from ops.errors import InvalidInput, NotFound
from ops.labels import ERROR_WORDS, in_words
from ops.models import (
    CAUSES,
    AcceptanceItem,
    Asset,
    Batch,
    Consensus,
    Delivery,
    DeliveryItem,
    OntologyVersion,
    ReopenedAsset,
    User,
)
from ops.web import viewing
from ops.web.identity import db, user
from quality.acceptance import audit, tracing

blueprint = APIBlueprint("acceptance", __name__, enable_openapi=False, template_folder="templates")


@blueprint.get("/batches/<int:batch_id>/acceptance")
def show(batch_id: int) -> ResponseReturnValue:
    """The deliveries of a batch: what the client decided, and rejected items by their cause."""
    return _show(batches.find(db(), user(), batch_id))


def _show(batch: Batch, errors: Sequence[Mapping[str, Any]] = ()) -> ResponseReturnValue:
    found = [_of(db(), made) for made in reversed(delivery.versions(db(), batch.id))]
    body = render_template(
        "acceptance/show.html",
        batch=batch,
        deliveries=found,
        causes=CAUSES,
        names=tracing.NAMES,
        service=service.of_project(db(), batch.project),
        classes=_classes(batch),
        errors=errors,
        values=request.form,
    )
    return body, 422 if errors else 200


def _classes(batch: Batch) -> list[tuple[str, str]]:
    """(key, name) of the classes by which further labels can be drawn: of whole labels alone."""
    found = ontologies.current(db(), batch.project_id)
    if found is None or batch.project.label_type != "class":
        return []
    return [(one["key"], one["name"]) for one in found.classes]


@blueprint.get("/batches/<int:batch_id>/acceptance/<int:version>/<int:position>")
def item(batch_id: int, version: int, position: int) -> ResponseReturnValue:
    """One item that the client looked at: as it was delivered, beside what is in force now."""
    made = _delivery(batch_id, version)
    one = audit.find(db(), made, position)
    frozen = db().get_one(DeliveryItem, (made.id, one.asset_id))
    now = db().scalar(
        select(Consensus.label)
        .where(Consensus.asset_id == one.asset_id)
        .order_by(Consensus.version.desc())
        .limit(1)
    )
    changed = now is not None and now != frozen.label
    asset = db().get_one(Asset, one.asset_id)
    ontology = db().get_one(OntologyVersion, made.ontology_version_id)
    work = viewing.work(
        made.batch.project,
        ontology,
        asset,
        now if changed and now else frozen.label,
        before=frozen.label if changed else None,
        names={"before": "delivered", "after": "in force now"},
    )
    return render_template(
        "acceptance/item.html",
        batch=made.batch,
        made=made,
        row=_row(db(), made, one, frozen),
        names=tracing.NAMES,
        work=work,
        changed=changed,
    )


@blueprint.post("/batches/<int:batch_id>/acceptance/<int:version>/<int:position>")
def correct(batch_id: int, version: int, position: int) -> ResponseReturnValue:
    """Say what the cause was, and why."""
    made = _delivery(batch_id, version)
    cause, reason = request.form.get("cause", ""), request.form.get("reason", "")
    try:
        tracing.correct(db(), made, position, cause, reason, user())
    except InvalidInput as refused:
        return _show(made.batch, [{**one, "position": position} for one in refused.errors])
    flash("The cause was corrected.", "success")
    return redirect(url_for("acceptance.show", batch_id=batch_id))


def _delivery(batch_id: int, version: int) -> Delivery:
    batch = batches.find(db(), user(), batch_id)
    versions = {made.version: made for made in delivery.versions(db(), batch.id)}
    if version not in versions:
        raise NotFound("There is no such delivery of this batch.")
    return versions[version]


def _of(session: Session, made: Delivery) -> dict[str, Any]:
    """One delivery: the audit, its figures, and what was wrong, by cause."""
    found = audit.of_delivery(session, made)
    items = audit.items(session, found) if found else []
    rows = []
    for one in items:
        if one.verdict == "wrong":
            frozen = session.get_one(DeliveryItem, (made.id, one.asset_id))
            rows.append(_row(session, made, one, frozen))
    return {
        "made": made,
        "acceptance": found,
        "far": audit.progress(items),
        "shown": audit.shown(made, found, items) if found else None,
        "rows": rows,
        "by_cause": Counter(row["cause"] for row in rows if row["cause"]).most_common(),
    }


def _row(
    session: Session, made: Delivery, one: AcceptanceItem, frozen: DeliveryItem
) -> dict[str, Any]:
    project = made.batch.project
    ontology = session.get_one(OntologyVersion, made.ontology_version_id)
    words = ERROR_WORDS[project.label_type]
    people = one.evidence.get("labellers", [])
    known = session.scalars(select(User).where(User.id.in_(people)).order_by(User.id)).all()
    again = session.get(ReopenedAsset, (made.id, one.asset_id))
    newest = delivery.of_batch(session, made.batch_id)
    return {
        "position": one.position,
        "name": frozen.external_id,
        "label": in_words(project.label_type, frozen.label, ontology),
        "verdict": one.verdict,
        "errors": [words[error["type"]] for error in one.errors],
        "remark": one.remark,
        "cause": one.cause,
        "traced": one.evidence.get("traced"),
        "clues": one.evidence.get("clues", []),
        "labellers": known,
        "gold": one.evidence.get("gold"),
        "corrected": session.get_one(User, one.cause_by).name if one.cause_by else None,
        "reason": one.cause_reason,
        "task": again.task_id if again else None,
        "later": newest is not None and newest.version > made.version,
    }
