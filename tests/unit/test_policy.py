"""The arithmetic of handing out: rates, gaps, active time, which lease comes back."""

import itertools
import math
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

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
    assert 1 <= drawn <= math.ceil(policy.LONGEST / rate)


@pytest.mark.parametrize("rate", [0.5, 0.3, 0.2, 0.07, 0.04])
def test_gaps_are_on_average_one_over_the_rate(rate: float) -> None:
    rng = random.Random(1)
    drawn = [policy.next_gap(rate, rng) for _ in range(40_000)]
    # The standard error of the mean is below 1 / (rate * 200).
    assert sum(drawn) / len(drawn) == pytest.approx(1 / rate, rel=0.02)
    assert len(set(drawn)) > 2


def _best_of_knowing(chances: list[float]) -> float:
    """Least gold per careless claim for somebody who knows how long ago the last gold was.

    `chances[i]` that gold comes at claim i + 1 after the last; they are careless where it is least.
    """
    return min(chances)


@pytest.mark.parametrize("rate", [0.5, 0.3, 0.2, 0.07, 0.04])
def test_knowing_the_last_gold_and_all_settings_gains_next_to_nothing(rate: float) -> None:
    rng, most = random.Random(7), math.ceil(policy.LONGEST / rate)
    drawn = [policy.next_gap(rate, rng) for _ in range(200_000)]
    reached = [sum(gap >= i for gap in drawn) for i in range(1, most + 1)]
    came = [sum(gap == i for gap in drawn) for i in range(1, most + 1)]
    # Together, where single places are too rare to count.
    steps = max(most // 8, 1)
    chances = [
        sum(came[i : i + steps]) / sum(reached[i : i + steps]) for i in range(0, most - 1, steps)
    ]
    assert _best_of_knowing(chances) > 0.9 * rate
    chance, longest = policy.pace(rate)
    assert longest == most and 0.97 * rate < chance <= rate


def test_a_bounded_even_gap_would_be_exploitable() -> None:
    """What the even gap around the mean gave away: the same yardstick can fail."""
    gaps = range(13, 38)
    chances = [(i in gaps) / sum(gap >= i for gap in gaps) for i in range(1, 38)]
    assert _best_of_knowing(chances) == 0


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


@given(*[st.integers(0, 10**9)] * 5, st.floats(0, 1))
def test_idle_time_rises_within_what_active_time_leaves(
    total: int, before: int, known: int, wall: int, more: int, share: float
) -> None:
    active = round(wall * share)
    idle = policy.idle_ms(total, before, known, wall - active)
    assert 0 <= idle <= wall - active
    assert idle >= min(known, wall - active)
    assert idle == policy.idle_ms(total, before, idle, wall - active)
    assert policy.idle_ms(total, before, known, wall - active + more) >= idle
    assert policy.inputs(total, before, known) == max(known, before + total)


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


# The order of lanes

AT = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass(frozen=True)
class OpenLane:
    id: int
    project_id: int = 1
    kind: str = "ordinary"
    priority: int = 0
    due_at: datetime | None = None


lanes_ = st.lists(
    st.builds(
        OpenLane,
        id=st.integers(1, 1000),
        project_id=st.integers(1, 2),
        kind=st.sampled_from(["ordinary", "hard"]),
        priority=st.integers(-1, 1),
        due_at=st.none() | st.integers(-50, 50).map(lambda h: AT + timedelta(hours=h)),
    ),
    unique_by=lambda lane: lane.id,
    max_size=12,
)


def _before(a: OpenLane, b: OpenLane) -> bool | None:
    """What the rules say of two lanes, one after the other; None where chance decides."""
    if a.priority != b.priority:
        return a.priority > b.priority
    urgent = [x.due_at is not None and x.due_at - AT <= timedelta(days=1) for x in (a, b)]
    if urgent[0] != urgent[1]:
        return urgent[0]
    if all(urgent) and a.due_at != b.due_at:
        return a.due_at < b.due_at  # type: ignore[operator]
    if (a.project_id == 2) != (b.project_id == 2):
        return a.project_id == 2
    return (a.kind == "hard") if a.kind != b.kind else None


@given(lanes=lanes_, turn=st.integers(0, 10**9))
def test_lanes_follow_the_rules_pair_by_pair(lanes: list[OpenLane], turn: int) -> None:
    ordered = policy.in_order(lanes, AT, 2, turn)
    assert sorted(x.id for x in ordered) == sorted(x.id for x in lanes)
    for i, first in enumerate(ordered):
        assert all(_before(first, later) is not False for later in ordered[i + 1 :])


def test_equal_lanes_come_first_equally_often() -> None:
    lanes = [OpenLane(n) for n in (3, 4, 5, 6)]
    firsts = [policy.in_order(lanes, AT, None, turn)[0].id for turn in range(4000)]
    for lane in lanes:
        # Five standard deviations of a binomial count around its mean of 1000.
        assert abs(firsts.count(lane.id) - 1000) < 5 * 27.4
    repeats = sum(a == b for a, b in itertools.pairwise(firsts))
    assert abs(repeats - 1000) < 5 * 27.4


@given(gap=st.integers(1, 60))
def test_the_next_gold_is_settled_at_any_claim_alike(gap: int) -> None:
    """Of the `gap` claims from one gold to the next, each is the one with the same chance."""
    still, chances = 1.0, []
    for until_next in range(gap - 1, -1, -1):
        chance = policy.settle_chance(until_next)
        chances.append(still * chance)
        still *= 1 - chance
    assert chances == pytest.approx([1 / gap] * gap)
    assert still == 0
