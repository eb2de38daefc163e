"""Decisions of handing out, as arithmetic: how much gold, how far apart, which lease, what time.

PURE: numbers in, numbers out.
"""

import hashlib
import math
import random
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Protocol, TypeVar

# Lower bound of the prior Beta(3, 1), whose distribution function is x³: what nothing is known of.
PRIOR_LOW: float = 0.025 ** (1 / 3)
# The longest gap between gold, in means.
LONGEST = 4
# Another tab that gave a sign of life this recently is the one being worked in.
TAB_SECONDS = 20
# Of the columns that hold them.
LARGEST = 2**31 - 1


class GoldTerms(Protocol):
    """What a project sets about gold."""

    rate_new: float
    rate_trusted: float
    trusted_low: float


def gold_rate(low: float, n: int, terms: GoldTerms, nested: float = 0.0) -> float:
    """Share of gold in a labeller's work, in (0, 0.5], from the lower bound of their accuracy.

    `rate_new` while nothing is known (n = 0), falling in a straight line as the lower bound rises,
    `rate_trusted` from `trusted_low` on. Trust is never so great that no gold is slipped in. While
    a newcomer is nested it is `nested` at least.
    """
    return max(_rate(low, n, terms), nested)


def _rate(low: float, n: int, terms: GoldTerms) -> float:
    if n == 0:
        return terms.rate_new
    if low >= terms.trusted_low:
        return terms.rate_trusted
    climbed = max(0.0, low - PRIOR_LOW) / max(terms.trusted_low - PRIOR_LOW, 1e-9)
    return terms.rate_new + (terms.rate_trusted - terms.rate_new) * min(climbed, 1.0)


def next_gap(rate: float, rng: random.Random) -> int:
    """How many claims until and including the next gold: at least 1, on average exactly 1 / rate.

    Geometric, cut off at `LONGEST` times its mean so that nobody goes unmeasured for long. Each
    claim has the same chance to be gold, whatever came before, so even somebody who recognised the
    last one knows nothing of the next, up to the cut: see `pace`. Raises ValueError.
    """
    chance, most = pace(rate)
    if chance >= 1:
        return 1
    return min(1 + math.floor(math.log1p(-rng.random()) / math.log1p(-chance)), most)


@lru_cache(maxsize=1000)
def pace(rate: float) -> tuple[float, int]:
    """(chance of each claim to be gold, longest gap after which the next one is).

    The chance solves (1 - (1 - chance)^longest) / chance = 1 / rate, and is 0.98 of the rate:
    whoever knows all settings and where the last gold was, and is careless except at the longest
    gap, meets 2 % less gold in their careless work than by guessing. Raises ValueError.
    """
    if not 0 < rate <= 1:
        raise ValueError("rate: expected a share in (0, 1]")
    most = math.ceil(LONGEST / rate)
    low, high = 0.0, rate
    for _ in range(60):
        chance = (low + high) / 2
        longer = -math.expm1(most * math.log1p(-chance)) / chance > 1 / rate
        low, high = (chance, high) if longer else (low, chance)
    return (1.0 if rate == 1 else high), most


def active_ms(total: int, before: int, known: int, wall: int) -> int:
    """Active time in ms: `before` in earlier tabs plus `total` in this one.

    It never falls below what is `known` already and never exceeds the `wall` time, both in ms.
    """
    return max(known, min(before + max(total, 0), max(wall, 0)))


def idle_ms(total: int, before: int, known: int, room: int) -> int:
    """Idle time in ms, like `active_ms`, within the `room` that active time leaves of the wall."""
    return max(0, min(max(known, before + max(total, 0)), room, LARGEST))


def inputs(total: int, before: int, known: int) -> int:
    """How many inputs there were: `before` in earlier tabs plus `total` in this one, never fewer
    than are `known` already."""
    return max(known, min(before + max(total, 0), LARGEST))


def tab_counts(tab: str, holder: str | None, seconds_since: float | None) -> bool:
    """Whether `tab` may add active time: it holds the work, or the holder has been silent."""
    if holder is None or holder == tab:
        return True
    return seconds_since is None or seconds_since > TAB_SECONDS


# Work due within this time goes before what is not.
URGENT = timedelta(hours=24)


class OpenLane(Protocol):
    """A lane open to a labeller, as far as order is concerned."""

    @property
    def id(self) -> int: ...
    @property
    def project_id(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def priority(self) -> int: ...
    @property
    def due_at(self) -> datetime | None: ...


L = TypeVar("L", bound=OpenLane)


def in_order(lanes: Sequence[L], at: datetime, last_project: int | None, turn: int) -> list[L]:
    """The lanes in the order in which a claim at `at` searches them.

    The larger priority of the batch first; then what is overdue or due within `URGENT`, the
    earliest first; then the project of the newest claim, `last_project`; then hard work, for whom
    it is open. Among equals the order differs from `turn` to `turn` in a way nobody would guess,
    each lane coming first equally often. A new list; PURE.
    """

    def key(lane: L) -> tuple[float, float, bool, bool, str]:
        urgent = lane.due_at is not None and lane.due_at <= at + URGENT
        due = lane.due_at.timestamp() if urgent and lane.due_at else math.inf
        elsewhere = lane.project_id != last_project
        return (-lane.priority, due, elsewhere, lane.kind != "hard", _mixed(turn, lane.id))

    return sorted(lanes, key=key) if len(lanes) > 1 else list(lanes)


def _mixed(turn: int, lane_id: int) -> str:
    """A text whose place gives no hint of that of neighbouring turns or lanes; SQL has it too."""
    return hashlib.md5(f"{turn}:{lane_id}".encode(), usedforsecurity=False).hexdigest()


def settle_chance(until_next: int) -> float:
    """Chance with which a claim also settles the next gold, `until_next` claims being before it.

    Settling takes time that could be noticed. So it happens at one claim between two golds, each
    being as likely as the others, the one that hands out gold included: 1 / (claims left).
    """
    return 1 / (until_next + 1)


class Held(Protocol):
    """A live lease, as far as order is concerned."""

    @property
    def id(self) -> int: ...
    @property
    def token(self) -> str: ...
    @property
    def shown(self) -> bool: ...


H = TypeVar("H", bound=Held)


def lease_to_return(held: Sequence[H], browser_has: Collection[str] | None, most: int) -> H | None:
    """Which lease comes back instead of a new one; None: claim, if there is room.

    What is on a screen comes back first, so that a reload shows the same work. A browser that says
    what it has gets what it is missing. One that says nothing may hold up to `most`, and then gets
    the oldest.
    """
    missing = [h for h in held if h.token not in (browser_has or ())]
    shown = [h for h in missing if h.shown]
    if shown:
        return min(shown, key=lambda h: h.id)
    if missing and (browser_has is not None or len(held) >= most):
        return min(missing, key=lambda h: h.id)
    return None
