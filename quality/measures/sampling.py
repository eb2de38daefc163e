"""Exact bounds on accuracy from a sample of reviews."""

from typing import Literal

Side = Literal["both", "lower", "upper"]


def clopper_pearson(
    k: int, n: int, confidence: float = 0.95, side: Side = "both"
) -> tuple[float, float]:
    """Exact bounds on a proportion after k successes in n draws; (nan, nan) when n is 0.

    A one-sided bound puts all the risk on its side and leaves the other at 0 or 1.
    C. J. Clopper and E. S. Pearson, Biometrika 26 (1934).
    """
    from scipy.special import betaincinv

    _check(k, n, confidence, side)
    if n == 0:
        return float("nan"), float("nan")
    risk = (1 - confidence) / (2 if side == "both" else 1)
    low = 0.0 if side == "upper" or k == 0 else float(betaincinv(k, n - k + 1, risk))
    high = 1.0 if side == "lower" or k == n else float(betaincinv(k + 1, n - k, 1 - risk))
    return low, high


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
