"""A client's audit: gone through by one or several people, kept item by item, and what it shows."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops import audit_log, clock_time
from ops.errors import Conflict, InvalidInput, NotFound, NotReady
from ops.labels import ERROR_WORDS
from ops.models import (
    AUDIT_VERDICTS,
    Acceptance,
    AcceptanceItem,
    Delivery,
    User,
)
from quality.measures import audits

# How long an item on somebody's screen is not given to another.
SHOWN = timedelta(minutes=10)
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

    A colleague's stays: saying the same changes nothing. Raises InvalidInput for a wrong item
    without a kind of error, or one that its labels cannot have; Conflict where a colleague has said
    something else of it already.
    """
    kinds = _checked(made, verdict, errors, remark)
    _held_open(session, made)
    item = find(session, made, position)
    session.refresh(item, with_for_update=True)
    said = [{"type": kind} for kind in kinds]
    same = (item.verdict, item.errors) == (verdict, said)
    if item.looked_by not in (None, by.id):
        if same:
            return item
        who = session.get_one(User, item.looked_by).name
        raise Conflict(f"{who} has looked at this item and said: {item.verdict}.")
    item.verdict, item.errors, item.remark = verdict, said, remark.strip()
    item.looked_by, item.looked_at = by.id, clock_time.now()
    session.flush()
    record(session, made, by, "delivery.item_looked_at", position=position, verdict=verdict)
    return item


def _checked(made: Delivery, verdict: str, errors: Sequence[str], remark: str) -> list[str]:
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


def _held_open(session: Session, made: Delivery) -> Acceptance:
    """The open audit, held so that nobody decides meanwhile; several may look at once."""
    mine = select(Acceptance).where(Acceptance.delivery_id == made.id)
    shared = mine.with_for_update(read=True).execution_options(populate_existing=True)
    found = session.scalar(shared)
    if found is None:
        raise NotReady("Draw a sample of this delivery first.")
    _refuse_decided(session, found)
    return found


def items(session: Session, found: Acceptance) -> Sequence[AcceptanceItem]:
    """The sample in its order, and behind it what was chosen."""
    mine = select(AcceptanceItem).where(AcceptanceItem.acceptance_id == found.id)
    return session.scalars(mine.order_by(AcceptanceItem.position)).all()


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


def record(session: Session, made: Delivery, by: User, action: str, **data: Any) -> None:
    """Note in the audit trail what `by` did to a delivery."""
    organisation = made.batch.project.organisation_id
    subject = f"delivery:{made.id}"
    audit_log.record(session, by, action, subject, organisation_id=organisation, **data)
