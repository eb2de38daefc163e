"""What is wrong with the objects of a label, one by one and in words."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from quality.measures import attributes
from quality.measures.error_types import (
    AMBIGUOUS,
    CROWD,
    DUPLICATE,
    EXTRA,
    LOW_OVERLAP,
    RIGHT,
    TYPES,
    WRONG_CLASS,
)
from quality.measures.objects import Judged, owners
from quality.measures.shapes import Object

KINDS = (
    "wrong class", "missing", "extra", "low overlap", "duplicate", "ambiguous", "attribute", "text",
)  # fmt: skip


class ObjectError(NamedTuple):
    """One thing that is wrong: its `kind` (of `KINDS`), the ids of the given and the true object
    (or the tag, or the attribute's key), how much both overlap, and the same in words."""

    kind: str
    given: str | None
    truth: str | None
    overlap: float | None
    words: str


def errors(judged: Judged, *, exact: bool = False) -> list[list[ObjectError]]:
    """The errors of each label: given objects in their order, then what is missing.

    `exact`: an object matched with a truth that it does not cover exactly is an error, too.
    """
    found: list[list[ObjectError]] = [[] for _ in range(len(judged.given.start) - 1)]
    of_seen, of_known = owners(judged.given), owners(judged.truth)
    wrong = (judged.of != RIGHT) & (judged.of != CROWD)
    told = wrong | (judged.agreement < 1) | (exact & (judged.overlap < 1))
    for i in np.flatnonzero(told):
        found[of_seen[i]] += _of_object(judged, int(i), exact)
    for j in np.flatnonzero(judged.missing):
        one = judged.truth.objects[int(j)]
        words = f"{one['class']} is missing"
        found[of_known[j]].append(ObjectError("missing", None, one.get("id"), None, words))
    return found


def attribute_errors(
    given: Mapping[str, Any], truth: Mapping[str, Any], ids: tuple[Any, Any] | None = None
) -> list[ObjectError]:
    """One error for each attribute in which both differ; `ids` of the objects, else its key."""
    found = []
    for key, share in attributes.each(given, truth).items():
        if share < 1:
            one, other = (str(key) if key in side else None for side in (given, truth))
            words = f"{key}: {_said(given, key)}, where the truth is {_said(truth, key)}"
            at = ids or (one, other)
            found.append(ObjectError("attribute", at[0], at[1], None, words))
    return found


def _of_object(judged: Judged, i: int, exact: bool) -> list[ObjectError]:
    one, kind, about = judged.given.objects[i], judged.of[i], judged.about[i]
    other = judged.truth.objects[about] if about >= 0 else None
    overlap = float(judged.overlap[i]) if about >= 0 else None
    ids = one.get("id"), other.get("id") if other else None
    if kind == RIGHT and other is not None:
        found = []
        if exact and judged.overlap[i] < 1:
            found.append(ObjectError("low overlap", *ids, overlap, _words(LOW_OVERLAP, one, other)))
        if other.get("attributes"):
            given = one.get("attributes") or {}
            found += attribute_errors(given, other["attributes"], ids)
        return found
    return [ObjectError(TYPES[kind], *ids, overlap, _words(kind, one, other))]


def _words(kind: int, one: Object, other: Object | None) -> str:
    name, true = one["class"], other["class"] if other else ""
    return {
        WRONG_CLASS: f"{name}, where the truth is {true}",
        EXTRA: f"{name} is not there",
        LOW_OVERLAP: f"{name} is not where the truth has it",
        DUPLICATE: f"{name} is there once only",
        AMBIGUOUS: f"{name} is near a {true}, and neither the same nor another",
    }[kind]


def _said(attributes: Mapping[str, Any], key: str) -> str:
    return str(attributes[key]) if key in attributes else "not given"
