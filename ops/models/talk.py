"""What people ask and answer about the work: issues, and the comments that make their threads."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ops.db import Base, Moment
from ops.models.people import User
from ops.models.projects import Asset, Batch, GuidelineVersion, Project
from ops.models.work import Assignment

ISSUE_STATES = ("open", "answered", "resolved")
# Of an asset: the whole, a point in px, an object, characters of a text. Of a guideline: a quote.
PINS = ("asset", "point", "object", "passage", "guideline")


class Issue(Base):
    """A question about an asset, a place in it or a passage of the guideline, until it is resolved.

    `pin` is {"at": one of PINS} and what that takes: "x" and "y" (px), "object" (its id), "start"
    and "end" (characters), "quote". Its labeller knows it by `token` alone.
    """

    __tablename__ = "issue"
    __table_args__ = (
        CheckConstraint(f"state IN {ISSUE_STATES}", name="state"),
        CheckConstraint("asset_id IS NOT NULL OR guideline_version_id IS NOT NULL", name="subject"),
        CheckConstraint("(asset_id IS NULL) = (batch_id IS NULL)", name="batch_of_asset"),
        CheckConstraint("(state = 'resolved') = (resolved_at IS NOT NULL)", name="resolved"),
        Index(
            "ix_issue_unresolved", "project_id", "id", postgresql_where=text("state <> 'resolved'")
        ),
        # The gate asks it of a batch.
        Index(
            "ix_issue_batch_unresolved", "batch_id", postgresql_where=text("state <> 'resolved'")
        ),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    token: Mapped[uuid.UUID] = mapped_column(
        UUID, unique=True, server_default=text("gen_random_uuid()")
    )
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id), index=True)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey(Batch.id))
    asset_id: Mapped[int | None] = mapped_column(ForeignKey(Asset.id), index=True)
    # The work it was asked from.
    assignment_id: Mapped[int | None] = mapped_column(ForeignKey(Assignment.id))
    guideline_version_id: Mapped[int | None] = mapped_column(ForeignKey(GuidelineVersion.id))
    pin: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default="open", server_default="open")
    opened_by: Mapped[int] = mapped_column(ForeignKey(User.id), index=True)
    opened_at: Mapped[datetime] = mapped_column(Moment)
    # Sent on to the experts of the project.
    escalated_at: Mapped[datetime | None] = mapped_column(Moment)
    # Passed on to the client, in a lead's words: they see these and neither thread nor names.
    client_at: Mapped[datetime | None] = mapped_column(Moment)
    client_text: Mapped[str] = mapped_column(default="", server_default="")
    client_answer: Mapped[str] = mapped_column(default="", server_default="")
    client_answered_at: Mapped[datetime | None] = mapped_column(Moment)
    # The first comment by somebody other than who asked.
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    resolved_at: Mapped[datetime | None] = mapped_column(Moment)
    resolved_by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    # The version of the guideline that took its answer in.
    entry_version_id: Mapped[int | None] = mapped_column(ForeignKey(GuidelineVersion.id))

    project: Mapped[Project] = relationship()
    opener: Mapped[User] = relationship(foreign_keys=[opened_by])


class Comment(Base):
    """One contribution to the thread of an issue; the first is the question itself.

    `mentions` are ids of users. `client_key` makes a comment that was sent twice one.
    """

    __tablename__ = "comment"
    __table_args__ = (
        UniqueConstraint("issue_id", "client_key"),
        # How much somebody wrote lately.
        Index("ix_comment_by", "by", "at"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey(Issue.id))
    by: Mapped[int] = mapped_column(ForeignKey(User.id))
    at: Mapped[datetime] = mapped_column(Moment)
    body: Mapped[str]
    mentions: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'"))
    client_key: Mapped[str]

    author: Mapped[User] = relationship()
