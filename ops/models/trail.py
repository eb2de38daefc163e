"""The audit trail: entries that nobody may change, and the seals that prove it."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Identity, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import Mapped, mapped_column

from ops.db import Base, Moment


class AuditEntry(Base):
    """Who did what, written in the transaction that did it, under a pseudonym.

    `organisation_id` 0 is the house itself. `xid` lets the sealer take only what can no longer be
    overtaken by an older transaction, without locking any writer.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_order", "organisation_id", "xid", "id"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    xid: Mapped[int] = mapped_column(server_default=text("pg_current_xact_id()::text::bigint"))
    organisation_id: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime] = mapped_column(Moment)
    actor: Mapped[uuid.UUID | None] = mapped_column(UUID)
    action: Mapped[str]
    subject: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)


class AuditSeal(Base):
    """A Merkle root over the entries of one organisation with `after_xid` < xid <= `upto_xid`."""

    __tablename__ = "audit_seal"
    __table_args__ = (
        UniqueConstraint("organisation_id", "after_xid"),
        UniqueConstraint("organisation_id", "upto_xid"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    organisation_id: Mapped[int]
    after_xid: Mapped[int]
    upto_xid: Mapped[int]
    entries: Mapped[int]
    root: Mapped[str] = mapped_column(String(64))
    previous: Mapped[str] = mapped_column(String(64))
    # SHA-256 over previous, root, entries and the range: the next seal's `previous`.
    seal: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Moment)


HOUSE = 0
