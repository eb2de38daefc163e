"""Weighted votes of a few people on one thing, and what is decided where they are even."""

import json
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from quality.measures.arrays import Floats
from quality.measures.texts import edit_distance

SURE = 1e-9  # shares as near as this are the same
# Votes of two thirds of the best or more are too even to hold against anybody: where an answer is
# left out, so that the others may be judged without it, it decides between those itself.
EVEN = 2 / 3

Attributes = Mapping[str, Any]


class Vote(NamedTuple):
    """What was chosen (None without votes), its share of the weight, and the share of each value in
    the order in which they were first named."""

    value: Any
    share: float
    shares: dict[Any, float]


def vote(values: Sequence[Hashable], weights: Sequence[float], own: Hashable = None) -> Vote:
    """The value with most weight; of equals the one named first.

    `own` is the value of somebody whose vote does not count: chosen where the others are even.
    """
    votes: dict[Any, float] = {}
    for value, weight in zip(values, weights, strict=True):
        votes[value] = votes.get(value, 0.0) + weight
    if not votes:
        return Vote(None, 0.0, {})
    total = sum(votes.values()) or 1.0
    shares = {value: weight / total for value, weight in votes.items()}
    top = max(shares.values())
    if own is not None and shares.get(own, 0.0) >= EVEN * top - SURE:
        return Vote(own, shares[own], shares)
    best = next(value for value, share in shares.items() if share >= top - SURE)
    return Vote(best, shares[best], shares)


def holds(share: float, own: bool | None = None) -> bool:
    """Whether more than half of the weight is for it; where the others are even, `own` says so."""
    if own is not None and min(share, 1 - share) >= EVEN * max(share, 1 - share) - SURE:
        return own
    return share > 0.5 + SURE


def median(values: Floats, weights: Floats) -> float:
    """Weighted median, interpolated between the middles of the weights.

    Of two values it is their weighted mean, of an odd number of equal weights the middle one.
    """
    order = np.argsort(values, kind="stable")
    heights = weights[order]
    middles = (np.cumsum(heights) - heights / 2) / heights.sum()
    return float(np.interp(0.5, middles, values[order]))


def attributes(
    given: Sequence[Attributes | None],
    weights: Sequence[float],
    defined: Mapping[str, Mapping[str, Any]],
    own: Attributes | None = None,
) -> tuple[dict[str, Any], dict[str, Vote]]:
    """Each attribute that more than half of the weight filled in, by the vote of those who did.

    `defined` are the ontology's attributes by key, whose `kind` says how: a number takes the
    weighted median, several choices are voted on one by one, a text is the one nearest to all, and
    everything else the most frequent value. The second part holds each attribute's vote.
    """
    total = sum(weights) or 1.0
    merged, votes = {}, {}
    for key in dict.fromkeys(key for one in given for key in one or {}):
        filled = [
            (one[key], weight)
            for one, weight in zip(given, weights, strict=True)
            if one and one.get(key) is not None
        ]
        share = sum(weight for _, weight in filled) / total
        mine = None if own is None else own.get(key)
        if not filled or not holds(share, None if own is None else mine is not None):
            continue
        merged[key], votes[key] = _value(
            [value for value, _ in filled],
            [weight for _, weight in filled],
            defined.get(key, {}),
            mine,
        )
    return merged, votes


def _value(
    values: list[Any], weights: list[float], one: Mapping[str, Any], own: Any
) -> tuple[Any, Vote]:
    kind = one.get("kind")
    texts = [_text(value) for value in values]
    found = vote(texts, weights, None if own is None else _text(own))
    if kind == "number" and all(_is_number(value) for value in values):
        middle = median(np.array(values, float), np.array(weights, float))
        whole = all(isinstance(value, int) for value in values)
        return (round(middle) if whole else middle), found
    if kind == "choices" and all(isinstance(value, list) for value in values):
        mine = own if isinstance(own, list) else None
        return chosen(values, weights, mine, one.get("choices") or ())[0], found
    if kind == "text" and all(isinstance(value, str) for value in values) and own is None:
        return nearest_text(values, weights)[0], found
    return json.loads(found.value), found


def chosen(
    sets: Sequence[Sequence[str]],
    weights: Sequence[float],
    own: Sequence[str] | None = None,
    order: Sequence[str] = (),
) -> tuple[list[str], dict[str, float]]:
    """The members that sets of more than half of the weight have, and the share of each, sorted as
    in `order` and what is not there by name."""
    total = sum(weights) or 1.0
    shares: dict[str, float] = {}
    for members, weight in zip(sets, weights, strict=True):
        for key in set(members):
            shares[key] = shares.get(key, 0.0) + weight / total
    kept = [k for k, s in shares.items() if holds(s, None if own is None else k in own)]
    place = {key: k for k, key in enumerate(order)}

    def rank(key: str) -> tuple[int, str]:
        return place.get(key, len(place)), key

    return sorted(kept, key=rank), {key: shares[key] for key in sorted(shares, key=rank)}


def nearest_text(texts: Sequence[str], weights: Sequence[float]) -> tuple[str, float]:
    """The text with the least weighted mean distance (edits ÷ longer length) to all, and 1 - that.

    A weighted medoid; where more than half of the weight gave one text, that is it.
    """
    distance: Floats = np.zeros(len(texts))
    unlike = {text: i for i, text in reversed(list(enumerate(texts)))}
    for text, i in unlike.items():
        away = [_apart(text, other) for other in texts]
        distance[i] = float(np.dot(away, weights))
    first = sorted(unlike.values())
    best = first[int(np.argmin(np.round(distance[first], 9)))]
    total = sum(weights) or 1.0
    return texts[best], 1 - float(distance[best]) / total


def _apart(one: str, other: str) -> float:
    """Edits from one text to the other ÷ the longer length: in [0, 1]."""
    return edit_distance(one, other) / max(len(one), len(other), 1)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
