"""A sample of a delivery is drawn, and what a client chooses beside it.

The order is frozen when the sample is drawn: the items of the delivery as they stand in its export,
shuffled by the seed. A larger sample goes on in the same order. What a client adds of their own
choosing is looked at like the rest and is no part of the rate.
"""

import secrets
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ops import clock_time, sealer
from ops.errors import InvalidInput, NotReady
from ops.models import Acceptance, AcceptanceItem, Delivery, DeliveryItem, User
from quality.acceptance import plans
from quality.acceptance.audit import items, locked, record
from quality.measures import audits

LARGEST_SEED = 2**53
# Positions of the sample are those of the order; what is chosen stands behind any sample.
BEHIND = 10**9


def draw(
    session: Session, made: Delivery, by: User, n: int | None = None, seed: int | None = None
) -> Acceptance:
    """Begin the audit of `made` with `n` items (as proposed), or make its sample as large.

    Two who begin at once begin one. Raises InvalidInput for an impossible size or seed, NotReady
    before the delivery is sealed, Conflict once it was decided.
    """
    if not sealer.is_sealed(session, made.audit_entry_id):
        raise NotReady("This delivery is being sealed. Try again in a moment.")
    proposed = plans.propose(session, made)
    n = proposed.n if n is None else n
    if not 1 <= n <= made.items:
        raise InvalidInput(f"expected 1 to {made.items} items", field="n")
    if seed is not None and not 0 <= seed < LARGEST_SEED:
        raise InvalidInput(f"expected a whole number from 0 to {LARGEST_SEED - 1}", field="seed")
    found = _begun(session, made, by, secrets.randbelow(LARGEST_SEED) if seed is None else seed)
    added = _add(session, made, found, n)
    found.plan = _plan(session, made, _drawn(session, found), proposed)
    session.flush()
    record(session, made, by, "delivery.sample_drawn", n=added, seed=str(found.seed))
    return found


def _begun(session: Session, made: Delivery, by: User, seed: int) -> Acceptance:
    values = {"delivery_id": made.id, "seed": seed, "plan": {}, "state": "open"}
    values |= {"opened_by": by.id, "opened_at": clock_time.now(), "remarks": ""}
    session.execute(insert(Acceptance).values(values).on_conflict_do_nothing())
    return locked(session, made)


def _add(session: Session, made: Delivery, found: Acceptance, n: int) -> int:
    """Fill the sample up to `n` items of the frozen order; returns how many are new."""
    listed = session.scalars(
        select(DeliveryItem.asset_id)
        .where(DeliveryItem.delivery_id == made.id)
        .order_by(DeliveryItem.external_id)
    ).all()
    drawn = [listed[i] for i in audits.order(len(listed), found.seed)[:n]]
    before = {item.asset_id: item for item in items(session, found)}
    rows = []
    for position, asset in enumerate(drawn, 1):
        if asset not in before:
            rows.append(_row(found, asset, position, chosen=False))
        elif before[asset].chosen:
            # That chance has come to it does not depend on why it was chosen before.
            before[asset].chosen, before[asset].position = False, position
    session.flush()
    if rows:
        session.execute(insert(AcceptanceItem), rows)
    return len(rows)


def _row(found: Acceptance, asset: int, position: int, *, chosen: bool) -> dict[str, Any]:
    common = {"acceptance_id": found.id, "delivery_id": found.delivery_id, "errors": []}
    more = {"evidence": {}, "remark": "", "cause_reason": ""}
    return {**common, **more, "asset_id": asset, "position": position, "chosen": chosen}


def _drawn(session: Session, found: Acceptance) -> int:
    mine = AcceptanceItem.acceptance_id == found.id
    counted = select(func.count()).where(mine, AcceptanceItem.chosen.is_(False))
    return session.scalar(counted) or 0


def _plan(session: Session, made: Delivery, n: int, proposed: audits.Size) -> dict[str, Any]:
    accuracy, confidence = plans.agreed(session, made)
    same = n == proposed.n
    words = audits.if_none_wrong(n, made.items, accuracy, confidence)
    return {
        "n": n,
        "accept": proposed.accept if same else None,
        "accuracy": accuracy,
        "confidence": confidence,
        "words": proposed.words if same else words,
    }


def choose(session: Session, made: Delivery, by: User, external_id: str) -> AcceptanceItem:
    """Add an item of the client's own choosing; one that is there already is returned.

    Raises InvalidInput when the delivery holds no such item.
    """
    found = locked(session, made)
    asset = session.scalar(
        select(DeliveryItem.asset_id).where(
            DeliveryItem.delivery_id == made.id, DeliveryItem.external_id == external_id.strip()
        )
    )
    if asset is None:
        raise InvalidInput("This delivery holds no item of that name.", field="external_id")
    there = session.get(AcceptanceItem, (found.id, asset))
    if there is not None:
        return there
    last = select(func.max(AcceptanceItem.position)).where(
        AcceptanceItem.acceptance_id == found.id, AcceptanceItem.chosen
    )
    position = (session.scalar(last) or BEHIND) + 1
    session.execute(insert(AcceptanceItem), [_row(found, asset, position, chosen=True)])
    record(session, made, by, "delivery.item_chosen", item=external_id.strip())
    return session.get_one(AcceptanceItem, (found.id, asset))
