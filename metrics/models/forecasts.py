"""What was expected of a batch, kept so that it can be held against what came."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from ops.db import Base, Moment
from ops.models import Batch


class Forecast(Base):
    """When a batch will be complete and what it will have cost, as it was seen at one moment.

    The finish and the cost (in the project's currency) that are not exceeded with 50 % and with
    90 %; null where they cannot be told, and then `why` says so.
    """

    __tablename__ = "forecast"

    batch_id: Mapped[int] = mapped_column(ForeignKey(Batch.id), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    finish_50: Mapped[datetime | None] = mapped_column(Moment)
    finish_90: Mapped[datetime | None] = mapped_column(Moment)
    cost_50: Mapped[float | None]
    cost_90: Mapped[float | None]
    why: Mapped[str] = mapped_column(default="")
    # What is left by stage, the days it was drawn from, and the people: as it was then.
    basis: Mapped[dict[str, Any]] = mapped_column(default=dict)
