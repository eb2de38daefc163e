"""Trends of labellers: slopes as others compute them, intervals that cover, shifts cut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.measures.labeller_trends import shifts, slopes, stretches, turn


def work(seed, *, people=40, days=8, per=25, tired=0.0, slower=0.0):
    """Shifts of about `per` answers, one a day, each with a mood of its own; log time rises by
    `tired` an hour of the shift and by `slower` a week."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(people), days * per)
    day = np.tile(np.repeat(np.arange(days), per), people)
    hour = np.sort(rng.uniform(0, 3, (people * days, per)), axis=1).ravel()
    at = (day * 24 + 8 + hour) * 3600.0
    mood = rng.normal(0, 0.1, people * days).repeat(per)
    log = mood + rng.normal(0, 0.4, who.size) + tired * hour + slower * day / 7
    return who, at, log, shifts(who, at, people, gap=3 * 3600)


def fitted(found, log, kept, within):
    of = found.shift[kept] * within
    marks = (of[:, None] == np.unique(of)[None, :]).astype(float)
    design = np.concatenate([found.hours[kept][:, None], marks], axis=1)
    return np.linalg.lstsq(design, log[kept], rcond=None)[0][0]


def weight(found, mine, shift, within):
    of = mine & (found.shift == shift)
    return ((found.hours[of] - found.hours[of if within else mine].mean()) ** 2).sum()


def test_slopes_are_least_squares_and_their_intervals_those_of_leaving_a_stretch_out():
    from scipy.stats import t

    who, _, log, found = work(1, people=3, days=6, per=12)
    for within in (False, True):
        ours = slopes(who, found.shift, found.hours, log, 3, within=within)
        for i in range(3):
            mine = who == i

            of = np.unique(found.shift[mine])
            slope = fitted(found, log, mine, within)
            others = [fitted(found, log, mine & (found.shift != s), within) for s in of]
            spread = np.sqrt(5 / 6 * np.sum((np.array(others) - slope) ** 2))
            assert ours.value[i] == pytest.approx(slope)
            weights = np.array([weight(found, mine, s, within) for s in of])
            freedom = min(weights.sum() ** 2 / (weights**2).sum(), len(of) - 1)
            assert (ours.high[i] - slope) / t.ppf(0.975, freedom) == pytest.approx(spread)
            assert ours.p[i] == pytest.approx(t.sf(slope / spread, freedom))


def test_intervals_of_tiredness_and_of_slowing_cover_and_p_values_are_even():
    who, _, log, found = work(2, people=1000, tired=0.1)
    tired = slopes(who, found.shift, found.hours, log, 1000, within=True)
    assert 0.93 <= np.mean((tired.low <= 0.1) & (tired.high >= 0.1)) <= 0.97
    assert np.mean(tired.value) == pytest.approx(0.1, abs=0.02)
    slower = slopes(who, found.shift, found.weeks, log - 0.1 * found.hours, 1000)
    assert 0.93 <= np.mean((slower.low <= 0) & (slower.high >= 0)) <= 0.97
    assert np.mean(slower.p < 0.05) <= 0.07 and np.mean(slower.p < 0.5) == pytest.approx(
        0.5, abs=0.1
    )
    assert (slower.n == 200).all() and (slower.stretches == 8).all()


def test_too_little_is_unknown():
    who, _, log, found = work(3, people=2, days=3)
    short = slopes(who, found.shift, found.hours, log, 3)
    assert np.isnan(short.value).all() and short.n.tolist() == [75, 75, 0]
    log[who == 0] = np.nan
    assert slopes(who, found.shift, found.hours, log, 3).n[0] == 0
    assert np.isnan(turn(found.shift, found.weeks, log)[0])


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 20_000)), max_size=40))
def test_shifts_end_where_nothing_was_handed_in_for_half_an_hour(given_in):
    who = np.array([w for w, _ in given_in], np.int64)
    at = np.array([t for _, t in given_in], float)
    found = shifts(who, at, 3)
    for i in range(3):
        begun = last = None
        for k in sorted(np.flatnonzero(who == i), key=lambda k: at[k]):
            if begun is None or at[k] - last > 1800:
                begun, shift = at[k], found.shift[k]
            last = at[k]
            assert found.shift[k] == shift
            assert found.hours[k] == pytest.approx((at[k] - begun) / 3600)
    assert len(set(found.shift.tolist())) == found.n
    pieces = stretches(who, at, found.shift)
    assert all(len(set(found.shift[pieces == p].tolist())) == 1 for p in pieces)


def test_a_turn_is_found_where_it_was_planted():
    _, _, log, found = work(4, people=1, days=12, per=30)
    week, change = turn(found.shift, found.weeks, log + 0.5 * (found.weeks >= 1))
    assert week == pytest.approx(1.0, abs=0.2) and change == pytest.approx(0.5, abs=0.15)
