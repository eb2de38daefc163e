"""Re-score runs: durable, in chunks, each written under a fencing token; scores per label."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ops.db import Base, Moment
from ops.models import Asset, Batch, Consensus, ReferenceModel, Task, User

RUN_STATES = ("queued", "running", "done", "failed")


class RescoreRun(Base):
    """A named, versioned run over the labels of a batch.

    `fence` rises with every worker that takes the run up; what an older worker still writes is
    refused.
    """

    __tablename__ = "rescore_run"
    __table_args__ = (
        UniqueConstraint("batch_id", "version"),
        CheckConstraint(f"state IN {RUN_STATES}", name="state"),
        Index(
            "uq_rescore_run_active",
            "batch_id",
            unique=True,
            postgresql_where=text("state IN ('queued', 'running')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey(Batch.id))
    version: Mapped[int]
    name: Mapped[str]
    state: Mapped[str] = mapped_column(default="queued")
    # {"folds", "features", "epochs", "seed", "suspect_share", …}
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # {"model_digest", "code_version", "gold_version", "device", "auc"…}: what it was scored with.
    provenance: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # What the labels are compared with; null: folds of a classifier over default features.
    reference_model_id: Mapped[int | None] = mapped_column(ForeignKey(ReferenceModel.id))
    fence: Mapped[int] = mapped_column(default=0)
    chunks: Mapped[int] = mapped_column(default=0)
    # Estimated error rate with interval, counts, held-out accuracy, whether the model can judge.
    summary: Mapped[dict[str, Any]] = mapped_column(default=dict)
    error: Mapped[str] = mapped_column(default="")
    requested_by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    requested_at: Mapped[datetime] = mapped_column(Moment)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)


class RescoreChunk(Base):
    """A part of a run that is done: a fold of the cross-validation, or a slice of the scoring."""

    __tablename__ = "rescore_chunk"

    run_id: Mapped[int] = mapped_column(ForeignKey(RescoreRun.id), primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True)
    fence: Mapped[int]
    items: Mapped[int]
    done_at: Mapped[datetime] = mapped_column(Moment)


class LabelScore(Base):
    """The re-scored quality of one label: out-of-sample probability, and what looks likelier."""

    __tablename__ = "label_score"
    __table_args__ = (
        UniqueConstraint("run_id", "asset_id"),
        Index("ix_label_score_suspect", "run_id", "rank", postgresql_where=text("suspect")),
        # Every review asks whether it answers a suspect.
        Index(
            "ix_label_score_review",
            "review_task_id",
            postgresql_where=text("review_task_id IS NOT NULL"),
        ),
        CheckConstraint("outcome IN ('accepted', 'changed')", name="outcome"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey(RescoreRun.id))
    asset_id: Mapped[int] = mapped_column(ForeignKey(Asset.id))
    consensus_id: Mapped[int] = mapped_column(ForeignKey(Consensus.id))
    # The keys of the label that was judged and of what looks likelier (SQL: label_key).
    given: Mapped[str]
    predicted: Mapped[str]
    # 0 to 1. Of a class: the out-of-sample probability of the one given (Northcutt et al. 2021).
    quality: Mapped[float]
    probabilities: Mapped[dict[str, Any]]
    # The worst that is wrong, and what speaks for it: object by object, and by source.
    error: Mapped[str | None]
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    suspect: Mapped[bool] = mapped_column(default=False)
    rank: Mapped[int | None]
    reason: Mapped[str] = mapped_column(default="")
    review_task_id: Mapped[int | None] = mapped_column(ForeignKey(Task.id))
    outcome: Mapped[str | None]
