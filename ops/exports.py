"""Labels go out: those in force of a batch, or those frozen in a delivery, one after the other.

They are fetched in chunks, so that an export of any size needs little memory and holds no long
snapshot.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from ops.models import Asset, Consensus, DeliveryItem

CHUNK = 5_000


def of_batch(session: Session, batch_id: int) -> Iterator[dict[str, Any]]:
    """The label in force of every asset of a batch that has one, by asset."""
    after = 0
    newest = (
        select(
            Asset.id,
            Asset.external_id,
            Consensus.label,
            Consensus.method,
            Consensus.probability,
            Consensus.answers,
            Consensus.agreement,
        )
        .join(Consensus, Consensus.asset_id == Asset.id)
        .ext(distinct_on(Asset.id))
        .where(Asset.batch_id == batch_id)
        .order_by(Asset.id, Consensus.version.desc())
        .limit(CHUNK)
    )
    while rows := session.execute(newest.where(Asset.id > after)).all():
        for row in rows:
            yield _label(row)
        after = rows[-1].id


def of_delivery(session: Session, delivery_id: int) -> Iterator[dict[str, Any]]:
    """What was delivered, by external id in the order of code points: the order of the digest."""
    after = ""
    items = (
        select(
            DeliveryItem.external_id,
            DeliveryItem.label,
            DeliveryItem.method,
            DeliveryItem.probability,
            DeliveryItem.answers,
        )
        .where(DeliveryItem.delivery_id == delivery_id)
        .order_by(DeliveryItem.external_id)
        .limit(CHUNK)
    )
    while rows := session.execute(items.where(DeliveryItem.external_id > after)).all():
        for row in rows:
            yield _label(row)
        after = rows[-1].external_id


def _label(row: Any) -> dict[str, Any]:
    return {name: value for name, value in row._mapping.items() if name != "id"}
