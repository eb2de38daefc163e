"""Issues and comments: questions about the work, asked, answered, escalated and resolved.

A body is plain text and is shown as text. What people wrote stays when a person is erased: it is
why the project decided as it did. Their account then reads "Erased person", and their name and
address go from every body that holds them (`ops/erasure.py`). Who was mentioned is kept as ids,
never as names.
"""

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ops import (
    audit_log,
    clock_time,
    guidelines,
    talk_entry,
    talk_limits,
    talk_mentions,
    talk_pins,
    talk_told,
)
from ops.access import ANSWERERS, LEADS
from ops.errors import Conflict, Forbidden, InvalidInput
from ops.labels.attributes import storable
from ops.models import (
    Asset,
    Comment,
    GuidelineVersion,
    Issue,
    Project,
    User,
)

LONGEST = 4000

_KEYS = uuid.UUID("6f0e4d7e-5f0b-4a1c-9d63-2f9b7e5c1a88")


def open_issue(
    session: Session,
    project: Project,
    by: User,
    pin: Any,
    body: str,
    *,
    key: str,
    asset: Asset | None = None,
    assignment_id: int | None = None,
    guideline: GuidelineVersion | None = None,
    mentions: Collection[int] = (),
) -> Issue:
    """Ask a question; sent twice with one `key`, it is one. The leads are told.

    A pin of the guideline is about `guideline` alone, any other about `asset`. Raises InvalidInput
    (`body`, `pin`, `key`, `mentions`), TooMany when they have too many unresolved ones or said
    too much within the hour, Forbidden while they are suspended or paused.
    """
    kept = talk_pins.clean(pin, asset)
    of_guideline = kept["at"] == "guideline"
    if of_guideline and guideline is None:
        raise InvalidInput("this project has no guideline yet", field="pin")
    text = _body(body)
    about = None if of_guideline else asset
    # Who asks and their key name the issue: the unique token makes two of them one.
    token = uuid.uuid5(_KEYS, f"{by.id}:{_key(key)}")
    talk_limits.refuse_barred(session, project.id, by)
    talk_limits.one_at_a_time(session, by)
    talk_limits.refuse_many(session, project.id, by, token)
    asked = insert(Issue).values(
        token=token,
        project_id=project.id,
        batch_id=about.batch_id if about else None,
        asset_id=about.id if about else None,
        assignment_id=assignment_id,
        guideline_version_id=guideline.id if of_guideline and guideline else None,
        pin=kept,
        opened_by=by.id,
        opened_at=clock_time.now(),
    )
    made = session.scalar(
        asked.on_conflict_do_nothing(index_elements=[Issue.token]).returning(Issue.id)
    )
    issue = session.scalars(select(Issue).where(Issue.token == token)).one()
    if made is None:
        return issue
    talk_limits.refuse_flood(session, by)
    _record(session, issue, by, "issue.opened", pin=kept["at"])
    talk_told.leads_of_question(session, issue, by)
    _say(session, issue, by, text, key, mentions)
    return issue


def comment(
    session: Session,
    issue: Issue,
    by: User,
    body: str,
    *,
    key: str,
    mentions: Collection[int] = (),
) -> Comment:
    """Add to the thread; sent twice with one `key`, it is one.

    Somebody else's comment answers an open issue; its asker's own opens it again. Raises
    InvalidInput (`body`, `key`, `mentions`), Forbidden unless it is theirs to say.
    """
    text, key = _body(body), _key(key)
    _lock(session, issue)
    before = said_before(session, issue, key, by)
    if before is not None:
        return before
    talk_limits.refuse_comment(session, issue, by)
    talk_limits.refuse_flood(session, by)
    said = _say(session, issue, by, text, key, mentions)
    _turn(session, issue, by, said.at)
    _record(session, issue, by, "issue.commented", comment=said.id)
    talk_told.of_comment(session, issue, said, by)
    return said


def said_before(session: Session, issue: Issue, key: str, by: User) -> Comment | None:
    """The comment that `by` sent with this key, if any. Raises Conflict when another did."""
    known = select(Comment).where(Comment.issue_id == issue.id, Comment.client_key == key)
    before = session.scalars(known).one_or_none()
    if before is not None and before.by != by.id:
        raise Conflict("This key was used by somebody else.", field="key")
    return before


def escalate(session: Session, issue: Issue, by: User) -> int:
    """Send it on to the experts of the project; returns how many there are. Twice is once.

    Raises Conflict when it is resolved, Forbidden.
    """
    _refuse_acting(issue, by)
    _lock(session, issue)
    if issue.state == "resolved":
        raise Conflict("It is resolved; open it again first.")
    return _escalate(session, issue, by)


def resolve(session: Session, issue: Issue, by: User) -> None:
    """The question is settled; twice is once. Raises Forbidden."""
    _refuse_acting(issue, by)
    _lock(session, issue)
    if issue.state == "resolved":
        return
    at = clock_time.now()
    issue.state, issue.resolved_at, issue.resolved_by = "resolved", at, by.id
    session.flush()
    _record(session, issue, by, "issue.resolved")
    what = f"resolved:{at.timestamp():.0f}"
    talk_told.asker(session, issue, by, what, "your question is resolved.")


def reopen(session: Session, issue: Issue, by: User) -> None:
    """It is not settled after all; twice is once. Raises Forbidden."""
    _refuse_acting(issue, by)
    _lock(session, issue)
    if issue.state != "resolved":
        return
    said = select(Comment.by).where(Comment.issue_id == issue.id).order_by(Comment.id.desc())
    own = session.scalar(said.limit(1)) == issue.opened_by
    _unresolve(issue, "open" if own else "answered")
    session.flush()
    _record(session, issue, by, "issue.reopened")


def into_guideline(
    session: Session, issue: Issue, by: User, text: str, *, must_read: bool = False
) -> GuidelineVersion:
    """A new version of the guideline that holds `text` (markdown) among its questions and answers.

    With `must_read` labellers get no further task until they have read it.
    Raises InvalidInput (`text`), Conflict when it is there already, Forbidden.
    """
    if by.role not in LEADS:
        raise Forbidden("The guideline is written by those who run the project.")
    entry = text.replace("\r\n", "\n").strip()
    if not entry or not storable(entry):
        raise InvalidInput("write the question and its answer", field="text")
    _lock(session, issue)
    if issue.entry_version_id is not None:
        raise Conflict("This question is in the guideline already.")
    # The writers of a project's versions wait for each other here: nobody's version is lost.
    project = session.scalars(
        select(Project).where(Project.id == issue.project_id).with_for_update(key_share=True)
    ).one()
    now = guidelines.current(session, project.id)
    whole = talk_entry.with_entry(now.markdown if now else "", entry)
    try:
        made = guidelines.publish(session, project, whole, by, must_read=must_read)
    except InvalidInput as error:
        raise InvalidInput(error.message, field="text") from None
    issue.entry_version_id = made.id
    if issue.state == "open" and issue.opened_by != by.id:
        issue.state, issue.answered_at = "answered", issue.answered_at or clock_time.now()
    session.flush()
    _record(session, issue, by, "issue.entered", version=made.version)
    talk_told.asker(
        session, issue, by, "entered", f"version {made.version} of the guideline answers you."
    )
    return made


def may_answer(user: User) -> bool:
    """Whether they answer the questions of their projects."""
    return user.role in ANSWERERS


def _body(body: str) -> str:
    text = body.replace("\r\n", "\n").strip()
    # What is there to read, not spaces of no width and the like.
    if not any(c.isprintable() and not c.isspace() for c in text) or len(text) > LONGEST:
        raise InvalidInput(f"write 1 to {LONGEST:,} characters", field="body")
    if not storable(text):
        raise InvalidInput("holds characters that cannot be stored", field="body")
    return text


def _key(key: str) -> str:
    if not 8 <= len(key) <= 64 or not storable(key):
        raise InvalidInput("a key has 8 to 64 characters", field="key")
    return key


def _lock(session: Session, issue: Issue) -> None:
    """Wait for whoever is changing the issue, and look at it as it is then."""
    session.refresh(issue, with_for_update={"key_share": True})


def _refuse_acting(issue: Issue, by: User) -> None:
    if by.id != issue.opened_by and not may_answer(by):
        raise Forbidden("That is for whoever asked, and for those who answer.")


def _say(
    session: Session, issue: Issue, by: User, body: str, key: str, mentions: Collection[int]
) -> Comment:
    said = Comment(
        issue_id=issue.id,
        by=by.id,
        at=clock_time.now(),
        body=body,
        mentions=talk_mentions.ids(session, issue, by, mentions),
        client_key=key,
    )
    session.add(said)
    session.flush()
    if talk_mentions.calls("lead", body):
        talk_told.leads_called(session, issue, said, by)
    if talk_mentions.calls("expert", body) and issue.state != "resolved":
        _escalate(session, issue, by)
    return said


def _turn(session: Session, issue: Issue, by: User, at: datetime) -> None:
    """Whose turn it is after a comment."""
    if by.id == issue.opened_by:
        if issue.state == "resolved":
            _record(session, issue, by, "issue.reopened")
        _unresolve(issue, "open")
    elif issue.state == "open":
        issue.state, issue.answered_at = "answered", issue.answered_at or at
    session.flush()


def _unresolve(issue: Issue, state: str) -> None:
    issue.state, issue.resolved_at, issue.resolved_by = state, None, None


def _escalate(session: Session, issue: Issue, by: User) -> int:
    experts = talk_told.experts(session, issue.project_id)
    if issue.escalated_at is None:
        issue.escalated_at = clock_time.now()
        session.flush()
        _record(session, issue, by, "issue.escalated")
        talk_told.experts_called(session, issue, experts, by)
    return len(experts)


def _record(session: Session, issue: Issue, by: User, action: str, **data: Any) -> None:
    organisation = select(Project.organisation_id).where(Project.id == issue.project_id)
    audit_log.record(
        session, by, action, f"issue:{issue.id}",
        organisation_id=session.scalars(organisation).one(), project=issue.project_id, **data,
    )  # fmt: skip
