"""When a figure is an alert: rarely by chance, surely where it fell, and never of nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.alerts.signs import fall, hours_left, late

TERMS = {"drop": 0.02, "floor": None, "least": 30}


def drawn(now: float, before: float, n: int, n_before: int, looks: int = 1200) -> float:
    """How often a fall is seen, where accuracies are truly so."""
    random = np.random.default_rng(3)
    right, past = random.binomial(n, now, looks), random.binomial(n_before, before, looks)
    seen = [fall(int(a), n, int(b), n_before, **TERMS) for a, b in zip(right, past, strict=True)]
    return float(np.mean([one.fell for one in seen]))


def test_chance_alone_seldom_raises_an_alert():
    for accuracy in (0.6, 0.9, 0.97):
        assert drawn(accuracy, accuracy, 120, 500) <= 0.01
        assert drawn(accuracy - 0.02, accuracy, 120, 500) <= 0.012  # the drop that is allowed


def test_a_real_fall_is_seen():
    assert drawn(0.7, 0.95, 60, 250) > 0.85
    assert drawn(0.85, 0.95, 400, 1500) > 0.95


@given(
    n=st.integers(0, 300), n_before=st.integers(0, 300), share=st.floats(0, 1), past=st.floats(0, 1)
)
def test_it_is_said_of_enough_answers_only(n, n_before, share, past):
    right, right_before = round(share * n), round(past * n_before)
    seen = fall(right, n, right_before, n_before, drop=0.02, floor=0.5, least=30)
    assert (seen is None) == (n < 30)
    if seen is None:
        return
    if seen.fell:
        assert n_before >= 30 and right / n < right_before / n_before - 0.02
    if seen.below:
        assert right / n < 0.5
    worse = fall(0, n, right_before, n_before, drop=0.02, floor=0.5, least=30)
    assert worse is not None and worse.fell >= seen.fell and worse.below >= seen.below


def test_late_is_past_the_date_or_expected_to_be():
    assert late(None, due=10.0, now=11.0)
    assert not late(None, due=10.0, now=9.0)
    assert late(12.0, due=10.0, now=1.0)
    assert not late(9.0, due=10.0, now=1.0)
    assert late(9.0, due=10.0, now=11.0)  # it should have been through by now


def test_open_work_lasts_as_long_as_the_pace_says():
    assert hours_left(120, 480, 24) == pytest.approx(6)
    assert hours_left(0, 480, 24) == 0
    assert hours_left(120, 0, 24) is None
