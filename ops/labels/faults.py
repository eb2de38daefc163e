"""What pydantic found wrong, in words of ours and with the field as `objects.3.box`."""

from collections.abc import Callable, Sequence
from typing import Any

from pydantic import ValidationError

from ops.errors import InvalidInput
from ops.labels.ground import Fault, words

MOST_FAULTS = 100
_NUMBER = "must be a number"
_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "unknown field",
    "float_type": _NUMBER,
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "finite_number": _NUMBER,
    "string_type": "must be a text",
    "string_unicode": "must be a text",
    "string_pattern_mismatch": "must hold no NUL character",
    "string_too_short": "must not be empty",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
}
_TOLD: dict[str, Callable[[dict[str, Any]], str]] = {
    "literal_error": lambda t: f"must be {t['expected'].replace(chr(39), '')}",
    "too_long": lambda t: f"holds at most {t['max_length']:,}, there are {_count(t)}",
    "too_short": lambda t: f"needs at least {t['min_length']:,}, there are {_count(t)}",
    "string_too_long": lambda t: f"must have at most {t['max_length']:,} characters",
    "greater_than_equal": lambda t: f"must be at least {words(t['ge'])}",
    "less_than_equal": lambda t: f"must be at most {words(t['le'])}",
}


def said_by(error: ValidationError, where: str = "") -> list[Fault]:
    """Each fault that pydantic found, below the field `where`."""
    prefix = [where] if where else []
    found: dict[str, str] = {}
    for one in error.errors(include_url=False, include_input=False):
        found.setdefault(".".join([*prefix, *map(str, one["loc"])]), _message(one))
    return list(found.items())


def _message(one: Any) -> str:
    kind, told = one["type"], one.get("ctx") or {}
    if kind in _TOLD:
        return _TOLD[kind](told)
    return _WORDS.get(kind, one["msg"])


def _count(told: dict[str, Any]) -> str:
    n = told.get("actual_length")
    return "more" if n is None else f"{n:,}"


def refuse(faults: Sequence[Fault]) -> None:
    """Raise InvalidInput with every fault, unless there is none."""
    if faults:
        field, message = faults[0]
        errors = [{"field": f, "message": m} for f, m in faults[:MOST_FAULTS]]
        raise InvalidInput(message, field=field, errors=errors)
