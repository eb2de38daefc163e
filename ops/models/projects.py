"""What is asked: projects with their ontology, guideline and people; batches and their assets."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ops.db import Base, Moment
from ops.models.people import Organisation, Skill, User

MEDIA = ("image", "text")
LABEL_TYPES = (
    "class", "tags", "attributes", "boxes", "polygons", "masks", "keypoints", "spans",
    "transcription", "rating", "preference",
)  # fmt: skip
STAGES = ("label", "review", "rework", "adjudicate", "assessment", "training")


class Project(Base):
    """One kind of work for one client: a medium, an ontology, a guideline, terms.

    `settings` is an `ops.project_settings.ProjectSettings` as JSON. `skill_id` is the skill under
    which standing is kept; `ProjectRequirement` says what it takes to work in a stage.
    """

    __tablename__ = "project"
    __table_args__ = (
        UniqueConstraint("organisation_id", "name"),
        CheckConstraint(f"medium IN {MEDIA}", name="medium"),
        CheckConstraint(f"label_type IN {LABEL_TYPES}", name="label_type"),
        CheckConstraint("state IN ('draft', 'running', 'paused', 'closed')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id))
    name: Mapped[str]
    purpose: Mapped[str] = mapped_column(default="")
    medium: Mapped[str]
    label_type: Mapped[str] = mapped_column(default="class")
    state: Mapped[str] = mapped_column(default="draft")
    skill_id: Mapped[int] = mapped_column(ForeignKey(Skill.id))
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # The guideline version that labellers must have read before their next task; 0: none.
    guideline_due: Mapped[int] = mapped_column(default=0, server_default="0")
    # How many courses must be done before the next task; 0: none.
    courses_due: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime] = mapped_column(Moment)

    organisation: Mapped[Organisation] = relationship()
    skill: Mapped[Skill] = relationship()


class ProjectMember(Base):
    """Someone who may see a project: labellers get its work, leads and managers run it."""

    __tablename__ = "project_member"

    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True, index=True)
    since: Mapped[datetime] = mapped_column(Moment)
    # A labeller paused here gets no new work; what is leased may still be submitted.
    paused_until: Mapped[datetime | None] = mapped_column(Moment)
    pause_reason: Mapped[str] = mapped_column(default="")
    # Until somebody lifts it.
    suspended_at: Mapped[datetime | None] = mapped_column(Moment)
    # Only first labels, all of them reviewed.
    restricted_at: Mapped[datetime | None] = mapped_column(Moment)
    # No work until an assessment of the project's skill is passed after this moment.
    training_since: Mapped[datetime | None] = mapped_column(Moment)
    # The newest guideline version that they said they have read.
    guideline_read: Mapped[int] = mapped_column(default=0, server_default="0")
    # How many of those that `Project.courses_due` counts they did, or need not do.
    courses_done: Mapped[int] = mapped_column(default=0, server_default="0")
    # A newcomer, watched closely since then: all reviewed, much gold.
    nesting_since: Mapped[datetime | None] = mapped_column(Moment)


class ProjectRequirement(Base):
    """The level of a skill it takes to work in a stage of a project."""

    __tablename__ = "project_requirement"
    __table_args__ = (
        CheckConstraint(f"stage IN {STAGES}", name="stage"),
        CheckConstraint("level BETWEEN 1 AND 5", name="level"),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id), primary_key=True)
    stage: Mapped[str] = mapped_column(primary_key=True)
    skill_id: Mapped[int] = mapped_column(ForeignKey(Skill.id), primary_key=True)
    level: Mapped[int] = mapped_column(default=1)


class OntologyVersion(Base):
    """What a project's labels may say, at one version. Immutable: a change adds a version.

    `classes` is a list of {"key", "name", "colour", "hotkey", "description", "skeleton"?};
    `attributes`, `scale`, `reasons` and `tie` are as `ops.ontologies` checks them.
    """

    __tablename__ = "ontology_version"
    __table_args__ = (UniqueConstraint("project_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id))
    version: Mapped[int]
    classes: Mapped[list[Any]]
    attributes: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'"))
    scale: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    reasons: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'"))
    tie: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    created_by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    created_at: Mapped[datetime] = mapped_column(Moment)


class GuidelineVersion(Base):
    """The instructions of a project in markdown, at one version."""

    __tablename__ = "guideline_version"
    __table_args__ = (UniqueConstraint("project_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id))
    version: Mapped[int]
    markdown: Mapped[str]
    created_by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    created_at: Mapped[datetime] = mapped_column(Moment)


class Batch(Base):
    """What a client sends and gets back.

    open: work goes out · complete: every asset has its label, the gate may judge · delivered:
    frozen. `paused` stops new leases only.
    """

    __tablename__ = "batch"
    __table_args__ = (
        UniqueConstraint("project_id", "name"),
        CheckConstraint("state IN ('open', 'complete', 'delivered')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id))
    name: Mapped[str]
    state: Mapped[str] = mapped_column(default="open")
    paused: Mapped[bool] = mapped_column(default=False)
    priority: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None] = mapped_column(Moment)
    # Counted by a trigger on asset: what share of a batch somebody did is asked at every claim.
    n_assets: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime] = mapped_column(Moment)
    completed_at: Mapped[datetime | None] = mapped_column(Moment)

    project: Mapped[Project] = relationship()


class Asset(Base):
    """One image or text: a URI where the client keeps it (or the text itself), and metadata."""

    __tablename__ = "asset"
    __table_args__ = (
        UniqueConstraint("project_id", "external_id"),
        CheckConstraint("(uri IS NULL) <> (text IS NULL)", name="uri_or_text"),
        Index("ix_asset_batch", "batch_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id))
    batch_id: Mapped[int] = mapped_column(ForeignKey(Batch.id))
    external_id: Mapped[str]
    uri: Mapped[str | None]
    text: Mapped[str | None]
    # Of a picture, in px; null until somebody had to know.
    width: Mapped[int | None]
    height: Mapped[int | None]
    meta: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(Moment)
