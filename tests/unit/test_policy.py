"""The arithmetic of handing out: rates, gaps, active time, which lease comes back."""

import math
import random
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling import policy


@dataclass(frozen=True)
class Terms:
    rate_new: float = 0.2
    rate_trusted: float = 0.04
    trusted_low: float = 0.9


@dataclass(frozen=True)
class Lease:
    id: int
    shown: bool = False

    @property
    def token(self) -> str:
        return f"t{self.id}"


rates = st.floats(0.005, 0.5)
lows = st.floats(0, 1)


@given(low=lows, more=lows, n=st.integers(0, 1000))
def test_the_rate_falls_with_the_lower_bound_and_is_never_zero(
    low: float, more: float, n: int
) -> None:
    terms = Terms()
    rate = policy.gold_rate(low, n, terms)
    assert terms.rate_trusted <= rate <= terms.rate_new
    assert policy.gold_rate(max(low, more), n, terms) <= rate


def test_newcomers_and_the_trusted_get_what_is_set() -> None:
    assert policy.gold_rate(0.99, 0, Terms()) == 0.2
    assert policy.gold_rate(policy.PRIOR_LOW, 1, Terms()) == pytest.approx(0.2)
    assert policy.gold_rate(0.9, 50, Terms()) == 0.04
    assert policy.gold_rate(0.3, 50, Terms(trusted_low=0.1)) == 0.04


def test_the_prior_bound_is_that_of_the_prior() -> None:
    from quality.measures.standing import posterior

    assert posterior().low == pytest.approx(policy.PRIOR_LOW, abs=1e-3)


@given(rate=rates, seed=st.integers())
def test_gaps_stay_in_their_range(rate: float, seed: int) -> None:
    drawn = policy.next_gap(rate, random.Random(seed))
    assert max(1, math.floor((1 - policy.SPREAD) / rate)) <= drawn
    assert drawn <= math.ceil((1 + policy.SPREAD) / rate)


@pytest.mark.parametrize("rate", [0.5, 0.3, 0.2, 0.07, 0.04])
def test_gaps_are_on_average_one_over_the_rate(rate: float) -> None:
    rng = random.Random(1)
    drawn = [policy.next_gap(rate, rng) for _ in range(40_000)]
    # The standard error of the mean is below 1 / (rate * 3 * 200).
    assert sum(drawn) / len(drawn) == pytest.approx(1 / rate, rel=0.01)
    assert len(set(drawn)) > 2


@pytest.mark.parametrize("rate", [0, -0.1, 1.5])
def test_a_rate_is_a_share(rate: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        policy.next_gap(rate, random.Random(1))


ms = st.integers(0, 10**8)


@given(total=ms, before=ms, known=ms, wall=ms)
def test_active_time_rises_and_stays_within_the_wall_time(
    total: int, before: int, known: int, wall: int
) -> None:
    known = min(known, wall)
    active = policy.active_ms(total, before, known, wall)
    assert known <= active <= wall
    assert active == policy.active_ms(total, before, active, wall)
    assert active == max(known, min(before + total, wall))


def test_one_tab_at_a_time() -> None:
    assert policy.tab_counts("a", None, None)
    assert policy.tab_counts("a", "a", 1.0)
    assert not policy.tab_counts("b", "a", 20.0)
    assert policy.tab_counts("b", "a", 20.1)


def test_what_was_shown_comes_back_first() -> None:
    held = [Lease(1), Lease(2, shown=True)]
    assert policy.lease_to_return(held, None, 9) == Lease(2, shown=True)


def test_a_browser_gets_what_it_is_missing_before_anything_new() -> None:
    held = [Lease(1, shown=True), Lease(2)]
    assert policy.lease_to_return(held, ["t1"], 9) == Lease(2)
    assert policy.lease_to_return(held, ["t1", "t2"], 2) is None
    assert policy.lease_to_return(held, [], 9) == Lease(1, shown=True)


def test_who_says_nothing_may_prefetch_and_then_gets_the_oldest() -> None:
    assert policy.lease_to_return([Lease(1)], None, 2) is None
    assert policy.lease_to_return([Lease(2), Lease(1)], None, 2) == Lease(1)
    assert policy.lease_to_return([], None, 2) is None
