"""Who may ask, and how much: every question and comment may call people by mail."""

import uuid
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ops import clock_time, scope
from ops.access import ANSWERERS
from ops.errors import Forbidden, TooMany
from ops.models import Comment, Issue, ProjectMember, User

MOST_UNRESOLVED = 50  # of one person in one project
MOST_COMMENTS = 500  # of one thread
MOST_AN_HOUR = 30  # comments of one person, questions included


def one_at_a_time(session: Session, by: User) -> None:
    """What one person says is counted in turn. Comes before every other lock."""
    key = func.hashtextextended(f"talk:{by.id}", 0)
    session.execute(select(func.pg_advisory_xact_lock(key)))


def refuse_barred(session: Session, project_id: int, by: User) -> None:
    """Whoever may not work here asks nothing new. Raises Forbidden."""
    mine = (ProjectMember.project_id == project_id) & (ProjectMember.user_id == by.id)
    if session.scalar(select(~scope.at_work()).where(mine)):
        raise Forbidden("You are suspended or paused in this project.")


def refuse_many(session: Session, project_id: int, by: User, token: uuid.UUID) -> None:
    """Bar another question than `token` while too many are unresolved. Raises TooMany."""
    mine = (Issue.project_id == project_id) & (Issue.opened_by == by.id)
    unresolved = mine & (Issue.state != "resolved") & (Issue.token != token)
    n = session.scalar(select(func.count()).select_from(Issue).where(unresolved)) or 0
    if n >= MOST_UNRESOLVED:
        raise TooMany(f"{n} of your questions are not resolved yet; resolve some first.")


def refuse_comment(session: Session, issue: Issue, by: User) -> None:
    """In a thread speak whoever asked, those who answer, those named, and the client who was asked.

    Raises Forbidden, TooMany when it is long enough.
    """
    theirs = select(Comment.mentions).where(Comment.issue_id == issue.id)
    mentions = session.scalars(theirs).all()
    if len(mentions) >= MOST_COMMENTS:
        raise TooMany(f"This thread has {MOST_COMMENTS} comments; open another question.")
    asked = by.role == "client" and issue.client_at is not None
    if by.id == issue.opened_by or by.role in ANSWERERS or asked:
        return
    if not any(by.id in ids for ids in mentions):
        raise Forbidden("That is for whoever asked, and for those who answer.")


def refuse_flood(session: Session, by: User) -> None:
    """Bar whoever wrote much lately; who answers many questions is not held up. Raises TooMany."""
    if by.role in ANSWERERS:
        return
    lately = (Comment.by == by.id) & (Comment.at > clock_time.now() - timedelta(hours=1))
    n = session.scalar(select(func.count()).select_from(Comment).where(lately)) or 0
    if n >= MOST_AN_HOUR:
        raise TooMany(f"You wrote {n} times within the hour; go on a little later.")
