"""A delivery: the labels of a batch frozen, and the digest by which anyone can check them.

The canonical export is JSON lines in UTF-8, one object per asset, ordered by external_id (by code
point), each with sorted keys and no spaces: answers, external_id, label, method, probability. The
digest is the SHA-256 of these bytes, so `sha256sum` of an exported file gives it again.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from ops import exports, scope
from ops.errors import NotFound
from ops.formats import jsonl
from ops.models import Batch, Delivery, User

_IN_FORCE = """
    SELECT DISTINCT ON (asset.id) asset.id AS asset_id, asset.external_id, consensus.label,
           consensus.method, consensus.probability, consensus.answers
    FROM asset JOIN consensus ON consensus.asset_id = asset.id
    WHERE asset.batch_id = :batch ORDER BY asset.id, consensus.version DESC
"""


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
    ordered = text(f'SELECT * FROM ({_IN_FORCE}) AS now ORDER BY external_id COLLATE "C"')
    rows = session.execute(
        ordered, {"batch": batch.id}, execution_options={"yield_per": exports.CHUNK}
    )
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
    session.add(delivery)
    session.flush()
    session.execute(
        text(
            "INSERT INTO delivery_item (delivery_id, asset_id, external_id, label, method, "
            f"probability, answers) SELECT :delivery, now.* FROM ({_IN_FORCE}) AS now"
        ),
        {"delivery": delivery.id, "batch": delivery.batch_id},
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


def of_batch(session: Session, batch_id: int) -> Delivery | None:
    """The delivery of a batch; the newest, should there be several."""
    newest = select(Delivery).where(Delivery.batch_id == batch_id)
    return session.scalar(newest.order_by(Delivery.version.desc()).limit(1))
