"""Who sees which issue, and under what name others appear there.

A labeller sees the questions they asked, and those in which they are named once nothing can sway
their answer: never others' about an asset that they may still be given. Labellers are named to
those who run the project alone; leads and managers are named to everybody in a thread.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, true
from sqlalchemy.orm import Session, joinedload

from ops import scope
from ops.access import ANSWERERS, MANAGERS
from ops.errors import NotFound
from ops.models import Assignment, Comment, Issue, ProjectMember, Task, User

PAGE = 50
MOST_MINE = 100
MOST_TIMES = 10_000

_ROLE = {
    "admin": "A lead",
    "ops_lead": "A lead",
    "onboarding_manager": "A manager",
    "labeller": "A labeller",
    "reviewer": "A reviewer",
    "expert": "An expert",
    "client": "The client",
}


@dataclass(frozen=True)
class Filter:
    """Which issues of a project: `state` may be "unresolved"; empty and None ask for all."""

    state: str = ""
    escalated: bool = False
    pin: str = ""
    asset_id: int | None = None


def visible(user: User) -> ColumnElement[bool]:
    """The condition on an issue under which `user` sees it."""
    within = Issue.project_id.in_(scope.projects(user))
    if user.role == "client":
        return within & ~true()
    if user.role in MANAGERS:
        return within
    if user.role == "expert":
        return within & or_(Issue.project_id.in_(_answering(user)), concerns(user))
    return within & concerns(user)


def _answering(expert: User) -> Select[int]:
    """Whoever may do no work of a project answers no questions about it either."""
    mine = ProjectMember.user_id == expert.id
    return select(ProjectMember.project_id).where(mine, scope.at_work())


def concerns(user: User) -> ColumnElement[bool]:
    """They asked, or are named and have no answer left to give that it could sway."""
    named = exists().where(Comment.issue_id == Issue.id, Comment.mentions.contains([user.id]))
    answered = exists().where(
        Assignment.task_id == Task.id,
        Task.asset_id == Issue.asset_id,
        Assignment.labeller_id == user.id,
        Assignment.state.in_(("submitted", "skipped")),
    )
    free = true() if user.role in ANSWERERS else or_(Issue.asset_id.is_(None), answered)
    return or_(Issue.opened_by == user.id, and_(named, free))


def find(session: Session, user: User, condition: ColumnElement[bool]) -> Issue:
    """The one issue under `condition` that `user` sees. Raises NotFound."""
    issue = session.scalars(select(Issue).where(condition, visible(user))).one_or_none()
    if issue is None:
        raise NotFound("There is no such question, or it is not for you.")
    return issue


def mine(session: Session, user: User) -> Sequence[Issue]:
    """Those a person asked or is named in, the newest first."""
    found = (
        select(Issue)
        .where(Issue.project_id.in_(scope.projects(user)), concerns(user))
        .options(joinedload(Issue.project))
        .order_by(Issue.id.desc())
        .limit(MOST_MINE)
    )
    return session.scalars(found).all()


def of_asset(session: Session, asset_id: int, askers: Collection[int]) -> Sequence[Issue]:
    """What these people asked about an asset, the oldest first."""
    theirs = (Issue.asset_id == asset_id) & Issue.opened_by.in_(askers)
    found = select(Issue).where(theirs).options(joinedload(Issue.project))
    return session.scalars(found.order_by(Issue.id).limit(MOST_MINE)).all()


def page(
    session: Session, user: User, project_ids: Select[int] | Collection[int], asked: Filter,
    *, before: int | None = None,
) -> Sequence[Issue]:  # fmt: skip
    """A page of issues and one more, the newest first, below the id `before`.

    Who is not told which asset it is about is not told by asking for one either.
    """
    if not sees_people(user):
        asked = replace(asked, asset_id=None)
    found = (
        select(Issue)
        .where(Issue.project_id.in_(project_ids), visible(user), *_conditions(asked))
        .options(joinedload(Issue.project), joinedload(Issue.opener))
        .order_by(Issue.id.desc())
        .limit(PAGE + 1)
    )
    return session.scalars(found.where(Issue.id < before) if before else found).all()


def _conditions(asked: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if asked.state == "unresolved":
        conditions.append(Issue.state != "resolved")
    elif asked.state:
        conditions.append(Issue.state == asked.state)
    if asked.escalated:
        conditions.append(Issue.escalated_at.is_not(None))
    if asked.pin:
        conditions.append(Issue.pin["at"].astext == asked.pin)
    if asked.asset_id is not None:
        conditions.append(Issue.asset_id == asked.asset_id)
    return conditions


def counts(session: Session, user: User, project_ids: Select[int] | Collection[int]) -> Any:
    """{open, answered, resolved, escalated (and not resolved)} of what `user` sees."""
    escalated = func.count().filter(Issue.escalated_at.is_not(None), Issue.state != "resolved")
    found = session.execute(
        select(
            func.count().filter(Issue.state == "open").label("open"),
            func.count().filter(Issue.state == "answered").label("answered"),
            func.count().filter(Issue.state == "resolved").label("resolved"),
            escalated.label("escalated"),
        ).where(Issue.project_id.in_(project_ids), visible(user))
    ).one()
    return dict(found._mapping)


def unanswered(session: Session, project_id: int) -> int:
    """How many questions of a project wait for their answer."""
    waiting = (Issue.project_id == project_id) & (Issue.state == "open")
    return session.scalar(select(func.count()).select_from(Issue).where(waiting)) or 0


def answer_seconds(session: Session, project_ids: Select[int] | Collection[int]) -> list[float]:
    """Seconds from each question to its first answer by somebody else, of the newest questions."""
    waited = func.extract("epoch", Issue.answered_at - Issue.opened_at)
    found = (
        select(waited)
        .where(Issue.project_id.in_(project_ids), Issue.answered_at.is_not(None))
        .order_by(Issue.id.desc())
        .limit(MOST_TIMES)
    )
    return [max(0.0, float(seconds)) for seconds in session.scalars(found)]


def comments(session: Session, issue_ids: Collection[int]) -> dict[int, list[Comment]]:
    """Issue id → its thread, the question first."""
    found = (
        select(Comment)
        .where(Comment.issue_id.in_(issue_ids))
        .options(joinedload(Comment.author))
        .order_by(Comment.issue_id, Comment.id)
    )
    threads: dict[int, list[Comment]] = {}
    for said in session.scalars(found):
        threads.setdefault(said.issue_id, []).append(said)
    return threads


def people(session: Session, ids: Collection[int]) -> dict[int, User]:
    """Id → user, of those named in comments."""
    if not ids:
        return {}
    return {one.id: one for one in session.scalars(select(User).where(User.id.in_(ids)))}


def sees_people(viewer: User) -> bool:
    """Whether labellers are named to `viewer`, and assets by what the client calls them."""
    return viewer.role in MANAGERS


def called(author: User, viewer: User, *, names: bool = True) -> str:
    """What `author` is called to `viewer`; without `names` everybody goes by their role."""
    if author.id == viewer.id:
        return "You"
    if author.role == "client":
        return _ROLE["client"]  # they speak for their organisation
    known = sees_people(viewer) or author.role in MANAGERS
    return author.name if names and known else _ROLE.get(author.role, "Somebody")
