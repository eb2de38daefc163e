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


def refuse_flood(session: Session, by: User) -> None:
    """Bar whoever wrote much lately; who answers many questions is not held up. Raises TooMany."""
    if by.role in ANSWERERS:
        return
    lately = (Comment.by == by.id) & (Comment.at > clock_time.now() - timedelta(hours=1))
    n = session.scalar(select(func.count()).select_from(Comment).where(lately)) or 0
    if n >= MOST_AN_HOUR:
        raise TooMany(f"You wrote {n} times within the hour; go on a little later.")
