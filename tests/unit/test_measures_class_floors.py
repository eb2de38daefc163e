"""F1 of classes from reviewed labels of unequal weight."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from quality.measures import class_floors
from quality.measures.classes import Rate

PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60)


def counted(pairs, weights=None):
    """(truth, label) of class labels as hits, extra, missed."""
    hits = [(t, i) for i, (t, g) in enumerate(pairs) if t == g]
    extra = [(g, i) for i, (t, g) in enumerate(pairs) if t != g]
    missed = [(t, i) for i, (t, g) in enumerate(pairs) if t != g]
    weights = np.ones(len(pairs)) if weights is None else weights
    return class_floors.count(hits, extra, missed, weights, 4)


@given(PAIRS, st.data())
def test_f1_is_that_of_scikit_learn(pairs, data):
    weights = data.draw(
        st.lists(st.floats(0.1, 50), min_size=len(pairs), max_size=len(pairs)).map(np.array)
    )
    truth, label = zip(*pairs, strict=True)
    expected = f1_score(
        truth, label, labels=range(4), average=None, sample_weight=weights, zero_division=np.nan
    )
    found = class_floors.f1(counted(pairs, weights))
    np.testing.assert_allclose([r.value for r in found], expected, rtol=1e-9)
    for rate in found:
        assert np.isnan(rate.value) or 0 <= rate.low <= rate.value + 1e-9 <= rate.high + 2e-9 <= 1.1


def test_equal_weights_say_as_much_as_there_are_objects():
    found = class_floors.f1(counted([(0, 0)] * 7 + [(0, 1)] * 3, np.full(10, 12.5)))
    assert [rate.n for rate in found] == [10, 3, 0, 0]
    assert np.isnan(found[2].value)


def test_unequal_weights_say_less():
    even = class_floors.f1(counted([(0, 0)] * 9 + [(0, 1)], np.ones(10)))[0]
    uneven = class_floors.f1(counted([(0, 0)] * 9 + [(0, 1)], np.array([20.0] + [1.0] * 9)))[0]
    assert uneven.n < even.n
    assert uneven.high - uneven.low > even.high - even.low


def test_importance_decides_how_much_a_class_tells():
    good, bad, unknown = (
        Rate(1.0, 0.9, 1.0, 40),
        Rate(0.5, 0.3, 0.7, 20),
        Rate(*[float("nan")] * 3, 0),
    )
    found = class_floors.weighted([good, bad, unknown], [3, 1, 5])
    assert found.value == pytest.approx(0.875)
    assert found.n == 60
    assert found.low < 0.875 < found.high
    assert class_floors.weighted([unknown], [1]).n == 0
    assert class_floors.weighted([good, bad], [0, 0]).n == 0


def test_the_interval_holds_the_truth_as_often_as_it_says():
    """Labels of three classes with known errors, a rare class reviewed more often."""
    rng = np.random.default_rng(3)
    truth = rng.choice(3, 3000, p=[0.7, 0.25, 0.05])
    label = np.where(rng.random(3000) < 0.88, truth, rng.integers(0, 3, 3000))
    true_f1 = f1_score(truth, label, labels=range(3), average=None)
    held = np.zeros(3)
    runs = 300
    for _ in range(runs):
        rows, weights = [], []
        for key in range(3):
            of = np.flatnonzero(label == key)
            drawn = rng.choice(of, 60, replace=False)
            rows += drawn.tolist()
            weights += [of.size / 60] * 60
        pairs = list(zip(truth[rows], label[rows], strict=True))
        hits = [(t, i) for i, (t, g) in enumerate(pairs) if t == g]
        extra = [(g, i) for i, (t, g) in enumerate(pairs) if t != g]
        missed = [(t, i) for i, (t, g) in enumerate(pairs) if t != g]
        rates = class_floors.f1(class_floors.count(hits, extra, missed, weights, 3))
        held += [r.low <= f <= r.high for r, f in zip(rates, true_f1, strict=True)]
    assert (held / runs >= 0.93).all(), held / runs
