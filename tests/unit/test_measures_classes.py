"""Class measures against scikit-learn, and intervals against what an interval must be."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.measures.classes import accuracy, confusion_matrix, per_class, rate, wilson

pairs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=60)


@given(pairs)
def test_confusion_and_per_class_equal_scikit_learn(drawn):
    from sklearn import metrics

    truth, label = (np.array([p[i] for p in drawn], dtype=int) for i in (0, 1))
    ours = confusion_matrix(truth, label, 4)
    if not drawn:
        assert ours.sum() == 0
        assert np.isnan(per_class(ours).f1).all()
        return
    assert (ours == metrics.confusion_matrix(truth, label, labels=range(4))).all()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        precision, recall, f1, support = metrics.precision_recall_fscore_support(
            truth, label, labels=range(4), zero_division=np.nan
        )
    found = per_class(ours)
    np.testing.assert_allclose(found.precision, precision)
    np.testing.assert_allclose(found.recall, recall)
    # scikit-learn calls F1 0 where either part is undefined; so is ours, unless both are.
    defined = ~np.isnan(found.f1)
    np.testing.assert_allclose(found.f1[defined], f1[defined])
    assert (found.support == support).all()


@given(st.integers(0, 500), st.integers(0, 500))
def test_wilson_holds_the_share_within_zero_and_one(k, more):
    n = k + more
    low, high = wilson(k, n)
    if n == 0:
        assert np.isnan(low)
        assert np.isnan(high)
    else:
        assert 0 <= low <= k / n <= high <= 1


def test_wilson_equals_scipy():
    from scipy.stats import binomtest

    for k, n in ((0, 5), (3, 7), (50, 50), (12, 400)):
        theirs = binomtest(k, n).proportion_ci(method="wilson")
        np.testing.assert_allclose(wilson(k, n), (theirs.low, theirs.high), atol=1e-12)


def test_undefined_is_nan_and_never_zero():
    assert np.isnan(rate(0, 0).value)
    assert np.isnan(accuracy([], []).value)
    found = per_class([[3, 0], [0, 0]])
    assert np.isnan(found.recall[1])
    assert np.isnan(found.precision[1])
    assert np.isnan(found.f1[1])


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="label: expected codes from 0 to 1"):
        confusion_matrix([0, 1], [0, 2], 2)
    with pytest.raises(ValueError, match="k: expected 0 ≤ k ≤ n"):
        wilson(3, 2)
    with pytest.raises(ValueError, match="square"):
        per_class([[1, 2, 3]])
