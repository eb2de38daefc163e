"""What clients say of a guideline, version by version: approved, or changes asked for.

The newest word on a version counts. Nothing waits for it: a lead sees what is not approved and
decides whether work goes on.
"""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from ops import audit_log, clock_time, guidelines, mail, notices
from ops.errors import Conflict, InvalidInput
from ops.labels.attributes import storable
from ops.models import GUIDELINE_WORDS, GuidelineVersion, GuidelineWord, Project, User

LONGEST = 4000


class Approved(NamedTuple):
    """The newest version that the client approved, and when (ISO moment)."""

    version: int
    at: str


def say(
    session: Session, project: Project, version: int, word: str, by: User, *, remark: str = ""
) -> GuidelineWord:
    """Approve the version in force, or ask for changes; the leads are told. Twice is once.

    Raises InvalidInput (`word`, `remark`, `version`), Conflict when another version is in force by
    now.
    """
    said = remark.replace("\r\n", "\n").strip()
    if word not in GUIDELINE_WORDS:
        raise InvalidInput(f"expected one of {', '.join(GUIDELINE_WORDS)}", field="word")
    if len(said) > LONGEST or not storable(said):
        raise InvalidInput(f"write up to {LONGEST:,} characters", field="remark")
    if word == "changes_asked" and not said:
        raise InvalidInput("say what should be otherwise", field="remark")
    # Publishing a version locks the project likewise: none comes into force meanwhile.
    session.execute(
        select(Project.id).where(Project.id == project.id).with_for_update(key_share=True)
    )
    found = guidelines.find(session, project.id, version)
    current = guidelines.current(session, project.id)
    if current is None or current.version != version:
        newest = current.version if current else version
        raise Conflict(f"Version {newest} is in force by now; read that one.", field="version")
    before = newest_words(session, [found.id]).get(found.id)
    if before is not None and (before.word, before.remark, before.by) == (word, said, by.id):
        return before
    made = GuidelineWord(
        guideline_version_id=found.id, word=word, remark=said, by=by.id, at=clock_time.now()
    )
    session.add(made)
    session.flush()
    audit_log.of_project(session, project, by, f"guideline.{word}", version=version,
    )  # fmt: skip
    _tell(session, project, version, made, by)
    return made


def _tell(session: Session, project: Project, version: int, made: GuidelineWord, by: User) -> None:
    what = (
        f"the client approved version {version} of the guideline."
        if made.word == "approved"
        else f"the client asks for changes to version {version} of the guideline."
    )
    told = notices.tell_leads(
        session, project.id, key=f"guideline.word:{made.id}", text=f"{project.name}: {what}",
        url=f"/projects/{project.id}/guideline", but=by.id,
    )  # fmt: skip
    for notice in told:
        mail.post(session, notice)


def newest_words(session: Session, version_ids: Collection[int]) -> dict[int, GuidelineWord]:
    """Version id → the newest word on it."""
    found = (
        select(GuidelineWord)
        .ext(distinct_on(GuidelineWord.guideline_version_id))
        .where(GuidelineWord.guideline_version_id.in_(version_ids))
        .order_by(
            GuidelineWord.guideline_version_id, GuidelineWord.at.desc(), GuidelineWord.id.desc()
        )
    )
    return {word.guideline_version_id: word for word in session.scalars(found)}


def of_project(session: Session, project_id: int) -> dict[int, GuidelineWord]:
    """Version number → the newest word on it, of the versions that anything was said of."""
    versions = session.execute(
        select(GuidelineVersion.id, GuidelineVersion.version).where(
            GuidelineVersion.project_id == project_id
        )
    ).all()
    words = newest_words(session, [row.id for row in versions])
    return {row.version: words[row.id] for row in versions if row.id in words}


def last_approved(session: Session, project_id: int) -> Approved | None:
    """The newest version whose newest word is approval; None before the first."""
    words = of_project(session, project_id)
    approved = [version for version, word in words.items() if word.word == "approved"]
    if not approved:
        return None
    return Approved(max(approved), words[max(approved)].at.isoformat())
