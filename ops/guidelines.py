"""The instructions of a project: markdown, in versions that never change."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops import audit_log, clock_time
from ops.errors import InvalidInput
from ops.models import GuidelineVersion, Project, User

LONGEST = 200_000


def publish(session: Session, project: Project, markdown: str, by: User | None) -> GuidelineVersion:
    """A new version; the version in force when nothing changed. Raises InvalidInput."""
    text = markdown.replace("\r\n", "\n").strip()
    if not text or len(text) > LONGEST:
        raise InvalidInput(f"write 1 to {LONGEST:,} characters of markdown", field="markdown")
    if "\0" in text:
        raise InvalidInput("the text holds a NUL character", field="markdown")
    session.execute(
        select(Project.id).where(Project.id == project.id).with_for_update(key_share=True)
    )
    before = current(session, project.id)
    if before is not None and before.markdown == text:
        return before
    version = GuidelineVersion(
        project_id=project.id,
        version=before.version + 1 if before else 1,
        markdown=text,
        created_by=by.id if by else None,
        created_at=clock_time.now(),
    )
    session.add(version)
    session.flush()
    audit_log.record(
        session,
        by,
        "guideline.published",
        f"project:{project.id}",
        organisation_id=project.organisation_id,
        version=version.version,
    )
    return version


def current(session: Session, project_id: int) -> GuidelineVersion | None:
    """The version in force; None before the first."""
    return session.scalar(
        select(GuidelineVersion)
        .where(GuidelineVersion.project_id == project_id)
        .order_by(GuidelineVersion.version.desc())
        .limit(1)
    )
