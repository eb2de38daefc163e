"""What a client brings to judge labels by: reference models, their predictions, embeddings."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ops.db import Base, Moment
from ops.models.people import User
from ops.models.projects import Asset, Project

# predictions: imported results · network: a torch.export file that is run here · embeddings: one
# vector an asset, from which folds of a classifier learn.
REFERENCE_KINDS = ("predictions", "network", "embeddings")


class ReferenceModel(Base):
    """A model given for one project, at one version. Immutable: a change adds a version.

    `digest` is the SHA-256 of the file that was given; `settings` says how to feed a network and
    which of its classes is which.
    """

    __tablename__ = "reference_model"
    __table_args__ = (
        UniqueConstraint("project_id", "name", "version"),
        CheckConstraint(f"kind IN {REFERENCE_KINDS}", name="kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id))
    name: Mapped[str]
    version: Mapped[int]
    kind: Mapped[str]
    digest: Mapped[str] = mapped_column(String(64))
    # Where a network's file is kept, within the data folder.
    file: Mapped[str | None]
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # How many assets it speaks of, where predictions or embeddings were imported.
    assets: Mapped[int] = mapped_column(default=0)
    created_by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    created_at: Mapped[datetime] = mapped_column(Moment)

    @property
    def embeds(self) -> bool:
        """Whether it gives vectors to learn from, rather than labels."""
        return self.kind == "embeddings" or self.settings.get("output") == "embedding"


class Prediction(Base):
    """What a model says of an asset: a label's payload, objects with a score each."""

    __tablename__ = "prediction"

    model_id: Mapped[int] = mapped_column(ForeignKey(ReferenceModel.id), primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey(Asset.id), primary_key=True, index=True)
    label: Mapped[dict[str, Any]]
    # How sure of the whole; class key → probability where the model gave them all.
    confidence: Mapped[float | None]
    probabilities: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Embedding(Base):
    """One asset as a vector: little-endian float32, all of a model equally long."""

    __tablename__ = "embedding"

    model_id: Mapped[int] = mapped_column(ForeignKey(ReferenceModel.id), primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey(Asset.id), primary_key=True, index=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)
