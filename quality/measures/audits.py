"""A client's audit of a delivery: how many items to look at, in which order, and what it shows.

The bounds are exact for a finite number of items (the hypergeometric test inverted, see
`sampling.finite_bounds`).
"""

from typing import Literal, NamedTuple

from quality.measures.sampling import finite_bounds

Shows = Literal["met", "missed", "open", "nothing"]


class Size(NamedTuple):
    """Look at `n` items; `accept` of them may be wrong. `words` says what that would show."""

    n: int
    accept: int
    words: str


class Found(NamedTuple):
    """`right` of `n` items looked at: the share with its two-sided interval, the lower bound
    `at_least` with the confidence asked for, and whether the level agreed on is met."""

    right: int
    n: int
    value: float | None
    low: float | None
    high: float | None
    at_least: float | None
    shows: Shows


def by_bound(items: int, accuracy: float, confidence: float) -> Size:
    """The fewest items which, all right, show `accuracy` with `confidence`.

    Raises ValueError for fewer than one item.
    """
    if items < 1:
        raise ValueError("items: expected at least 1")
    low, high = 0, items
    while high - low > 1:
        middle = (low + high) // 2
        bound, _ = finite_bounds(middle, middle, items, confidence, "lower")
        low, high = (low, middle) if bound >= accuracy else (middle, high)
    return Size(high, 0, if_none_wrong(high, items, accuracy, confidence))


def if_none_wrong(n: int, items: int, accuracy: float, confidence: float) -> str:
    """What `n` items of a delivery of `items` would show, in one sentence."""
    noun = "item" if n == 1 else "items"
    if n >= items:
        return f"All {items} {noun}: nothing is left to chance."
    bound, _ = finite_bounds(n, n, items, confidence, "lower")
    sure = f"{percent(confidence)} confidence"
    # Never more than asked for, which is what was agreed.
    least = percent(min(bound, accuracy)) if bound >= accuracy else percent(bound)
    return f"{n} {noun}: if none is wrong, at least {least} are right with {sure}."


def order(items: int, seed: int) -> list[int]:
    """Positions of the items in the order in which they are looked at; a sample is its beginning.

    `numpy.random.default_rng(seed).permutation(items)`, so that anyone can draw it again.
    """
    import numpy as np

    return [int(i) for i in np.random.default_rng(seed).permutation(items)]


def found(right: int, n: int, items: int, accuracy: float, confidence: float) -> Found:
    """What `right` of `n` items, drawn at random of `items`, say of the delivery.

    met: with `confidence`, at least `accuracy` are right. missed: with the same confidence, fewer
    are. open: neither is sure.
    """
    if n == 0:
        return Found(0, 0, None, None, None, None, "nothing")
    low, high = finite_bounds(right, n, items, 0.95)
    at_least, _ = finite_bounds(right, n, items, confidence, "lower")
    _, at_most = finite_bounds(right, n, items, confidence, "upper")
    shows: Shows = "met" if at_least >= accuracy else "missed" if at_most < accuracy else "open"
    return Found(right, n, right / n, low, high, at_least, shows)


def percent(share: float) -> str:
    """A share as text, downwards: a bound just below a level never reads as if it were reached."""
    return f"{int(share * 1000 + 1e-9) / 10:g}\u00a0%"
