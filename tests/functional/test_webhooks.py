"""Webhooks through pages and API: own ones only, secrets shown on purpose, faults at the field."""

import pytest
from sqlalchemy import select

from ops.models import AuditEntry, Webhook, WebhookMessage

GOOD = {"url": "https://example.com/hook", "events": ["batch.delivered", "guideline.published"]}


@pytest.fixture
def client(make, client_for):
    return client_for(make.user(role="client"))


def test_a_client_makes_tries_changes_and_removes_a_webhook_on_pages(client, session):
    assert "None yet" in client.get("/webhooks").text
    refused = client.post("/webhooks", data={"url": "http://example.com", "events": []})
    assert refused.status_code == 422
    assert "begins with https" in refused.text and 'value="http://example.com"' in refused.text
    assert client.post("/webhooks", data=GOOD).status_code == 303
    hook = session.scalars(select(Webhook)).one()
    page = f"/webhooks/{hook.id}"
    assert "whsec_" not in client.get(page).text
    shown = client.post(f"{page}/act", data={"action": "reveal"}).text
    assert "whsec_" in shown
    for action in ("test", "rotate", "resume"):
        assert client.post(f"{page}/act", data={"action": action}).status_code == 303
    assert client.post(f"{page}/act", data={"action": "explode"}).status_code == 404
    assert "webhook.test" in client.get(page).text
    message = session.scalars(select(WebhookMessage)).one()
    assert client.post(f"{page}/messages/{message.id}").status_code == 303
    assert client.post(f"{page}/messages/{message.id + 1}").status_code == 404
    changed = {"url": "https://example.com/other", "events": ["batch.received"]}
    assert client.post(page, data={**changed, "events": []}).status_code == 422
    assert client.post(page, data=changed).status_code == 303
    assert client.post(f"{page}/act", data={"action": "remove"}).status_code == 303
    assert client.get(page).status_code == 404
    actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert [action for action in actions if action.startswith("webhook.")] == [
        "webhook.made", "webhook.secret_shown", "webhook.tested", "webhook.secret_changed",
        "webhook.redelivered", "webhook.changed", "webhook.removed",
    ]  # fmt: skip


def test_the_api_does_the_same_and_nobody_reaches_anothers(client, client_for, make, session):
    api = "/api/v1/webhooks"
    refused = client.post(api, json={**GOOD, "events": ["gold.made"]})
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "events")
    made = client.post(api, json=GOOD)
    assert made.status_code == 201 and made.json["secret"].startswith("whsec_")
    one = f"{api}/{made.json['id']}"
    assert "secret" not in client.get(one).json
    assert client.post(f"{one}/secret").json["secret"] != made.json["secret"]
    sent = client.post(f"{one}/test")
    assert (sent.status_code, sent.json["kind"], sent.json["tries"]) == (201, "webhook.test", 0)
    (listed,) = client.get(f"{one}/messages").json["messages"]
    assert listed == sent.json
    assert client.post(f"{one}/messages/{listed['id']}/redeliver").json["id"] == listed["id"]
    assert client.put(one, json={**GOOD, "events": ["batch.received"]}).json["events"] == [
        "batch.received"
    ]
    assert client.post(f"{one}/resume").status_code == 409
    lead = make.user(role="ops_lead")
    make.member(make.project(), lead)
    for stranger in (client_for("client"), client_for(lead)):
        assert stranger.get(one).status_code == 404
        assert stranger.get(api).json == {"webhooks": []}
        assert stranger.delete(one).status_code == 404
    theirs = {**GOOD, "organisation": session.get(Webhook, made.json["id"]).organisation_id}
    assert client_for(lead).post(api, json=theirs).status_code == 422
    assert [row["id"] for row in client_for("admin").get(api).json["webhooks"]] == [made.json["id"]]
    assert client_for("labeller").get(api).status_code == 403
    assert client.delete(one).status_code == 204
    assert client.get(one).status_code == 404
