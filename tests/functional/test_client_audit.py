"""An audit over HTTP: by pages and by the API, each write with its entry; nothing leaks."""

import json

import pytest
from sqlalchemy import func, select

from metrics.deliver import deliver
from ops import sealer
from ops.models import AcceptanceItem, AuditEntry, Webhook, WebhookMessage
from ops.webhooks.events import EVENTS
from tests.finished import TERMS, finished


@pytest.fixture
def made(make, session, sessions):
    service = {"accuracy": 0.9, "turnaround_days": 5}
    done = finished(make, session, alone=True, settings={"gate": TERMS, "service": service})
    for person in done.labellers:
        person.name = "Lena Labeller"
    found = deliver(session, done.batch, done.lead)
    session.commit()
    sealer.seal(sessions)
    found.lead, found.organisation = done.lead, done.project.organisation_id
    return found


@pytest.fixture
def client(client_for, made):
    return client_for("client", organisation_id=made.organisation)


@pytest.fixture
def recorded(session):
    """Call it after a write: there is one entry more, by this person, without a name."""
    seen = [session.scalar(select(func.max(AuditEntry.id))) or 0]

    def recorded(client):
        session.expire_all()
        new = session.scalars(select(AuditEntry).where(AuditEntry.id > seen[0])).all()
        seen[0] = max(entry.id for entry in new)
        assert client.user.pseudonym in {entry.actor for entry in new}
        assert "lena" not in json.dumps([entry.data for entry in new]).lower()

    return recorded


def test_pages_lead_through_an_audit(made, client, client_for, recorded, session, make):
    base = f"/portal/deliveries/{made.id}/audit"
    assert "if none is wrong" in client.get(base).text
    assert client.get(f"{base}/1").status_code == 404
    assert client.post(base, data={"n": "99"}).status_code == 422
    assert client.post(base, data={"n": "2", "seed": "7"}).status_code == 302
    recorded(client)
    (go,) = [client.post(f"{base}/next")]
    assert go.location.endswith(f"{base}/1")
    missing = client.post(f"{base}/1", data={"verdict": "wrong", "remark": "kept"})
    assert (missing.status_code, "kept" in missing.text) == (422, True)
    said = {"verdict": "wrong", "errors": ["wrong_class"], "remark": "It is B."}
    assert client.post(f"{base}/1", data=said).location.endswith(f"{base}/2")
    recorded(client)
    other = client_for("client", organisation_id=made.organisation)
    other.post(f"{base}/1", data={"verdict": "right"})
    assert "has looked at this item" in other.get(base).text
    taken = set(session.scalars(select(AcceptanceItem.asset_id)))
    names = {a.external_id for a in _assets(session, made) if a.id not in taken}
    assert client.post(f"{base}/choose", data={"external_id": "none such"}).status_code == 422
    chosen = client.post(f"{base}/choose", data={"external_id": min(names)})
    assert min(names) in client.get(chosen.location).text
    recorded(client)
    assert client.post(f"{base}/decide", data={"decision": "maybe"}).status_code == 422
    assert client.post(f"{base}/decide", data={"decision": "reject"}).status_code == 302
    recorded(client)
    late = other.post(f"{base}/decide", data={"decision": "accept"})
    assert "rejected this delivery" in other.get(late.location).text
    page = client.get(base).text
    for secret in ("Lena", "labeller", "gold", "standing"):
        assert secret not in page.partition("<main")[2]
    lead = client_for(made.lead)
    assert "Lena Labeller" in lead.get(f"/batches/{made.batch_id}/acceptance").text
    cause = f"/batches/{made.batch_id}/acceptance/1/1"
    assert lead.get(cause).status_code == 200
    assert lead.post(cause, data={"cause": "guideline", "reason": ""}).status_code == 422
    assert lead.post(cause, data={"cause": "guideline", "reason": "r"}).status_code == 302
    recorded(lead)
    assert "The instructions left it open" in client.get(base).text
    assert "first delivery" in client.get(f"/portal/deliveries/{made.id}/changes").text
    assert "Being mended" in client.get(f"/portal/projects/{made.batch.project_id}").text


def _assets(session, made):
    from ops.models import Asset

    return session.scalars(select(Asset).where(Asset.batch_id == made.batch_id)).all()


def test_a_machine_does_the_same_and_others_are_told(made, client, recorded, session):
    hook = Webhook(
        organisation_id=made.organisation, url="https://example.com/", salt="s",
        events=["delivery.rejected"], created_by=client.user.id, created_at=made.delivered_at,
    )  # fmt: skip
    session.add(hook)
    session.commit()
    base = f"/api/v1/deliveries/{made.id}"
    before = client.get(f"{base}/audit").json
    assert (before["state"], before["agreed"], before["items"]) == ("none", 0.9, [])
    drawn = client.post(f"{base}/audit", json={"n": 3, "seed": 1})
    assert drawn.status_code == 201
    recorded(client)
    again = client.post(f"{base}/audit", json={"n": 3, "seed": 1}).json
    assert [i["external_id"] for i in again["items"]] == [
        i["external_id"] for i in drawn.json["items"]
    ]
    one = f"{base}/audit/items/1"
    refused = client.http.put(
        one, json={"verdict": "wrong", "errors": ["none"]}, headers={"X-CSRFToken": client._csrf}
    )
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "errors")
    client._send("PUT", one, json={"verdict": "wrong", "errors": ["wrong_class"]})
    recorded(client)
    first = drawn.json["items"][0]["external_id"]
    assert client.post(f"{base}/audit/items", json={"external_id": first}).json["position"] == 1
    left = {a.external_id for a in _assets(session, made)}
    left -= {item["external_id"] for item in drawn.json["items"]}
    more = client.post(f"{base}/audit/items", json={"external_id": min(left)})
    assert (more.status_code, more.json["chosen"]) == (201, True)
    recorded(client)
    done = client.post(f"{base}/decision", json={"decision": "reject", "remarks": "r"})
    assert (done.status_code, done.json["state"]) == (200, "rejected")
    recorded(client)
    assert done.json["items"][0]["cause"]
    assert client.post(f"{base}/decision", json={"decision": "accept"}).status_code == 409
    assert client.get(f"{base}/differences").json == {
        "delivery": made.id, "before": None, "items": [],
    }  # fmt: skip
    (message,) = session.scalars(select(WebhookMessage))
    assert message.kind == "delivery.rejected"
    assert message.payload.keys() == EVENTS[message.kind].fields
    assert (message.payload["wrong"], message.payload["rework"]) == (1, 1)
