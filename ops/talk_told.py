"""Who is told what of an issue, by notice and mail: nobody is named, nothing said of the asset."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops import mail, notices, scope
from ops.access import ANSWERERS, WORKERS
from ops.models import Comment, Issue, Project, ProjectMember, User

DESK = "/desk#questions"


def page(issue: Issue) -> str:
    """The address of the page of an issue, for those who answer."""
    return f"/projects/{issue.project_id}/issues/{issue.id}"


def leads_of_question(session: Session, issue: Issue, by: User) -> None:
    """A new question: to everybody who runs the project, but whoever asked."""
    about = "the guideline" if issue.asset_id is None else "an asset"
    _leads(session, issue, by, "opened", f"somebody asked about {about}.")


def leads_called(session: Session, issue: Issue, said: Comment, by: User) -> None:
    """Somebody wrote @lead."""
    _leads(session, issue, by, f"called:{said.id}", "somebody asks for a lead.")


def leads_of_client(session: Session, issue: Issue, by: User) -> None:
    """The client answered what a lead passed on to them."""
    at = issue.client_answered_at
    what = f"client.answered:{at.timestamp() if at else 0:.0f}"
    _leads(session, issue, by, what, "the client has answered a question.")


def _leads(session: Session, issue: Issue, by: User, what: str, text: str) -> None:
    told = notices.tell_leads(
        session, issue.project_id, key=_key(issue, what), text=_in_project(session, issue, text),
        url=page(issue), but=by.id,
    )  # fmt: skip
    for notice in told:
        mail.post(session, notice)


def experts(session: Session, project_id: int) -> Sequence[User]:
    """The experts of a project who may work in it."""
    found = (
        select(User)
        .join(ProjectMember, ProjectMember.user_id == User.id)
        .where(ProjectMember.project_id == project_id, User.role == "expert", User.active)
        .where(scope.at_work())
    )
    return session.scalars(found.order_by(User.id)).all()


def experts_called(session: Session, issue: Issue, whom: Sequence[User], by: User) -> None:
    """A question was sent on to the experts; where there are none, the leads learn it."""
    for expert in whom:
        if expert.id != by.id:
            tell(session, issue, expert, "escalated", "a question was sent on to you.", page(issue))
    if not whom:
        text = "a question was sent on to an expert, and the project has none."
        _leads(session, issue, by, "escalated", text)


def of_comment(session: Session, issue: Issue, said: Comment, by: User) -> None:
    """A comment: to whoever asked, those it names, and, from the asker, those who answered."""
    what = f"comment:{said.id}"
    asker(session, issue, by, what, "your question has an answer.")
    named = set(said.mentions) - {issue.opened_by}
    for person in _people(session, named - {by.id}):
        tell(session, issue, person, what, "you are named in a question.", _where(issue, person))
    if by.id == issue.opened_by:
        before = select(Comment.by).where(Comment.issue_id == issue.id, Comment.by != by.id)
        for person in _people(session, set(session.scalars(before)) - named):
            text = "whoever asked has answered you."
            tell(session, issue, person, what, text, _where(issue, person))


def asker(session: Session, issue: Issue, by: User, what: str, text: str) -> None:
    """Tell whoever asked, unless they did it themselves."""
    if issue.opened_by != by.id:
        person = session.get_one(User, issue.opened_by)
        tell(session, issue, person, what, text, _where(issue, person))


def tell(session: Session, issue: Issue, whom: User, what: str, text: str, url: str) -> None:
    """One notice and its mail; `what` happened, once."""
    said = _in_project(session, issue, text)
    mail.post(session, notices.tell(session, whom, key=_key(issue, what), text=said, url=url))


def _people(session: Session, ids: set[int]) -> Sequence[User]:
    found = select(User).where(User.id.in_(ids), User.active).order_by(User.id)
    return session.scalars(found).all() if ids else []


def _where(issue: Issue, person: User) -> str:
    # An expert who asked at the desk finds the answer there.
    asked = person.role in WORKERS and person.id == issue.opened_by
    return DESK if asked or person.role not in ANSWERERS else page(issue)


def _key(issue: Issue, what: str) -> str:
    return f"{notices.of_issue(issue.id)}{what}"


def _in_project(session: Session, issue: Issue, text: str) -> str:
    return f"{session.get_one(Project, issue.project_id).name}: {text}"
