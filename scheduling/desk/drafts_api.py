"""Drafts over HTTP: saved while somebody works, read when they go on."""

import uuid
from typing import Any

from apiflask import APIBlueprint
from flask import request

from ops.web.identity import db, user
from scheduling.desk import drafts, messages, work

blueprint = APIBlueprint("desk_drafts", __name__, url_prefix="/api/v1/desk", tag="Desk")
# Room for the longest remark and the rest around the longest value.
MOST_BYTES = drafts.MOST_BYTES + 2**16


@blueprint.before_request
def bound() -> None:
    """Refuse what is longer than any draft before it is read."""
    request.max_content_length = min(MOST_BYTES, request.max_content_length or MOST_BYTES)


@blueprint.get("/<uuid:token>/draft")
@blueprint.output(messages.DraftOut)
def draft(token: uuid.UUID) -> dict[str, Any]:
    """Get the draft of a piece of work

    The one that was saved last, on whatever machine.
    """
    work.open_work(db(), user(), token)
    return {"draft": drafts.of(db(), user(), token)}


@blueprint.put("/<uuid:token>/draft")
@blueprint.input(messages.DraftIn, arg_name="said")
@blueprint.output(messages.DraftSaved)
def save_draft(token: uuid.UUID, said: messages.DraftIn) -> dict[str, Any]:
    """Save a draft

    It need not be a valid label. When another machine saved one in the meantime, the answer is 409
    with the `draft` that is there, and nothing is overwritten.
    """
    kept = drafts.save(db(), user(), token, **dict(said))
    return {"revision": kept.revision, "saved_at": kept.saved_at}
