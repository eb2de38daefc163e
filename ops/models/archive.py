"""Which days of work events lie in files, and what these hold."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from ops.db import Base, Moment


class EventDay(Base):
    """A sealed day (UTC) of work events: `file` holds those with xid < `below_xid`, and no others.

    A late event makes a new version of the file. A day on which nothing happened has no row.
    """

    __tablename__ = "event_day"
    __table_args__ = (
        CheckConstraint("version > 0 AND rows > 0 AND bytes > 0", name="filled"),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),
    )

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    rows: Mapped[int] = mapped_column(BigInteger)
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    # Relative to the folder of events.
    file: Mapped[str]
    below_xid: Mapped[int]
    sealed_at: Mapped[datetime] = mapped_column(Moment)
    # The database no longer has what the file holds; what came later it may have.
    dropped: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
