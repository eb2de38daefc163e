"""Webhooks of an organisation: made, changed, tried, resumed and removed by who may manage them."""

import uuid
from collections.abc import Collection, Sequence

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ops import audit_log, clock_time, scope
from ops.config import Settings
from ops.errors import Conflict, InvalidInput, NotFound
from ops.models import Organisation, Project, User, Webhook, WebhookMessage
from ops.webhooks import addresses, outbox, signing
from ops.webhooks.events import EVENTS, TEST

# A message is sent to each of them: more is a loop, or a leak.
MOST = 20
NEWEST = 50


def organisations(session: Session, user: User) -> Sequence[Organisation]:
    """The clients whose webhooks `user` may manage, by name.

    A client their own, an administrator all; a lead those of which they see every project, because
    a webhook is told of all of them.
    """
    asked = select(Organisation).where(Organisation.kind == "client")
    if user.role == "client":
        asked = asked.where(Organisation.id == user.organisation_id)
    elif user.role != "admin":
        theirs = select(Project.id).where(Project.organisation_id == Organisation.id)
        hidden = theirs.where(Project.id.not_in(scope.projects(user)))
        asked = asked.where(theirs.exists(), ~hidden.exists())
    return session.scalars(asked.order_by(Organisation.name)).all()


def of(session: Session, user: User) -> Sequence[Webhook]:
    """All webhooks that `user` may manage, those made last first."""
    mine = [one.id for one in organisations(session, user)]
    asked = select(Webhook).where(Webhook.organisation_id.in_(mine), Webhook.removed_at.is_(None))
    return session.scalars(asked.order_by(Webhook.id.desc())).all()


def find(session: Session, user: User, webhook_id: int) -> Webhook:
    """That webhook, if `user` may manage it. Raises NotFound."""
    found = session.get(Webhook, webhook_id)
    mine = {one.id for one in organisations(session, user)}
    if found is None or found.removed_at is not None or found.organisation_id not in mine:
        raise NotFound("There is no such webhook, or it is not yours.")
    return found


def create(
    session: Session,
    *,
    organisation_id: int | None,
    url: str,
    events: Collection[str],
    by: User,
    settings: Settings,
) -> Webhook:
    """A new webhook. Raises InvalidInput naming `organisation`, `url` or `events`."""
    mine = [one.id for one in organisations(session, by)]
    if organisation_id is None and len(mine) == 1:
        organisation_id = mine[0]
    if organisation_id not in mine:
        raise InvalidInput("choose one of the clients you work for", field="organisation")
    url, events = _clean(url, events, settings)
    # One at a time of an organisation, so that together they stay below the most.
    session.execute(
        select(Organisation.id)
        .where(Organisation.id == organisation_id)
        .with_for_update(key_share=True)
    )
    live = select(func.count()).where(
        Webhook.organisation_id == organisation_id, Webhook.removed_at.is_(None)
    )
    if (session.scalar(live) or 0) >= MOST:
        raise InvalidInput(f"there are {MOST} already: remove one first", field="url")
    made = Webhook(
        organisation_id=organisation_id,
        url=url,
        events=events,
        salt=signing.new_salt(),
        created_by=by.id,
        created_at=clock_time.now(),
    )
    session.add(made)
    session.flush()
    _record(session, made, by, "webhook.made", events=events)
    return made


def change(
    session: Session,
    webhook: Webhook,
    *,
    url: str,
    events: Collection[str],
    by: User,
    settings: Settings,
) -> None:
    """Another address, or other events. Raises InvalidInput naming `url` or `events`."""
    webhook.url, webhook.events = _clean(url, events, settings)
    session.flush()
    _record(session, webhook, by, "webhook.changed", events=webhook.events)


def _clean(url: str, events: Collection[str], settings: Settings) -> tuple[str, list[str]]:
    url = url.strip()
    addresses.target(url, loopback=settings.webhooks_to_loopback)
    unknown = sorted(set(events) - EVENTS.keys())
    if unknown:
        raise InvalidInput(f"there is no event {unknown[0]!r}", field="events")
    if not events:
        raise InvalidInput("choose one event at least", field="events")
    return url, [kind for kind in EVENTS if kind in set(events)]


def secret(webhook: Webhook, settings: Settings) -> str:
    """What the webhook's messages are signed with; kept nowhere."""
    return signing.secret(settings.secret_key, webhook.salt)


def note_revealed(session: Session, webhook: Webhook, *, by: User) -> None:
    """Somebody looked at the secret."""
    _record(session, webhook, by, "webhook.secret_shown")


def rotate(session: Session, webhook: Webhook, *, by: User) -> None:
    """A new secret. For a day messages are signed with the old one too."""
    webhook.old_salt, webhook.salt = webhook.salt, signing.new_salt()
    webhook.rotated_at = clock_time.now()
    session.flush()
    _record(session, webhook, by, "webhook.secret_changed")


def remove(session: Session, webhook: Webhook, *, by: User) -> None:
    """Tell it nothing more; what was not sent is not sent."""
    webhook.removed_at = clock_time.now()
    session.flush()
    _record(session, webhook, by, "webhook.removed")


def resume(session: Session, webhook: Webhook, *, by: User) -> None:
    """Send again to a webhook that was stopped; what waited is due at once. Raises Conflict."""
    if webhook.stopped_at is None:
        raise Conflict("This webhook was not stopped.")
    webhook.stopped_at = webhook.failing_since = None
    waiting = update(WebhookMessage).where(
        WebhookMessage.webhook_id == webhook.id,
        WebhookMessage.taken_at.is_(None),
        WebhookMessage.given_up_at.is_(None),
    )
    session.execute(waiting.values(next_try_at=clock_time.now()))
    session.flush()
    _record(session, webhook, by, "webhook.resumed")


def test(session: Session, webhook: Webhook, *, by: User) -> int:
    """Put a message into the outbox that says nothing but that it works; returns its id.

    Raises Conflict where the webhook is stopped.
    """
    if webhook.stopped_at is not None:
        raise Conflict("This webhook is stopped: resume it first.")
    key = f"test:{uuid.uuid4()}"
    written = outbox.write(session, webhook.id, TEST, key, {"webhook_id": webhook.id})
    assert written is not None  # the key is new
    _record(session, webhook, by, "webhook.tested")
    return written


def messages(session: Session, webhook: Webhook, limit: int = NEWEST) -> Sequence[WebhookMessage]:
    """The newest messages, the newest first."""
    asked = select(WebhookMessage).where(WebhookMessage.webhook_id == webhook.id)
    return session.scalars(asked.order_by(WebhookMessage.id.desc()).limit(limit)).all()


def redeliver(session: Session, webhook: Webhook, message_id: int, *, by: User) -> WebhookMessage:
    """Send a message again, with the same id: its receiver may know it. Raises NotFound."""
    asked = select(WebhookMessage).where(
        WebhookMessage.id == message_id, WebhookMessage.webhook_id == webhook.id
    )
    found = session.scalar(asked)
    if found is None:
        raise NotFound("This webhook has no such message.")
    found.taken_at = found.given_up_at = None
    found.next_try_at, found.tries = clock_time.now(), 0
    session.flush()
    _record(session, webhook, by, "webhook.redelivered", message=found.id)
    return found


def _record(session: Session, webhook: Webhook, by: User, action: str, **data: object) -> None:
    audit_log.record(
        session,
        by,
        action,
        f"webhook:{webhook.id}",
        organisation_id=webhook.organisation_id,
        **data,
    )
