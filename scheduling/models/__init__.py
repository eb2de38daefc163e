"""The tables of this storey: what the dispatcher remembers of each labeller's desk."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from ops.db import Base, Moment
from ops.models import Lane, Project, User


class Desk(Base):
    """One row per labeller. Locked first by every claim: it makes a labeller's claims serial."""

    __tablename__ = "desk"

    labeller_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True)
    claims: Mapped[int] = mapped_column(default=0)
    claimed_at: Mapped[datetime | None] = mapped_column(Moment)


class DeskCursor(Base):
    """Where a labeller's search in a lane may start: the first open row not yet had, inclusive.

    Only valid while the lane's generation is the one it was set in.
    """

    __tablename__ = "desk_cursor"

    labeller_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True)
    lane_id: Mapped[int] = mapped_column(ForeignKey(Lane.id), primary_key=True)
    npri: Mapped[int]
    task_id: Mapped[int]
    generation: Mapped[int]


class GoldPace(Base):
    """How many more claims of a labeller in a project pass until gold is slipped in."""

    __tablename__ = "gold_pace"

    labeller_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id), primary_key=True)
    until_next: Mapped[int]
