"""Questions that a lead passes on to the client, in the lead's own words, and what the client says.

The client sees these words and the asset, which is theirs: neither the thread nor who asked. Their
answer becomes a comment of the thread, as from "the client".
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, joinedload

from ops import audit_log, clock_time, scope, talk, talk_told
from ops.access import LEADS
from ops.errors import Conflict, Forbidden, InvalidInput, NotFound
from ops.labels.attributes import storable
from ops.models import Issue, Project, User
from ops.webhooks import facts

# A question that has waited longer is overdue: labellers meet the same doubt again every day.
PATIENCE = timedelta(hours=48)
MOST = 200


def pass_on(session: Session, issue: Issue, by: User, text: str) -> None:
    """Ask the client `text`; what they said to an earlier one stays in the thread.

    Raises InvalidInput (`client_text`), Conflict when it is resolved or the client has no account,
    Forbidden.
    """
    if by.role not in LEADS:
        raise Forbidden("The client is asked by those who run the project.")
    said = _clean(text)
    session.refresh(issue, with_for_update={"key_share": True})
    if issue.state == "resolved":
        raise Conflict("It is resolved; open it again first.")
    if not session.scalar(select(func.count()).select_from(_people(issue).subquery())):
        raise Conflict("The client has nobody here who could answer: invite them first.")
    if issue.client_text == said and issue.client_answered_at is None:
        return
    issue.client_text, issue.client_at = said, clock_time.now()
    issue.client_answer, issue.client_answered_at = "", None
    session.flush()
    _record(session, issue, by, "issue.passed_to_client")
    facts.question_asked(session, issue)
    what = f"client:{issue.client_at.timestamp():.0f}"
    for person in session.scalars(_people(issue)):
        words = "a question about your data waits for your answer."
        talk_told.tell(session, issue, person, what, words, page(issue.id))


def answer(session: Session, issue: Issue, by: User, body: str, *, key: str) -> None:
    """What the client says. The asker and the leads are told. Sent twice with one `key`, it is one.

    Raises InvalidInput (`body`, `key`), Conflict when somebody answered already, NotFound when it
    was not passed on, Forbidden.
    """
    if by.role != "client":
        raise Forbidden("The client answers.")
    session.refresh(issue, with_for_update={"key_share": True})
    if issue.client_at is None:
        raise NotFound("There is no such question, or it is not for you.")
    again = talk.said_before(session, issue, key, by)
    if issue.client_answered_at is not None and not again:
        raise Conflict("This question has its answer already.")
    said = talk.comment(session, issue, by, body, key=key)
    if again:
        return
    issue.client_answer, issue.client_answered_at = said.body, said.at
    session.flush()
    talk_told.leads_of_client(session, issue, by)


def page(issue_id: int) -> str:
    """The address of the page on which the client answers."""
    return f"/portal/questions/{issue_id}"


def find(session: Session, user: User, issue_id: int) -> Issue:
    """The question, if it was passed on to the client that `user` is of. Raises NotFound."""
    found = session.scalar(select(Issue).where(Issue.id == issue_id, passed_on(user)))
    if found is None:
        raise NotFound("There is no such question, or it is not for you.")
    return found


def passed_on(user: User) -> ColumnElement[bool]:
    """The condition on an issue under which the client `user` sees it."""
    return Issue.client_at.is_not(None) & Issue.project_id.in_(scope.projects(user))


def of(session: Session, user: User, project_id: int | None = None) -> Sequence[Issue]:
    """Those passed on to the client: unanswered ones first, the longest waiting on top."""
    found = select(Issue).where(passed_on(user)).options(joinedload(Issue.project))
    if project_id is not None:
        found = found.where(Issue.project_id == project_id)
    newest = session.scalars(found.order_by(Issue.client_at.desc()).limit(MOST))
    return sorted(newest, key=lambda one: (not waiting(one), _age(one)))


def waits() -> ColumnElement[bool]:
    """The condition on an issue that waits for its client: settled otherwise, it waits no more."""
    return (
        Issue.client_at.is_not(None)
        & Issue.client_answered_at.is_(None)
        & (Issue.state != "resolved")
    )


def waiting(issue: Issue) -> bool:
    """The same of an issue at hand."""
    asked, answered = issue.client_at, issue.client_answered_at
    return asked is not None and answered is None and issue.state != "resolved"


def overdue(issue: Issue) -> bool:
    """Whether the client has let it wait for longer than `PATIENCE`."""
    return waiting(issue) and issue.client_at is not None and clock_time.now() > due(issue)


def due(issue: Issue) -> datetime:
    """Until when an answer is hoped for."""
    assert issue.client_at is not None, "the question was never passed on"
    return issue.client_at + PATIENCE


def _age(issue: Issue) -> float:
    """Waiting ones by when they were asked, others the newest answer first."""
    if waiting(issue) and issue.client_at is not None:
        return issue.client_at.timestamp()
    return -(issue.client_answered_at or issue.client_at or clock_time.now()).timestamp()


def _people(issue: Issue) -> Select[User]:
    """Those of the client who can answer."""
    mine = select(Project.organisation_id).where(Project.id == issue.project_id).scalar_subquery()
    theirs = (User.role == "client") & User.active & (User.organisation_id == mine)
    return select(User).where(theirs).order_by(User.id)


def _clean(text: str) -> str:
    said = text.replace("\r\n", "\n").strip()
    if not any(c.isprintable() and not c.isspace() for c in said) or len(said) > talk.LONGEST:
        raise InvalidInput(f"write 1 to {talk.LONGEST:,} characters", field="client_text")
    if not storable(said):
        raise InvalidInput("holds characters that cannot be stored", field="client_text")
    return said


def _record(session: Session, issue: Issue, by: User, action: str) -> None:
    organisation = select(Project.organisation_id).where(Project.id == issue.project_id)
    audit_log.record(
        session, by, action, f"issue:{issue.id}",
        organisation_id=session.scalars(organisation).one(), project=issue.project_id,
    )  # fmt: skip
