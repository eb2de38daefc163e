"""Which reviews are of a random sample, and so may speak for the whole batch."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Integer, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from ops.db import Base, Moment
from ops.models import Asset, Assignment, Batch, Project, Task, User


class ReviewSample(Base):
    """An asset drawn at random among all assets of its batch, to learn how good the batch is.

    `task_id` is the review that judges its label; null where the label in force at the draw was
    known to be right already: decided by a reviewer or an expert, or gold. Suspects and
    adjudications are chosen because they look wrong: they are never of this sample by themselves.
    """

    __tablename__ = "review_sample"

    asset_id: Mapped[int] = mapped_column(ForeignKey(Asset.id), primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey(Batch.id), index=True)
    task_id: Mapped[int | None] = mapped_column(ForeignKey(Task.id), unique=True)
    # A sample may be drawn in several steps: 1, 2, …
    step: Mapped[int] = mapped_column(Integer)
    seed: Mapped[int]
    drawn_at: Mapped[datetime] = mapped_column(Moment)
    drawn_by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    # The class whose labels it was drawn among, where a class asked for more reviews than its share
    # of the batch; such an asset speaks for that class alone.
    stratum: Mapped[str | None]


REVIEW_REASONS = ("standing", "layer", "rework", "restricted", "nesting")


class ReviewDraw(Base):
    """A review that was asked for beside the random sample: why, and which layer it is."""

    __tablename__ = "review_draw"
    __table_args__ = (CheckConstraint(f"reason IN {REVIEW_REASONS}", name="reason"),)

    task_id: Mapped[int] = mapped_column(ForeignKey(Task.id), primary_key=True)
    layer: Mapped[int] = mapped_column(Integer, default=1)
    reason: Mapped[str]
    drawn_at: Mapped[datetime] = mapped_column(Moment)


class ReviewStratum(Base):
    """A labeller's labels of a class (in layer 2 and 3: a reviewer's) as far as reviews are due.

    Of `seen` labels `drawn` went to review, where their shares add up to `due`: `drawn` is never
    further from it than the next whole number.
    """

    __tablename__ = "review_stratum"

    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id), primary_key=True)
    layer: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    labeller_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True)
    class_key: Mapped[str] = mapped_column(primary_key=True)
    seen: Mapped[int] = mapped_column(default=0)
    due: Mapped[float] = mapped_column(default=0.0)
    drawn: Mapped[int] = mapped_column(default=0)


class ReviewLook(Base):
    """An answer by which it was decided whether its asset goes to review: each is asked once."""

    __tablename__ = "review_look"

    assignment_id: Mapped[int] = mapped_column(ForeignKey(Assignment.id), primary_key=True)
    drawn: Mapped[bool]
