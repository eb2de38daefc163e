"""A batch that was delivered and is open again: which of its labels may change, and which stay.

A delivery is frozen for ever. When its client rejects assets of it the batch opens again, for these
alone: the next delivery then differs from this one in them and nowhere else. The database refuses a
new label of any other (`label_stays`, migration 0010); what is here keeps work from being asked for
it in the first place.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import exists, insert, select, text
from sqlalchemy.orm import Session

from ops.models import Batch, Delivery, ReopenedAsset

_STAY = text(
    "SELECT id FROM asset WHERE id = ANY(:assets) AND label_stays(asset.batch_id, asset.id)"
)


def was_delivered(session: Session, batch_id: int) -> bool:
    """Whether there is a delivery of the batch, be it open again or not."""
    return bool(session.scalar(select(exists().where(Delivery.batch_id == batch_id))))


def staying(session: Session, asset_ids: Collection[int]) -> set[int]:
    """Those of the assets whose label was delivered and was not taken up again."""
    if not asset_ids:
        return set()
    return set(session.scalars(_STAY, {"assets": sorted(asset_ids)}))


def reopen(
    session: Session,
    batch: Batch,
    made: Delivery,
    asset_ids: Collection[int],
    reason: str,
    at: datetime,
) -> None:
    """Let the labels of these assets of `made`, the newest delivery of `batch`, change.

    `reason` is "rejected" or "sample". The caller has locked the batch; it is open afterwards.
    """
    rows = [
        {"delivery_id": made.id, "asset_id": asset, "reason": reason, "at": at}
        for asset in sorted(asset_ids)
    ]
    if rows:
        session.execute(insert(ReopenedAsset), rows)
    batch.state, batch.completed_at = "open", None
    session.flush()


def note_tasks(session: Session, made: Delivery, tasks: Mapping[int, int]) -> None:
    """Keep where each reopened asset (id → task) went first."""
    mine = select(ReopenedAsset).where(
        ReopenedAsset.delivery_id == made.id, ReopenedAsset.asset_id.in_(tasks)
    )
    for one in session.scalars(mine):
        one.task_id = tasks[one.asset_id]
    session.flush()
