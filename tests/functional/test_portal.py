"""What a client sees: their own projects and deliveries, no names, no costs, no other client."""

import hashlib

import pytest
from sqlalchemy.orm import Session, sessionmaker

from metrics.deliver import deliver
from ops import sealer
from ops.models import Delivery
from tests.factories import Make
from tests.finished import Finished, finished

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def done(make: Make, session: Session) -> Finished:
    return finished(make, session, purpose=HOSTILE)


@pytest.fixture
def made(done: Finished, session: Session) -> Delivery:
    delivery = deliver(session, done.batch, done.lead)
    session.commit()
    return delivery


@pytest.fixture
def client(done: Finished, client_for):
    return client_for("client", organisation_id=done.project.organisation_id)


def test_a_client_sees_projects_and_how_far_batches_are(done, client):
    page = client.get("/portal")
    assert done.project.name in page.text
    assert done.batch.name in page.text
    assert "20 of 20" in page.text
    assert "In final checks" in page.text
    assert HOSTILE not in page.text


def test_a_delivery_waits_for_its_seal(made, client, sessions: sessionmaker[Session]):
    assert "Being sealed" in client.get("/portal").text
    labels = f"/portal/deliveries/{made.id}/labels.jsonl"
    assert client.get(labels).status_code == 409
    assert client.get(f"/portal/deliveries/{made.id}/report.pdf").status_code == 409
    sealer.seal(sessions)
    assert "Delivered" in client.get("/portal").text
    assert hashlib.sha256(client.get(labels).data).hexdigest() == made.digest
    assert client.get(f"/portal/deliveries/{made.id}/report.pdf").data.startswith(b"%PDF-")


def test_the_report_is_readable_and_inert(made, client):
    page = client.get(f"/portal/deliveries/{made.id}")
    assert page.status_code == 200
    assert made.digest in page.text
    assert "sha256sum" in page.text
    assert "Krippendorff" in page.text
    assert HOSTILE not in page.text
    assert "<svg" in page.text


def test_no_names_and_no_costs(done, made, client, sessions: sessionmaker[Session]):
    sealer.seal(sessions)
    base = f"/portal/deliveries/{made.id}"
    pages = ["/portal", base, f"{base}/labels.csv", f"/api/v1/deliveries/{made.id}"]
    for address in pages:
        answer = client.get(address)
        assert answer.status_code == 200
        for person in (*done.labellers, done.lead):
            assert person.name not in answer.text, address
            assert str(person.pseudonym) not in answer.text, address
        assert "cost" not in answer.text.lower(), address


def test_another_client_sees_nothing_of_it(done, made, client_for, sessions: sessionmaker[Session]):
    sealer.seal(sessions)
    other = client_for("client")
    assert done.project.name not in other.get("/portal").text
    base = f"/portal/deliveries/{made.id}"
    api = f"/api/v1/deliveries/{made.id}"
    for address in (base, f"{base}/report.pdf", f"{base}/labels.jsonl", api, f"{api}/export"):
        assert other.get(address).status_code == 404, address


def test_a_client_may_not_act_as_a_lead(done, made, client):
    for address in (
        f"/batches/{done.batch.id}",
        "/batches",
        f"/api/v1/batches/{done.batch.id}/gate",
    ):
        assert client.get(address).status_code == 403, address
    assert client.post(f"/batches/{done.batch.id}/deliver").status_code == 403


def test_a_client_without_projects_is_told_so(client_for):
    assert "No projects yet" in client_for("client").get("/portal").text


def test_more_batches_take_no_more_statements(done, made, client, make, session, count_queries):
    def sent() -> int:
        session.commit()
        count_queries.clear()
        assert client.get("/portal").status_code == 200
        return len(count_queries)

    sent()  # what is asked once is asked now
    before = sent()
    for _ in range(3):
        make.assets(make.batch(done.project), 2)
    assert sent() == before
