"""Reference models: given, versioned, refused with the field named; labels judged by them."""

import numpy as np
import pytest
from sqlalchemy import func, select

from ops import references
from ops.db import transaction
from ops.errors import InvalidInput, NotFound
from ops.models import AuditEntry, Embedding, Prediction, ReferenceModel
from ops.references import Said
from quality.models import LabelScore, RescoreRun
from quality.rescoring import job, runs

CLASSES = ["car", "bus", "dog"]


@pytest.fixture
def boxes(session, make):
    """60 pictures of 100 × 100 px with three boxes each, all labelled as they are."""
    floor = make.floor(assets=0, labellers=0, label_type="boxes", medium="image", classes=CLASSES)
    rng = np.random.default_rng(3)
    truths = []
    for asset in make.assets(floor.batch, 60, text=None, uri="upload:none", width=100, height=100):
        corners = [[5, 5], [55, 5], [5, 55]]
        objects = [
            {
                "id": str(n),
                "class": CLASSES[int(rng.integers(3))],
                "box": [x + float(rng.integers(5)), y + float(rng.integers(5)), 35.0, 30.0],
            }
            for n, (x, y) in enumerate(corners)
        ]
        truths.append((asset, objects))
    return floor, truths


def shaken(rng, objects):
    """What a good model sees: nearly the same boxes, surely."""
    return [
        {**o, "box": [v + float(rng.normal(0, 0.5)) for v in o["box"]], "score": 0.95}
        for o in objects
    ]


def predicted(session, floor, truths):
    rng = np.random.default_rng(1)
    rows = [Said(asset.external_id, {"objects": shaken(rng, objects)}) for asset, objects in truths]
    return references.give_predictions(session, floor.project, "detector", rows, by=None)


def label(make, truths, wrong):
    """Every label in force; `wrong` maps the number of an asset to what becomes of its objects."""
    for n, (asset, objects) in enumerate(truths):
        given = wrong.get(n, lambda same: same)([dict(o) for o in objects])
        make.decided(asset, label={"objects": given})


def of_other_class(objects):
    other = CLASSES[(CLASSES.index(objects[0]["class"]) + 1) % 3]
    return [{**objects[0], "class": other}, *objects[1:]]


def shifted(objects):
    x, y, w, h = objects[1]["box"]
    return [objects[0], {**objects[1], "box": [x - 12, y + 9, w, h]}, objects[2]]


def added(objects):
    return [*objects, {"id": "new", "class": "dog", "box": [60.0, 60.0, 30.0, 30.0]}]


WRONG = {
    4: ("wrong class", of_other_class),
    11: ("low overlap", shifted),
    23: ("missing", lambda objects: objects[:2]),
    37: ("extra", added),
}


def scored(sessions, session, floor, model, **settings):
    with transaction(sessions) as s:
        run_id = runs.request(s, floor.batch, None, settings=settings, model=model).id
    job.run(sessions, run_id)
    session.expire_all()
    return session.get_one(RescoreRun, run_id)


def test_each_planted_error_is_named(sessions, session, make, boxes):
    floor, truths = boxes
    label(make, truths, {n: change for n, (_, change) in WRONG.items()})
    model = predicted(session, floor, truths)
    session.commit()
    run = scored(sessions, session, floor, model, chunk=20)
    assert (run.state, run.error, run.chunks) == ("done", "", 3)
    found = {asset.id: score for score, asset in runs.suspects(session, run)}
    for n, (kind, _) in WRONG.items():
        score = found[truths[n][0].id]
        assert score.error == kind
        assert kind in {told["kind"] for told in score.evidence["objects"]}
        assert score.reason
    assert len(found) == len(WRONG)
    assert run.summary["errors"] == {kind: 1 for kind, _ in WRONG.values()}
    assert not run.summary["weak"]
    assert run.summary["low"] < run.summary["error_rate"] < run.summary["high"]
    assert run.provenance["model_digest"] == model.digest


def test_the_size_of_chunks_changes_nothing(sessions, session, make, boxes):
    floor, truths = boxes
    label(make, truths, {n: change for n, (_, change) in WRONG.items()})
    model = predicted(session, floor, truths)
    session.commit()

    def qualities(run):
        columns = select(LabelScore.asset_id, LabelScore.quality, LabelScore.error)
        return [tuple(row) for row in session.execute(columns.where(LabelScore.run_id == run.id))]

    small, large = (scored(sessions, session, floor, model, chunk=c) for c in (20, 1000))
    assert (small.chunks, large.chunks) == (3, 1)
    assert sorted(qualities(small)) == sorted(qualities(large))


def test_several_processes_score_alike(sessions, session, make, boxes, monkeypatch):
    floor, truths = boxes
    label(make, truths, {n: change for n, (_, change) in WRONG.items()})
    model = predicted(session, floor, truths)
    session.commit()
    alone = scored(sessions, session, floor, model, chunk=20)
    monkeypatch.setenv("TOUCHSTONE_RESCORE_WORKERS", "2")
    together = scored(sessions, session, floor, model, chunk=20)
    columns = (LabelScore.asset_id, LabelScore.quality, LabelScore.error, LabelScore.reason)

    def rows(run):
        found = session.execute(select(*columns).where(LabelScore.run_id == run.id))
        return sorted(tuple(row) for row in found)

    assert rows(alone) == rows(together)


def test_who_reckons_is_checked(sessions, session, make, boxes, monkeypatch):
    floor, truths = boxes
    label(make, truths, {})
    model = predicted(session, floor, truths)
    session.commit()
    monkeypatch.setenv("TOUCHSTONE_RESCORE_WORKERS", "many")
    run = scored(sessions, session, floor, model)
    assert run.state == "failed"
    assert "many is no number and no device" in run.error


def test_a_run_that_breaks_down_does_not_block_the_next(
    sessions, session, make, boxes, monkeypatch
):
    floor, truths = boxes
    label(make, truths, {})
    model = predicted(session, floor, truths)
    session.commit()

    def broken(*_arguments, **_more):
        raise RuntimeError

    monkeypatch.setattr(runs, "write_chunk", broken)
    with pytest.raises(RuntimeError):
        scored(sessions, session, floor, model)
    monkeypatch.undo()
    run = scored(sessions, session, floor, model)
    assert (run.version, run.state) == (2, "done")
    (first, *_) = session.scalars(select(RescoreRun).order_by(RescoreRun.version))
    assert (first.state, "broke down" in first.error) == ("failed", True)


def test_a_reference_that_sees_something_else_is_weak(sessions, session, make, boxes):
    floor, truths = boxes
    label(make, truths, {})
    rng = np.random.default_rng(0)
    rows = [
        Said(
            asset.external_id,
            {"objects": [{**o, "box": [60.0, 60.0, 20.0, 20.0], "score": 0.9} for o in objects]},
        )
        for asset, objects in truths
    ]
    rng.shuffle(rows)
    model = references.give_predictions(session, floor.project, "bad", rows, by=None)
    session.commit()
    run = scored(sessions, session, floor, model)
    assert run.summary["weak"]
    assert run.summary["sources"]["reference"]["why"]
    assert run.summary["suspects"] == 0
    assert run.summary["error_rate"] is None


def test_top_suspects_alone(sessions, session, make, boxes):
    floor, truths = boxes
    label(make, truths, {n: change for n, (_, change) in WRONG.items()})
    model = predicted(session, floor, truths)
    session.commit()
    run = scored(sessions, session, floor, model, most_suspects=2)
    worst = session.scalars(
        select(LabelScore.id)
        .where(LabelScore.run_id == run.id)
        .order_by(LabelScore.quality, LabelScore.asset_id)
    ).all()
    assert [score.id for score, _ in runs.suspects(session, run)] == worst[:2]


def test_versions_of_one_name(session, boxes):
    floor, truths = boxes
    first, second = (predicted(session, floor, truths) for _ in range(2))
    assert (first.version, second.version, first.assets) == (1, 2, 60)
    assert first.digest == second.digest
    listed = references.listed(session, floor.project.id)
    assert [model.version for model in listed] == [2, 1]
    said = session.scalars(select(AuditEntry).where(AuditEntry.action == "reference.given")).all()
    assert [entry.data["digest"] for entry in said] == [first.digest, first.digest]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"class": "cat"}, "class"),
        ({"box": [0, 0, 500, 500]}, "box"),
        ({"score": 1.5}, "score"),
    ],
)
def test_a_row_out_of_form_keeps_nothing(session, boxes, change, field):
    floor, truths = boxes
    rng = np.random.default_rng(1)
    rows = [
        Said(asset.external_id, {"objects": shaken(rng, objects)}, line=n + 1)
        for n, (asset, objects) in enumerate(truths)
    ]
    rows[7].label["objects"][1] |= change
    with pytest.raises(InvalidInput) as caught:
        references.give_predictions(session, floor.project, "detector", rows, by=None)
    fault = caught.value.errors[0]
    assert fault["line"] == 8
    assert fault["field"] == f"objects.1.{field}"
    assert session.scalar(select(func.count()).select_from(Prediction)) == 0
    assert session.scalar(select(func.count()).select_from(ReferenceModel)) == 0


def test_unknown_assets_are_counted_and_all_unknown_refused(session, boxes):
    floor, truths = boxes
    rows = [Said(truths[0][0].external_id, {"objects": []}), Said("elsewhere", {"objects": []})]
    model = references.give_predictions(session, floor.project, "m", rows, by=None)
    assert (model.assets, model.settings["unknown_assets"]) == (1, 1)
    with pytest.raises(InvalidInput, match="no row names an asset"):
        references.give_predictions(session, floor.project, "m", rows[1:], by=None)


def test_an_asset_twice_is_a_fault(session, boxes):
    floor, truths = boxes
    rows = [Said(truths[0][0].external_id, {"objects": []}, line=n) for n in (1, 2)]
    with pytest.raises(InvalidInput, match="twice"):
        references.give_predictions(session, floor.project, "m", rows, by=None)


@pytest.mark.parametrize(
    ("vectors", "ids", "field"),
    [
        (np.zeros((2, 3, 4)), ["x", "y"], "vectors"),
        (np.zeros((2, 3)), ["x"], "ids"),
        (np.zeros((2, 3)), ["x", "x"], "ids"),
        (np.array([[1.0, np.nan], [0, 0]]), ["x", "y"], "vectors"),
        (np.zeros((2, 3)), ["nobody", "knows"], "ids"),
        (np.array([["a"], ["b"]]), ["x", "y"], "vectors"),
    ],
)
def test_embeddings_out_of_form(session, boxes, vectors, ids, field):
    floor, truths = boxes
    names = {"x": truths[0][0].external_id, "y": truths[1][0].external_id}
    with pytest.raises(InvalidInput) as caught:
        references.give_embeddings(
            session, floor.project, "e", [names.get(i, i) for i in ids], vectors, by=None
        )
    assert caught.value.field == field
    assert session.scalar(select(func.count()).select_from(Embedding)) == 0


def test_a_model_of_another_project_is_refused(session, make, boxes):
    floor, truths = boxes
    model = predicted(session, floor, truths)
    other = make.floor(label_type="boxes", medium="image")
    with pytest.raises(InvalidInput, match="another project"):
        runs.request(session, other.batch, None, model=model)
    stranger = make.user(role="ops_lead")
    with pytest.raises(NotFound):
        references.find(session, stranger, model.id)
