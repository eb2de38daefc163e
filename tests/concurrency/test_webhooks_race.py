"""One fact told by many at once is one message; many sweeps at once send it once."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any

import pytest
from sqlalchemy import select

from ops.db import transaction
from ops.models import WebhookMessage
from ops.webhooks import hooks, sending
from ops.webhooks.outbox import tell
from tests.receiver import receiving

pytestmark = pytest.mark.serial
MANY = 4


def test_many_tell_and_send_at_once(
    make: Any, session: Any, sessions: Any, settings: Any, monkeypatch: Any
) -> None:
    client = make.user(role="client")
    settings = settings.model_copy(update={"webhooks_to_loopback": True})
    with receiving() as receiver, ThreadPoolExecutor(MANY) as pool:
        made = hooks.create(
            session, organisation_id=None, url=receiver.url, events=["guideline.published"],
            by=client, settings=settings,
        )  # fmt: skip
        session.commit()

        def say(_: int) -> int:
            with transaction(sessions) as own:
                kinds = (made.organisation_id, "guideline.published")
                return sum(tell(own, *kinds, f"key:{n}", {"version": n}) for n in range(5))

        assert sum(pool.map(say, range(MANY))) == 5
        # Without the lock of the sweep too: a message is leased by whoever takes it.
        monkeypatch.setattr(sending, "alone", lambda *_: nullcontext(True))
        tried = list(pool.map(lambda _: sending.send_due(sessions, settings), range(MANY)))
        assert sum(tried) == 5
        messages = session.scalars(select(WebhookMessage).order_by(WebhookMessage.id)).all()
        assert receiver.ids() == [f"msg_{message.token.hex}" for message in messages]
