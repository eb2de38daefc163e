"""A delivery: the labels of a batch frozen, and the digest by which anyone can check them.

The canonical export is JSON lines in UTF-8, one object per asset, ordered by external_id (by code
point), each with sorted keys and no spaces: answers, external_id, label, method, probability. The
digest is the SHA-256 of these bytes, so `sha256sum` of an exported file gives it again.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from ops import exports, scope
from ops.errors import NotFound
from ops.formats import jsonl
from ops.models import Batch, Delivery, User

# Which labels were known beforehand leaves the house with none of them: they count as what an
# expert decided, of which neither answers nor probability are told.
_IN_FORCE = """
    SELECT DISTINCT ON (asset.id) asset.id AS asset_id, asset.external_id, consensus.label,
           CASE consensus.method WHEN 'gold' THEN 'adjudication' ELSE consensus.method END
               AS method,
           CASE WHEN consensus.method NOT IN ('gold', 'adjudication')
                THEN consensus.probability END AS probability,
           CASE WHEN consensus.method IN ('gold', 'adjudication') THEN 0
                ELSE consensus.answers END AS answers
    FROM asset JOIN consensus ON consensus.asset_id = asset.id
    WHERE asset.batch_id = :batch {chosen} ORDER BY asset.id, consensus.version DESC
"""
_AGAIN = """EXISTS (SELECT FROM reopened_asset again
                    WHERE again.delivery_id = :before AND again.asset_id = {asset})"""
# What was delivered and not taken up again is delivered as it was, whatever is made of it now.
_AFTER = f"""
    SELECT asset_id, external_id, label, method, probability, answers FROM delivery_item
    WHERE delivery_id = :before AND NOT {_AGAIN.format(asset="delivery_item.asset_id")}
    UNION ALL ({_IN_FORCE.format(chosen="AND " + _AGAIN.format(asset="asset.id"))})
"""


def _labels(before: Delivery | None) -> str:
    """The labels that the next delivery holds, the one before it being `before`."""
    return _IN_FORCE.format(chosen="") if before is None else _AFTER


def next_id(session: Session) -> int:
    """The id the next delivery will have: its report and audit entry name it before it exists."""
    return session.scalars(text("SELECT nextval(pg_get_serial_sequence('delivery', 'id'))")).one()


def digest_of(labels: Iterable[dict[str, Any]]) -> str:
    """SHA-256, in hexadecimal, of labels in their canonical order."""
    found = hashlib.sha256()
    for line in jsonl.lines(labels):
        found.update(line.encode())
    return found.hexdigest()


def digest_in_force(session: Session, batch: Batch) -> tuple[str, int]:
    """The digest that the labels in force would be delivered under, and how many they are."""
    before = of_batch(session, batch.id)
    ordered = text(f'SELECT * FROM ({_labels(before)}) AS now ORDER BY external_id COLLATE "C"')
    values = {"batch": batch.id} | ({"before": before.id} if before else {})
    rows = session.execute(ordered, values, execution_options={"yield_per": exports.CHUNK})
    n = 0

    def labels() -> Iterable[dict[str, Any]]:
        nonlocal n
        for row in rows:
            n += 1
            yield {name: value for name, value in row._mapping.items() if name != "asset_id"}

    return digest_of(labels()), n


def freeze(session: Session, delivery: Delivery) -> None:
    """Store `delivery` and, as its items, the labels in force; the batch is delivered.

    The batch must be locked since before the digest was taken.
    """
    before = of_batch(session, delivery.batch_id)
    session.add(delivery)
    session.flush()
    values = {"delivery": delivery.id, "batch": delivery.batch_id}
    session.execute(
        text(
            "INSERT INTO delivery_item (delivery_id, asset_id, external_id, label, method, "
            f"probability, answers) SELECT :delivery, now.* FROM ({_labels(before)}) AS now"
        ),
        values | ({"before": before.id} if before else {}),
    )
    session.get_one(Batch, delivery.batch_id).state = "delivered"
    session.flush()


def find(session: Session, user: User, delivery_id: int) -> Delivery:
    """The delivery, if `user` may see its project. Raises NotFound."""
    seen = (
        select(Delivery)
        .join(Batch, Batch.id == Delivery.batch_id)
        .where(Delivery.id == delivery_id, Batch.project_id.in_(scope.projects(user)))
    )
    found = session.scalar(seen)
    if found is None:
        raise NotFound("There is no such delivery, or you may not see it.")
    return found


def versions(session: Session, batch_id: int) -> Sequence[Delivery]:
    """All deliveries of a batch, the first one first."""
    mine = select(Delivery).where(Delivery.batch_id == batch_id)
    return session.scalars(mine.order_by(Delivery.version)).all()


class Difference(NamedTuple):
    """An item that two deliveries hold differently; `before` or `after` is None where it lacks.

    `relabelled` says whether the label itself changed, and not only how it came about.
    """

    asset_id: int
    external_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    relabelled: bool


_DIFFER = """
    SELECT asset_id, coalesce(one.external_id, two.external_id) AS external_id,
           one.label AS before, two.label AS after, one.label IS DISTINCT FROM two.label AS changed
    FROM (SELECT * FROM delivery_item WHERE delivery_id = :first) one
    FULL JOIN (SELECT * FROM delivery_item WHERE delivery_id = :second) two USING (asset_id)
    WHERE (one.label, one.method, one.probability, one.answers)
          IS DISTINCT FROM (two.label, two.method, two.probability, two.answers)
    ORDER BY coalesce(one.external_id, two.external_id) COLLATE "C"
"""


def differences(session: Session, first: Delivery, second: Delivery) -> list[Difference]:
    """The items in which two deliveries of a batch differ, by external id.

    An item differs when its line in the canonical export does.
    """
    rows = session.execute(text(_DIFFER), {"first": first.id, "second": second.id})
    return [Difference(*row) for row in rows]


def of_batch(session: Session, batch_id: int) -> Delivery | None:
    """The delivery of a batch; the newest, should there be several."""
    newest = select(Delivery).where(Delivery.batch_id == batch_id)
    return session.scalar(newest.order_by(Delivery.version.desc()).limit(1))
