"""The errors of a reference model, found by filters and in an order; see `metrics.study_errors`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from metrics.models import ModelError
from metrics.reads.sums import Scope, frame
from ops.models import Asset, Batch, Project, ReferenceModel
from quality.measures.error_causes import CAUSES

if TYPE_CHECKING:
    from pandas import DataFrame

MOST_COUNTED = 10_000
# What the first ones have most of; the last asks for the errors of each asset together.
ORDERS: dict[str, tuple[Any, ...]] = {
    "confidence": (ModelError.confidence.desc().nulls_last(), ModelError.id),
    "unsure": (ModelError.confidence.asc().nulls_last(), ModelError.id),
    "overlap": (ModelError.overlap.asc().nulls_last(), ModelError.id),
    "distance": (func.abs(ModelError.distance).desc().nulls_last(), ModelError.id),
    "asset": (ModelError.asset_id, ModelError.id),
}


@dataclass(frozen=True)
class Wanted:
    """None does not narrow. `truth` and `predicted` are keys of classes, "" for nothing there;
    `cause` is one of CAUSES or "none"; overlap and confidence from and to; `slice_` is a key of the
    metadata and its value."""

    kind: str | None = None
    cause: str | None = None
    truth: str | None = None
    predicted: str | None = None
    overlap: tuple[float, float] | None = None
    confidence: tuple[float, float] | None = None
    slice_: tuple[str, str] | None = None
    batch_id: int | None = None

    def conditions(self) -> list[Any]:
        """As conditions on `ModelError` joined with `Asset`."""
        found: list[Any] = []
        equal: tuple[tuple[Any, Any], ...] = (
            (ModelError.kind, self.kind),
            (ModelError.truth, self.truth),
            (ModelError.predicted, self.predicted),
            (Asset.batch_id, self.batch_id),
        )
        found += [column == value for column, value in equal if value is not None]
        if self.cause == "none":
            found.append(func.cardinality(ModelError.causes) == 0)
        elif self.cause in CAUSES:
            found.append(ModelError.causes.contains([self.cause]))
        for column, between in (
            (ModelError.overlap, self.overlap),
            (ModelError.confidence, self.confidence),
        ):
            if between is not None:
                found.append(column.between(*between))
        if self.slice_ is not None:
            key, value = self.slice_
            found.append(Asset.meta[key].astext == value)
        return found


def errors(
    session: Session,
    scope: Scope,
    model_id: int,
    wanted: Wanted,
    *,
    order: str = "confidence",
    limit: int = 24,
    offset: int = 0,
) -> "DataFrame":
    """Errors with what is needed to show them: error_id, asset_id, external_id, project_id,
    project, batch, pictured, text, width, height, meta, kind, truth, predicted, confidence,
    overlap, causes, distance, given_box, seen_box. One statement."""
    columns = (
        ModelError.id.label("error_id"), Asset.id.label("asset_id"), Asset.external_id,
        Project.id.label("project_id"), Project.name.label("project"), Batch.name.label("batch"),
        Asset.uri.is_not(None).label("pictured"), func.left(Asset.text, 200).label("text"),
        Asset.width, Asset.height, Asset.meta, ModelError.kind, ModelError.truth,
        ModelError.predicted, ModelError.confidence, ModelError.overlap, ModelError.causes,
        ModelError.distance, ModelError.given_box, ModelError.seen_box,
    )  # fmt: skip
    statement = _joined(select(*columns), scope, model_id, wanted)
    statement = statement.order_by(*ORDERS[order]).limit(limit).offset(offset)
    return frame(session, statement)


def count(session: Session, scope: Scope, model_id: int, wanted: Wanted) -> int:
    """How many errors fit; MOST_COUNTED + 1 for more than are worth counting. One statement."""
    some = _joined(select(ModelError.id), scope, model_id, wanted).limit(MOST_COUNTED + 1)
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0


def _joined(statement: Any, scope: Scope, model_id: int, wanted: Wanted) -> Any:
    return (
        statement.select_from(ModelError)
        .join(ReferenceModel, ReferenceModel.id == ModelError.model_id)
        .join(Asset, Asset.id == ModelError.asset_id)
        .join(Batch, Batch.id == Asset.batch_id)
        .join(Project, Project.id == Asset.project_id)
        .where(
            ModelError.model_id == model_id,
            ReferenceModel.project_id.in_(scope),
            *wanted.conditions(),
        )
    )
