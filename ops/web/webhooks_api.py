"""The API for webhooks: whom to tell of what, and what came of it."""

from typing import Any

from apiflask import APIBlueprint
from flask.typing import ResponseReturnValue

from ops.web import webhooks_messages as messages
from ops.web.identity import db, installation, user
from ops.webhooks import hooks

blueprint = APIBlueprint("webhooks_api", __name__, url_prefix="/api/v1", tag="Webhooks")


@blueprint.get("/webhooks")
@blueprint.output(messages.WebhooksOut)
def list_webhooks() -> dict[str, Any]:
    """List webhooks

    A client's own; for staff, those of the clients they manage.
    """
    return {"webhooks": [messages.webhook(row) for row in hooks.of(db(), user())]}


@blueprint.post("/webhooks")
@blueprint.input(messages.NewWebhookIn, arg_name="asked")
@blueprint.output(messages.WebhookSecretOut, status_code=201)
def create_webhook(asked: messages.NewWebhookIn) -> dict[str, Any]:
    """Make a webhook

    The answer holds the secret by which messages are verified; see the documentation of webhooks.
    """
    made = hooks.create(
        db(), organisation_id=asked.organisation, url=asked.url, events=asked.events, by=user(),
        settings=installation(),
    )  # fmt: skip
    return {**messages.webhook(made), "secret": hooks.secret(made, installation())}


@blueprint.get("/webhooks/<int:webhook_id>")
@blueprint.output(messages.WebhookOut)
def show_webhook(webhook_id: int) -> dict[str, Any]:
    """Get a webhook"""
    return messages.webhook(hooks.find(db(), user(), webhook_id))


@blueprint.put("/webhooks/<int:webhook_id>")
@blueprint.input(messages.WebhookIn, arg_name="asked")
@blueprint.output(messages.WebhookOut)
def change_webhook(webhook_id: int, asked: messages.WebhookIn) -> dict[str, Any]:
    """Change a webhook's address and events"""
    found = hooks.find(db(), user(), webhook_id)
    hooks.change(
        db(), found, url=asked.url, events=asked.events, by=user(), settings=installation()
    )
    return messages.webhook(found)


@blueprint.delete("/webhooks/<int:webhook_id>")
@blueprint.output({}, status_code=204)
def delete_webhook(webhook_id: int) -> ResponseReturnValue:
    """Remove a webhook

    What was not sent yet is not sent.
    """
    hooks.remove(db(), hooks.find(db(), user(), webhook_id), by=user())
    return "", 204


@blueprint.post("/webhooks/<int:webhook_id>/secret")
@blueprint.output(messages.WebhookSecretOut)
def rotate_secret(webhook_id: int) -> dict[str, Any]:
    """Make a new secret

    For a day messages carry two signatures, one by the old secret.
    """
    found = hooks.find(db(), user(), webhook_id)
    hooks.rotate(db(), found, by=user())
    return {**messages.webhook(found), "secret": hooks.secret(found, installation())}


@blueprint.post("/webhooks/<int:webhook_id>/test")
@blueprint.output(messages.WebhookMessageOut, status_code=201)
def test_webhook(webhook_id: int) -> dict[str, Any]:
    """Send a test message

    It goes out within seconds; ask for the messages to learn what came of it.
    """
    found = hooks.find(db(), user(), webhook_id)
    number = hooks.test(db(), found, by=user())
    sent = next(row for row in hooks.messages(db(), found) if row.id == number)
    return messages.message(sent)


@blueprint.post("/webhooks/<int:webhook_id>/resume")
@blueprint.output(messages.WebhookOut)
def resume_webhook(webhook_id: int) -> dict[str, Any]:
    """Resume a webhook that was stopped"""
    found = hooks.find(db(), user(), webhook_id)
    hooks.resume(db(), found, by=user())
    return messages.webhook(found)


@blueprint.get("/webhooks/<int:webhook_id>/messages")
@blueprint.output(messages.WebhookMessagesOut)
def list_messages(webhook_id: int) -> dict[str, Any]:
    """List the messages of a webhook

    With what came back, how often it was tried and when it is tried again.
    """
    found = hooks.find(db(), user(), webhook_id)
    return {"messages": [messages.message(row) for row in hooks.messages(db(), found)]}


@blueprint.post("/webhooks/<int:webhook_id>/messages/<int:message_id>/redeliver")
@blueprint.output(messages.WebhookMessageOut)
def redeliver_message(webhook_id: int, message_id: int) -> dict[str, Any]:
    """Send a message again

    It has the same webhook-id.
    """
    found = hooks.find(db(), user(), webhook_id)
    return messages.message(hooks.redeliver(db(), found, message_id, by=user()))
