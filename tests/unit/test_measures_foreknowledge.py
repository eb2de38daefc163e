"""Who knew what was often asked, against scipy's own test."""

import numpy as np
import pytest
from scipy.stats import fisher_exact

from quality.measures.foreknowledge import foreknowledge


def test_it_is_fishers_exact_test_of_each_attempt():
    rng = np.random.default_rng(2)
    who = np.repeat(np.arange(12), 20)
    seen = rng.random(who.size) < 0.5
    right = (rng.random(who.size) < np.where((who == 3) & ~seen, 0.05, 0.9)).astype(float)
    found = foreknowledge(who, seen, right, 13)
    for one in range(12):
        mine = who == one
        table = [
            [(mine & old & (right == value)).sum() for value in (1, 0)] for old in (seen, ~seen)
        ]
        assert found.p[one] == pytest.approx(fisher_exact(table, alternative="greater").pvalue)
    assert np.flatnonzero(found.flagged).tolist() == [3]
    assert np.isnan(found.p[12])


def test_too_few_of_either_kind_tell_nothing():
    found = foreknowledge(np.zeros(24, int), np.arange(24) < 4, np.arange(24) < 4, 1)
    assert np.isnan(found.p[0]) and not found.flagged[0]
