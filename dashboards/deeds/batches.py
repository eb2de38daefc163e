"""Batches: no new work from them, and work again."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from dashboards.deeds.deed import Deed, Terms, checked, counted, named
from ops import batches
from ops.errors import InvalidInput
from ops.models import Batch, User


def _chosen(session: Session, by: User, ids: Sequence[int], paused: bool) -> list[Batch]:
    """Those that are not yet as they shall be. Raises NotFound, InvalidInput."""
    found = [batches.find(session, by, one) for one in checked(ids)]
    left = [batch for batch in found if batch.paused != paused and batch.state != "delivered"]
    if not left:
        already = "paused" if paused else "going on"
        raise InvalidInput(f"there is nothing to do: all of it is {already} or delivered")
    return left


def _foresee_pause(session: Session, by: User, ids: Sequence[int], _terms: Terms) -> str:
    left = _chosen(session, by, ids, paused=True)
    return (
        f"No new work will go out from {counted(len(left), 'batch')}: "
        f"{named([b.name for b in left])}. What labellers hold may still be handed in."
    )


def _pause(session: Session, by: User, ids: Sequence[int], _terms: Terms) -> str:
    left = _chosen(session, by, ids, paused=True)
    for batch in left:
        batches.pause(session, batch, by=by)
    return f"Paused: {named([b.name for b in left])}."


def _foresee_resume(session: Session, by: User, ids: Sequence[int], _terms: Terms) -> str:
    left = _chosen(session, by, ids, paused=False)
    names = named([b.name for b in left])
    return f"Work will go out again from {counted(len(left), 'batch')}: {names}."


def _resume(session: Session, by: User, ids: Sequence[int], _terms: Terms) -> str:
    left = _chosen(session, by, ids, paused=False)
    for batch in left:
        batches.resume(session, batch, by=by)
    return f"Going on: {named([b.name for b in left])}."


BATCHES = (
    Deed("batch.pause", "Pause", "batch", _foresee_pause, _pause),
    Deed("batch.resume", "Let go on", "batch", _foresee_resume, _resume),
)
