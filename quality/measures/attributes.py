"""Attributes: how far the values of two labels agree."""

from collections.abc import Mapping
from typing import Any


def agreement(given: Mapping[str, Any] | None, truth: Mapping[str, Any] | None) -> float | None:
    """Mean over the keys of both of how far their values agree; None where the truth states none.

    A truth without attributes does not judge them. A key that only one side has counts 0.
    """
    if not truth:
        return None
    shares = each(given or {}, truth)
    return sum(shares.values()) / len(shares)


def each(given: Mapping[str, Any], truth: Mapping[str, Any]) -> dict[str, float]:
    """Agreement key by key, in [0, 1]: of several choices their Jaccard index, else 1 if equal."""
    absent = object()
    keys = sorted({*given, *truth})
    return {key: _agree(given.get(key, absent), truth.get(key, absent)) for key in keys}


def _agree(given: Any, truth: Any) -> float:
    if isinstance(given, list) and isinstance(truth, list):
        some, others = set(map(str, given)), set(map(str, truth))
        return len(some & others) / len(some | others) if some | others else 1.0
    if isinstance(given, bool) != isinstance(truth, bool):  # True is no 1
        return 0.0
    return float(given == truth)
