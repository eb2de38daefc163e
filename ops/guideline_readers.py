"""Who has read which version of a guideline."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ops import audit_log, guidelines
from ops.access import WORKERS
from ops.errors import InvalidInput, NotFound
from ops.models import Assignment, GuidelineVersion, Project, ProjectMember, User


@dataclass(frozen=True)
class Published:
    """A version: by whom it was published (None: nobody known), and whether it must be read.

    `read_by` of the project's `labellers` have read it or a newer one.
    """

    version: int
    at: datetime
    by: str | None
    must_read: bool
    read_by: int
    labellers: int


def read(session: Session, user: User, project: Project, version: int) -> int:
    """`user` says that they have read this version; returns the newest that they have read.

    Saying it of an older one changes nothing. Raises NotFound for whoever is no member,
    InvalidInput naming `version` for one that there is not.
    """
    newest = guidelines.current(session, project.id)
    if newest is None or not 1 <= version <= newest.version:
        known = f"the newest is {newest.version}" if newest else "there is none yet"
        raise InvalidInput(f"give a version of this guideline: {known}", field="version")
    mine = (ProjectMember.project_id == project.id, ProjectMember.user_id == user.id)
    raised = session.execute(
        update(ProjectMember)
        .where(*mine, ProjectMember.guideline_read < version)
        .values(guideline_read=version)
        .returning(ProjectMember.user_id)
        .execution_options(synchronize_session=False)
    ).first()
    if raised is not None:
        audit_log.of_project(
            session,
            project,
            user,
            "guideline.read",
            version=version,
        )
    return has_read(session, user, project.id)


def has_read(session: Session, user: User, project_id: int) -> int:
    """The newest version that `user` said they have read; 0: none. Raises NotFound."""
    found = session.scalar(
        select(ProjectMember.guideline_read).where(
            ProjectMember.project_id == project_id, ProjectMember.user_id == user.id
        )
    )
    if found is None:
        raise NotFound("There is no such project, or you are not a member of it.")
    return found


def knows(session: Session, user: User, project_id: int) -> int:
    """The version against which a newer one is shown to `user`; 0: none, all of it is new.

    The newest they said they have read; else that in force when they last took work of the project.
    """
    read_ = has_read(session, user, project_id)
    if read_:
        return read_
    last = (
        select(func.max(Assignment.leased_at))
        .where(Assignment.labeller_id == user.id, Assignment.project_id == project_id)
        .scalar_subquery()
    )
    then = select(func.max(GuidelineVersion.version)).where(
        GuidelineVersion.project_id == project_id, GuidelineVersion.created_at <= last
    )
    return session.scalar(then) or 0


def published(session: Session, project: Project) -> Sequence[Published]:
    """Every version of a project's guideline, newest first, and how many have read it."""
    labellers = (
        select(ProjectMember.guideline_read.label("version"))
        .join(User, User.id == ProjectMember.user_id)
        .where(ProjectMember.project_id == project.id, User.active, User.role.in_(WORKERS))
        .subquery()
    )
    n = session.scalar(select(func.count()).select_from(labellers)) or 0
    read_by = (
        select(func.count())
        .where(labellers.c.version >= GuidelineVersion.version)
        .scalar_subquery()
    )
    rows = session.execute(
        select(GuidelineVersion.version, GuidelineVersion.created_at, User.name, read_by)
        .outerjoin(User, User.id == GuidelineVersion.created_by)
        .where(GuidelineVersion.project_id == project.id)
        .order_by(GuidelineVersion.version.desc())
    )
    due = project.guideline_due
    return [Published(made, at, by, made == due, read, n) for made, at, by, read in rows]
