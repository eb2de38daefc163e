"""What a gate needs: bounds on accuracy from a sample of reviews, how many reviews to draw, and
which ones."""

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Ints

Side = Literal["both", "lower", "upper"]


class Plan(NamedTuple):
    """A sampling plan: review `n`; the bound holds with at most `allowed_errors` among them."""

    n: int
    allowed_errors: int


def clopper_pearson(
    k: int, n: int, confidence: float = 0.95, side: Side = "both"
) -> tuple[float, float]:
    """Exact bounds on a proportion after k successes in n draws; (nan, nan) when n is 0.

    A one-sided bound puts all the risk on its side and leaves the other at 0 or 1.
    C. J. Clopper and E. S. Pearson, Biometrika 26 (1934).
    """
    return _beta_interval(k, n, confidence, side, (0.0, 1.0), (1.0, 0.0))


def beta_bounds(
    k: int,
    n: int,
    confidence: float = 0.95,
    side: Side = "both",
    prior: tuple[float, float] = (0.5, 0.5),
) -> tuple[float, float]:
    """Bounds from the Beta posterior of a proportion under a Beta prior (default Jeffreys')."""
    return _beta_interval(k, n, confidence, side, prior, prior)


def finite_bounds(
    k: int, n: int, population: int, confidence: float = 0.95, side: Side = "both"
) -> tuple[float, float]:
    """Exact bounds on the share of good items in a finite population, k good among n drawn.

    Inverts the hypergeometric test, so reviewing everything leaves no doubt; (nan, nan) at n = 0.
    """
    _check(k, n, confidence, side)
    if n > population:
        raise ValueError("population: expected at least as many items as were drawn")
    if n == 0:
        return float("nan"), float("nan")
    risk = (1 - confidence) / (2 if side == "both" else 1)
    low = 0 if side == "upper" else _fewest_good(k, n, population, risk)
    high = population
    if side != "lower":
        high = population - _fewest_good(n - k, n, population, risk)
    return low / population, high / population


def reviews_needed(
    population: int, target: float, confidence: float = 0.95, expected: float = 1.0
) -> Plan:
    """Smallest plan that shows an accuracy of at least `target` in a finite population.

    If the share of errors in the sample is no more than 1 - `expected`, the exact one-sided lower
    bound reaches `target` at this `confidence`. Raises ValueError if `expected` is below `target`.
    """
    if population < 1 or not 0 < target < 1 or not 0 < confidence < 1:
        raise ValueError("expected a population, and target and confidence between 0 and 1")
    if not target <= expected <= 1:
        raise ValueError("expected: an accuracy of at least the target is needed to show it")
    too_many = population - math.ceil(target * population - 1e-9) + 1
    low, high = 0, 1
    while not _enough(high, population, too_many, confidence, expected):
        low, high = high, min(2 * high, population)
    while high - low > 1 and low >= 0:
        middle = (low + high) // 2
        if _enough(middle, population, too_many, confidence, expected):
            high = middle
        else:
            low = middle
    allowed = 0 if _enough(0, population, too_many, confidence, expected) else high
    n = _smallest_sample(allowed, population, too_many, confidence)
    return Plan(n, allowed) if n < population else Plan(population, too_many - 1)


def stratified_draw(stratum: ArrayLike, n: int, seed: int, *, minimum: int = 1) -> Ints:
    """Draw n positions, spread over strata in proportion to size, at least `minimum` each.

    `stratum` is a code per item. Returns sorted positions, all of them when n is not less than the
    number of items; the same seed draws the same sample. More than n are drawn only where
    `minimum` for every stratum asks for it.
    """
    _, member, sizes = np.unique(np.asarray(stratum), return_inverse=True, return_counts=True)
    if n < 0 or minimum < 0:
        raise ValueError("n: expected a number of at least 0")
    if n >= member.size:
        return np.arange(member.size)
    share = _allocate(sizes, n, minimum)
    generator = np.random.default_rng(seed)
    lots = generator.random(member.size)
    order = np.lexsort((lots, member))
    rank = np.arange(member.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    picked = order[rank < np.repeat(share, sizes)]
    return np.sort(picked)


def _beta_interval(
    k: int, n: int, confidence: float, side: Side,
    prior_low: tuple[float, float], prior_high: tuple[float, float],
) -> tuple[float, float]:  # fmt: skip
    from scipy.special import betaincinv

    _check(k, n, confidence, side)
    if n == 0:
        return float("nan"), float("nan")
    risk = (1 - confidence) / (2 if side == "both" else 1)
    a, b = k + prior_low[0], n - k + prior_low[1]
    low = 0.0 if side == "upper" or a == 0 else float(betaincinv(a, b, risk))
    a, b = k + prior_high[0], n - k + prior_high[1]
    high = 1.0 if side == "lower" or b == 0 else float(betaincinv(a, b, 1 - risk))
    return low, high


def _check(k: int, n: int, confidence: float, side: str) -> None:
    if not 0 <= k <= n:
        raise ValueError("k: expected 0 ≤ k ≤ n")
    if not 0 < confidence < 1:
        raise ValueError("confidence: expected a number between 0 and 1")
    if side not in ("both", "lower", "upper"):
        raise ValueError("side: expected both, lower or upper")


def _fewest_good(k: int, n: int, population: int, risk: float) -> int:
    """Smallest number of good items under which k or more good in the sample is no surprise."""
    from scipy.stats import hypergeom

    low, high = k - 1, population - (n - k)
    while high - low > 1:
        good = (low + high) // 2
        if hypergeom.sf(k - 1, population, good, n) > risk:
            high = good
        else:
            low = good
    return int(high)


def _smallest_sample(errors: int, population: int, too_many: int, confidence: float) -> int:
    """Fewest reviews such that, with `too_many` bad items in the population, finding no more than
    `errors` of them has a chance of at most 1 - confidence."""
    from scipy.stats import hypergeom

    if errors >= too_many:
        return population
    low, high = errors, population
    while high - low > 1:
        n = (low + high) // 2
        if hypergeom.cdf(errors, population, too_many, n) <= 1 - confidence:
            high = n
        else:
            low = n
    return high


def _enough(
    errors: int, population: int, too_many: int, confidence: float, expected: float
) -> bool:
    """Whether a plan that allows this many errors tolerates the share of errors expected."""
    n = _smallest_sample(errors, population, too_many, confidence)
    return n >= population or (1 - expected) * n <= errors + 1e-9


def _allocate(sizes: Ints, n: int, minimum: int) -> Ints:
    """Largest-remainder shares of n over strata, at least `minimum` (or the whole stratum) each."""
    floor = np.minimum(sizes, minimum)
    spare, room = n - int(floor.sum()), sizes - floor
    if spare <= 0:
        return floor.astype(np.int64)
    ideal = room * (spare / room.sum())
    share = np.floor(ideal).astype(np.int64)
    left = spare - int(share.sum())
    share[np.argsort(share - ideal, kind="stable")[:left]] += 1
    result: Ints = floor + share
    return result
