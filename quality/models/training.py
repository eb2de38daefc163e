"""Training: courses of pages, examples, practice and questions; who has done which step."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ops.db import Base, Moment
from ops.models import Project, User
from quality.models.gold import Gold

STEP_KINDS = ("page", "example", "practice", "quiz")
COURSE_STATES = ("draft", "open", "retired")
# Of whom a course is required: whoever joins the project from then on, or every member.
REQUIRED_OF = ("newcomers", "everybody")


class Course(Base):
    """Steps that a labeller goes through, in order, to learn a project.

    While `required_of` says somebody, their work in the project waits until they have done it.
    """

    __tablename__ = "course"
    __table_args__ = (
        CheckConstraint(f"state IN {COURSE_STATES}", name="state"),
        CheckConstraint(f"required_of IN {REQUIRED_OF}", name="required_of"),
        CheckConstraint("required_of IS NULL OR state = 'open'", name="required_is_open"),
        CheckConstraint("(required_of IS NULL) = (required_at IS NULL)", name="required_at"),
        CheckConstraint("pass_mark >= 0 AND pass_mark <= 1", name="pass_mark"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id), index=True)
    title: Mapped[str]
    purpose: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="draft")
    required_of: Mapped[str | None]
    # Of newcomers: of those who joined since.
    required_at: Mapped[datetime | None] = mapped_column(Moment)
    # How much of practice and quizzes must be right at last, on average, to finish the course.
    pass_mark: Mapped[float] = mapped_column(default=0.8)

    project: Mapped[Project] = relationship()


class CourseStep(Base):
    """One step. page: markdown · example: a gold shown with its answer and why · practice: a gold
    to answer, with feedback at once · quiz: questions with choices.

    `content` of a quiz is [{"question", "choices": [{"text", "right", "why"}]}]. What somebody has
    done is retired and replaced, not changed. A gold that was ever in a step is neither slipped
    into work nor asked in assessments, see `quality.gold_choice.NEVER_MET`.
    """

    __tablename__ = "course_step"
    __table_args__ = (
        CheckConstraint(f"kind IN {STEP_KINDS}", name="kind"),
        CheckConstraint("(kind IN ('example', 'practice')) = (gold_id IS NOT NULL)", name="gold"),
        Index("ix_course_step_order", "course_id", "position"),
        Index("ix_course_step_gold", "gold_id", postgresql_where=text("gold_id IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey(Course.id))
    position: Mapped[int]
    kind: Mapped[str]
    title: Mapped[str]
    markdown: Mapped[str] = mapped_column(default="")
    content: Mapped[list[Any]] = mapped_column(default=list)
    gold_id: Mapped[int | None] = mapped_column(ForeignKey(Gold.id))
    retired_at: Mapped[datetime | None] = mapped_column(Moment)


class CourseProgress(Base):
    """That somebody is in a course, and which step they have on the screen since when."""

    __tablename__ = "course_progress"

    course_id: Mapped[int] = mapped_column(ForeignKey(Course.id), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True, index=True)
    started_at: Mapped[datetime] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    shown_step_id: Mapped[int | None] = mapped_column(ForeignKey(CourseStep.id))
    shown_at: Mapped[datetime | None] = mapped_column(Moment)


class StepTry(Base):
    """One answer to a step, or its page read. Append-only; the last one counts."""

    __tablename__ = "step_try"
    __table_args__ = (
        Index("ix_step_try_user", "user_id", "step_id"),
        UniqueConstraint("step_id", "user_id", "number"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    step_id: Mapped[int] = mapped_column(ForeignKey(CourseStep.id))
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    number: Mapped[int] = mapped_column(SmallInteger)
    answer: Mapped[dict[str, Any] | None]
    # 0 … 1; null where nothing is asked.
    correct: Mapped[float | None]
    # When it came on the screen: what it took is counted from there.
    shown_at: Mapped[datetime] = mapped_column(Moment)
    at: Mapped[datetime] = mapped_column(Moment)
