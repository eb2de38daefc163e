"""What clients say: of guidelines, of deliveries, by way of webhooks to their own machines."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, UUID
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ops.db import Base, Moment
from ops.models.people import Organisation, User
from ops.models.projects import Asset, GuidelineVersion
from ops.models.verdicts import Delivery
from ops.models.work import Task

GUIDELINE_WORDS = ("approved", "changes_asked")
ACCEPTANCE_STATES = ("open", "accepted", "rejected")
AUDIT_VERDICTS = ("right", "wrong")
# Why a delivered label was wrong. model: a draft that the labeller took over.
CAUSES = ("guideline", "labeller", "gold", "model", "unknown")
REOPENED_FOR = ("rejected", "sample")


class GuidelineWord(Base):
    """What a client said of a version of the guideline; the newest counts. Append-only."""

    __tablename__ = "guideline_word"
    __table_args__ = (
        CheckConstraint(f"word IN {GUIDELINE_WORDS}", name="word"),
        Index("ix_guideline_word_version", "guideline_version_id", "at"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    guideline_version_id: Mapped[int] = mapped_column(ForeignKey(GuidelineVersion.id))
    word: Mapped[str]
    remark: Mapped[str] = mapped_column(default="")
    by: Mapped[int] = mapped_column(ForeignKey(User.id))
    at: Mapped[datetime] = mapped_column(Moment)


class Acceptance(Base):
    """A client's audit of a delivery: a sample drawn by a seed, looked at, decided once.

    `plan` is what the sample was drawn for: {"n", "accept", "accuracy", "confidence", "words"}.
    What was decided stays as it is, by trigger.
    """

    __tablename__ = "acceptance"
    __table_args__ = (
        CheckConstraint(f"state IN {ACCEPTANCE_STATES}", name="state"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey(Delivery.id), unique=True)
    state: Mapped[str] = mapped_column(default="open")
    seed: Mapped[int]
    plan: Mapped[dict[str, Any]]
    opened_by: Mapped[int] = mapped_column(ForeignKey(User.id))
    opened_at: Mapped[datetime] = mapped_column(Moment)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    remarks: Mapped[str] = mapped_column(default="")

    delivery: Mapped[Delivery] = relationship()


class AcceptanceItem(Base):
    """A delivered label in that sample, or one the client chose, and what they said of it.

    `errors` are [{"type"}], words of `ops.labels.ERROR_WORDS`. Rejected, it is traced: `cause` with
    what speaks for it in `evidence`. A lead who knows better says so, with a reason.
    """

    __tablename__ = "acceptance_item"
    __table_args__ = (
        ForeignKeyConstraint(
            ["delivery_id", "asset_id"],
            ["delivery_item.delivery_id", "delivery_item.asset_id"],
            name="delivered",
        ),
        UniqueConstraint("acceptance_id", "position"),
        CheckConstraint(f"verdict IN {AUDIT_VERDICTS}", name="verdict"),
        CheckConstraint(f"cause IN {CAUSES}", name="cause"),
        CheckConstraint("(verdict IS NULL) = (looked_at IS NULL)", name="looked"),
    )

    acceptance_id: Mapped[int] = mapped_column(ForeignKey(Acceptance.id), primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey(Asset.id), primary_key=True)
    delivery_id: Mapped[int]
    position: Mapped[int]
    # Chosen by the client, beside the sample: no part of its rate.
    chosen: Mapped[bool] = mapped_column(default=False)
    # Who has it on the screen, and since when: two people are not given the same.
    shown_to: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    shown_at: Mapped[datetime | None] = mapped_column(Moment)
    verdict: Mapped[str | None]
    errors: Mapped[list[Any]] = mapped_column(default=list)
    remark: Mapped[str] = mapped_column(default="")
    looked_by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    looked_at: Mapped[datetime | None] = mapped_column(Moment)
    cause: Mapped[str | None]
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # Set where a lead said the cause.
    cause_by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    cause_reason: Mapped[str] = mapped_column(default="")


class ReopenedAsset(Base):
    """An asset whose label may change after a delivery: the client rejected it, or it was drawn to
    be looked at again. Of a batch that was delivered, all others keep theirs, by trigger.

    `task_id` is where it went first; null where nobody had to, or could, take it up.
    """

    __tablename__ = "reopened_asset"
    __table_args__ = (
        ForeignKeyConstraint(
            ["delivery_id", "asset_id"],
            ["delivery_item.delivery_id", "delivery_item.asset_id"],
            name="delivered",
        ),
        CheckConstraint(f"reason IN {REOPENED_FOR}", name="reason"),
    )

    delivery_id: Mapped[int] = mapped_column(ForeignKey(Delivery.id), primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey(Asset.id), primary_key=True)
    reason: Mapped[str]
    at: Mapped[datetime] = mapped_column(Moment)
    task_id: Mapped[int | None] = mapped_column(ForeignKey(Task.id), index=True)


class Webhook(Base):
    """An address of a client's machine that is told what happens. What its messages are signed with
    follows from `salt` and the key of the installation: it is kept nowhere.
    """

    __tablename__ = "webhook"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id), index=True)
    url: Mapped[str]
    events: Mapped[list[str]] = mapped_column(ARRAY(String))
    salt: Mapped[str] = mapped_column(String(64))
    # The salt before the last change of secret: for a day both sign.
    old_salt: Mapped[str | None] = mapped_column(String(64))
    rotated_at: Mapped[datetime | None] = mapped_column(Moment)
    created_by: Mapped[int] = mapped_column(ForeignKey(User.id))
    created_at: Mapped[datetime] = mapped_column(Moment)
    removed_at: Mapped[datetime | None] = mapped_column(Moment)
    # Nothing was taken since then; null after the last was.
    failing_since: Mapped[datetime | None] = mapped_column(Moment)
    # Switched off after it failed for too long.
    stopped_at: Mapped[datetime | None] = mapped_column(Moment)


class WebhookMessage(Base):
    """Something that a webhook is told: until it was taken, or given up."""

    __tablename__ = "webhook_message"
    __table_args__ = (
        UniqueConstraint("webhook_id", "key"),
        Index(
            "ix_webhook_message_due",
            "next_try_at",
            postgresql_where=text("taken_at IS NULL AND given_up_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    # Sent along: a receiver that gets it twice knows by it.
    token: Mapped[uuid.UUID] = mapped_column(UUID, unique=True, default=uuid.uuid4)
    webhook_id: Mapped[int] = mapped_column(ForeignKey(Webhook.id))
    # Two with one key are one.
    key: Mapped[str]
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    at: Mapped[datetime] = mapped_column(Moment)
    tries: Mapped[int] = mapped_column(SmallInteger, default=0)
    next_try_at: Mapped[datetime] = mapped_column(Moment)
    # What came back last: a status, or why there was none.
    status: Mapped[int | None]
    error: Mapped[str] = mapped_column(default="")
    taken_at: Mapped[datetime | None] = mapped_column(Moment)
    given_up_at: Mapped[datetime | None] = mapped_column(Moment)

    webhook: Mapped[Webhook] = relationship()
