"""What the API for webhooks takes and gives."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from ops.models import Webhook, WebhookMessage
from ops.web.api_types import Id, Line, Strict


class WebhookIn(Strict):
    url: Line = Field(description="An https address on the public internet")
    events: list[Line] = Field(description="What to be told of")


class NewWebhookIn(WebhookIn):
    organisation: Id | None = Field(None, description="Which client's; left out: your own")


class WebhookOut(BaseModel):
    id: int
    organisation: int
    url: str
    events: list[str]
    created_at: datetime
    failing_since: datetime | None = Field(description="Nothing was taken since then")
    stopped_at: datetime | None = Field(description="Told nothing more until it is resumed")


class WebhookSecretOut(WebhookOut):
    secret: str = Field(description="What its messages are signed with")


class WebhooksOut(BaseModel):
    webhooks: list[WebhookOut]


class WebhookMessageOut(BaseModel):
    id: int
    webhook_id: str = Field(description="The header webhook-id: the same at every try")
    kind: str
    at: datetime
    tries: int
    status: int | None = Field(description="What came back last")
    error: str = Field(description="Why nothing came back")
    taken_at: datetime | None
    given_up_at: datetime | None
    next_try_at: datetime | None


class WebhookMessagesOut(BaseModel):
    messages: list[WebhookMessageOut] = Field(description="The newest 50, the newest first")


def webhook(row: Webhook) -> dict[str, Any]:
    """A webhook as the API shows it."""
    return {
        "id": row.id,
        "organisation": row.organisation_id,
        "url": row.url,
        "events": row.events,
        "created_at": row.created_at,
        "failing_since": row.failing_since,
        "stopped_at": row.stopped_at,
    }


def message(row: WebhookMessage) -> dict[str, Any]:
    """A message as the API shows it."""
    over = row.taken_at is not None or row.given_up_at is not None
    return {
        "id": row.id,
        "webhook_id": f"msg_{row.token.hex}",
        "kind": row.kind,
        "at": row.at,
        "tries": row.tries,
        "status": row.status,
        "error": row.error,
        "taken_at": row.taken_at,
        "given_up_at": row.given_up_at,
        "next_try_at": None if over else row.next_try_at,
    }
