"""What the project pages list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session, joinedload

from ops import scope
from ops.models import (
    Asset,
    Batch,
    Consensus,
    Lane,
    Project,
    ProjectMember,
    Task,
    User,
)
from quality.models import Gold


@dataclass(frozen=True)
class Progress:
    """Answers given and wanted in label work; assets in all and gold among them."""

    done: int = 0
    wanted: int = 0

    @property
    def share(self) -> float | None:
        """Done ÷ wanted; None where nothing is wanted."""
        return self.done / self.wanted if self.wanted else None


def visible(session: Session, user: User) -> Sequence[Project]:
    """The projects `user` may see, by name."""
    found = (
        select(Project)
        .where(Project.id.in_(scope.projects(user)))
        .options(joinedload(Project.organisation))
        .order_by(Project.name, Project.id)
    )
    return session.scalars(found).all()


def batches_of(session: Session, project_ids: Sequence[int]) -> Sequence[Batch]:
    """Batches of the projects: what is open first, then by what is due, then the newest."""
    found = (
        select(Batch)
        .where(Batch.project_id.in_(project_ids))
        .order_by(Batch.state != "open", Batch.due_at.nulls_last(), Batch.id.desc())
    )
    return session.scalars(found).all()


def progress(session: Session, batch_ids: Sequence[int]) -> dict[int, Progress]:
    """Batch id → answers given and wanted in its label tasks."""
    counted = (
        select(Lane.batch_id, func.sum(Task.n_done), func.sum(Task.wanted))
        .join(Task, Task.lane_id == Lane.id)
        .where(Lane.batch_id.in_(batch_ids), Lane.stage == "label", Task.wanted > 0)
        .group_by(Lane.batch_id)
    )
    return {batch: Progress(int(done), int(want)) for batch, done, want in session.execute(counted)}


def asset_counts(session: Session, batch_ids: Sequence[int]) -> dict[int, int]:
    """Batch id → how many assets it has."""
    counted = select(Asset.batch_id, func.count()).where(Asset.batch_id.in_(batch_ids))
    return {row[0]: row[1] for row in session.execute(counted.group_by(Asset.batch_id))}


def assets(
    session: Session,
    project_id: int,
    *,
    batch_id: int | None,
    search: str,
    after: int,
    limit: int,
    without_gold: bool = False,
) -> Sequence[Row[Any]]:
    """A page of assets with their task, label and gold, by id after `after`."""
    label = (
        select(Consensus.label)
        .where(Consensus.asset_id == Asset.id)
        .order_by(Consensus.version.desc())
        .limit(1)
        .scalar_subquery()
    )
    found = (
        select(Asset, Task.n_done, Task.wanted, label.label("label"), Gold.state.label("gold"))
        .outerjoin(Task, (Task.asset_id == Asset.id) & (Task.stage == "label") & (Task.round == 1))
        .outerjoin(Gold, Gold.asset_id == Asset.id)
        .where(Asset.project_id == project_id, Asset.id > after)
        .order_by(Asset.id)
        .limit(limit)
    )
    if batch_id is not None:
        found = found.where(Asset.batch_id == batch_id)
    if search:
        found = found.where(Asset.external_id.icontains(search, autoescape=True))
    if without_gold:
        found = found.where(Gold.id.is_(None))
    return session.execute(found).all()


def members(session: Session, project_id: int) -> Sequence[tuple[User, ProjectMember]]:
    """Members of a project with their accounts, workers first."""
    found = (
        select(User, ProjectMember)
        .join(ProjectMember, ProjectMember.user_id == User.id)
        .where(ProjectMember.project_id == project_id)
        .order_by(User.role.in_(("admin", "ops_lead", "onboarding_manager")), User.name, User.id)
    )
    return [(row[0], row[1]) for row in session.execute(found)]


def not_members(session: Session, project_id: int) -> Sequence[User]:
    """Active accounts that could become members."""
    inside = select(ProjectMember.user_id).where(ProjectMember.project_id == project_id)
    found = (
        select(User)
        .where(User.active, User.role != "client", User.id.not_in(inside))
        .order_by(User.name, User.id)
        .limit(1000)
    )
    return session.scalars(found).all()
