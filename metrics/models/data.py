"""What was worked out about the data: its balance, and a reference model's map and errors."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import REAL, CheckConstraint, Date, ForeignKey, Identity, Index, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import String

from ops.db import Base, Moment
from ops.models import Asset, Batch, Project, ReferenceModel, User

# map: embeddings in two dimensions, with clusters and pairs that are nearly the same · errors: what
# a model's predictions have otherwise than the labels in force.
STUDIES = ("map", "errors")


class BalanceRollup(Base):
    """How many assets of a batch that came on a day have a class, by one value of one dimension.

    `dimension` is "" (all; `value` is then empty), "colour" (of difficulty), or a key of the
    metadata as "meta.<key>". The row of `label_class` "" counts every asset, labelled or not.
    """

    __tablename__ = "balance_rollup"
    __table_args__ = (Index("ix_balance_rollup_project", "project_id", "dimension"),)

    batch_id: Mapped[int] = mapped_column(ForeignKey(Batch.id), primary_key=True)
    # UTC, of the asset's coming.
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    dimension: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    label_class: Mapped[str] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id))
    assets: Mapped[int]
    labelled: Mapped[int]
    # Objects, passages or tags of the class; 1 an asset where a label is one choice.
    objects: Mapped[int]


class BalanceState(Base):
    """What of a batch is counted in `balance_rollup`: it is counted again when one of these moved.

    `left_out` names keys of the metadata that tell too many groups apart to be counted.
    """

    __tablename__ = "balance_state"

    batch_id: Mapped[int] = mapped_column(ForeignKey(Batch.id), primary_key=True)
    labels: Mapped[int]
    assets: Mapped[int]
    judged_at: Mapped[datetime | None] = mapped_column(Moment)
    left_out: Mapped[list[Any]] = mapped_column(default=list)
    at: Mapped[datetime] = mapped_column(Moment)


class ModelStudy(Base):
    """One thing that is worked out from a reference model, by a job, as often as it is asked for.

    `fence` rises with every worker that takes it up; what an older one still writes is refused.
    """

    __tablename__ = "model_study"
    __table_args__ = (
        CheckConstraint(f"kind IN {STUDIES}", name="kind"),
        CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name="state"),
    )

    model_id: Mapped[int] = mapped_column(ForeignKey(ReferenceModel.id), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(default="queued")
    fence: Mapped[int] = mapped_column(default=0)
    # What it is at, and how far: steps of all.
    step: Mapped[str] = mapped_column(default="")
    done: Mapped[int] = mapped_column(default=0)
    of: Mapped[int] = mapped_column(default=0)
    # Of the last that was finished.
    summary: Mapped[dict[str, Any]] = mapped_column(default=dict)
    as_of: Mapped[datetime | None] = mapped_column(Moment)
    error: Mapped[str] = mapped_column(default="")
    requested_by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    requested_at: Mapped[datetime] = mapped_column(Moment)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)


class MapPoint(Base):
    """Where an asset lies on the map of a model's embeddings, and in which cluster."""

    __tablename__ = "map_point"

    model_id: Mapped[int] = mapped_column(ForeignKey(ReferenceModel.id), primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey(Asset.id), primary_key=True, index=True)
    x: Mapped[float] = mapped_column(REAL)
    y: Mapped[float] = mapped_column(REAL)
    cluster: Mapped[int]


class ModelError(Base):
    """One thing that a model's prediction has otherwise than the label in force of its asset.

    `truth` or `predicted` is empty where the label, or the model, has nothing there. `causes` are
    of `quality.measures.error_causes`. `given_box` and `seen_box` are [x, y, width, height] in px.
    """

    __tablename__ = "model_error"
    __table_args__ = (
        Index("ix_model_error_confidence", "model_id", text("confidence DESC NULLS LAST"), "id"),
        Index("ix_model_error_classes", "model_id", "truth", "predicted"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey(ReferenceModel.id))
    asset_id: Mapped[int] = mapped_column(ForeignKey(Asset.id), index=True)
    # Of quality.measures.object_errors.KINDS.
    kind: Mapped[str]
    truth: Mapped[str]
    predicted: Mapped[str]
    confidence: Mapped[float | None] = mapped_column(REAL)
    overlap: Mapped[float | None] = mapped_column(REAL)
    causes: Mapped[list[str]] = mapped_column(ARRAY(String), default=list)
    # How far from its class, in robust deviations; null where nothing measures it.
    distance: Mapped[float | None] = mapped_column(REAL)
    given_box: Mapped[list[float] | None] = mapped_column(ARRAY(REAL))
    seen_box: Mapped[list[float] | None] = mapped_column(ARRAY(REAL))
