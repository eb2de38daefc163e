"""The outbox: what a client's machine is to be told, written by whoever makes it true."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ops import clock_time
from ops.models import Webhook, WebhookMessage
from ops.webhooks.events import EVENTS


def tell(
    session: Session, organisation_id: int, kind: str, key: str, payload: dict[str, Any]
) -> int:
    """Tell the webhooks of an organisation that ask for `kind`; returns how many are told.

    The messages are part of the caller's transaction: they go out if it commits, and not otherwise.
    Two of one webhook with one `key` are one, however often this is called. Raises ValueError for a
    kind that `ops.webhooks.events` does not know, or a payload with a field it does not list.
    """
    unknown = payload.keys() - EVENTS[kind].fields if kind in EVENTS else {kind}
    if unknown:
        raise ValueError(f"no message may hold {', '.join(sorted(unknown))}")
    asking = select(Webhook.id).where(
        Webhook.organisation_id == organisation_id,
        Webhook.events.contains([kind]),
        Webhook.removed_at.is_(None),
        Webhook.stopped_at.is_(None),
    )
    told = [write(session, hook, kind, key, payload) for hook in session.scalars(asking)]
    return len([one for one in told if one is not None])


def write(
    session: Session, webhook_id: int, kind: str, key: str, payload: dict[str, Any]
) -> int | None:
    """Put one message into the outbox; its id, None where it was written before.

    No job of the queue is made for it: at most one waits for a webhook, and who makes one waits for
    the transaction of whoever made the other. The sweep (`ops.webhooks.sending`) comes by.
    """
    now = clock_time.now()
    row = insert(WebhookMessage).values(
        webhook_id=webhook_id, kind=kind, key=key, payload=payload, at=now, next_try_at=now
    )
    return session.execute(row.on_conflict_do_nothing().returning(WebhookMessage.id)).scalar()
