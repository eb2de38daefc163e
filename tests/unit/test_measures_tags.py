"""Tags against scikit-learn's measures of samples, and attributes one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from quality.measures import attributes, tags

TABLES = st.tuples(st.integers(1, 8), st.integers(1, 6)).flatmap(
    lambda shape: st.tuples(*[arrays.arrays(bool, shape)] * 2)
)


@given(TABLES, st.sampled_from([0.5, 1.0, 2.0]))
def test_every_measure_is_that_of_scikit_learn(both, beta):
    from sklearn import metrics

    seen, known = both
    found = tags.compare(seen, known, beta)
    for i in range(len(seen)):
        one, other = known[i : i + 1].astype(int), seen[i : i + 1].astype(int)
        empty = not one.any() and not other.any()
        assert found.exact[i] == metrics.accuracy_score(one, other)
        assert found.hamming[i] == pytest.approx(1 - metrics.hamming_loss(one, other))
        jaccard = metrics.jaccard_score(one[0], other[0], zero_division=1.0)
        assert found.jaccard[i] == pytest.approx(jaccard)
        f = metrics.fbeta_score(one[0], other[0], beta=beta, zero_division=0.0)
        assert found.f[i] == pytest.approx(1.0 if empty else f)
        precision = metrics.precision_score(one[0], other[0], zero_division=np.nan)
        recall = metrics.recall_score(one[0], other[0], zero_division=np.nan)
        assert found.precision[i] == pytest.approx(precision, nan_ok=True)
        assert found.recall[i] == pytest.approx(recall, nan_ok=True)


def test_a_table_has_a_column_for_each_key():
    assert tags.table([["b"], [], ["a", "b"]], ["a", "b"]).tolist() == [
        [False, True], [False, False], [True, True],
    ]  # fmt: skip
    with pytest.raises(ValueError, match="'c' is not among"):
        tags.table([["c"]], ["a", "b"])


def test_without_possible_tags_all_agree():
    none = np.zeros((2, 0), bool)
    found = tags.compare(none, none)
    assert found.exact.all()
    assert found.f.tolist() == found.hamming.tolist() == found.jaccard.tolist() == [1, 1]


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="one row and column"):
        tags.compare(np.ones((1, 2)), np.ones((2, 1)))
    with pytest.raises(ValueError, match="beta"):
        tags.compare(np.ones((1, 1)), np.ones((1, 1)), float("nan"))


VALUES = st.one_of(st.integers(0, 2), st.text("ab", max_size=1), st.booleans(), st.none())
SIDES = st.dictionaries(st.sampled_from("xyz"), VALUES | st.lists(st.sampled_from("pqr")))


@given(SIDES, SIDES)
def test_attributes_agree_by_the_share_of_their_keys(one, other):
    def alike(a, b):
        if isinstance(a, list) and isinstance(b, list):
            return len({*a} & {*b}) / len({*a} | {*b}) if a or b else 1
        return type(a) is type(b) and a == b

    keys = {*one, *other}
    shares = [k in one and k in other and alike(one[k], other[k]) for k in keys]
    expected = sum(shares) / len(keys) if other else None
    assert attributes.agreement(one, other) == pytest.approx(expected)
    assert not other or attributes.agreement(other, dict(other)) == 1
    assert attributes.agreement(None, {"x": 1}) == 0
