"""Pages and API of a batch for leads: what holds it back, the buttons that help, letting it go."""

import hashlib

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from ops import sealer
from ops.models import Delivery
from quality.models import ReviewSample
from tests.factories import Make
from tests.finished import Finished, finished


@pytest.fixture
def held(make: Make, session: Session) -> Finished:
    return finished(make, session, reviewed=False)


@pytest.fixture
def ready(make: Make, session: Session) -> Finished:
    return finished(make, session)


def test_the_page_says_why_a_batch_is_held_back_and_offers_what_helps(held, client_for):
    client = client_for(held.lead)
    page = client.get(f"/batches/{held.batch.id}")
    assert page.status_code == 200
    assert "Held back" in page.text
    assert "0 of 5 randomly drawn labels are reviewed" in page.text
    assert f"/batches/{held.batch.id}/sample" in page.text
    assert f"/batches/{held.batch.id}/deliver" not in page.text


def test_drawing_a_sample_opens_reviews(held, client_for, session: Session):
    client = client_for(held.lead)
    answer = client.post(f"/batches/{held.batch.id}/sample", data={"n": "7"}, follow_redirects=True)
    assert "7 more labels were drawn" in answer.text
    assert session.scalar(select(func.count()).select_from(ReviewSample)) == 7
    # Something is under way: the page looks again by itself.
    assert "hx-trigger" in answer.text
    live = client.get(f"/batches/{held.batch.id}/live")
    assert "Still to review" in live.text
    assert "<html" not in live.text


@pytest.mark.parametrize("n", ["", "0", "-3", "1.5", "many", "9" * 30])
def test_a_bad_number_is_refused_in_words(held, client_for, session: Session, n: str):
    client = client_for(held.lead)
    answer = client.post(f"/batches/{held.batch.id}/sample", data={"n": n}, follow_redirects=True)
    assert answer.status_code == 200
    assert "alert-danger" in answer.text
    assert session.scalar(select(func.count()).select_from(ReviewSample)) == 0


def test_delivering_from_the_page(ready, client_for, session: Session):
    client = client_for(ready.lead)
    path = f"/batches/{ready.batch.id}"
    assert f"{path}/deliver" in client.get(path).text
    done = client.post(f"{path}/deliver", follow_redirects=True)
    assert "Delivered: 20 labels" in done.text
    assert "Being sealed" in done.text
    again = client.post(f"{path}/deliver", follow_redirects=True)
    assert "was delivered already" in again.text
    assert session.scalar(select(func.count()).select_from(Delivery)) == 1
    assert client.get(f"{path}/report").status_code == 200
    pdf = client.get(f"{path}/report.pdf")
    assert pdf.mimetype == "application/pdf"
    assert pdf.data.startswith(b"%PDF-")


def test_a_batch_held_back_cannot_be_delivered_by_hand(held, client_for, session: Session):
    client = client_for(held.lead)
    answer = client.post(f"/batches/{held.batch.id}/deliver", follow_redirects=True)
    assert "The gate holds this batch back" in answer.text
    assert session.scalar(select(func.count()).select_from(Delivery)) == 0
    by_api = client.post(f"/api/v1/batches/{held.batch.id}/deliver")
    assert by_api.status_code == 409
    assert {r["term"] for r in by_api.json["reasons"]} == {"review_sample", "accuracy"}
    assert client.get(f"/batches/{held.batch.id}/report").status_code == 404


def test_the_list_shows_the_batches_of_ones_projects(ready, held, client_for, make: Make):
    other = make.floor()
    page = client_for(ready.lead).get("/batches")
    assert ready.batch.name in page.text
    assert held.batch.name not in page.text
    assert other.batch.name not in page.text
    everything = client_for("admin").get("/batches")
    assert held.batch.name in everything.text


def test_nobody_reaches_the_batch_of_another_project(ready, client_for):
    stranger = client_for("ops_lead")
    path, api = f"/batches/{ready.batch.id}", f"/api/v1/batches/{ready.batch.id}"
    for address in (path, f"{path}/live", f"{path}/labels.jsonl", f"{path}/report", f"{api}/gate"):
        assert stranger.get(address).status_code == 404, address
    for address in (f"{path}/sample", f"{path}/deliver", f"{path}/rescore", f"{api}/deliver"):
        assert stranger.post(address, data={"n": "3"}).status_code == 404, address


def test_labels_can_be_taken_away_in_both_formats(ready, client_for):
    client = client_for(ready.lead)
    lines = client.get(f"/batches/{ready.batch.id}/labels.jsonl")
    assert len(lines.text.splitlines()) == 20
    table = client.get(f"/batches/{ready.batch.id}/labels.csv")
    assert table.text.splitlines()[0].startswith("external_id,class,")
    assert "attachment" in table.headers["Content-Disposition"]
    assert client.get(f"/batches/{ready.batch.id}/labels.xml").status_code == 404


def test_the_api_from_gate_to_export(ready, client_for, sessions: sessionmaker[Session]):
    client = client_for(ready.lead)
    gate = client.get(f"/api/v1/batches/{ready.batch.id}/gate").json
    assert (gate["passed"], gate["reasons"]) == (True, [])
    made = client.post(f"/api/v1/batches/{ready.batch.id}/deliver")
    assert made.status_code == 201
    number = made.json["id"]
    waiting = client.get(f"/api/v1/deliveries/{number}/export")
    assert waiting.status_code == 409
    sealer.seal(sessions)
    export = client.get(f"/api/v1/deliveries/{number}/export")
    found = client.get(f"/api/v1/deliveries/{number}").json
    assert found["sealed"] is True
    assert hashlib.sha256(export.data).hexdigest() == found["digest"] == made.json["digest"]
    assert client.get(f"/api/v1/deliveries/{number}/export?format=xml").status_code == 422
    drawn = client.post(f"/api/v1/batches/{ready.batch.id}/review-sample", json={"n": 1})
    assert drawn.status_code == 409  # delivered: frozen


def test_re_scoring_is_asked_for_on_the_page(make: Make, session: Session, client_for):
    from quality.models import RescoreRun

    done = finished(make, session, assets=25, settings={"gate": {"accuracy": 0.8}})
    client = client_for(done.lead)
    path = f"/batches/{done.batch.id}"
    assert f"{path}/rescore" in client.get(path).text
    asked = client.post(f"{path}/rescore", follow_redirects=True)
    assert "was queued" in asked.text
    assert "Re-scoring" in asked.text
    assert session.scalars(select(RescoreRun.state)).all() == ["queued"]
    again = client.post(f"{path}/rescore", follow_redirects=True)
    assert "under way" in again.text


def test_the_number_of_statements_does_not_grow_with_the_batch(
    make: Make, session: Session, client_for, count_queries: list[str]
):
    seen = []
    for size in (10, 40):
        done = finished(make, session, assets=size)
        client = client_for(done.lead)
        count_queries.clear()
        client.get(f"/batches/{done.batch.id}")
        seen.append(len(count_queries))
    assert seen[0] == seen[1] <= 30


def test_re_scoring_through_the_api(session, make, client_for):
    floor = make.floor(assets=3)
    lead = make.user("ops_lead")
    make.member(floor.project, lead)
    client = client_for(lead)
    path = f"/api/v1/batches/{floor.batch.id}/rescore-runs"
    assert client.get(path).json == {"runs": []}
    refused = client.post(path, json={})
    assert refused.status_code == 409
    assert "at least 20" in refused.json["detail"]
    assert client.post(path, json={"folds": 1}).status_code == 422
