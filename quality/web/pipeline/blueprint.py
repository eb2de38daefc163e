"""The blueprint of every page of the pipeline, and what they read from addresses and forms."""

from typing import Any

from apiflask import APIBlueprint
from flask import request

from ops.errors import Conflict, InvalidInput, NotFound, TouchstoneError

blueprint = APIBlueprint("pipeline", __name__, url_prefix="/onboarding", enable_openapi=False)


def number(text: str | None) -> int | None:
    """A number that could be an id; what cannot be read counts as not given."""
    # Longer numbers than any id would not fit the column.
    text = text or ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def field(name: str) -> str:
    """A field of the form, empty where it is not there."""
    return request.form.get(name, "")


def needed(name: str) -> int:
    """A number that the form must name. Raises NotFound."""
    found = number(field(name))
    if found is None:
        raise NotFound("Something that this page sends is missing. Reload it and try again.")
    return found


def faults(error: TouchstoneError) -> list[dict[str, Any]]:
    """The faults of a refused form, for its fields."""
    if isinstance(error, InvalidInput):
        return error.errors
    return [{"field": error.field, "message": error.message}]


REFUSED = (InvalidInput, Conflict)
