"""An import: a source in any format, whose labels become what was asked of them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops import intake, ontologies, storage
from ops.config import Settings
from ops.formats import catalogue
from ops.formats.face import Reading
from ops.formats.losses import Losses
from ops.formats.sources import Source
from ops.formats.vocabulary import Vocabulary
from ops.intake.known import Assets
from ops.models import Asset, Batch, User
from quality import gold
from quality.models import Gold

Rows = Iterable[intake.Row]


@dataclass(frozen=True)
class Terms:
    """What is asked of an import. The format is recognised when it is not named.

    `labels` is one of `ops.intake.rows.LABELS`, `model` the name of the reference model whose
    predictions they are. `pictures`: a folder or the beginning of a URI, for pictures that the
    source does not hold. `add_classes`: those that the project lacks are added to its ontology.
    """

    format: str = ""
    labels: str = "none"
    model: str = ""
    gold_column: str | None = None
    pictures: str = ""
    keep_existing: bool = False
    add_classes: bool = False
    known: Source | None = None


def import_source(
    session: Session,
    batch: Batch,
    source: Source,
    terms: Terms,
    *,
    by: User,
    settings: Settings,
    faults: intake.Faults | None = None,
    beside: Path | None = None,
    through: Callable[[Rows], Rows] = iter,
) -> intake.Report:
    """Import a source into `batch`; `through` may watch or change the rows.

    Pictures in a zip are kept here. Raises what `ops.intake.import_rows` raises; InvalidInput too
    for a format that cannot be told or cannot hold what the project labels.
    """
    faults = faults if faults is not None else intake.Faults()
    assets = Assets(session, batch.project_id)
    reading = _reading(session, batch, terms, settings, faults, assets, beside)
    name = terms.format or catalogue.recognise(source)
    if name in catalogue.SPEAKING:
        assets.load()
    rows = through(catalogue.read(name, source, reading))
    if terms.add_classes:
        rows = list(rows)
        faults.raise_if_any()
        if reading.vocabulary.adopted:
            ontologies.publish(session, batch.project, reading.vocabulary.classes, by)
    return import_with_gold(
        session,
        batch,
        rows,
        by=by,
        settings=settings,
        faults=faults,
        beside=beside,
        keep_existing=terms.keep_existing,
        labels=terms.labels,
        model=terms.model,
        assets=assets,
        losses=reading.losses,
    )


def _reading(
    session: Session,
    batch: Batch,
    terms: Terms,
    settings: Settings,
    faults: intake.Faults,
    assets: Assets,
    beside: Path | None,
) -> Reading:
    return Reading(
        label_type=batch.project.label_type,
        medium=batch.project.medium,
        vocabulary=Vocabulary(ontologies.current(session, batch.project_id) or {}),
        faults=faults,
        losses=Losses(),
        wants_labels=terms.labels != "none",
        adopt=terms.add_classes,
        beside=beside,
        find=assets.find,
        keep=lambda data: storage.keep_upload(data, settings),
        pictures=terms.pictures,
        gold_column=terms.gold_column,
        known=terms.known,
        predictions=terms.labels == "predictions",
    )


def import_with_gold(
    session: Session, batch: Batch, rows: Rows, *, by: User, **more: Any
) -> intake.Report:
    """`ops.intake.import_rows`, then gold of every row with a known answer that is not gold yet.

    Raises what the import raises; InvalidInput too when there are no classes to know answers in.
    """
    report = intake.import_rows(session, batch, rows, by=by, **more)
    for asset_id, answer in _not_gold(session, report):
        asset = session.get_one(Asset, asset_id)
        gold.make(session, batch.project, asset, [answer], by)
    return report


def _not_gold(session: Session, report: intake.Report) -> Iterator[tuple[int, dict[str, Any]]]:
    known = set(session.scalars(select(Gold.asset_id).where(Gold.asset_id.in_(report.gold))))
    return ((asset, answer) for asset, answer in report.gold.items() if asset not in known)
