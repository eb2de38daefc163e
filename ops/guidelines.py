"""The instructions of a project: markdown, in versions that never change; changes are announced."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ops import audit_log, notices, versions
from ops.access import LEADS, WORKERS
from ops.errors import InvalidInput, NotFound
from ops.models import GuidelineVersion, Project, ProjectMember, User
from ops.webhooks import facts

LONGEST = 200_000


def publish(
    session: Session, project: Project, markdown: str, by: User | None, *, must_read: bool = False
) -> GuidelineVersion:
    """A new version, announced to the members; the version in force when nothing changed.

    With `must_read` labellers get no further task of the project until they have said that they
    read it, also where it was in force before. Raises InvalidInput.
    """
    made = versions.publish(
        session,
        GuidelineVersion,
        project,
        by,
        content={"markdown": clean(markdown)},
        event="guideline.published",
    )
    if must_read:
        _require(session, project, made, by)
    _announce(session, project, made, by)
    facts.guideline_published(session, project, made.version)
    return made


def clean(markdown: str) -> str:
    """The text as it is kept. Raises InvalidInput."""
    text = markdown.replace("\r\n", "\n").strip()
    if not text or len(text) > LONGEST:
        raise InvalidInput(f"write 1 to {LONGEST:,} characters of markdown", field="markdown")
    if "\0" in text:
        raise InvalidInput("the text holds a NUL character", field="markdown")
    return text


def _require(session: Session, project: Project, made: GuidelineVersion, by: User | None) -> None:
    """Make this the version that must have been read."""
    # Two may publish at once: what the session remembers of the row need not be what it holds.
    raised = session.execute(
        update(Project)
        .where(Project.id == project.id, Project.guideline_due < made.version)
        .values(guideline_due=made.version)
        .returning(Project.id)
    ).first()
    session.refresh(project, ["guideline_due"])
    if raised is not None:
        audit_log.of_project(
            session,
            project,
            by,
            "guideline.required",
            version=made.version,
        )


def _announce(session: Session, project: Project, made: GuidelineVersion, by: User | None) -> None:
    """Leave a notice for every member but the author, one of a version and one that it is due, and
    for the client, whose word on it is asked."""
    due = project.guideline_due == made.version
    others = (
        select(User.id)
        .join(ProjectMember, ProjectMember.user_id == User.id)
        .where(ProjectMember.project_id == project.id, User.active)
        .where(User.id != (by.id if by else 0))
    )
    said = f"{project.name}: version {made.version} of the guideline is in force."
    key = f"guideline:{project.id}:{made.version}{':due' if due else ''}"
    read_it = " Read it before your next task." if due else ""
    workers, leads = (others.where(User.role.in_(roles)) for roles in (WORKERS, LEADS))
    at_desk, at_project = f"/desk/guideline/{project.id}", f"/projects/{project.id}/guideline"
    notices.tell_all(session, workers, key=key, text=said + read_it, url=at_desk)
    notices.tell_all(session, leads, key=key, text=said, url=at_project)
    theirs = (User.role == "client") & (User.organisation_id == project.organisation_id)
    notices.tell_all(
        session,
        select(User.id).where(User.active, theirs),
        key=f"guideline:{project.id}:{made.version}",
        text=f"{project.name}: version {made.version} of the guideline waits for your word.",
        url=f"/portal/projects/{project.id}/guideline",
    )


def current(session: Session, project_id: int) -> GuidelineVersion | None:
    """The version in force; None before the first."""
    return versions.current(session, GuidelineVersion, project_id)


def find(session: Session, project_id: int, version: int) -> GuidelineVersion:
    """That version of a project's guideline. Raises NotFound."""
    found = session.scalar(
        select(GuidelineVersion).where(
            GuidelineVersion.project_id == project_id, GuidelineVersion.version == version
        )
    )
    if found is None:
        raise NotFound(f"This guideline has no version {version}.")
    return found
