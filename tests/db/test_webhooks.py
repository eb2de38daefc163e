"""Webhooks to a real receiver: signed, at least once, in order, with patience, then stopped."""

import base64
import contextlib
import hashlib
import hmac
import json
import os
import signal
import socket
import threading
import time
from datetime import timedelta
from http.client import HTTPException

import pytest
from sqlalchemy import select

from metrics.deliver import deliver
from ops import client_questions, clock_time, db, guidelines, talk
from ops.errors import InvalidInput
from ops.intake import import_rows
from ops.intake.rows import Row
from ops.models import Notice, Webhook, WebhookMessage
from ops.webhooks import addresses, hooks, http, sending, stopping
from ops.webhooks.events import EVENTS
from ops.webhooks.outbox import tell
from tests.finished import finished
from tests.receiver import receiving


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"webhooks_to_loopback": True})


@pytest.fixture
def receiver():
    with receiving() as found:
        yield found


@pytest.fixture
def client(make):
    return make.user(role="client")


@pytest.fixture
def hook(session, client, receiver, settings):
    made = hooks.create(session, organisation_id=None, url=receiver.url, events=list(EVENTS),
                        by=client, settings=settings)  # fmt: skip
    session.commit()
    return made


class Later:
    """Time that stands still until it is told to go on."""

    def __init__(self):
        self.now = clock_time.now()
        clock_time.use(self.seconds)

    def seconds(self):
        return self.now.timestamp()

    def go(self, **more):
        self.now += timedelta(**more)


@pytest.fixture
def later():
    return Later()


def told(session, hook, n=1, kind="guideline.published"):
    for i in range(n):
        assert tell(session, hook.organisation_id, kind, f"key:{i}", {"version": i}) == 1
    session.commit()


def messages(session):
    session.expire_all()
    return session.scalars(select(WebhookMessage).order_by(WebhookMessage.id)).all()


def test_messages_are_signed_and_come_in_order_and_once(
    session, sessions, hook, receiver, settings
):
    told(session, hook, 3)
    assert tell(session, hook.organisation_id, "guideline.published", "key:0", {}) == 0
    session.commit()
    assert sending.send_due(sessions, settings) == 3
    assert sending.send_due(sessions, settings) == 0
    assert [json.loads(body)["data"]["version"] for _, body in receiver.got] == [0, 1, 2]
    key = base64.b64decode(hooks.secret(hook, settings).removeprefix("whsec_"))
    for (head, body), message in zip(receiver.got, messages(session), strict=True):
        assert (message.status, message.tries, message.taken_at is not None) == (204, 1, True)
        assert head["webhook-id"] == f"msg_{message.token.hex}"
        text = f"{head['webhook-id']}.{head['webhook-timestamp']}.".encode() + body
        signed = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
        assert head["webhook-signature"] == f"v1,{signed}"


def test_what_is_rolled_back_is_not_told_and_nobody_else_hears(
    session, sessions, hook, receiver, settings, make
):
    tell(session, hook.organisation_id, "guideline.published", "k", {"version": 1})
    session.rollback()
    other = make.project()
    guidelines.publish(session, other, "Theirs.", make.user(role="admin"))
    with pytest.raises(ValueError, match="no message may hold labeller"):
        tell(session, hook.organisation_id, "batch.completed", "k", {"labeller": "Ana"})
    with pytest.raises(ValueError, match="no message may hold gold"):
        tell(session, hook.organisation_id, "gold.made", "k", {})
    session.commit()
    assert sending.send_due(sessions, settings) == 0 and receiver.got == []


def test_a_refused_message_is_tried_again_later_and_lets_others_pass_in_the_end(
    session, sessions, hook, receiver, settings, later
):
    told(session, hook, 2)
    receiver.answers = [500, 302, 500, 500, 200]
    receiver.location = receiver.url.replace("/hook", "/elsewhere")
    for tries, pause in enumerate((5, 60, 300), 1):
        assert sending.send_due(sessions, settings) == 1
        first, second = messages(session)
        assert (first.tries, second.tries) == (tries, 0)
        wait = (first.next_try_at - later.now).total_seconds()
        assert 0.8 * pause <= wait <= 1.2 * pause
        assert sending.send_due(sessions, settings) == 0  # not before its time
        later.go(seconds=wait)
    # Refused a fourth time it no longer bars the way: a sweep that meets a refusal ends with it.
    assert [sending.send_due(sessions, settings) for _ in range(2)] == [1, 1]
    first, second = messages(session)
    assert (first.taken_at, second.status) == (None, 200)
    assert receiver.ids()[:4] == [f"msg_{first.token.hex}"] * 4
    assert set(receiver.paths) == {"/hook"}  # no redirect is followed


def test_whoever_is_killed_between_sending_and_writing_it_down_sends_it_again(
    session, sessions, hook, receiver, settings, later, database_url, monkeypatch
):
    told(session, hook, 2)
    monkeypatch.setattr(sending, "record", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    child = os.fork()
    if child == 0:  # a process of its own, with connections of its own
        signal.alarm(60)
        sending.send_due(db.make_sessions(db.make_engine(database_url)), settings)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    monkeypatch.undo()
    assert len(receiver.got) == 1
    assert sending.send_due(sessions, settings) == 0  # under its lease, the next waits behind it
    later.go(seconds=sending.LEASE.total_seconds() + 1)
    assert sending.send_due(sessions, settings) == 2
    first, second = (f"msg_{message.token.hex}" for message in messages(session))
    assert receiver.ids() == [first, first, second]


def test_a_machine_that_drips_holds_nobody_up(monkeypatch):
    """Every step comes in time, and the answer never ends: it is cut off all the same."""
    monkeypatch.setattr(http, "IN_ALL", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        where = addresses.target(f"http://127.0.0.1:{server.getsockname()[1]}/", loopback=True)

        def drip():
            taken, _ = server.accept()
            with taken, contextlib.suppress(OSError):
                taken.recv(4096)
                taken.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while True:
                    taken.sendall(b"x")
                    time.sleep(0.02)

        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises((OSError, HTTPException)):  # which, depends on where it is cut
            http.post(where, ["127.0.0.1"], b"{}", {})
        thread.join()


def test_after_three_days_it_is_stopped_and_told_of_and_resumed_it_gets_what_waited(
    session, sessions, hook, receiver, settings, later, client
):
    told(session, hook)
    receiver.answers = [503]
    while not session.get(Webhook, hook.id, populate_existing=True).stopped_at:
        sending.send_due(sessions, settings)
        later.go(hours=6)
    assert later.now - hook.failing_since >= stopping.PATIENCE
    (notice,) = session.scalars(select(Notice)).all()
    assert (notice.user_id, notice.url) == (client.id, f"/webhooks/{hook.id}")
    assert tell(session, hook.organisation_id, "guideline.published", "new", {}) == 0
    tried = len(receiver.got)
    assert sending.send_due(sessions, settings) == 0
    receiver.answers = [200]
    hooks.resume(session, hook, by=client)
    session.commit()
    assert sending.send_due(sessions, settings) == 1
    assert len(receiver.got) == tried + 1
    assert hook.failing_since is None
    receiver.answers = [410]
    hooks.test(session, hook, by=client)
    session.commit()
    sending.send_due(sessions, settings)
    assert session.get(Webhook, hook.id, populate_existing=True).stopped_at  # gone: at once


def test_a_new_secret_and_the_old_sign_together_for_a_day(
    session, sessions, hook, receiver, settings, client, later
):
    old = hooks.secret(hook, settings)
    hooks.rotate(session, hook, by=client)
    assert hooks.secret(hook, settings) != old
    for _ in range(2):
        hooks.test(session, hook, by=client)
        session.commit()
        sending.send_due(sessions, settings)
        later.go(days=1)
    signed = [head["webhook-signature"].split() for head, _ in receiver.got]
    assert [len(one) for one in signed] == [2, 1]


def test_an_address_inside_is_never_called_and_removed_ones_are_left_alone(
    session, sessions, hook, receiver, settings, client, later
):
    told(session, hook)
    shut = settings.model_copy(update={"webhooks_to_loopback": False})
    hook.url = receiver.url.replace("http://127.0.0.1", "https://localhost")
    session.commit()
    assert sending.send_due(sessions, shut) == 1
    (message,) = messages(session)
    assert "not of the public internet" in message.error and receiver.got == []
    with pytest.raises(InvalidInput):
        hooks.change(session, hook, url=receiver.url, events=["batch.received"], by=client,
                     settings=shut)  # fmt: skip
    hooks.remove(session, hook, by=client)
    session.commit()
    later.go(days=1)
    assert sending.send_due(sessions, settings) == 0
    message.taken_at = later.now
    session.commit()
    later.go(days=91)
    assert sending.forget(sessions) == 1


def test_a_lead_manages_webhooks_of_clients_whose_every_project_they_see(make, session, settings):
    project = make.project()
    lead = make.member(project, make.user(role="ops_lead"))
    good = {"url": "https://example.com/", "events": ["batch.completed"], "by": lead}
    made = hooks.create(session, organisation_id=project.organisation_id, settings=settings, **good)
    assert list(hooks.of(session, lead)) == [made]
    hidden = make.project(organisation=project.organisation)
    assert list(hooks.of(session, lead)) == []
    make.member(hidden, lead)
    for wrong, field in (
        ({"events": []}, "events"), ({"events": ["gold.made"]}, "events"), ({"url": "x"}, "url"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput) as refused:
            hooks.create(session, organisation_id=project.organisation_id, settings=settings,
                         **{**good, **wrong})  # fmt: skip
        assert refused.value.field == field
    stranger = make.project().organisation_id
    with pytest.raises(InvalidInput) as refused:
        hooks.create(session, organisation_id=stranger, settings=settings, **good)
    assert refused.value.field == "organisation"


def test_batches_guidelines_and_questions_are_told_of_as_they_come_about(make, session, settings):
    done = finished(make, session, reviewed=True)
    organisation = done.project.organisation_id
    admin = make.user(role="admin")
    make.user(role="client", organisation_id=organisation)
    hooks.create(session, organisation_id=organisation, url="https://example.com/",
                 events=list(EVENTS), by=admin, settings=settings)  # fmt: skip
    fresh = make.batch(done.project, name="March")
    rows = [Row(1, "one", text="A text."), Row(2, "two", text="Another.")]
    for n in (1, 2):
        import_rows(session, fresh, rows[:n], by=admin, settings=settings)
    guidelines.publish(session, done.project, "Look twice.", admin)
    asker = make.member(done.project, make.user(name="Ana"))
    (asset,) = make.assets(fresh)
    pin = {"at": "asset"}
    issue = talk.open_issue(session, done.project, asker, pin, "Is it?", key="k" * 8, asset=asset)
    for _ in range(2):
        client_questions.pass_on(session, issue, admin, "Is it a cat?")
    made = deliver(session, done.batch, admin)
    told = {m.kind: m.payload for m in messages(session)}
    kinds = ["batch.received", "guideline.published", "question.asked", "batch.delivered"]
    assert list(told) == kinds and len(messages(session)) == len(kinds)
    assert (told["batch.received"]["batch"], told["batch.received"]["assets"]) == ("March", 1)
    assert told["batch.delivered"]["digest"] == made.digest
    assert told["question.asked"]["issue_id"] == issue.id
    for kind, payload in told.items():
        assert set(payload) <= EVENTS[kind].fields and "Ana" not in str(payload)
