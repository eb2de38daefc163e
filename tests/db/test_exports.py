"""What goes out: every label once, in order, across chunks; a delivery exactly as it was frozen."""

import json

import pytest

from ops import clock_time, exports, ontologies, reopened
from ops.formats import csv, jsonl
from ops.models import Delivery, DeliveryItem, GateVerdict


def test_every_label_comes_once_whatever_the_chunk(session, make, monkeypatch):
    batch = make.batch(make.project())
    assets = make.assets(batch, 11)
    for n, asset in enumerate(assets[:10]):
        make.decided(asset, "a")
        if n % 2:
            make.decided(asset, "b")
    other = make.assets(make.batch(batch.project), 1)
    make.decided(other[0])
    whole = list(exports.of_batch(session, batch.id))
    monkeypatch.setattr(exports, "CHUNK", 3)
    assert list(exports.of_batch(session, batch.id)) == whole
    assert [one["external_id"] for one in whole] == [a.external_id for a in assets[:10]]
    assert [one["label"]["class"] for one in whole] == ["a", "b"] * 5


@pytest.fixture
def delivery(session, make):
    batch = make.batch(make.project())
    (asset,) = make.assets(batch, 1)
    at = clock_time.now()
    verdict = GateVerdict(batch_id=batch.id, passed=True, terms={}, figures={}, reasons=[], at=at)
    session.add(verdict)
    session.flush()
    made = Delivery(
        batch_id=batch.id,
        version=1,
        verdict_id=verdict.id,
        ontology_version_id=ontologies.current(session, batch.project_id).id,
        items=1,
        digest="0" * 64,
        report={},
        report_digest="0" * 64,
        delivered_by=make.user(role="ops_lead").id,
        delivered_at=at,
    )
    session.add(made)
    session.flush()
    session.add(
        DeliveryItem(
            delivery_id=made.id,
            asset_id=asset.id,
            external_id="as it was",
            label={"class": "a"},
            method="review",
            probability=None,
            answers=3,
        )
    )
    session.flush()
    reopened.reopen(session, batch, made, [asset.id], "rejected", at)
    make.decided(asset, "b")  # what came later is not in it
    return made


def test_a_delivery_comes_out_as_it_was_frozen(session, delivery):
    (line,) = jsonl.lines(exports.of_delivery(session, delivery.id))
    assert json.loads(line) == {
        "external_id": "as it was",
        "label": {"class": "a"},
        "method": "review",
        "probability": None,
        "answers": 3,
    }
    table = list(csv.lines(exports.of_delivery(session, delivery.id)))
    assert table == [
        "external_id,class,method,probability,answers,agreement\n",
        "as it was,a,review,,3,\n",
    ]
