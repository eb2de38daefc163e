"""How closely somebody's work is watched: newcomers nested, then let go, and back if need be."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from ops.db import Base, Moment
from ops.models import Project, User

CALIBRATION_MOVES = ("nested", "promoted", "demoted")


class CalibrationMove(Base):
    """A labeller of a project began to be watched closely, or no longer is. Append-only, but for
    the reason, which may name somebody and can be erased.

    `evidence` is the standing that it was decided by. The state itself is
    `project_member.nesting_since`.
    """

    __tablename__ = "calibration_move"
    __table_args__ = (
        CheckConstraint(f"move IN {CALIBRATION_MOVES}", name="move"),
        # Of two that write down the same beginning one does.
        Index("uq_calibration_move_member", "project_id", "user_id", "at", unique=True),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id))
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    move: Mapped[str]
    reason: Mapped[str]
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # None: by the figures.
    by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    at: Mapped[datetime] = mapped_column(Moment)
