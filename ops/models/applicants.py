"""Who wants to work: openings with a public link, applicants, and the stages they go through."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ops.db import Base, Moment
from ops.models.people import Skill, User
from ops.models.projects import Project

# What a stage means, whatever a manager calls it. Work is done in `active` alone.
PIPELINE_MEANINGS = ("begin", "open", "certified", "active", "paused", "left")


class PipelineStage(Base):
    """A step between an application and work, as managers named and ordered it."""

    __tablename__ = "pipeline_stage"
    __table_args__ = (
        CheckConstraint(f"meaning IN {PIPELINE_MEANINGS}", name="meaning"),
        # Everybody begins somewhere, and in one place.
        Index(
            "uq_pipeline_stage_begin",
            "meaning",
            unique=True,
            postgresql_where=text("meaning = 'begin'"),
        ),
        Index(
            "uq_pipeline_stage_accounts_from",
            "accounts_from",
            unique=True,
            postgresql_where=text("accounts_from"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    position: Mapped[int]
    meaning: Mapped[str] = mapped_column(default="open")
    # From this stage on applicants are given accounts; one stage alone says so.
    accounts_from: Mapped[bool] = mapped_column(default=False, server_default="false")
    # Taken out of use: moves still name it.
    removed_at: Mapped[datetime | None] = mapped_column(Moment)


class MailTemplate(Base):
    """What is written to applicants, with {name} and other words to fill in.

    With a stage, whoever enters it is sent this.
    """

    __tablename__ = "mail_template"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    subject: Mapped[str]
    body: Mapped[str]
    stage_id: Mapped[int | None] = mapped_column(ForeignKey(PipelineStage.id), unique=True)
    updated_at: Mapped[datetime] = mapped_column(Moment)


class Opening(Base):
    """What people may apply for, under a public link that can be closed.

    `consent` is what they agree to, word by word; `languages` are asked for.
    """

    __tablename__ = "opening"

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[str]
    markdown: Mapped[str] = mapped_column(default="")
    consent: Mapped[str]
    languages: Mapped[list[Any]] = mapped_column(default=list)
    skill_id: Mapped[int | None] = mapped_column(ForeignKey(Skill.id))
    project_id: Mapped[int | None] = mapped_column(ForeignKey(Project.id))
    closes_at: Mapped[datetime | None] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)


class Applicant(Base):
    """Somebody who applied. Personal data lies here and in what is written of them, and can be
    erased; with an account it lies in `user_account` too.

    `languages` and `equipment` are lists of words; `availability` is {"hours_per_week": n,
    "from": date, "days": […]} as the form asked for it. `name_key` and `email_key` are what
    duplicates are found by.
    """

    __tablename__ = "applicant"
    __table_args__ = (
        Index("ix_applicant_stage", "stage_id", "stage_since"),
        Index("ix_applicant_email", "email_key"),
        Index("ix_applicant_name", "name_key"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    pseudonym: Mapped[uuid.UUID] = mapped_column(UUID, unique=True, default=uuid.uuid4)
    opening_id: Mapped[int] = mapped_column(ForeignKey(Opening.id), index=True)
    # The applicant's own link to what is held of them. Whoever reads this table reads that too.
    token: Mapped[str] = mapped_column(String(64), unique=True)
    # Sent twice from one form, it is one application.
    client_key: Mapped[str] = mapped_column(unique=True)
    stage_id: Mapped[int] = mapped_column(ForeignKey(PipelineStage.id))
    stage_since: Mapped[datetime] = mapped_column(Moment)
    name: Mapped[str]
    name_key: Mapped[str]
    email: Mapped[str | None]
    email_key: Mapped[str | None]
    country: Mapped[str] = mapped_column(default="")
    timezone: Mapped[str] = mapped_column(default="UTC")
    languages: Mapped[list[Any]] = mapped_column(default=list)
    equipment: Mapped[list[Any]] = mapped_column(default=list)
    availability: Mapped[dict[str, Any]] = mapped_column(default=dict)
    about: Mapped[str] = mapped_column(default="")
    # What they agreed to and when; without it nothing is kept.
    consent: Mapped[str]
    consent_at: Mapped[datetime] = mapped_column(Moment)
    # Their account, once they have one.
    user_id: Mapped[int | None] = mapped_column(ForeignKey(User.id), unique=True)
    # The application that this one repeats.
    same_as: Mapped[int | None] = mapped_column(ForeignKey("applicant.id"))
    applied_at: Mapped[datetime] = mapped_column(Moment)
    # By their own link; a manager does it.
    erasure_asked_at: Mapped[datetime | None] = mapped_column(Moment)
    erased_at: Mapped[datetime | None] = mapped_column(Moment)

    stage: Mapped[PipelineStage] = relationship()
    opening: Mapped[Opening] = relationship()
    user: Mapped[User | None] = relationship()


class ApplicantsApart(Base):
    """Two applicants who look alike and are not the same person, as a manager found."""

    __tablename__ = "applicants_apart"
    __table_args__ = (CheckConstraint("one_id < other_id", name="order"),)

    one_id: Mapped[int] = mapped_column(ForeignKey(Applicant.id), primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey(Applicant.id), primary_key=True)
    by: Mapped[int] = mapped_column(ForeignKey(User.id))
    at: Mapped[datetime] = mapped_column(Moment)


class ApplicantMove(Base):
    """An applicant went from one stage to another. Append-only."""

    __tablename__ = "applicant_move"
    __table_args__ = (Index("ix_applicant_move_applicant", "applicant_id", "at"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    applicant_id: Mapped[int] = mapped_column(ForeignKey(Applicant.id))
    # None: they applied.
    from_stage_id: Mapped[int | None] = mapped_column(ForeignKey(PipelineStage.id))
    to_stage_id: Mapped[int] = mapped_column(ForeignKey(PipelineStage.id))
    reason: Mapped[str] = mapped_column(default="")
    # None: they themselves, or what they did.
    by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    at: Mapped[datetime] = mapped_column(Moment)


class ApplicantNote(Base):
    """What a manager wrote down of an applicant."""

    __tablename__ = "applicant_note"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    applicant_id: Mapped[int] = mapped_column(ForeignKey(Applicant.id), index=True)
    body: Mapped[str]
    by: Mapped[int] = mapped_column(ForeignKey(User.id))
    at: Mapped[datetime] = mapped_column(Moment)

    author: Mapped[User] = relationship()


class ApplicantMail(Base):
    """A message to an applicant: filled in, and sent or waiting."""

    __tablename__ = "applicant_mail"
    __table_args__ = (UniqueConstraint("applicant_id", "key"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    applicant_id: Mapped[int] = mapped_column(ForeignKey(Applicant.id))
    # Two with one key are one: a bulk move done twice writes once.
    key: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    at: Mapped[datetime] = mapped_column(Moment)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
