"""A delivery is accepted or rejected, once. What is rejected returns as work, ahead of all else.

The delivery itself stays as it is, for ever. Its batch opens again for the rejected items alone.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from ops import audit_log, clock_time, delivery, flags, lanes, notices, reopened
from ops.errors import Conflict, InvalidInput
from ops.models import Acceptance, AcceptanceItem, Batch, Delivery, Task, User
from ops.webhooks import outbox
from quality import rework
from quality.acceptance import audit, tracing
from quality.judging.decisions import GOLD_DISPUTED
from quality.models import Gold

LONGEST_REMARKS = 5000


def accept(session: Session, made: Delivery, by: User, remarks: str = "") -> Acceptance:
    """The client takes the delivery. Raises NotReady without a sample, Conflict when decided."""
    found = _decide(session, made, by, "accepted", remarks)
    _tell(session, made, found, by, rework=None)
    return found


def reject(session: Session, made: Delivery, by: User, remarks: str = "") -> Acceptance:
    """The client gives back the items that were found wrong; each is traced to its cause.

    Raises InvalidInput without a wrong item, NotReady without a sample, Conflict when decided.
    """
    audit.locked(session, made)
    wrong = _wrong(session, made)
    if not wrong:
        message = "Mark at least one item as wrong: what is rejected is what is mended."
        raise InvalidInput(message, field="decision")
    # Before the decision: nobody delivers meanwhile, and nobody else opens work.
    batch = lanes.lock_batch(session, made.batch_id)
    newest = delivery.of_batch(session, batch.id)
    if newest is None or newest.id != made.id or batch.state != "delivered":
        raise Conflict("There is a newer delivery of this batch, or it is being mended already.")
    found = _decide(session, made, by, "rejected", remarks)
    at = clock_time.now()
    tracing.trace(session, made, wrong)
    assets = {item.asset_id for item in wrong}
    reopened.reopen(session, batch, made, assets, "rejected", at)
    _put_ahead(session, batch)
    reopened.note_tasks(session, made, _return(session, batch, assets))
    _tell(session, made, found, by, rework=len(assets))
    return found


def _wrong(session: Session, made: Delivery) -> Sequence[AcceptanceItem]:
    mine = AcceptanceItem.delivery_id == made.id
    wrong = select(AcceptanceItem).where(mine, AcceptanceItem.verdict == "wrong")
    return session.scalars(wrong.order_by(AcceptanceItem.position)).all()


def _decide(session: Session, made: Delivery, by: User, state: str, remarks: str) -> Acceptance:
    if len(remarks) > LONGEST_REMARKS:
        raise InvalidInput(f"at most {LONGEST_REMARKS} characters", field="remarks")
    found = audit.locked(session, made)
    found.state, found.remarks = state, remarks.strip()
    found.decided_by, found.decided_at = by.id, clock_time.now()
    session.flush()
    return found


def _put_ahead(session: Session, batch: Batch) -> None:
    """Nothing of another batch goes out before it; of this one, only what was rejected is open.

    A pause of before the delivery is over.
    """
    others = select(func.max(Batch.priority)).where(Batch.state == "open", Batch.id != batch.id)
    first = (session.scalar(others) or 0) + 1
    batch.priority = min(max(batch.priority, first), lanes.PRIORITIES[-1])
    batch.paused = False
    session.flush()


def _return(session: Session, batch: Batch, assets: set[int]) -> dict[int, int]:
    """Send the labels back; asset id → the task that it went to.

    Gold goes to nobody who might know it again: a lead revises it, and a flag says so.
    """
    gold = set(session.scalars(select(Gold.asset_id).where(Gold.asset_id.in_(assets))))
    for asset in sorted(gold):
        flags.raise_flag(
            session,
            project_id=batch.project_id,
            kind=GOLD_DISPUTED,
            reason="The client rejected this label, which is gold. Revise it, or keep it.",
            asset_id=asset,
            evidence={"batch": batch.id},
        )
    rework.return_to_author(session, batch, assets - gold)
    waits = or_(Task.open, Task.n_leased > 0)
    opened = (
        select(Task.asset_id, func.max(Task.id))
        .where(Task.asset_id.in_(assets), Task.stage.in_(("rework", "adjudicate")), waits)
        .group_by(Task.asset_id)
    )
    return {asset: task for asset, task in session.execute(opened)}  # noqa: C416


def _tell(
    session: Session, made: Delivery, found: Acceptance, by: User, rework: int | None
) -> None:
    """The audit trail, the leads, and machines of the client that listen."""
    batch, project = made.batch, made.batch.project
    far = audit.progress(audit.items(session, found))
    action = f"delivery.{found.state}"
    data: dict[str, Any] = {"checked": far.looked + far.chosen_looked, "wrong": far.wrong}
    audit_log.record(
        session,
        by,
        action,
        f"delivery:{made.id}",
        organisation_id=project.organisation_id,
        **data,
    )
    words = f"The client {found.state} delivery {made.version} of {batch.name}"
    words += f": {rework} of its labels return as rework." if rework else "."
    notices.tell_leads(
        session,
        project.id,
        key=f"{action}:{made.id}",
        text=words,
        url=f"/batches/{batch.id}/acceptance",
    )
    assert found.decided_at is not None
    payload = {
        "project_id": project.id,
        "project": project.name,
        "batch_id": batch.id,
        "batch": batch.name,
        "delivery_id": made.id,
        "version": made.version,
        **data,
        "decided_at": found.decided_at.isoformat(),
    }
    if rework is not None:
        payload["rework"] = rework
    key = f"delivery:{made.id}:{found.state}"
    outbox.tell(session, project.organisation_id, action, key, payload)
