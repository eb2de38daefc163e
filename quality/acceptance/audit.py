"""A client's audit: a sample drawn by a seed, gone through by one or several people, kept.

The order is frozen when the sample is drawn: the items of the delivery as they stand in its export,
shuffled by the seed. A larger sample goes on in the same order. What a client adds of their own
choosing is looked at like the rest and is no part of the rate.
"""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ops import audit_log, clock_time, sealer
from ops.errors import Conflict, InvalidInput, NotFound, NotReady
from ops.labels import ERROR_WORDS
from ops.models import (
    AUDIT_VERDICTS,
    Acceptance,
    AcceptanceItem,
    Delivery,
    DeliveryItem,
    User,
)
from quality.acceptance import plans
from quality.measures import audits

# How long an item on somebody's screen is not given to another.
SHOWN = timedelta(minutes=10)
LARGEST_SEED = 2**53
LONGEST_REMARK = 2000


class Progress(NamedTuple):
    """How far an audit is: of the sample, and of what was chosen beside it."""

    drawn: int
    looked: int
    right: int
    chosen: int
    chosen_looked: int
    wrong: int


def of_delivery(session: Session, made: Delivery) -> Acceptance | None:
    """The audit of a delivery, if one was begun."""
    return session.scalar(select(Acceptance).where(Acceptance.delivery_id == made.id))


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
    _record(session, made, by, "delivery.sample_drawn", n=added, seed=str(found.seed))
    return found


def _begun(session: Session, made: Delivery, by: User, seed: int) -> Acceptance:
    values = {"delivery_id": made.id, "seed": seed, "plan": {}, "state": "open"}
    values |= {"opened_by": by.id, "opened_at": clock_time.now(), "remarks": ""}
    session.execute(insert(Acceptance).values(values).on_conflict_do_nothing())
    return locked(session, made)


def locked(session: Session, made: Delivery) -> Acceptance:
    """The open audit of a delivery, locked. Raises NotReady before one, Conflict after it."""
    mine = select(Acceptance).where(Acceptance.delivery_id == made.id).with_for_update()
    found = session.scalar(mine.execution_options(populate_existing=True))
    if found is None:
        raise NotReady("Draw a sample of this delivery first.")
    _refuse_decided(session, found)
    return found


def _refuse_decided(session: Session, found: Acceptance) -> None:
    if found.state != "open":
        assert found.decided_by is not None and found.decided_at is not None
        who = session.get_one(User, found.decided_by).name
        at = found.decided_at.strftime("%Y-%m-%d %H:%M UTC")
        raise Conflict(f"{who} {found.state} this delivery on {at}. It is decided once.")


def _add(session: Session, made: Delivery, found: Acceptance, n: int) -> int:
    """Fill the sample up to `n` items of the frozen order; returns how many are new."""
    listed = session.scalars(
        select(DeliveryItem.asset_id)
        .where(DeliveryItem.delivery_id == made.id)
        .order_by(DeliveryItem.external_id)
    ).all()
    drawn = [listed[i] for i in audits.order(len(listed), found.seed)[:n]]
    before = {item.asset_id: item for item in _items(session, found)}
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


# Positions of the sample are those of the order; what is chosen stands behind any sample.
_BEHIND = 10**9


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
    position = (session.scalar(last) or _BEHIND) + 1
    session.execute(insert(AcceptanceItem), [_row(found, asset, position, chosen=True)])
    _record(session, made, by, "delivery.item_chosen", item=external_id.strip())
    return session.get_one(AcceptanceItem, (found.id, asset))


def take_next(session: Session, made: Delivery, by: User, after: int = 0) -> AcceptanceItem | None:
    """The next item nobody has looked at, for `by`; one on a colleague's screen is left to them.

    After position `after`, and then from the beginning. None when all are looked at or taken.
    """
    found = of_delivery(session, made)
    if found is None or found.state != "open":
        return None
    at = clock_time.now()
    free = AcceptanceItem.shown_at.is_(None) | (AcceptanceItem.shown_at < at - SHOWN)
    free |= AcceptanceItem.shown_to == by.id
    waiting = (
        select(AcceptanceItem)
        .where(AcceptanceItem.acceptance_id == found.id, AcceptanceItem.verdict.is_(None), free)
        .order_by(AcceptanceItem.position <= after, AcceptanceItem.position)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    item = session.scalar(waiting)
    if item is not None:
        item.shown_to, item.shown_at = by.id, at
        session.flush()
    return item


def find(session: Session, made: Delivery, position: int) -> AcceptanceItem:
    """The item at a place of the audit. Raises NotFound."""
    item = session.scalar(
        select(AcceptanceItem)
        .join(Acceptance)
        .where(Acceptance.delivery_id == made.id, AcceptanceItem.position == position)
    )
    if item is None:
        raise NotFound("There is no such item in this audit.")
    return item


def look(
    session: Session,
    made: Delivery,
    by: User,
    position: int,
    verdict: str,
    errors: Sequence[str] = (),
    remark: str = "",
) -> AcceptanceItem:
    """Say of an item whether its label is right. One's own word may be changed until the decision.

    Raises InvalidInput for a wrong item without a kind of error, or one that its labels cannot
    have; Conflict where a colleague has said something else of it already.
    """
    kinds = check(made, verdict, errors, remark)
    locked_for_look(session, made)
    item = find(session, made, position)
    session.refresh(item, with_for_update=True)
    said = [{"type": kind} for kind in kinds]
    same = (item.verdict, item.errors) == (verdict, said)
    if item.looked_by not in (None, by.id) and not same:
        who = session.get_one(User, item.looked_by).name
        raise Conflict(f"{who} has looked at this item and said: {item.verdict}.")
    item.verdict, item.errors, item.remark = verdict, said, remark.strip()
    item.looked_by, item.looked_at = by.id, clock_time.now()
    session.flush()
    _record(session, made, by, "delivery.item_looked_at", position=position, verdict=verdict)
    return item


def check(made: Delivery, verdict: str, errors: Sequence[str], remark: str) -> list[str]:
    """The kinds of error in order, each once. Raises InvalidInput."""
    if verdict not in AUDIT_VERDICTS:
        raise InvalidInput("say whether the label is right or wrong", field="verdict")
    known = ERROR_WORDS[made.batch.project.label_type]
    unknown = [kind for kind in errors if kind not in known]
    if unknown:
        raise InvalidInput(f"expected some of {', '.join(known)}", field="errors")
    if verdict == "wrong" and not errors:
        raise InvalidInput("say what is wrong: choose at least one kind of error", field="errors")
    if len(remark) > LONGEST_REMARK:
        raise InvalidInput(f"at most {LONGEST_REMARK} characters", field="remark")
    return list(dict.fromkeys(errors)) if verdict == "wrong" else []


def locked_for_look(session: Session, made: Delivery) -> Acceptance:
    """The open audit, held so that nobody decides meanwhile; several may look at once."""
    mine = select(Acceptance).where(Acceptance.delivery_id == made.id)
    shared = mine.with_for_update(read=True).execution_options(populate_existing=True)
    found = session.scalar(shared)
    if found is None:
        raise NotReady("Draw a sample of this delivery first.")
    _refuse_decided(session, found)
    return found


def _items(session: Session, found: Acceptance) -> Sequence[AcceptanceItem]:
    mine = select(AcceptanceItem).where(AcceptanceItem.acceptance_id == found.id)
    return session.scalars(mine.order_by(AcceptanceItem.position)).all()


def items(session: Session, found: Acceptance) -> Sequence[AcceptanceItem]:
    """The sample in its order, and behind it what was chosen."""
    return _items(session, found)


def progress(looked_at: Sequence[AcceptanceItem]) -> Progress:
    """How far these items of an audit are."""
    sample = [item for item in looked_at if not item.chosen]
    chosen = [item for item in looked_at if item.chosen]
    return Progress(
        drawn=len(sample),
        looked=sum(item.verdict is not None for item in sample),
        right=sum(item.verdict == "right" for item in sample),
        chosen=len(chosen),
        chosen_looked=sum(item.verdict is not None for item in chosen),
        wrong=sum(item.verdict == "wrong" for item in looked_at),
    )


def shown(made: Delivery, found: Acceptance, looked_at: Sequence[AcceptanceItem]) -> audits.Found:
    """What the sample, as far as it was looked at, shows of the delivery."""
    far = progress(looked_at)
    terms = found.plan
    return audits.found(far.right, far.looked, made.items, terms["accuracy"], terms["confidence"])


def _record(session: Session, made: Delivery, by: User, action: str, **data: Any) -> None:
    organisation = made.batch.project.organisation_id
    subject = f"delivery:{made.id}"
    audit_log.record(session, by, action, subject, organisation_id=organisation, **data)
