"""A set that was labelled elsewhere: brought in, scored anew, its suspects reviewed, let go."""

import io
import json

import numpy as np
import pytest
from sqlalchemy import select

from metrics.deliver import deliver
from ops import exports
from ops.config import Settings
from ops.errors import NotReady
from ops.formats.sources import opened
from ops.models import Asset, Batch, ReferenceModel
from quality.models import LabelScore, RescoreRun
from quality.rescoring import job, runs
from quality.review_sample import draw_review_sample
from scheduling.projects.intake import Terms, import_source
from tests.db.staging import Hands

CLASSES = ["ball", "crate"]
SIZE = (640, 480)
WRONG, EXTRA = 3, 8  # pictures whose imported label names a wrong class, or shows what is not there
GATE = {"accuracy": 0.8, "confidence": 0.9, "review_sample": 20, "rescore": True}


def seen(n: int) -> list[dict]:
    """What a picture shows: two objects far apart."""
    rng = np.random.default_rng(n)
    return [
        {"id": str(i), "class": CLASSES[int(rng.integers(2))],
         "box": [float(x + rng.integers(40)), float(60 + rng.integers(40)), 90.0, 120.0]}
        for i, x in enumerate((20, 380))
    ]  # fmt: skip


def labelled(n: int) -> list[dict]:
    """What its imported label says."""
    objects = [dict(one) for one in seen(n)]
    if n == WRONG:
        objects[0]["class"] = CLASSES[1 - CLASSES.index(objects[0]["class"])]
    if n == EXTRA:
        objects.append({"id": "2", "class": "ball", "box": [250.0, 300.0, 80.0, 80.0]})
    return objects


def coco(pictures: range) -> bytes:
    """The labels as a COCO file."""
    said = [(n, one) for n in pictures for one in labelled(n)]
    return json.dumps({
        "images": [
            {"id": n, "file_name": f"{n}.jpg", "width": SIZE[0], "height": SIZE[1]}
            for n in pictures
        ],
        "categories": [{"id": i, "name": key} for i, key in enumerate(CLASSES)],
        "annotations": [
            {"id": k, "image_id": n, "category_id": CLASSES.index(one["class"]),
             "bbox": one["box"], "area": one["box"][2] * one["box"][3], "iscrowd": 0}
            for k, (n, one) in enumerate(said)
        ],
    }).encode()  # fmt: skip


def predictions(pictures: range) -> bytes:
    """What a good model says of the same pictures, line by line."""
    lines = (
        {"external_id": f"{n}.jpg",
         "label": {"objects": [{**one, "score": 0.95} for one in seen(n)]}}
        for n in pictures
    )  # fmt: skip
    return "\n".join(json.dumps(line) for line in lines).encode()


@pytest.fixture
def settings(tmp_path, database_url):
    return Settings(home=tmp_path / "home", DATABASE_URL=database_url, asset_protocols="http,s3")


def contents(label):
    return sorted((one["class"], one["box"]) for one in label["objects"])


def test_a_set_from_elsewhere_is_scored_reviewed_and_let_go(
    make, session, sessions, settings, lead
):
    pictures = range(40)
    project = make.project(
        medium="image", label_type="boxes", classes=CLASSES, settings={"gate": GATE}
    )
    make.member(project, lead)
    reviewer = make.member(project, make.user(role="reviewer"))
    batch = make.batch(project)

    def bring(data, name, **terms):
        with opened(io.BytesIO(data), name) as source:
            return import_source(session, batch, source, Terms(**terms), by=lead, settings=settings)

    bring(coco(pictures), "labels.json", labels="labels", pictures="s3://client/")
    bring(predictions(pictures), "p.jsonl", labels="predictions", model="detector")
    model = session.scalars(select(ReferenceModel)).one()
    session.commit()
    with pytest.raises(NotReady):
        deliver(session, session.get_one(Batch, batch.id), lead)
    session.rollback()

    run = runs.request(session, session.get_one(Batch, batch.id), lead, model=model)
    session.commit()
    job.run(sessions, run.id)
    session.expire_all()
    run = session.get_one(RescoreRun, run.id)
    assert run.state == "done", run.error
    suspects = session.scalars(
        select(Asset.external_id)
        .join(LabelScore, LabelScore.asset_id == Asset.id)
        .where(LabelScore.run_id == run.id, LabelScore.suspect)
    ).all()
    assert sorted(suspects) == [f"{WRONG}.jpg", f"{EXTRA}.jpg"]

    batch = session.get_one(Batch, batch.id)
    draw_review_sample(session, batch, 20, lead, seed=1)
    session.commit()
    _review(Hands(session, sessions), reviewer)
    delivery = deliver(session, session.get_one(Batch, batch.id), lead)
    out = {one["external_id"]: one["label"] for one in exports.of_delivery(session, delivery.id)}
    assert out.keys() == {f"{n}.jpg" for n in pictures}
    for n in pictures:
        assert contents(out[f"{n}.jpg"]) == contents({"objects": seen(n)}), n
    assert runs.open_suspects(session, session.get_one(RescoreRun, run.id)) == 0
    assert delivery.report["rescore"]["suspects"] == 2


def _review(hands, reviewer):
    """The reviewer sees what is there: right labels are accepted, wrong ones mended."""
    while shown := hands.take(reviewer):
        assert shown["stage"] == "review"
        judged = contents(shown["judged"])
        right = next(
            (seen(n) for n in range(40) if contents({"objects": labelled(n)}) == judged), None
        )
        assert right is not None
        if contents({"objects": right}) == judged:
            hands.hand_in(reviewer, shown, verdict="accept")
        else:
            hands.hand_in(
                reviewer, shown, verdict="fix", objects=right, errors=[{"type": "wrong_class"}]
            )
