"""The practitioners' orders of cleaning as re-score runs: planted errors come first, with words."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw
from pycocotools import mask
from sqlalchemy import select

from ops import config, references, storage
from ops.db import transaction
from ops.errors import InvalidInput
from ops.models import OntologyVersion, Task
from ops.references import Said
from quality.models import LabelScore, RescoreRun
from quality.rescoring import job, runs

KEYS = ["bus", "car", "dog"]
N = 90
WRONG = {9: "car", 31: "dog", 50: "car"}  # asset → the class it is given, and is not
BETWEEN = (12, 64)  # look like two classes at once


def vectors():
    """(N, 8): three clouds far apart, and two items that lie right between two of them."""
    rng = np.random.default_rng(2)
    centres = 4 * np.eye(3, 8)
    found = centres[np.arange(N) % 3] + rng.normal(0, 0.4, (N, 8))
    for n in BETWEEN:
        found[n] = (centres[n % 3] + centres[(n + 1) % 3]) / 2
    return found.astype(np.float32)


@pytest.fixture
def embedded(make, session):
    """Texts with embeddings, and what makes their label: `labelled(of)`."""

    def embedded(label_type, label):
        floor = make.floor(assets=N, labellers=0, label_type=label_type, classes=KEYS)
        for n, asset in enumerate(floor.assets):
            make.decided(asset, label=label(n))
        ids = [asset.external_id for asset in floor.assets]
        floor.model = references.give_embeddings(
            session, floor.project, "vectors", ids, vectors(), by=None
        )
        session.commit()
        return floor

    return embedded


def a_class(n):
    return {"class": WRONG.get(n, KEYS[n % 3])}


def asked(sessions, floor, **settings):
    with transaction(sessions) as s:
        run = runs.request(s, floor.batch, None, settings=settings, model=floor.model)
        return run.id


def scored(sessions, session, floor, **settings):
    """The suspects of a finished run, in their order, by the number of the asset."""
    run_id = asked(sessions, floor, **settings)
    job.run(sessions, run_id)
    session.expire_all()
    run = session.get_one(RescoreRun, run_id)
    assert run.state == "done", run.error
    number = {asset.id: n for n, asset in enumerate(floor.assets)}
    found = {number[asset.id]: score for score, asset in runs.suspects(session, run)}
    of_review = set(session.scalars(select(Task.id).where(Task.stage == "review")))
    assert {score.review_task_id for score in found.values()} <= of_review
    assert [score.rank for score in found.values()] == list(range(1, len(found) + 1))
    looks = [score.evidence["sources"]["reference"]["look"] for score in found.values()]
    assert looks == sorted(looks, reverse=True)
    return run, found


def test_k_fold_cleaning_of_classes(embedded, sessions, session):
    floor = embedded("class", a_class)
    run, found = scored(sessions, session, floor, order="kfold", folds=3)
    assert set(list(found)[: len(WRONG)]) == set(WRONG)
    assert set(found) <= {*WRONG, *BETWEEN}
    for n in WRONG:
        words = f"In 3-fold cross-validation a model that never saw this text says {KEYS[n % 3]} "
        assert found[n].reason.startswith(f"{words}with ")
    assert run.summary["balanced_accuracy"] > 0.9
    _, first = scored(sessions, session, floor, order="kfold", folds=3, most_suspects=2)
    assert list(first) == list(found)[:2]


def test_entropy_cleaning_of_classes(embedded, sessions, session):
    floor = embedded("class", a_class)
    run, found = scored(sessions, session, floor, order="entropy", most_suspects=2)
    assert set(found) == set(BETWEEN)
    for n, score in found.items():
        assert score.reason.startswith("Lies on the boundary: ")
        assert KEYS[n % 3] in score.reason
        assert KEYS[(n + 1) % 3] in score.reason
    assert run.settings["most_suspects"] == 2
    # Every label has its place in this order: without a number a hundred go to review.
    run, found = scored(sessions, session, floor, order="entropy")
    assert (run.settings["most_suspects"], len(found)) == (100, N)


def test_precision_cleaning_of_classes(embedded, sessions, session):
    floor = embedded("class", a_class)
    run, found = scored(
        sessions, session, floor, order="precision", of_class="car", most_suspects=2
    )
    assert set(found) == {n for n, given in WRONG.items() if given == "car"}
    for n, score in found.items():
        words = f"A model that was never taught car sees {KEYS[n % 3]} with "
        assert score.reason.startswith(words)
    # How right the labels are is told by the folds, which know the class.
    assert run.summary["balanced_accuracy"] > 0.9
    assert not run.summary["weak"]
    stored = session.scalars(select(LabelScore).where(LabelScore.run_id == run.id)).all()
    looked = [one for one in stored if "look" in one.evidence["sources"]["reference"]]
    assert {one.given for one in looked} == {"car"}


def tags(n):
    """Every third has the tag "bus", and so on; two lack theirs, one has one too many."""
    given = [KEYS[n % 3], *(["dog"] if n % 2 else [])]
    if n in (9, 30):
        given.remove(KEYS[n % 3])
    if n == 52:
        given.append("bus")
    return {"tags": sorted(set(given))}


def test_tags_are_cleaned_one_by_one(make, sessions, session):
    floor = make.floor(assets=N, labellers=0, label_type="tags", classes=KEYS)
    numbers = np.random.default_rng(1).normal(0, 0.3, (N, 6)).astype(np.float32)
    for n, asset in enumerate(floor.assets):
        numbers[n, n % 3] += 3
        numbers[n, 3] += 3 * (n % 2)
        make.decided(asset, label=tags(n))
    ids = [asset.external_id for asset in floor.assets]
    floor.model = references.give_embeddings(session, floor.project, "v", ids, numbers, by=None)
    session.commit()
    _, found = scored(sessions, session, floor, order="kfold", most_suspects=3)
    assert set(found) == {9, 30, 52}
    assert "says bus with" in found[9].reason
    assert found[9].reason.endswith("which is not given.")
    assert found[52].reason.endswith("which is given.")
    _, found = scored(sessions, session, floor, order="precision", of_class="dog", most_suspects=1)
    ((n, score),) = found.items()
    assert n == 9
    assert score.reason.startswith("A model that was never taught dog sees bus with ")
    _, found = scored(sessions, session, floor, order="entropy", most_suspects=4)
    assert all(one.reason.startswith("Lies on the boundary: ") for one in found.values())


@pytest.fixture
def pictures(make, session, settings, monkeypatch):
    """45 pictures of two things each, balls, crates and crosses; one ball is called a crate."""
    monkeypatch.setenv("TOUCHSTONE_HOME", str(settings.home))
    home, rng = config.load(), np.random.default_rng(4)
    classes = ["cross", "crate", "ball"]
    floor = make.floor(assets=0, labellers=0, label_type="boxes", medium="image", classes=classes)
    floor.assets, floor.model = [], None
    for n in range(45):
        picture = Image.fromarray(rng.integers(160, 220, (120, 120), dtype=np.uint8))
        pen, objects = ImageDraw.Draw(picture), []
        for i, (x, y) in enumerate(np.array([[0, 0], [60, 60]]) + rng.integers(0, 15, (2, 2))):
            key, side = classes[(n + i) % 3], int(rng.integers(30, 40))
            dark, corners = int(rng.integers(20, 90)), (x, y, x + side, y + side)
            if key == "cross":
                pen.line(corners, fill=dark, width=5)
                pen.line((x, y + side, x + side, y), fill=dark, width=5)
            else:
                (pen.ellipse if key == "ball" else pen.rectangle)(corners, fill=dark)
            box = [float(x), float(y), float(side), float(side)]
            objects.append({"id": f"o{i}", "class": key, "box": box})
        out = io.BytesIO()
        picture.save(out, "PNG")
        uri = storage.keep_upload(out.getvalue(), home)
        floor.assets += make.assets(floor.batch, 1, text=None, uri=uri, width=120, height=120)
        if n == 8:
            objects[0]["class"] = "crate"
        make.decided(floor.assets[-1], label={"objects": objects})
    session.commit()
    return floor


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        (
            {"order": "kfold"},
            "In 5-fold cross-validation a model that never saw this picture says ball with ",
        ),
        (
            {"order": "precision", "of_class": "crate"},
            "A model that was never taught crate sees ball with ",
        ),
        ({"order": "entropy"}, "Lies on the boundary: "),
    ],
)
def test_objects_cut_out_are_cleaned(pictures, sessions, session, chosen, words):
    run, found = scored(sessions, session, pictures, most_suspects=5, **chosen)
    assert run.summary["balanced_accuracy"] > 0.9
    first = found[8] if chosen["order"] != "entropy" else next(iter(found.values()))
    assert first.reason.startswith(words)
    assert ", of an object labelled " in first.reason
    if chosen["order"] == "kfold":
        assert next(iter(found)) == 8
    if chosen["order"] != "entropy":
        assert "o0" in {told["given"] for told in first.evidence["objects"]}


SQUARE = [[[[1.0, 1.0], [5.0, 1.0], [5.0, 5.0], [1.0, 5.0]]]]
FAR = [[[[6.0, 6.0], [9.0, 6.0], [9.0, 9.0], [6.0, 9.0]]]]


def rle(x, y):
    """A square of 3 × 3 px in a picture of 10 × 10."""
    grid = np.zeros((10, 10), np.uint8, order="F")
    grid[y : y + 3, x : x + 3] = 1
    encoded = mask.encode(grid)
    return {"size": encoded["size"], "counts": encoded["counts"].decode()}


SHAPES = {
    "masks": ({"rle": rle(1, 1)}, {"rle": rle(6, 6)}),
    "boxes": ({"box": [1.0, 1.0, 4.0, 4.0]}, {"box": [6.0, 6.0, 3.0, 3.0]}),
    "polygons": ({"polygons": SQUARE}, {"polygons": FAR}),
    "keypoints": (
        {"points": [[1.0, 1.0, 2], [2.0, 4.0, 2]]},
        {"points": [[8.0, 8.0, 2], [9.0, 9.0, 2]]},
    ),
}


@pytest.mark.parametrize("label_type", SHAPES)
def test_predicted_objects_that_differ_come_first_by_their_score(
    label_type, make, sessions, session
):
    floor = make.floor(assets=0, labellers=0, label_type=label_type, medium="image", classes=KEYS)
    bare = [
        {"key": k, "name": k, "colour": "#000000", "hotkey": k[0], "description": ""} for k in KEYS
    ]
    skeleton = {"points": ["head", "foot"], "edges": [[0, 1]]}
    session.add(
        OntologyVersion(
            project_id=floor.project.id, version=2, created_at=floor.project.created_at,
            classes=[{**one, "skeleton": skeleton} for one in bare]
            if label_type == "keypoints"
            else bare,
        )
    )  # fmt: skip
    floor.assets = make.assets(floor.batch, 30, text=None, uri="upload:no", width=10, height=10)
    one, far = SHAPES[label_type]
    said = []
    for n, asset in enumerate(floor.assets):
        given = "bus" if n == 11 else "car"
        make.decided(asset, label={"objects": [{"id": "x", "class": given, **one}]})
        seen = [{"id": "p", "class": "car", **one, "score": 0.93 if n == 11 else 0.9}]
        if n in (4, 21):
            seen.append({"id": "q", "class": "dog", **far, "score": 0.97 if n == 4 else 0.6})
        if n == 6:
            seen.append({"id": "q", "class": "dog", **far, "score": 0.2})  # hardly believed in
        said.append(Said(asset.external_id, {"objects": seen}))
    floor.model = references.give_predictions(session, floor.project, "m", said, by=None)
    session.commit()
    _, found = scored(sessions, session, floor, order="kfold")
    assert list(found) == [4, 11, 21]
    assert found[4].reason == "The reference sees dog with 97 %, which nobody labelled."
    assert found[11].reason == "The reference sees car with 93 %, where the label says bus."
    for order in ({"order": "entropy"}, {"order": "precision", "of_class": "car"}):
        with pytest.raises(InvalidInput, match="one score each") as refused:
            asked(sessions, floor, **order)
        assert refused.value.field == "order"


def test_imported_probabilities_are_ranked_alike(make, sessions, session):
    floor = make.floor(assets=30, labellers=0, classes=KEYS)
    said = []
    for n, asset in enumerate(floor.assets):
        make.decided(asset, KEYS[(n + (n == 5)) % 3])
        shares = dict.fromkeys(KEYS, 0.05) | {KEYS[n % 3]: 0.9}
        if n == 7:
            shares = {"bus": 0.02, "car": 0.5, "dog": 0.48}
        said.append(Said(asset.external_id, {"class": KEYS[n % 3]}, None, shares))
    floor.model = references.give_predictions(session, floor.project, "m", said, by=None)
    session.commit()
    _, found = scored(sessions, session, floor, order="kfold")
    assert {n: one.reason for n, one in found.items()} == {5: "The reference says dog with 90 %."}
    _, found = scored(sessions, session, floor, order="entropy", most_suspects=1)
    assert {n: one.reason for n, one in found.items()} == {
        7: "Lies on the boundary: car 50 %, dog 48 %."
    }
    said = [Said(asset.external_id, {"class": "bus"}, 0.9) for asset in floor.assets]
    floor.model = references.give_predictions(session, floor.project, "bare", said, by=None)
    session.commit()
    with pytest.raises(InvalidInput, match="bare gives none") as refused:
        asked(sessions, floor, order="entropy")
    assert refused.value.field == "order"


def test_a_weak_reference_sends_nothing_to_review(make, sessions, session):
    floor = make.floor(assets=N, labellers=0, classes=KEYS)
    rng = np.random.default_rng(0)
    for asset in floor.assets:
        make.decided(asset, KEYS[int(rng.integers(3))])
    ids = [asset.external_id for asset in floor.assets]
    noise = rng.normal(size=(N, 4)).astype(np.float32)
    floor.model = references.give_embeddings(session, floor.project, "v", ids, noise, by=None)
    session.commit()
    run, found = scored(sessions, session, floor, order="kfold")
    assert run.summary["weak"]
    assert not found


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"order": "random"}, "order"),
        ({"order": "precision"}, "of_class"),
        ({"order": "kfold", "of_class": "car"}, "of_class"),
        ({"order": "precision", "of_class": "plane"}, "of_class"),
        ({"order": "precision", "of_class": "dog"}, "of_class"),  # none is labelled so
    ],
)
def test_orders_that_cannot_be_are_refused(make, sessions, session, settings, field):
    floor = make.floor(assets=30, labellers=0, classes=KEYS)
    floor.model = None
    for n, asset in enumerate(floor.assets):
        make.decided(asset, KEYS[n % 2])
    session.commit()
    with pytest.raises(InvalidInput) as refused:
        asked(sessions, floor, **settings)
    assert refused.value.field == field
    assert session.scalar(select(RescoreRun.id)) is None


def test_precision_needs_two_other_classes(make, sessions, session):
    """Who was taught one class alone sees it everywhere."""
    floor = make.floor(assets=30, labellers=0, classes=["bus", "car"])
    floor.model = None
    for n, asset in enumerate(floor.assets):
        make.decided(asset, KEYS[n % 2])
    session.commit()
    with pytest.raises(InvalidInput, match="at least two other classes") as refused:
        asked(sessions, floor, order="precision", of_class="car")
    assert refused.value.field == "order"


@pytest.mark.parametrize(("label_type", "medium"), [("spans", "text"), ("transcription", "text")])
def test_types_without_anything_to_order_by_are_refused(
    label_type, medium, make, sessions, session
):
    floor = make.floor(assets=1, labellers=0, label_type=label_type, medium=medium)
    floor.model = None
    session.commit()
    with pytest.raises(InvalidInput) as refused:
        asked(sessions, floor, order="kfold")
    assert refused.value.field == "order"
