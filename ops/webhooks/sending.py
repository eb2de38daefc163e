"""Sending what lies in the outbox: at least once, in order as far as possible, with patience.

A message is taken out under a lease, sent outside any transaction, and what came of it written
down. Whoever dies in between leaves the lease to run out: the message goes out again with the same
id, by which a receiver knows it. Behind a message that is refused others wait until it was tried
`BLOCKING` times; then they pass it.
"""

import http.client
import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, select
from sqlalchemy.orm import Session, aliased, sessionmaker

from ops import canonical, clock_time, config
from ops.config import Settings
from ops.db import alone, transaction
from ops.errors import InvalidInput
from ops.models import Webhook, WebhookMessage
from ops.webhooks import addresses, signing, stopping
from ops.webhooks.http import IN_ALL, post

LEASE = timedelta(seconds=60 + IN_ALL)
# Seconds until the next try, after each that failed; three days and a half in all, then it is over.
TRY_AGAIN = (5, 60, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400, 43_200)
JITTER = 0.2
BLOCKING = 4
AT_ONCE = 8
# Of one webhook in one sweep: so many messages, begun within so many seconds.
OF_ONE = 50
OF_ONE_SECONDS = 10
# For so long both the new and the old secret sign.
OVERLAP = timedelta(days=1)
KEPT = timedelta(days=90)
LONGEST_ERROR = 200
GONE = 410


@dataclass(frozen=True)
class Outgoing:
    """One try to send a message."""

    id: int
    message_id: str
    url: str
    secrets: Sequence[str]
    body: bytes


@dataclass(frozen=True)
class Outcome:
    """What came of it: a status, or why there was none."""

    status: int | None
    error: str = ""

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def send_due(sessions: sessionmaker[Session], settings: Settings | None = None) -> int:
    """Send whatever is due; returns how many messages were tried.

    One sweep at a time: slow machines of clients must not hold all hands of a worker.
    """
    settings = settings or config.load()
    with alone(sessions, "webhooks.send") as mine:
        if not mine:
            return 0
        with transaction(sessions) as session:
            due = list(session.scalars(_with_due_messages(clock_time.now())))
        if not due:
            return 0
        with ThreadPoolExecutor(min(AT_ONCE, len(due))) as pool:
            return sum(pool.map(lambda webhook: _work_off(sessions, settings, webhook), due))


def _with_due_messages(now: datetime) -> Any:
    """Webhooks with something due; those that fail come last."""
    return (
        select(Webhook.id)
        .where(
            exists().where(
                WebhookMessage.webhook_id == Webhook.id,
                _waiting(WebhookMessage),
                WebhookMessage.next_try_at <= now,
            ),
            _live(),
        )
        .order_by(Webhook.failing_since.nulls_first(), Webhook.id)
    )


def _live() -> ColumnElement[bool]:
    return Webhook.removed_at.is_(None) & Webhook.stopped_at.is_(None)


def _waiting(message: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = message.taken_at.is_(None) & message.given_up_at.is_(None)
    return found


def _work_off(sessions: sessionmaker[Session], settings: Settings, webhook: int) -> int:
    end = time.monotonic() + OF_ONE_SECONDS
    for done in range(OF_ONE):
        if time.monotonic() > end:
            return done
        with transaction(sessions) as session:
            sent = claim(session, webhook, settings.secret_key)
        if sent is None:
            return done
        outcome = send(sent, loopback=settings.webhooks_to_loopback)
        with transaction(sessions) as session:
            record(session, webhook, sent.id, outcome)
        if not outcome.taken:
            return done + 1
    return OF_ONE


def claim(session: Session, webhook_id: int, installation_key: str) -> Outgoing | None:
    """Take the next message of a webhook out of the box for a while; None if none may go now."""
    locked = select(Webhook).where(Webhook.id == webhook_id, _live())
    webhook = session.scalar(locked.with_for_update(key_share=True, skip_locked=True))
    if webhook is None:
        return None
    now = clock_time.now()
    message = session.scalar(_next(webhook_id, now))
    if message is None:
        return None
    message.tries += 1
    message.next_try_at = now + LEASE
    session.flush()
    return Outgoing(
        message.id,
        f"msg_{message.token.hex}",
        webhook.url,
        [signing.secret(installation_key, salt) for salt in _salts(webhook, now)],
        body(message),
    )


def _next(webhook_id: int, now: datetime) -> Any:
    ahead = aliased(WebhookMessage)
    blocked = (
        select(ahead.id)
        .where(
            ahead.webhook_id == webhook_id,
            ahead.id < WebhookMessage.id,
            _waiting(ahead),
            ahead.next_try_at > now,
            ahead.tries < BLOCKING,
        )
        .exists()
    )
    return (
        select(WebhookMessage)
        .where(
            WebhookMessage.webhook_id == webhook_id,
            _waiting(WebhookMessage),
            WebhookMessage.next_try_at <= now,
            ~blocked,
        )
        .order_by(WebhookMessage.id)
        .limit(1)
    )


def _salts(webhook: Webhook, now: datetime) -> list[str]:
    both = webhook.old_salt and webhook.rotated_at and now < webhook.rotated_at + OVERLAP
    return [webhook.salt, webhook.old_salt] if both and webhook.old_salt else [webhook.salt]


def body(message: WebhookMessage) -> bytes:
    """What is sent: the same bytes at every try."""
    told = {"type": message.kind, "timestamp": message.at.isoformat(), "data": message.payload}
    return canonical.text(told).encode()


def send(message: Outgoing, *, loopback: bool) -> Outcome:
    """One try; whatever goes wrong is an outcome, not an error."""
    timestamp = int(clock_time.now().timestamp())
    signed = [
        signing.signature(secret, message.message_id, timestamp, message.body)
        for secret in message.secrets
    ]
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Touchstone-Webhooks",
        "webhook-id": message.message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signed),
    }
    try:
        where = addresses.target(message.url, loopback=loopback)
        checked = addresses.resolve(where, loopback=loopback)
        return Outcome(post(where, checked, message.body, headers))
    except InvalidInput as error:
        return Outcome(None, error.message)
    except (OSError, http.client.HTTPException, ValueError) as error:
        said = f"{type(error).__name__}: {error}".rstrip(": ")
        return Outcome(None, said[:LONGEST_ERROR])


def record(session: Session, webhook_id: int, message_id: int, outcome: Outcome) -> None:
    """Write down what came of a try, and when the next is due."""
    locked = select(Webhook).where(Webhook.id == webhook_id).with_for_update(key_share=True)
    webhook = session.scalars(locked).one()
    message = session.get_one(WebhookMessage, message_id)
    now = clock_time.now()
    message.status, message.error = outcome.status, outcome.error
    if outcome.taken:
        message.taken_at = now
        webhook.failing_since = None
    else:
        webhook.failing_since = webhook.failing_since or now
        if message.tries > len(TRY_AGAIN):
            message.given_up_at = now
        else:
            message.next_try_at = now + _pause(message.tries)
        if outcome.status == GONE or now - webhook.failing_since >= stopping.PATIENCE:
            stopping.stop(session, webhook)
    session.flush()


def _pause(tries: int) -> timedelta:
    # By chance a little sooner or later: what failed together need not come back together.
    return timedelta(seconds=TRY_AGAIN[tries - 1] * random.uniform(1 - JITTER, 1 + JITTER))


def forget(sessions: sessionmaker[Session]) -> int:
    """Delete messages that were settled long ago; returns how many."""
    settled = WebhookMessage.taken_at.is_not(None) | WebhookMessage.given_up_at.is_not(None)
    old = delete(WebhookMessage).where(settled, WebhookMessage.at < clock_time.now() - KEPT)
    with transaction(sessions) as session:
        return len(list(session.scalars(old.returning(WebhookMessage.id))))
