"""Labels go out: those in force of a batch, or those frozen in a delivery, one after the other.

They are fetched in chunks, so that an export of any size needs little memory and holds no long
snapshot. `file_of_batch` and `file_of_delivery` put them into any format.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from ops import ontologies, pictures, storage
from ops.config import Settings
from ops.errors import InvalidInput, StorageError
from ops.formats import catalogue
from ops.formats.face import Format, Item, Writing
from ops.formats.losses import Loss, Losses
from ops.formats.vocabulary import Vocabulary
from ops.models import Asset, Batch, Consensus, Delivery, DeliveryItem, OntologyVersion

CHUNK = 5_000
SAID = ("method", "probability", "answers", "agreement")
ASSET = (Asset.uri, Asset.text, Asset.width, Asset.height, Asset.meta)


def of_batch(session: Session, batch_id: int) -> Iterator[dict[str, Any]]:
    """The label in force of every asset of a batch that has one, by asset."""
    after = 0
    newest = _in_force(batch_id)
    while rows := session.execute(newest.where(Asset.id > after)).all():
        for row in rows:
            yield _label(row)
        after = rows[-1].id


def of_delivery(session: Session, delivery_id: int) -> Iterator[dict[str, Any]]:
    """What was delivered, by external id in the order of code points: the order of the digest."""
    after = ""
    items = _frozen(delivery_id)
    while rows := session.execute(items.where(DeliveryItem.external_id > after)).all():
        for row in rows:
            yield _label(row)
        after = rows[-1].external_id


def _in_force(batch_id: int, *more: Any) -> Any:
    return (
        select(
            Asset.id,
            Asset.external_id,
            Consensus.label,
            Consensus.method,
            Consensus.probability,
            Consensus.answers,
            Consensus.agreement,
            *more,
        )
        .join(Consensus, Consensus.asset_id == Asset.id)
        .ext(distinct_on(Asset.id))
        .where(Asset.batch_id == batch_id)
        .order_by(Asset.id, Consensus.version.desc())
        .limit(CHUNK)
    )


def _frozen(delivery_id: int, *more: Any) -> Any:
    found = select(
        DeliveryItem.external_id,
        DeliveryItem.label,
        DeliveryItem.method,
        DeliveryItem.probability,
        DeliveryItem.answers,
        *more,
    )
    if more:
        found = found.join(Asset, Asset.id == DeliveryItem.asset_id)
    found = found.where(DeliveryItem.delivery_id == delivery_id)
    return found.order_by(DeliveryItem.external_id).limit(CHUNK)


def _label(row: Any) -> dict[str, Any]:
    return {name: value for name, value in row._mapping.items() if name != "id"}


@dataclass(frozen=True)
class File:
    """An export in a format: `pieces` are its bytes, `losses` are whole once they are all read."""

    form: Format
    pieces: Iterator[bytes]
    noted: Losses

    @property
    def losses(self) -> list[Loss]:
        """What the format could not hold of what was written so far."""
        return self.noted.found

    def count_losses(self) -> list[Loss]:
        """What the format cannot hold, from writing it to nowhere."""
        for _ in self.pieces:
            pass
        return self.losses


def file_of_batch(
    session: Session,
    batch: Batch,
    form: str,
    settings: Settings,
    *,
    whole: bool = False,
    most: int | None = None,
) -> File:
    """The labels in force of a batch in a format; `whole` with what an import wants to know.

    `most`: no more labels than these, for whoever only wants to see what is lost. Raises
    InvalidInput for a format that there is not or that cannot hold them.
    """
    ontology = ontologies.current(session, batch.project_id)
    items = islice(_items_of_batch(session, batch.id), most)
    return _file(form, items, batch.project.label_type, ontology, settings, whole)


def file_of_delivery(
    session: Session,
    made: Delivery,
    form: str,
    settings: Settings,
    *,
    whole: bool = False,
    most: int | None = None,
) -> File:
    """What was delivered in a format, with the classes as they were called then. Raises likewise.

    As JSON lines and not `whole` it is the canonical export, byte by byte.
    """
    ontology = session.get_one(OntologyVersion, made.ontology_version_id)
    items = islice(_items_of_delivery(session, made.id), most)
    return _file(form, items, made.batch.project.label_type, ontology, settings, whole)


def _file(
    form: str,
    items: Iterator[Item],
    label_type: str,
    ontology: OntologyVersion | None,
    settings: Settings,
    whole: bool,
) -> File:
    found = catalogue.fitting(form, label_type)
    writing = Writing(label_type, Vocabulary(ontology or {}), whole=whole)
    writing.size_of = lambda item: _measured(item, settings)
    return File(found, found.write(items, writing), writing.losses)


def _measured(item: Item, settings: Settings) -> tuple[int, int] | None:
    """The size of a picture that nobody has noted, from its head."""
    if item.uri is None:
        return None
    try:
        with storage.opened(item.uri, settings) as file:
            item.width, item.height = pictures.measure(file)
    except (InvalidInput, StorageError):
        return None
    return item.width, item.height


def _items_of_batch(session: Session, batch_id: int) -> Iterator[Item]:
    after, newest = 0, _in_force(batch_id, *ASSET)
    while rows := session.execute(newest.where(Asset.id > after)).all():
        yield from map(_item, rows)
        after = rows[-1].id


def _items_of_delivery(session: Session, delivery_id: int) -> Iterator[Item]:
    after, items = "", _frozen(delivery_id, *ASSET)
    while rows := session.execute(items.where(DeliveryItem.external_id > after)).all():
        yield from map(_item, rows)
        after = rows[-1].external_id


def _item(row: Any) -> Item:
    known = row._mapping
    return Item(
        row.external_id,
        row.label,
        uri=row.uri,
        text=row.text,
        width=row.width,
        height=row.height,
        metadata=row.meta,
        said={name: known[name] for name in SAID if name in known},
    )
