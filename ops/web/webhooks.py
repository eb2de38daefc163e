"""Webhooks on pages: clients manage their own, leads and administrators those of clients."""

from apiflask import APIBlueprint
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ops.errors import Conflict, InvalidInput, NotFound
from ops.models import Organisation, Webhook
from ops.web.fields import identity
from ops.web.identity import db, installation, user
from ops.webhooks import hooks
from ops.webhooks.events import EVENTS

blueprint = APIBlueprint("webhooks", __name__, enable_openapi=False)


@blueprint.get("/webhooks")
def index() -> ResponseReturnValue:
    """The webhooks there are, and the form for another."""
    return _list_page({})


@blueprint.post("/webhooks")
def add() -> ResponseReturnValue:
    """A new webhook; its secret is on the page that follows."""
    form = request.form
    try:
        with db().begin_nested():
            made = hooks.create(
                db(),
                organisation_id=identity(form.get("organisation", "")),
                url=form.get("url", ""),
                events=form.getlist("events"),
                by=user(),
                settings=installation(),
            )
    except InvalidInput as error:
        return _list_page(form, error.errors), 422
    flash("The webhook is made. Give its secret to the machine, then send a test message.",
          "success")  # fmt: skip
    return redirect(url_for("webhooks.show", webhook_id=made.id), 303)


@blueprint.get("/webhooks/<int:webhook_id>")
def show(webhook_id: int) -> ResponseReturnValue:
    """One webhook: what it is told, its secret, its last messages."""
    return _page(hooks.find(db(), user(), webhook_id))


@blueprint.post("/webhooks/<int:webhook_id>")
def change(webhook_id: int) -> ResponseReturnValue:
    """Another address, or other events."""
    webhook, form = hooks.find(db(), user(), webhook_id), request.form
    try:
        with db().begin_nested():
            hooks.change(
                db(),
                webhook,
                url=form.get("url", ""),
                events=form.getlist("events"),
                by=user(),
                settings=installation(),
            )
    except InvalidInput as error:
        return _page(webhook, values=form, errors=error.errors), 422
    flash("Saved.", "success")
    return redirect(url_for("webhooks.show", webhook_id=webhook.id), 303)


@blueprint.post("/webhooks/<int:webhook_id>/act")
def act(webhook_id: int) -> ResponseReturnValue:
    """Show or change its secret, send a test message, resume it, remove it."""
    webhook = hooks.find(db(), user(), webhook_id)
    action = request.form.get("action", "")
    if action == "reveal":
        hooks.note_revealed(db(), webhook, by=user())
        return _page(webhook, secret=hooks.secret(webhook, installation()))
    if action not in ACTIONS:
        raise NotFound("There is no such action.")
    verb, said = ACTIONS[action]
    try:
        verb(db(), webhook, by=user())
        flash(said, "success")
    except Conflict as error:
        flash(error.message, "error")
    if action == "remove":
        return redirect(url_for("webhooks.index"), 303)
    return redirect(url_for("webhooks.show", webhook_id=webhook.id), 303)


ACTIONS = {
    "test": (hooks.test, "A test message is on its way; what comes of it stands below."),
    "rotate": (hooks.rotate, "The secret is new. For a day the old one signs too."),
    "resume": (hooks.resume, "The webhook is told again; what waited is sent now."),
    "remove": (hooks.remove, "The webhook is removed."),
}  # fmt: skip


@blueprint.post("/webhooks/<int:webhook_id>/messages/<int:message_id>")
def redeliver(webhook_id: int, message_id: int) -> ResponseReturnValue:
    """Send a message again, with the id it had."""
    webhook = hooks.find(db(), user(), webhook_id)
    hooks.redeliver(db(), webhook, message_id, by=user())
    flash("The message is sent again, with the same id.", "success")
    return redirect(url_for("webhooks.show", webhook_id=webhook.id), 303)


def _list_page(values: object, errors: object = None) -> str:
    mine = hooks.organisations(db(), user())
    names: dict[int, str] = {one.id: one.name for one in mine}
    return render_template(
        "webhooks/index.html",
        hooks=hooks.of(db(), user()),
        organisations=list(names.items()),
        names=names,
        events=EVENTS,
        values=values,
        errors=errors,
    )


def _page(webhook: Webhook, **more: object) -> str:
    owner = db().get_one(Organisation, webhook.organisation_id)
    page: dict[str, object] = {"values": None, "errors": None, "secret": None, **more}
    return render_template(
        "webhooks/show.html",
        hook=webhook,
        owner=owner,
        messages=hooks.messages(db(), webhook),
        events=EVENTS,
        **page,
    )
