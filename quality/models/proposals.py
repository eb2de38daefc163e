"""Gold that a client proposes."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ops.db import Base, Moment
from ops.models import Asset, Project, User
from quality.models.gold import Gold

PROPOSAL_STATES = ("open", "taken", "declined")


class GoldProposal(Base):
    """An asset of the client's own and what they say is right for it, until a lead decides."""

    __tablename__ = "gold_proposal"
    __table_args__ = (
        CheckConstraint(f"state IN {PROPOSAL_STATES}", name="state"),
        CheckConstraint("(state = 'taken') = (gold_id IS NOT NULL)", name="taken"),
        Index(
            "uq_gold_proposal_open",
            "asset_id",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id), index=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey(Asset.id))
    label: Mapped[dict[str, Any]]
    remark: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="open")
    proposed_by: Mapped[int] = mapped_column(ForeignKey(User.id))
    proposed_at: Mapped[datetime] = mapped_column(Moment)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    decision: Mapped[str] = mapped_column(default="")
    gold_id: Mapped[int | None] = mapped_column(ForeignKey(Gold.id))

    asset: Mapped[Asset] = relationship()
