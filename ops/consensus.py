"""The label in force of an asset: versions are appended, the highest counts."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from ops import clock_time, reopened
from ops.errors import Frozen, InvalidInput
from ops.models import CONSENSUS_METHODS, Batch, Consensus


def current(session: Session, asset_ids: Sequence[int]) -> dict[int, Consensus]:
    """Asset id → the consensus in force, for those of `asset_ids` that have one."""
    newest = (
        select(Consensus)
        .where(Consensus.asset_id.in_(asset_ids))
        .ext(distinct_on(Consensus.asset_id))
        .order_by(Consensus.asset_id, Consensus.version.desc())
    )
    return {found.asset_id: found for found in session.scalars(newest)}


def append(
    session: Session,
    *,
    asset_id: int,
    batch_id: int,
    method: str,
    label: dict[str, Any],
    probability: float | None,
    answers: int,
    agreement: float | None,
    posterior: dict[str, Any],
    decided_by: int | None = None,
) -> Consensus:
    """The next version for an asset.

    Two writers at once cannot make the same version: the unique key refuses the second
    (sqlalchemy.exc.IntegrityError), whose caller tries again. Raises InvalidInput for an unknown
    method, Frozen when the batch was delivered; a delivery that is under way is waited for.
    """
    if method not in CONSENSUS_METHODS:
        raise InvalidInput(f"method must be one of {', '.join(CONSENSUS_METHODS)}", field="method")
    batch = select(Batch.state).where(Batch.id == batch_id)
    if session.scalar(batch.with_for_update(read=True, key_share=True)) == "delivered":
        raise Frozen("This batch was delivered; its labels stay as they are.")
    if reopened.staying(session, [asset_id]):
        raise Frozen("This label was delivered and not taken up again; it stays as it is.")
    last = session.scalar(select(func.max(Consensus.version)).where(Consensus.asset_id == asset_id))
    made = Consensus(
        asset_id=asset_id,
        batch_id=batch_id,
        version=(last or 0) + 1,
        method=method,
        label=label,
        probability=probability,
        answers=answers,
        agreement=agreement,
        posterior=posterior,
        decided_by=decided_by,
        at=clock_time.now(),
    )
    session.add(made)
    session.flush()
    return made
