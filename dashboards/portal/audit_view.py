"""What the pages of an audit show, as data: no name of a labeller, no cost, no gold."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrics.reads import service
from ops import delivery, sealer
from ops.errors import NotFound
from ops.labels import ERROR_WORDS, in_words
from ops.models import (
    AcceptanceItem,
    Asset,
    Delivery,
    DeliveryItem,
    OntologyVersion,
    User,
)
from ops.web import viewing
from quality.acceptance import audit, plans, tracing
from quality.measures import audits

# So many changes are listed on a page; the file of the API holds all.
LISTED = 500


def of_delivery(session: Session, made: Delivery) -> dict[str, Any]:
    """The page of an audit: the proposal before it, progress and what it shows once it is begun."""
    found = audit.of_delivery(session, made)
    items = audit.items(session, found) if found else []
    accuracy, confidence = plans.agreed(session, made)
    return {
        **_about(session, made),
        "proposed": plans.propose(session, made),
        "agreed": accuracy,
        "confidence": confidence,
        "acceptance": found,
        "far": audit.progress(items),
        "shown": audit.shown(made, found, items) if found else None,
        "verdict": _words(audit.shown(made, found, items), accuracy, confidence) if found else "",
        "rows": _rows(session, made, items),
        "decided_by": _name(session, found.decided_by) if found else None,
        "service": service.of_delivery(session, made),
    }


def _about(session: Session, made: Delivery) -> dict[str, Any]:
    return {
        "made": made,
        "batch": made.batch,
        "project": made.batch.project,
        "sealed": sealer.is_sealed(session, made.audit_entry_id),
        "versions": delivery.versions(session, made.batch_id),
    }


def _words(found: audits.Found, agreed: float, confidence: float) -> str:
    """What the sample shows against what was agreed, in a sentence or two."""
    if found.value is None or found.at_least is None:
        return "Nothing was looked at yet."
    level, sure = audits.percent(agreed), audits.percent(confidence)
    ends = {
        "met": f"The {level} that were agreed are shown with {sure} confidence.",
        "missed": f"With {sure} confidence, fewer than the {level} that were agreed are right.",
        "open": f"Whether the {level} that were agreed are reached is not settled: the sample "
        "leaves both possible.",
    }
    return (
        f"{found.right} of {found.n} are right. With {sure} confidence, at least "
        f"{audits.percent(found.at_least)} of all labels are. {ends[found.shows]}"
    )


def _rows(
    session: Session, made: Delivery, items: Sequence[AcceptanceItem]
) -> list[dict[str, Any]]:
    names = _names(session, made, [item.asset_id for item in items])
    people = {item.looked_by for item in items} - {None}
    known = {p.id: p.name for p in session.scalars(select(User).where(User.id.in_(people)))}
    words = ERROR_WORDS[made.batch.project.label_type]
    return [
        {
            "position": item.position,
            "name": names[item.asset_id],
            "chosen": item.chosen,
            "verdict": item.verdict,
            "errors": [words[error["type"]] for error in item.errors],
            "remark": item.remark,
            "by": known.get(item.looked_by or 0),
            "cause": tracing.TOLD[item.cause] if item.cause else None,
        }
        for item in items
    ]


def _names(session: Session, made: Delivery, assets: Sequence[int]) -> dict[int, str]:
    mine = (DeliveryItem.delivery_id == made.id) & DeliveryItem.asset_id.in_(assets)
    rows = session.execute(select(DeliveryItem.asset_id, DeliveryItem.external_id).where(mine))
    return {asset: name for asset, name in rows}  # noqa: C416


def _name(session: Session, user_id: int | None) -> str | None:
    return session.get_one(User, user_id).name if user_id else None


def of_item(session: Session, made: Delivery, item: AcceptanceItem) -> dict[str, Any]:
    """The page of one item: its label in the viewer, its neighbours, how far the audit is."""
    found = audit.of_delivery(session, made)
    if found is None:
        raise NotFound("This delivery is not audited.")
    items = audit.items(session, found)
    places = [one.position for one in items]
    at = places.index(item.position)
    frozen = session.get_one(DeliveryItem, (made.id, item.asset_id))
    return {
        **_about(session, made),
        "acceptance": found,
        "item": item,
        "name": frozen.external_id,
        "work": _work(session, made, item.asset_id, frozen.label),
        "words": in_words(made.batch.project.label_type, frozen.label, _ontology(session, made)),
        "far": audit.progress(items),
        "at": at + 1,
        "of": len(items),
        "before": places[at - 1] if at else None,
        "after": places[at + 1] if at + 1 < len(places) else None,
        "by": _name(session, item.looked_by),
    }


def _ontology(session: Session, made: Delivery) -> OntologyVersion:
    return session.get_one(OntologyVersion, made.ontology_version_id)


def _work(
    session: Session, made: Delivery, asset_id: int, label: dict[str, Any], **more: Any
) -> dict[str, Any]:
    asset = session.get_one(Asset, asset_id)
    project = made.batch.project
    return viewing.work(project, _ontology(session, made), asset, label, **more)


def before(session: Session, made: Delivery) -> Delivery | None:
    """The delivery that `made` follows, None of the first."""
    earlier = [one for one in delivery.versions(session, made.batch_id) if one.id != made.id]
    return next((one for one in reversed(earlier) if one.version < made.version), None)


def of_changes(session: Session, made: Delivery) -> dict[str, Any]:
    """Which items changed since the delivery before, and what was said of them then."""
    first = before(session, made)
    found = delivery.differences(session, first, made) if first else []
    ontology, kind = _ontology(session, made), made.batch.project.label_type
    said = _said(session, first) if first else {}
    rows = [
        {
            "place": place,
            "name": one.external_id,
            "before": in_words(kind, one.before, ontology) if one.before else "",
            "after": in_words(kind, one.after, ontology) if one.after else "",
            "relabelled": one.relabelled,
            "said": said.get(one.asset_id),
        }
        for place, one in enumerate(found[:LISTED], 1)
    ]
    return {**_about(session, made), "first": first, "rows": rows, "n": len(found)}


def _said(session: Session, first: Delivery) -> dict[int, dict[str, Any]]:
    found = audit.of_delivery(session, first)
    items = audit.items(session, found) if found else []
    wrong = [item for item in items if item.verdict == "wrong"]
    shown = _rows(session, first, wrong)
    return {item.asset_id: row for item, row in zip(wrong, shown, strict=True)}


def of_change(session: Session, made: Delivery, place: int) -> dict[str, Any] | None:
    """One of them in the viewer, before and after; None where there is no such place."""
    first = before(session, made)
    found = delivery.differences(session, first, made) if first else []
    if first is None or not 1 <= place <= len(found):
        return None
    one = found[place - 1]
    names = {"before": f"delivery {first.version}", "after": f"delivery {made.version}"}
    work = _work(session, made, one.asset_id, one.after or {}, before=one.before or {}, names=names)
    said = _said(session, first).get(one.asset_id)
    about = _about(session, made)
    return {
        **about,
        "first": first,
        "place": place,
        "n": len(found),
        "name": one.external_id,
        "work": work,
        "said": said,
        "relabelled": one.relabelled,
    }
