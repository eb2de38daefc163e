"""Values of attributes: of a label or of one object, as the ontology asks for them."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ops.labels.ground import Fault, listed, plain, words

LONGEST_TEXT = 2000


class _Wrong(Exception):
    """What was expected instead."""


def attribute_faults(
    given: Mapping[str, Any],
    asked: Sequence[Mapping[str, Any]],
    classes: set[str] | None,
    where: str,
) -> tuple[dict[str, Any], list[Fault]]:
    """(clean values in the order they are asked, faults) of the attributes of `classes`.

    An attribute is asked of every class, or `of` some; `classes` None means that all are asked.
    """
    clean: dict[str, Any] = {}
    if not asked and not given:
        return clean, []
    fit = {a["key"]: a for a in asked if classes is None or _fits(a, classes)}
    faults = list(_unknown(given, asked, fit, where))
    for key, attribute in fit.items():
        value = given.get(key)
        if value is None:
            if attribute.get("required"):
                faults.append((f"{where}.{key}", "is missing"))
            continue
        try:
            clean[key] = _KINDS[attribute["kind"]](value, attribute)
        except _Wrong as wrong:
            faults.append((f"{where}.{key}", str(wrong)))
    return clean, faults


def _fits(attribute: Mapping[str, Any], classes: set[str]) -> bool:
    of = attribute.get("of")
    return not of or not classes.isdisjoint(of)


def _unknown(
    given: Mapping[str, Any],
    asked: Sequence[Mapping[str, Any]],
    fit: Mapping[str, Any],
    where: str,
) -> Iterator[Fault]:
    known = {a["key"] for a in asked}
    for key in given:
        if key not in known:
            yield f"{where}.{key}", "there is no such attribute"
        elif key not in fit:
            yield f"{where}.{key}", "is not asked of this class"


def _choice(value: Any, attribute: Mapping[str, Any]) -> str:
    choices = attribute["choices"]
    if not isinstance(value, str) or value not in choices:
        raise _Wrong(f"must be one of {listed(choices)}")
    return value


def _choices(value: Any, attribute: Mapping[str, Any]) -> list[str]:
    choices = attribute["choices"]
    if not isinstance(value, list) or any(v not in choices for v in value):
        raise _Wrong(f"must be a list of some of {listed(choices)}")
    return [c for c in choices if c in value]


def _text(value: Any, _: Mapping[str, Any]) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT or not storable(value):
        raise _Wrong(f"must be a text of up to {LONGEST_TEXT} characters")
    return value


def _number(value: Any, attribute: Mapping[str, Any]) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _Wrong("must be a number")
    low, high = attribute.get("low"), attribute.get("high")
    if low is not None and value < low:
        raise _Wrong(f"must be at least {words(low)}")
    if high is not None and value > high:
        raise _Wrong(f"must be at most {words(high)}")
    return plain(value)


def _flag(value: Any, _: Mapping[str, Any]) -> bool:
    if not isinstance(value, bool):
        raise _Wrong("must be true or false")
    return value


_KINDS: dict[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "choice": _choice,
    "choices": _choices,
    "text": _text,
    "number": _number,
    "flag": _flag,
}


def storable(text: str) -> bool:
    """Whether the database can keep it: no NUL character, no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)
