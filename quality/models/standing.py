"""What is believed: evidence about labellers, their standing and pace, the difficulty of assets."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from ops.db import Base, Moment
from ops.models import Asset, Assignment, Project, Skill, User


class Evidence(Base):
    """One observation about one answer of a labeller: against gold, a review, or the others.

    `certainty` is the probability that what it was compared with is right (1 for gold and review).
    """

    __tablename__ = "evidence"
    __table_args__ = (
        UniqueConstraint("assignment_id", "kind"),
        CheckConstraint("kind IN ('gold', 'review', 'consensus')", name="kind"),
        CheckConstraint("correct BETWEEN 0 AND 1 AND certainty BETWEEN 0 AND 1", name="range"),
        Index("ix_evidence_labeller", "labeller_id", "skill_id", "at"),
        # What is new since somebody last looked, revised evidence included.
        Index("ix_evidence_at", "project_id", "at"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    labeller_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    skill_id: Mapped[int] = mapped_column(ForeignKey(Skill.id))
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id))
    assignment_id: Mapped[int] = mapped_column(ForeignKey(Assignment.id))
    kind: Mapped[str]
    correct: Mapped[float]
    certainty: Mapped[float] = mapped_column(default=1.0)
    classes: Mapped[int]
    at: Mapped[datetime] = mapped_column(Moment)


# How many answers a row of `standing` rests on; see `Standing.n`.
SUPPORT = "(standing.gold_n + standing.review_n + standing.consensus_n)"


class Standing(Base):
    """Posterior of a labeller's accuracy in a skill, with a 95 % interval.

    The labeller sees only `shown_*`, which change once a day, so that a change betrays no gold.
    """

    __tablename__ = "standing"

    labeller_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True)
    skill_id: Mapped[int] = mapped_column(ForeignKey(Skill.id), primary_key=True)
    mean: Mapped[float]
    low: Mapped[float]
    high: Mapped[float]
    gold_n: Mapped[int] = mapped_column(default=0)
    gold_correct: Mapped[float] = mapped_column(default=0.0)
    review_n: Mapped[int] = mapped_column(default=0)
    review_correct: Mapped[float] = mapped_column(default=0.0)
    consensus_n: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[datetime] = mapped_column(Moment)
    shown_mean: Mapped[float | None]
    shown_low: Mapped[float | None]
    shown_high: Mapped[float | None]
    shown_n: Mapped[int] = mapped_column(default=0)
    shown_at: Mapped[datetime | None] = mapped_column(Moment)

    @hybrid_property
    def n(self) -> int:
        """How many answers it rests on."""
        return self.gold_n + self.review_n + self.consensus_n


class LabellerPace(Base):
    """How fast a labeller works in a project: median, MAD on log active time; pace 1 is typical."""

    __tablename__ = "labeller_pace"

    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id), primary_key=True)
    labeller_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True)
    answers: Mapped[int]
    median_seconds: Mapped[float | None]
    mad_log: Mapped[float | None]
    pace: Mapped[float | None]
    # {"learning", "fatigue", "slowing", "copies"}: each {"value", "low", "high", "n", …}; absent is
    # unknown.
    signals: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    at: Mapped[datetime] = mapped_column(Moment)


class TimingFit(Base):
    """What the last whole fit of a project's times found, for judging answers as they come.

    `model` holds the coefficients; `why` says why times cannot be used where `usable` is false.
    `at` is the fit's; what came in up to `seen_at` has been judged by it.
    """

    __tablename__ = "timing_fit"

    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id), primary_key=True)
    answers: Mapped[int]
    usable: Mapped[bool]
    why: Mapped[str] = mapped_column(default="")
    model: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)


class SliceDifficulty(Base):
    """How hard the assets of a class, or of one value of their metadata, are beside the others.

    `time_ratio` is their time over that of the others, `wrong_ratio` how much more often answers to
    them are wrong, each with its 95 % interval; null is unknown.
    """

    __tablename__ = "slice_difficulty"
    __table_args__ = (CheckConstraint("colour IN ('green', 'yellow', 'red')", name="colour"),)

    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id), primary_key=True)
    # "class", or a key of the metadata as "meta.<key>".
    dimension: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    assets: Mapped[int]
    answers: Mapped[int]
    judged: Mapped[int]
    time_ratio: Mapped[float | None]
    time_low: Mapped[float | None]
    time_high: Mapped[float | None]
    wrong_ratio: Mapped[float | None]
    wrong_low: Mapped[float | None]
    wrong_high: Mapped[float | None]
    colour: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(Moment)


class AssetDifficulty(Base):
    """How hard an asset is, and of what parts; `red` at the stated false-discovery rate."""

    __tablename__ = "asset_difficulty"
    __table_args__ = (
        CheckConstraint("colour IN ('green', 'yellow', 'red')", name="colour"),
        # Whoever sends hard assets to experts asks for those flagged since they last looked.
        Index(
            "ix_asset_difficulty_red",
            "project_id",
            "at",
            postgresql_where=text("colour = 'red'"),
        ),
        # Pages show the worst first.
        Index(
            "ix_asset_difficulty_worst", "project_id", "colour", text("difficulty DESC"), "asset_id"
        ),
    )

    asset_id: Mapped[int] = mapped_column(ForeignKey(Asset.id), primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id), index=True)
    difficulty: Mapped[float]
    colour: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    # {"answers", "time_effect", "time_se", "seconds", "disagreement", "skips", "questions",
    # "contributions": {part: how much of the difficulty}, …}; absent is unknown.
    parts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime] = mapped_column(Moment)
