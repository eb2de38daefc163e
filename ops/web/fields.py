"""What pages read from addresses and forms, and how they say what was wrong with a field."""

from datetime import date
from typing import Any

from ops.errors import InvalidInput, TouchstoneError


def identity(text: str | None) -> int | None:
    """A number that could be an id; None for what is none, so that it counts as not given.

    Longer ones would not fit the column, and digits of other scripts are no number of ours.
    """
    digits = text is not None and text.isascii() and text.isdecimal() and len(text) < 10
    return int(text) if text and digits else None


# The calendar ends at year 1 and year 9999, and the day before or after must still be one.
FIRST, LAST = date(1900, 1, 1), date(3000, 1, 1)


def day_of(text: str) -> date:
    """An ISO date that one may reckon with. Raises ValueError."""
    found = date.fromisoformat(text)
    if not FIRST <= found <= LAST:
        raise ValueError(f"no date from {FIRST} to {LAST}")
    return found


def day(text: str, field: str) -> date:
    """An ISO date. Raises InvalidInput naming `field`."""
    try:
        return day_of(text)
    except ValueError:
        raise InvalidInput("give a date as 2027-01-31", field=field) from None


def faults(error: TouchstoneError) -> list[dict[str, Any]]:
    """The faults of what was refused, as {"field", "message"}, for the fields of its form."""
    if isinstance(error, InvalidInput):
        return error.errors
    return [{"field": error.field, "message": error.message}]
