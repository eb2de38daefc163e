"""Objects without a model: each object is cut out and judged by who learnt from the others."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw
from pycocotools import mask as coco_mask

from ops import config, storage
from ops.db import transaction
from quality.models import RescoreRun
from quality.rescoring import job, runs

CLASSES = ["ball", "crate"]
WRONG = {7: 0, 31: 1}  # picture → the object in it whose class is wrong


@pytest.fixture
def home(settings, monkeypatch):
    monkeypatch.setenv("TOUCHSTONE_HOME", str(settings.home))
    return config.load()


def mask(box, round_):
    """The pixels of a shape in its box as COCO's run lengths."""
    drawn = Image.new("1", (120, 120))
    x, y, w, h = box
    shape = ImageDraw.Draw(drawn).ellipse if round_ else ImageDraw.Draw(drawn).rectangle
    shape((x, y, x + w, y + h), fill=1)
    made = coco_mask.encode(np.asfortranarray(np.array(drawn), dtype=np.uint8))
    return {"size": [120, 120], "counts": made["counts"].decode()}


@pytest.fixture
def label_type():
    return "boxes"


@pytest.fixture
def drawn(make, session, home, label_type):
    """50 pictures of two balls or crates each."""
    floor = make.floor(
        assets=0, labellers=0, label_type=label_type, medium="image", classes=CLASSES
    )
    rng = np.random.default_rng(4)
    floor.assets = []
    for n in range(50):
        picture = Image.fromarray(rng.integers(160, 220, (120, 120), dtype=np.uint8))
        pen, objects = ImageDraw.Draw(picture), []
        for i, (x, y) in enumerate(np.array([[0, 0], [60, 60]]) + rng.integers(0, 15, (2, 2))):
            key, side = CLASSES[int(rng.integers(2))], int(rng.integers(30, 40))
            shape = pen.ellipse if key == "ball" else pen.rectangle
            shape((x, y, x + side, y + side), fill=int(rng.integers(20, 90)))
            box = [float(x), float(y), float(side), float(side)]
            where = {"box": box} if label_type == "boxes" else {"rle": mask(box, key == "ball")}
            objects.append({"id": str(i), "class": key, **where})
        out = io.BytesIO()
        picture.save(out, "PNG")
        uri = storage.keep_upload(out.getvalue(), home)
        asset = make.assets(floor.batch, 1, text=None, uri=uri, width=120, height=120)[0]
        if n in WRONG:
            one = objects[WRONG[n]]
            one["class"] = CLASSES[1 - CLASSES.index(one["class"])]
        make.decided(asset, label={"objects": objects})
        floor.assets.append(asset)
    session.commit()
    return floor


def scored(sessions, session, batch):
    with transaction(sessions) as s:
        run_id = runs.request(s, batch, None).id
    job.run(sessions, run_id)
    session.expire_all()
    return session.get_one(RescoreRun, run_id)


@pytest.mark.parametrize("label_type", ["boxes", "masks"])
def test_objects_of_the_wrong_class_are_found(drawn, session, sessions):
    run = scored(sessions, session, drawn.batch)
    assert (run.state, run.error) == ("done", "")
    assert run.summary["balanced_accuracy"] > 0.9
    assert run.provenance["objects"] == 100
    found = {asset.id: score for score, asset in runs.suspects(session, run)}
    assert set(found) == {drawn.assets[n].id for n in WRONG}
    for n, place in WRONG.items():
        score = found[drawn.assets[n].id]
        assert score.error == "wrong class"
        assert [told["given"] for told in score.evidence["objects"]] == [str(place)]
        assert "looks like" in score.reason


def test_pictures_that_cannot_be_read_are_left_to_people(drawn, session, sessions):
    for asset in drawn.assets:
        asset.uri = "upload:none"
    session.commit()
    run = scored(sessions, session, drawn.batch)
    assert run.state == "done"
    assert run.summary["unheard"] == 50
    assert run.summary["weak"]
