"""The random sample of a batch: every asset as likely as any other, every class its share."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from quality.measures.sampling import finite_bounds
from quality.review_sample import _spread


@given(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=80), st.data())
def test_each_class_gets_its_share(keys, data):
    n = data.draw(st.integers(1, 90))
    drawn = _spread(keys, n, data.draw(st.integers(0, 2**62)))
    assert len(drawn) == len(set(drawn)) == min(n, len(keys))
    assert all(0 <= i < len(keys) for i in drawn)
    for key, size in Counter(keys).items():
        share = sum(keys[i] == key for i in drawn)
        assert abs(share - size * len(drawn) / len(keys)) < 1 + 1e-9


def test_every_asset_is_as_likely():
    keys = ["a"] * 7 + ["b"] * 2 + ["c"]
    counts = np.zeros(10)
    for seed in range(6000):
        counts[_spread(keys, 3, seed)] += 1
    # Five deviations of a binomial count: 1,800 ± 177.
    assert np.abs(counts - 1800).max() < 177


def test_bounds_of_a_plain_sample_hold_for_it():
    """Errors lie in one class: the exact lower bound is above the truth no more often than 10 %."""
    rng = np.random.default_rng(0)
    for shares, wrong_in in [((0.9, 0.1), 1), ((0.5, 0.3, 0.2), 0), ((0.97, 0.03), 1)]:
        keys = np.repeat(list("abc")[: len(shares)], [round(400 * s) for s in shares])
        right = np.ones(len(keys), bool)
        of = np.flatnonzero(keys == "abc"[wrong_in])
        right[rng.choice(of, len(of) // 2, replace=False)] = False
        above = 0
        for seed in range(400):
            k = int(right[_spread(list(keys), 50, seed)].sum())
            above += finite_bounds(k, 50, len(keys), 0.9, "lower")[0] > right.mean()
        assert above / 400 <= 0.1
