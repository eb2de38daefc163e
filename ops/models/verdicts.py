"""What is known of an asset and a batch: consensus, flags, gate verdicts, deliveries, reports.

Judged by upper storeys, owned here, because what is delivered must be able to name it.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ops.db import Base, Moment
from ops.models.people import User
from ops.models.projects import Asset, Batch, OntologyVersion, Project

CONSENSUS_METHODS = (
    "majority", "dawid_skene", "merged", "imported", "review", "adjudication", "gold",
)  # fmt: skip


class Consensus(Base):
    """The derived label of an asset, versioned: the highest version is the one in force.

    `probability` is the belief that `label` is right (null where the method states none);
    `agreement` is agreeing answers ÷ answers.
    """

    __tablename__ = "consensus"
    __table_args__ = (
        UniqueConstraint("asset_id", "version"),
        CheckConstraint(f"method IN {CONSENSUS_METHODS}", name="method"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey(Asset.id))
    batch_id: Mapped[int] = mapped_column(ForeignKey(Batch.id), index=True)
    version: Mapped[int]
    method: Mapped[str]
    label: Mapped[dict[str, Any]]
    probability: Mapped[float | None]
    answers: Mapped[int]
    agreement: Mapped[float | None]
    # Class key → probability, and whatever else the method learnt.
    posterior: Mapped[dict[str, Any]] = mapped_column(default=dict)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    at: Mapped[datetime] = mapped_column(Moment)

    asset: Mapped[Asset] = relationship()


class Flag(Base):
    """A mark on an asset or a labeller, with its evidence, until somebody resolves it."""

    __tablename__ = "flag"
    __table_args__ = (
        CheckConstraint("(asset_id IS NULL) <> (labeller_id IS NULL)", name="one_subject"),
        Index(
            "uq_flag_open",
            "project_id",
            "kind",
            text("coalesce(asset_id, 0)"),
            text("coalesce(labeller_id, 0)"),
            unique=True,
            postgresql_where=text("resolved_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id))
    kind: Mapped[str]
    asset_id: Mapped[int | None] = mapped_column(ForeignKey(Asset.id))
    labeller_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    reason: Mapped[str]
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime] = mapped_column(Moment)
    resolved_at: Mapped[datetime | None] = mapped_column(Moment)
    resolved_by: Mapped[int | None] = mapped_column(ForeignKey(User.id))


class GateVerdict(Base):
    """What the gate said of a batch at one moment: the terms, the figures, the reasons."""

    __tablename__ = "gate_verdict"
    __table_args__ = (UniqueConstraint("id", "batch_id", "passed"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey(Batch.id), index=True)
    passed: Mapped[bool]
    terms: Mapped[dict[str, Any]]
    figures: Mapped[dict[str, Any]]
    # Each {"term", "message", "have", "need", "settle"}; empty when passed.
    reasons: Mapped[list[Any]]
    at: Mapped[datetime] = mapped_column(Moment)


class Delivery(Base):
    """A batch let go: frozen labels, frozen report, the verdict that allowed it.

    The foreign key on (verdict, batch, passed) with `passed` pinned to true makes a delivery
    without a passing verdict of its batch impossible. Triggers refuse UPDATE and DELETE.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("batch_id", "version"),
        CheckConstraint("verdict_passed", name="verdict_passed"),
        ForeignKeyConstraint(
            ["verdict_id", "batch_id", "verdict_passed"],
            ["gate_verdict.id", "gate_verdict.batch_id", "gate_verdict.passed"],
            name="passing_verdict",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey(Batch.id))
    version: Mapped[int]
    verdict_id: Mapped[int]
    verdict_passed: Mapped[bool] = mapped_column(default=True)
    ontology_version_id: Mapped[int] = mapped_column(ForeignKey(OntologyVersion.id))
    items: Mapped[int]
    # SHA-256 over the canonical export, see ops.delivery.
    digest: Mapped[str] = mapped_column(String(64))
    report: Mapped[dict[str, Any]]
    report_digest: Mapped[str] = mapped_column(String(64))
    delivered_by: Mapped[int] = mapped_column(ForeignKey(User.id))
    delivered_at: Mapped[datetime] = mapped_column(Moment)
    # The audit entry of this delivery waits for a seal; until then it is being sealed.
    audit_entry_id: Mapped[int | None]

    batch: Mapped[Batch] = relationship()


class DeliveryItem(Base):
    """One delivered label, frozen."""

    __tablename__ = "delivery_item"
    # The canonical export is in this order, by code point.
    __table_args__ = (UniqueConstraint("delivery_id", "external_id"),)

    delivery_id: Mapped[int] = mapped_column(ForeignKey(Delivery.id), primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey(Asset.id), primary_key=True)
    external_id: Mapped[str] = mapped_column(String(collation="C"))
    label: Mapped[dict[str, Any]]
    method: Mapped[str]
    probability: Mapped[float | None]
    answers: Mapped[int]
