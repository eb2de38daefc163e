"""Gold, samples, re-scoring, deliveries."""

import io

from ops.flags import raise_flag
from tests.finished import finished


def _questioned(w):
    """A gold that a reviewer disputes."""
    one = w.gold(1)
    raise_flag(
        w.session, project_id=w.project.id, kind="gold_disputed", reason="r",
        asset_id=one.asset_id, evidence={"answered": "b"},
    )  # fmt: skip
    return one


def _decided(w):
    """An asset whose label a reviewer decided."""
    w.make.decided(w.floor.assets[2], "a", method="review")
    return w.floor.assets[2]


def _batch(path, **data):
    return lambda w: w.post(f"/batches/{w.done().batch.id}/{path}", data=data)


def _predictions(w):
    line = f"external_id,label\n{w.floor.assets[0].external_id},a\n".encode()
    return {"name": "m", "kind": "predictions", "file": (io.BytesIO(line), "p.csv")}


CASES = {
    "projects.make_gold": lambda w: w.post(
        f"{w.base}/gold", data={"asset": w.floor.assets[0].id, "class": "a"}
    ),
    "projects.change_gold": lambda w: w.post(
        f"{w.base}/gold/{w.gold().id}", data={"action": "retire", "reason": "r"}
    ),
    "projects.retire_gold": lambda w: w.post(
        f"{w.base}/gold/retire", data={"gold": w.gold().id, "reason": "r"}
    ),
    "projects.decide_gold": lambda w: w.post(
        f"{w.base}/gold/contention/{_questioned(w).id}", data={"decision": "keep"}
    ),
    "projects.make_reviewed_gold": lambda w: w.post(
        f"{w.base}/gold/reviewed", data={"asset": _decided(w).id}
    ),
    "api_projects.make_gold": lambda w: w.post(
        f"{w.api}/gold", json={"assets": [_decided(w).id]}
    ),
    "api_projects.revise_gold": lambda w: w.post(
        f"{w.api}/gold/{w.gold().id}", json={"answers": [{"class": "b"}], "reason": "r"}
    ),
    "api_projects.retire_gold": lambda w: w.post(
        f"{w.api}/gold/retire", json={"gold": [w.gold().id], "reason": "r"}
    ),
    "api_projects.decide_contention": lambda w: w.post(
        f"{w.api}/gold/contention/{_questioned(w).id}", json={"decision": "retire"}
    ),
    "batches.draw": lambda w: w.post(
        f"/batches/{finished(w.make, w.session, reviewed=False).batch.id}/sample", data={"n": "2"}
    ),
    "batches.rescore": _batch("rescore"),
    "batches.deliver": _batch("deliver"),
    "deliveries.draw": lambda w: w.post(
        f"/api/v1/batches/{finished(w.make, w.session, reviewed=False).batch.id}/review-sample",
        json={"n": 2},
    ),
    "rescoring_api.start": lambda w: w.post(
        f"/api/v1/batches/{w.done().batch.id}/rescore-runs", json={}
    ),
    "rescoring_api.give": lambda w: w.post(f"{w.api}/reference-models", data=_predictions(w)),
    "rescoring.start": _batch("rescoring"),
    "rescoring.give": lambda w: w.post(
        f"/projects/{w.project.id}/references", data=_predictions(w)
    ),
    "deliveries.deliver_batch": lambda w: w.post(
        f"/api/v1/batches/{w.done().batch.id}/deliver"
    ),
}  # fmt: skip
