"""Drift, causes of errors, errors thing by thing, and maps: each against a plain loop or scipy."""

import numpy as np
import pytest

from quality.measures import drift, error_causes, mapping, model_errors
from quality.measures.model_errors import Said

RANDOM = np.random.default_rng(7)


def test_the_test_of_drift_is_a_permutation_test():
    earlier, newer = np.array([30, 14, 6]), np.array([11, 12, 7])
    found = drift.drift(earlier, newer, draws=4000)
    values = np.repeat([0, 1, 2], earlier).tolist() + np.repeat([0, 1, 2], newer).tolist()

    def chi(sides: np.ndarray) -> float:
        table = np.array([np.bincount(part, minlength=3) for part in np.split(sides, [50])])
        expected = table.sum(1, keepdims=True) * table.sum(0) / table.sum()
        return float(((table - expected) ** 2 / expected).sum())

    seen = chi(np.array(values))
    by_hand = np.mean([chi(RANDOM.permutation(values)) >= seen - 1e-9 for _ in range(4000)])
    assert found.p == pytest.approx(by_hand, abs=0.03)
    assert found.distance == pytest.approx(np.abs(earlier / 50 - newer / 30).sum() / 2)
    assert (found.earlier, found.newer) == (50, 30)


def test_without_drift_few_are_called_so_and_nothing_is_undefined():
    shares = [0.5, 0.3, 0.15, 0.05]
    sides = [(RANDOM.multinomial(300, shares), RANDOM.multinomial(80, shares)) for _ in range(200)]
    found = [drift.drift(a, b, seed=i, draws=200) for i, (a, b) in enumerate(sides)]
    assert np.mean([one.p <= 0.05 for one in found]) < 0.1
    assert np.mean([one.distance > one.chance for one in found]) < 0.12
    assert np.isnan(drift.drift([0, 0], [3, 4]).p)
    assert drift.drift([5], [9]).p == 1.0
    with pytest.raises(ValueError, match="below 0"):
        drift.drift([-1], [2])


def test_p_values_are_corrected_as_scipy_corrects_them():
    from scipy.stats import false_discovery_control, fisher_exact

    p = RANDOM.random(20) ** 2
    assert drift.adjusted(p) == pytest.approx(false_discovery_control(p))
    holes = np.concatenate([p, [np.nan]])
    assert drift.adjusted(holes)[:-1] == pytest.approx(false_discovery_control(p))
    assert np.isnan(drift.adjusted(holes)[-1])
    assert drift.simes(p) == pytest.approx(min(false_discovery_control(p)))
    each = drift.presence([8, 20], 40, [9, 2], 12)
    assert each[0] == pytest.approx(fisher_exact([[8, 32], [9, 3]]).pvalue)


def test_boxes_are_told_right_and_counted_once():
    truth = [{"objects": [
        {"id": "a", "class": "car", "box": [0, 0, 10, 10]},
        {"id": "b", "class": "bus", "box": [50, 0, 10, 10]},
        {"id": "c", "class": "van", "box": [0, 50, 10, 10]},
    ]}]  # fmt: skip
    seen = [{"objects": [
        {"id": "1", "class": "car", "box": [0, 0, 10, 10], "score": 0.9},
        {"id": "2", "class": "van", "box": [50, 0, 10, 10], "score": 0.8},
        {"id": "3", "class": "car", "box": [90, 90, 5, 5], "score": 0.7},
        {"id": "4", "class": "car", "box": [90, 10, 5, 5], "score": 0.1},
    ]}]  # fmt: skip
    found = model_errors.compare("boxes", [Said(s, None, {}) for s in seen], truth, least_score=0.5)
    told = {(e.kind, e.truth, e.predicted) for e in found.errors}
    assert told == {("wrong class", "bus", "van"), ("extra", "", "car"), ("missing", "van", "")}
    assert dict(found.pairs) == {
        ("car", "car"): 1, ("bus", "van"): 1, ("", "car"): 1, ("van", ""): 1
    }  # fmt: skip
    assert found.sure.sum(axis=1).tolist() == pytest.approx([3, 2.4, 1])
    wrong = next(e for e in found.errors if e.kind == "wrong class")
    assert wrong.given_box == wrong.seen_box == [50, 0, 10, 10] and wrong.overlap == 1


def test_causes_are_those_that_the_counts_show():
    labels = RANDOM.choice(3, 600, p=[0.6, 0.38, 0.02])
    seen = np.where((labels == 1) & (RANDOM.random(600) < 0.4), 0, labels)
    confusion = np.zeros((4, 4), int)
    np.add.at(confusion, (labels, seen), 1)
    of = error_causes.given(confusion)
    assert of.over.tolist() == [1, -1, 0]
    assert error_causes.rare(of.labelled).tolist() == [False, False, True]
    people = np.array([[90, 10, 0], [2, 98, 0], [0, 0, 50]])
    unclear = error_causes.unclear(people)
    assert unclear[0, 1] and unclear[1, 0] and not unclear[0, 2]
    found = error_causes.causes(
        np.array([1, 2, 0]), np.array([0, -1, 2]), np.array([0.1, np.nan, -9.0]), of, unclear
    )
    assert found.tolist() == [
        [True, True, False, False],
        [False, False, True, False],
        [False, False, False, True],
    ]
    sure = RANDOM.random(500)
    right = RANDOM.random(500) < sure
    curve = error_causes.calibration(sure, right)
    steps = np.minimum((sure * 10).astype(int), 9)
    by_hand = sum(
        abs(sure[steps == k].mean() - right[steps == k].mean()) * (steps == k).mean()
        for k in range(10)
    )
    assert curve.error == pytest.approx(by_hand)


def test_neighbours_and_twins_are_those_of_brute_force():
    vectors = mapping.unit(RANDOM.normal(size=(200, 12)))
    vectors[150] = mapping.unit(vectors[[20]] + 0.01)[0]
    cosine = vectors @ vectors.T
    order, near = mapping.nearest(vectors, 3 * vectors[7], 10)
    assert order.tolist() == np.argsort(-cosine[7], kind="stable")[:10].tolist()
    assert near == pytest.approx(np.sort(cosine[7])[::-1][:10], abs=1e-5)
    found = mapping.alike(vectors, np.zeros(200, int), least=0.8)
    i, j = np.nonzero(np.triu(cosine >= 0.8, 1))
    assert {(a, b) for a, b in zip(found.one, found.other, strict=True)} == set(
        zip(i.tolist(), j.tolist(), strict=True)
    )
    assert found.n == len(i) and (found.one[0], found.other[0]) == (20, 150)


def test_a_sample_holds_every_class_and_the_map_is_the_same_each_time(monkeypatch):
    group = np.repeat([0, 1, 2], [500, 80, 3])
    chosen = mapping.sample(group, 60)
    counts = np.bincount(group[chosen], minlength=3)
    assert counts.sum() == 60 and counts.min() >= 1 and 48 <= counts[0] <= 54
    monkeypatch.setattr(mapping, "SAMPLE", 60)
    centres = np.eye(3, 8) * 6
    vectors = centres[np.repeat([0, 1, 2], 40)] + RANDOM.normal(size=(120, 8))
    both = [mapping.lay_out(vectors, np.repeat([0, 1, 2], 40)) for _ in range(2)]
    assert np.array_equal(both[0].xy, both[1].xy)
    # What is of one class lies together: each point's nearest on the map is nearly always of it.
    apart = np.linalg.norm(both[0].xy[:, None] - both[0].xy[None], axis=2) + np.eye(120) * 1e9
    same = np.repeat([0, 1, 2], 40)[apart.argmin(axis=1)] == np.repeat([0, 1, 2], 40)
    assert same.mean() > 0.9 and both[0].laid_out == 60
