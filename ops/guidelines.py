"""The instructions of a project: markdown, in versions that never change."""

from sqlalchemy.orm import Session

from ops import versions
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
    return versions.publish(
        session,
        GuidelineVersion,
        project,
        by,
        content={"markdown": text},
        event="guideline.published",
    )


def current(session: Session, project_id: int) -> GuidelineVersion | None:
    """The version in force; None before the first."""
    return versions.current(session, GuidelineVersion, project_id)
