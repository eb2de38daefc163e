"""Labelled boxes judged by a reference: alike on torch, right in plain cases, good at ranking."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from benchmarks.planting import judged, model, scenes
from quality.rescoring import calibration, detection, kernels, traits
from quality.rescoring.detection import Labels, Predictions, Terms
from tests.unit.test_matching import scene


def columns(seed, images=5, most=8, classes=3):
    of = scene(seed, images, most, classes=classes)
    labels = Labels(of["truth_boxes"], of["truth_class"], of["truth_start"], of["crowd"])
    shown = (of["detection_boxes"], of["detection_class"], of["score"], of["detection_start"])
    return labels, Predictions(*shown)


@pytest.fixture(scope="module")
def planted():
    """A set with 2 % of each error, judged after calibration."""
    rng = np.random.default_rng(3)
    truth = scenes.make(rng, 2000)
    labelled = scenes.plant(rng, truth, 0.02)
    return judged.ours(truth, labelled, model.predict(rng, truth, labelled, model.GOOD))


def same(labels, predictions, calibrated, pairs):
    ours = detection.score(labels, predictions, Terms(), calibrated)
    theirs = detection.score(labels, predictions, Terms(place="cpu", pairs=pairs), calibrated)
    for name, a, b in zip(ours._fields, ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-6, err_msg=name)
    for aware in (True, False):
        a = traits.matched(labels, predictions, Terms(), aware)
        b = traits.matched(labels, predictions, Terms(place="cpu", pairs=pairs), aware)
        np.testing.assert_array_equal(a.truth, b.truth)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), pairs=st.sampled_from([5, 2**20]), learnt=st.booleans())
def test_scores_on_torch_are_those_of_the_compiled_kernels(planted, seed, pairs, learnt):
    same(*columns(seed), planted.calibration if learnt else None, pairs)


def test_a_large_set_scores_alike_on_torch(planted):
    large = columns(11, images=1500, most=30, classes=5)
    same(*large, planted.calibration, 2**16)
    same(*large, None, 2**22)


def test_work_for_a_gpu_goes_to_a_gpu_only_where_there_is_one(monkeypatch):
    """With enough pairs the kernels on torch are asked, on whatever device torch says it has."""
    import torch

    from quality.rescoring import engine

    asked = []
    monkeypatch.setattr(engine, "WORTH_A_DEVICE", 1)
    monkeypatch.setattr(kernels, "match", lambda *_, place, pairs: asked.append(place))
    labels, predictions = columns(1)
    call = (*labels[:2], *predictions[:3], labels.start, predictions.start, [0.5])
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert engine.match(*call, pairs=10).truth.shape[0] == 1
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    engine.match(*call, pairs=10)
    assert asked == ["cuda"]


FIVE = np.array([[x, 10.0, 20, 20] for x in (0, 100, 200, 300, 400)])


def judge(boxes, category, shown, of, score, calibrated=None):
    labels = Labels(np.array(boxes, float), np.array(category), np.array([0, len(boxes)]))
    predictions = Predictions(
        np.array(shown, float), np.array(of), np.array(score), np.array([0, len(shown)])
    )
    scores = detection.score(labels, predictions, Terms(), calibrated)
    told = detection.evidence(scores, labels, predictions, 0)
    return scores, {(one["kind"], one["object"]) for one in told}, told


@pytest.mark.parametrize("learnt", [False, True])
def test_each_error_is_called_by_its_name(planted, learnt):
    given = FIVE.copy()
    given[1] += [9, 6, 0, 0]  # shifted
    shown = np.concatenate([FIVE[:3], FIVE[4:], [[500, 10, 20, 20]]])
    scores, kinds, told = judge(
        given, [1, 1, 2, 1, 1], shown, [1, 1, 3, 1, 1], [0.99] * 5,
        planted.calibration if learnt else None,
    )  # fmt: skip
    assert kinds == {("low overlap", 1), ("wrong class", 2), ("extra", 3), ("missing", None)}
    assert scores.quality[0] < 0.5
    assert scores.error[0] != detection.RIGHT
    assert [one["chance"] for one in told] == sorted((o["chance"] for o in told), reverse=True)
    wrong = next(one for one in told if one["kind"] == "wrong class")
    assert (wrong["prediction"], wrong["predicted"], wrong["score"]) == (2, 3, 0.99)


def test_what_the_reference_confirms_is_right(planted):
    for calibrated in (None, planted.calibration):
        scores, kinds, _ = judge(FIVE, [1] * 5, FIVE, [1] * 5, [0.97] * 5, calibrated)
        assert kinds == set()
        assert scores.quality[0] > 0.8
        assert scores.error[0] == detection.RIGHT


def test_a_reference_that_wavers_calls_it_ambiguous():
    shown = np.concatenate([FIVE, FIVE[:1]])
    scores, _, _ = judge(FIVE, [1] * 5, shown, [1] * 5 + [2], [0.45, *[0.9] * 4, 0.55])
    assert scores.chance[0, detection.AMBIGUOUS] > 0
    assert scores.chance[0, detection.WRONG_CLASS] == 0


def test_a_crowd_is_not_judged():
    labels, predictions = columns(4, images=40)
    scores = detection.score(labels, predictions)
    assert labels.crowd.any()
    assert (scores.chance[labels.crowd, detection.RIGHT] == 1).all()


@pytest.mark.parametrize("learnt", [False, True])
def test_what_is_empty_is_judged_too(planted, learnt):
    known = planted.calibration if learnt else None
    none, some = (np.zeros((0, 4)), np.zeros(0, int)), (FIVE, np.ones(5, int))
    both = np.array([0, 0, 0]), np.array([0, 5, 5])
    empty = detection.score(
        Labels(*none, both[0]), Predictions(*none, np.zeros(0), both[0]), Terms(), known
    )
    assert empty.quality.tolist() == [1, 1]
    unseen = detection.score(
        Labels(*some, both[1]), Predictions(*none, np.zeros(0), both[0]), Terms(), known
    )
    assert unseen.error.tolist() == [detection.EXTRA, detection.RIGHT]
    unlabelled = detection.score(
        Labels(*none, both[0]), Predictions(*some, np.full(5, 0.99), both[1]), Terms(), known
    )
    assert unlabelled.error.tolist() == [detection.MISSING, detection.RIGHT]


@pytest.mark.parametrize("learnt", [False, True])
def test_chances_are_chances(planted, learnt):
    labels, predictions = columns(8, images=300, most=20)
    scores = detection.score(
        labels, predictions, calibration=planted.calibration if learnt else None
    )
    assert np.allclose(scores.chance.sum(axis=1), 1)
    for values in (scores.chance, scores.missing, scores.quality):
        assert values.min() >= 0
        assert values.max() <= 1 + 1e-12


def test_chunk_by_chunk_is_the_same_as_all_at_once(planted):
    labels, predictions = columns(9, images=60)
    whole = detection.score(labels, predictions, calibration=planted.calibration)
    parts = []
    for first in range(0, 60, 7):
        last = min(first + 7, 60)
        a, b = labels.start[[first, last]], predictions.start[[first, last]]
        part = Labels(labels.boxes[slice(*a)], labels.category[slice(*a)],
                      labels.start[first : last + 1] - a[0], labels.crowd[slice(*a)])  # fmt: skip
        said = Predictions(*(column[slice(*b)] for column in predictions[:3]),
                           predictions.start[first : last + 1] - b[0])  # fmt: skip
        parts.append(detection.score(part, said, calibration=planted.calibration))
    np.testing.assert_allclose(np.concatenate([p.quality for p in parts]), whole.quality, atol=1e-9)


def test_planted_errors_rank_high(planted):
    by_type = planted.average_precision()
    for name, (kind, error) in judged.OF_OBJECTS.items():
        oracle = average_precision_score(
            planted.labelled.planted == kind, planted.scores.chance[:, error]
        )
        assert by_type[name]["ap"] == pytest.approx(oracle, abs=0.002)
    assert by_type["wrong class"]["ap"] >= 0.9
    assert by_type["extra"]["ap"] >= 0.87  # 0.9 and more of the larger set of the benchmark
    assert by_type["low overlap"]["ap"] >= 0.85
    by_rule = detection.score(*_columns_of(planted))
    of_rule = average_precision_score(
        planted.labelled.planted == scenes.EXTRA, by_rule.chance[:, detection.EXTRA]
    )
    assert by_type["extra"]["ap"] > of_rule


def test_most_suspects_are_wrong_and_their_number_is_about_right(planted):
    labels = planted.figures()["labels"]
    assert labels["precision"] > 0.85
    assert labels["recall"] > 0.5
    rates = planted.figures()["estimated_rates"]
    for name in ("wrong class", "low overlap", "extra", "missing"):
        assert 0.008 < rates[name] < 0.045, name  # planted: 0.02
    assert rates["duplicate"] < 0.005  # planted: none


def test_a_weak_reference_notices_less():
    rng = np.random.default_rng(4)
    truth = scenes.make(rng, 600)
    labelled = scenes.plant(rng, truth, 0.02)
    found = {}
    for skill in (model.GOOD, model.WEAK):
        found[skill] = judged.ours(truth, labelled, model.predict(rng, truth, labelled, skill))
    good, weak = (found[skill].calibration.noticed for skill in (model.GOOD, model.WEAK))
    assert all(0 <= share <= 1 for share in (*good.values(), *weak.values()))
    assert good["extra"] > weak["extra"] + 0.2
    assert good["wrong class"] > weak["wrong class"]


def test_a_calibration_can_be_had_again():
    labels, predictions = columns(5, images=200, classes=4)
    one, again = (
        detection.score(
            labels, predictions, calibration=detection.calibrate(labels, predictions, seed=2)
        )
        for _ in range(2)
    )
    np.testing.assert_array_equal(one.chance, again.chance)
    np.testing.assert_array_equal(one.missing, again.missing)


def test_too_little_to_learn_from_is_no_calibration():
    labels, predictions = columns(2)
    assert len(labels.boxes) < calibration.FEWEST
    assert detection.calibrate(labels, predictions) is None


def _columns_of(ranked):
    n = ranked.scene.n_images
    start, shown = (
        np.searchsorted(x.image, np.arange(n + 1)) for x in (ranked.labelled, ranked.said)
    )
    return (
        Labels(ranked.labelled.boxes, ranked.labelled.category, start),
        Predictions(ranked.said.boxes, ranked.said.category, ranked.said.score, shown),
    )


@pytest.mark.parametrize("images", [1, 2])
def test_one_picture_full_of_objects_is_learnt_from_too(images):
    labels, predictions = columns(6, images=images, most=3000, classes=3)
    assert len(labels.boxes) >= calibration.FEWEST
    found = detection.calibrate(labels, predictions)
    scores = detection.score(labels, predictions, calibration=found)
    assert np.isfinite(scores.chance).all()
    assert found.objects.rate.sum() == pytest.approx(1, abs=0.2)
