"""What was said where something else is right: answer by answer, and counted by the day."""

from datetime import date

from sqlalchemy import CheckConstraint, Date, Index, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, synonym

from ops.db import Base

# By what an answer is judged, the best that is known of it first.
JUDGED_BY = ("gold", "review", "consensus")


class Told:
    """The columns that answers and counts share. No foreign keys: nothing that they name is ever
    deleted, and what is counted must not lock who is at work.

    `said` where `truth` is right: keys of classes, of choices that a label holds, or empty where
    there is nothing (a missing or an extra object). `fault` is empty for what is right, else one of
    `ops.labels.ERROR_WORDS`. `n` are objects or tags of labels that hold them, else answers.
    """

    stage: Mapped[str]
    # Where the labeller belonged then; 0 is nowhere.
    team_id: Mapped[int]
    vendor_id: Mapped[int]
    truth_by: Mapped[str]
    truth: Mapped[str]
    said: Mapped[str]
    fault: Mapped[str]
    n: Mapped[int]

    project_id: Mapped[int]
    batch_id: Mapped[int]

    @declared_attr
    def label_class(cls) -> Mapped[str]:  # noqa: N805
        """The class that was answered, as other roll-ups call it."""
        return synonym("said")

    labeller_id: Mapped[int]


class ConfusionLine(Told, Base):
    """One answer held against what is right; of a label with objects, a row for each kind of pair.

    An answer counts once, by the best that is known of it. `day` is the labeller's own day.
    """

    __tablename__ = "confusion_line"
    __table_args__ = (
        CheckConstraint(f"truth_by IN {JUDGED_BY}", name="truth_by"),
        Index("ix_confusion_line_key", "project_id", "day", "labeller_id"),
        # The mistakes of one pair, the newest first.
        Index(
            "ix_confusion_line_pair",
            "project_id",
            "truth",
            "said",
            "day",
            postgresql_where=text("fault <> ''"),
        ),
    )

    assignment_id: Mapped[int] = mapped_column(primary_key=True)
    truth: Mapped[str] = mapped_column(primary_key=True)
    said: Mapped[str] = mapped_column(primary_key=True)
    fault: Mapped[str] = mapped_column(primary_key=True)
    asset_id: Mapped[int]
    day: Mapped[date] = mapped_column(Date)


class ConfusionRollup(Told, Base):
    """The sums of those rows over a labeller's day: what a matrix of confusion is made of."""

    __tablename__ = "confusion_rollup"

    project_id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    labeller_id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(primary_key=True)
    stage: Mapped[str] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(primary_key=True)
    vendor_id: Mapped[int] = mapped_column(primary_key=True)
    truth_by: Mapped[str] = mapped_column(primary_key=True)
    truth: Mapped[str] = mapped_column(primary_key=True)
    said: Mapped[str] = mapped_column(primary_key=True)
    fault: Mapped[str] = mapped_column(primary_key=True)
