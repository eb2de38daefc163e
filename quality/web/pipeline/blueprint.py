"""The blueprint of every page of the pipeline, and what they read from addresses and forms."""

from apiflask import APIBlueprint
from flask import request

from ops.errors import Conflict, InvalidInput, NotFound
from ops.web.fields import identity

blueprint = APIBlueprint("pipeline", __name__, url_prefix="/onboarding", enable_openapi=False)


def field(name: str) -> str:
    """A field of the form, empty where it is not there."""
    return request.form.get(name, "")


def needed(name: str) -> int:
    """A number that the form must name. Raises NotFound."""
    found = identity(field(name))
    if found is None:
        raise NotFound("Something that this page sends is missing. Reload it and try again.")
    return found


REFUSED = (InvalidInput, Conflict)
