"""A delivery under its client's eyes: the sample, one item after the other, the decision."""

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboards.portal import audit_view as view
from ops import delivery
from ops.errors import InvalidInput, NotFound, TouchstoneError
from ops.labels import ERROR_WORDS
from ops.models import AcceptanceItem, Delivery
from ops.web.identity import db, user
from quality.acceptance import audit, deciding, drawing

blueprint = APIBlueprint("audits", __name__, enable_openapi=False, template_folder="../templates")

Errors = list[dict[str, Any]]


@blueprint.get("/portal/deliveries/<int:delivery_id>/audit")
def show(delivery_id: int) -> ResponseReturnValue:
    """How far the audit is, what it shows, and the decision; before it, the size proposed."""
    return _show(_delivery(delivery_id))


def _show(made: Delivery, errors: Errors | None = None) -> ResponseReturnValue:
    body = render_template(
        "portal/audit.html",
        **view.of_delivery(db(), made),
        errors=errors or [],
        values=request.form,
    )
    return body, 422 if errors else 200


@blueprint.post("/portal/deliveries/<int:delivery_id>/audit")
def draw(delivery_id: int) -> ResponseReturnValue:
    """Draw the sample, or make it larger."""

    def act(made: Delivery) -> None:
        drawing.draw(db(), made, user(), _number("n"), _number("seed"))

    return _act(delivery_id, act)


@blueprint.post("/portal/deliveries/<int:delivery_id>/audit/next")
def go_on(delivery_id: int) -> ResponseReturnValue:
    """To the next item that nobody has looked at."""
    return _next(_delivery(delivery_id), _number("after") or 0)


@blueprint.post("/portal/deliveries/<int:delivery_id>/audit/choose")
def choose(delivery_id: int) -> ResponseReturnValue:
    """Add an item of one's own choosing, and look at it."""
    made = _delivery(delivery_id)
    try:
        item = drawing.choose(db(), made, user(), request.form.get("external_id", ""))
    except InvalidInput as refused:
        return _show(made, refused.errors)
    except TouchstoneError as refused:
        return _refused(made, refused)
    return redirect(url_for("audits.item", delivery_id=made.id, position=item.position))


@blueprint.get("/portal/deliveries/<int:delivery_id>/audit/<int:position>")
def item(delivery_id: int, position: int) -> ResponseReturnValue:
    """One item with its label, and what to say of it."""
    made = _delivery(delivery_id)
    return _item(made, audit.find(db(), made, position))


def _item(made: Delivery, one: AcceptanceItem, errors: Errors | None = None) -> ResponseReturnValue:
    said = {"errors": [e["type"] for e in one.errors], "remark": one.remark}
    if errors:
        said = {"errors": request.form.getlist("errors"), "remark": request.form.get("remark", "")}
    body = render_template(
        "portal/audit_item.html",
        **view.of_item(db(), made, one),
        kinds=ERROR_WORDS[made.batch.project.label_type],
        said=said,
        errors=errors or [],
    )
    return body, 422 if errors else 200


@blueprint.post("/portal/deliveries/<int:delivery_id>/audit/<int:position>")
def look(delivery_id: int, position: int) -> ResponseReturnValue:
    """Say whether the label is right, and go on to the next."""
    made = _delivery(delivery_id)
    one = audit.find(db(), made, position)
    said = request.form
    try:
        with db().begin_nested():
            audit.look(
                db(),
                made,
                user(),
                position,
                said.get("verdict", ""),
                said.getlist("errors"),
                said.get("remark", ""),
            )
    except InvalidInput as refused:
        return _item(made, one, refused.errors)
    except TouchstoneError as refused:
        return _refused(made, refused)
    return _next(made, position)


@blueprint.post("/portal/deliveries/<int:delivery_id>/audit/decide")
def decide(delivery_id: int) -> ResponseReturnValue:
    """Accept or reject the delivery, once."""

    def act(made: Delivery) -> None:
        decision = request.form.get("decision", "")
        acts = {"accept": deciding.accept, "reject": deciding.reject}
        if decision not in acts:
            raise InvalidInput("accept or reject the delivery", field="decision")
        acts[decision](db(), made, user(), request.form.get("remarks", ""))
        flash("Thank you. Your decision was noted.", "success")

    return _act(delivery_id, act)


@blueprint.get("/portal/deliveries/<int:delivery_id>/changes")
def changes(delivery_id: int) -> ResponseReturnValue:
    """In which items a delivery differs from the one before it, and in nothing else."""
    made = _delivery(delivery_id)
    return render_template("portal/changes.html", **view.of_changes(db(), made))


@blueprint.get("/portal/deliveries/<int:delivery_id>/changes/<int:place>")
def change(delivery_id: int, place: int) -> ResponseReturnValue:
    """One of them, before and after."""
    made = _delivery(delivery_id)
    found = view.of_change(db(), made, place)
    if found is None:
        raise NotFound("No such item changed.")
    return render_template("portal/change.html", **found)


def _delivery(delivery_id: int) -> Delivery:
    return delivery.find(db(), user(), delivery_id)


def _next(made: Delivery, after: int) -> ResponseReturnValue:
    found = audit.take_next(db(), made, user(), after)
    if found is None:
        return redirect(url_for("audits.show", delivery_id=made.id))
    return redirect(url_for("audits.item", delivery_id=made.id, position=found.position))


def _act(delivery_id: int, act: Callable[[Delivery], None]) -> ResponseReturnValue:
    """Do it, or show the page again with what was wrong."""
    made = _delivery(delivery_id)
    try:
        with db().begin_nested():
            act(made)
    except InvalidInput as refused:
        return _show(made, refused.errors)
    except TouchstoneError as refused:
        return _refused(made, refused)
    return redirect(url_for("audits.show", delivery_id=made.id))


def _refused(made: Delivery, why: TouchstoneError) -> ResponseReturnValue:
    flash(why.message, "error")
    return redirect(url_for("audits.show", delivery_id=made.id))


def _number(name: str) -> int | None:
    given = request.form.get(name, "").strip()
    if not given:
        return None
    if not given.isascii() or not given.isdecimal() or len(given) > 16:
        raise InvalidInput("expected a whole number", field=name)
    return int(given)
