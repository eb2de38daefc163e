"""What a client's machine can be told of, as data: the kinds of message and what each may hold."""

from typing import NamedTuple


class Event(NamedTuple):
    """In words, and the fields that its data may have: nothing else ever leaves the house."""

    words: str
    fields: frozenset[str]


def _event(words: str, *fields: str) -> Event:
    return Event(words, frozenset(fields))


_BATCH = ("project_id", "project", "batch_id", "batch")
_DELIVERY = (*_BATCH, "delivery_id", "version")

EVENTS = {
    "batch.received": _event("A batch has arrived", *_BATCH, "assets"),
    "batch.completed": _event("Every asset of a batch has its label", *_BATCH),
    "batch.delivered": _event(
        "A batch was delivered", *_DELIVERY, "items", "digest", "report_digest"
    ),
    "delivery.accepted": _event(
        "A delivery was accepted", *_DELIVERY, "checked", "wrong", "decided_at"
    ),
    "delivery.rejected": _event(
        "A delivery was rejected", *_DELIVERY, "checked", "wrong", "rework", "decided_at"
    ),
    "question.asked": _event("A question was passed to you", "project_id", "project", "issue_id"),
    "guideline.published": _event(
        "A version of a guideline came into force", "project_id", "project", "version"
    ),
}

# A message that somebody asks for, to see whether their machine takes it.
TEST = "webhook.test"
