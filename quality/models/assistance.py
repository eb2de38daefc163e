"""What a model proposed to a labeller, and what became of it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from ops.db import Base, Moment
from ops.models import Assignment, ReferenceModel


class Assistance(Base):
    """Work of an assisted project as its labeller saw it: with the model's draft, or without.

    `spoke` is false where the model said nothing of the asset, or was not sure enough: such work is
    written down like any other, so that it takes as long, and counts nowhere. A share is shown
    without a draft by design (`withheld`), so that time saved and the pull of a wrong draft can be
    measured. The counts are of objects (1 for a label that is one whole); null until the answer was
    compared with the draft.
    """

    __tablename__ = "assistance"
    __table_args__ = (CheckConstraint("(compared_at IS NULL) = (kept IS NULL)", name="compared"),)

    assignment_id: Mapped[int] = mapped_column(ForeignKey(Assignment.id), primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey(ReferenceModel.id), index=True)
    spoke: Mapped[bool] = mapped_column(default=True, server_default="true")
    withheld: Mapped[bool]
    # Of the draft only what the model was at least so sure of.
    show_above: Mapped[float]
    shown_at: Mapped[datetime] = mapped_column(Moment)
    compared_at: Mapped[datetime | None] = mapped_column(Moment)
    # Of what was proposed: left as it was, changed, thrown away; and what the labeller added.
    kept: Mapped[int | None]
    changed: Mapped[int | None]
    thrown: Mapped[int | None]
    added: Mapped[int | None]
