"""Messages to a person, shown in the application until they are read."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Select, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ops import clock_time
from ops.access import LEADS
from ops.models import Notice, ProjectMember, User

NEWEST = 200


def tell(session: Session, user: User, *, key: str, text: str, url: str = "") -> int | None:
    """Leave a notice for `user`; returns its id.

    Two with one `key` are one: a job run twice tells once, and the second time returns None.
    """
    values = {"user_id": user.id, "key": key, "text": text, "url": url, "at": clock_time.now()}
    left = insert(Notice).values(**values).on_conflict_do_nothing()
    return session.execute(left.returning(Notice.id)).scalar_one_or_none()


def tell_all(session: Session, users: Select[int], *, key: str, text: str, url: str = "") -> None:
    """Leave the same notice for everybody whose id `users` selects, in one statement."""
    found = users.subquery()
    rows = select(found.c[0], literal(key), literal(text), literal(url), literal(clock_time.now()))
    columns = ["user_id", "key", "text", "url", "at"]
    session.execute(insert(Notice).from_select(columns, rows).on_conflict_do_nothing())


def tell_leads(
    session: Session,
    project_id: int,
    *,
    key: str,
    text: str,
    url: str = "",
    but: int | None = None,
) -> list[int]:
    """Leave the same notice for everybody who runs the project, but the user `but`; returns the new
    ones' ids."""
    member = select(ProjectMember.user_id).where(ProjectMember.project_id == project_id)
    leads = select(User).where(
        User.active, User.role.in_(LEADS), or_(User.role == "admin", User.id.in_(member))
    )
    others = [lead for lead in session.scalars(leads) if lead.id != but]
    told = [tell(session, lead, key=key, text=text, url=url) for lead in others]
    return [notice for notice in told if notice is not None]


def unread(session: Session, user_id: int) -> int:
    """How many notices `user_id` has not read."""
    mine = select(func.count()).where(Notice.user_id == user_id, Notice.read_at.is_(None))
    return session.scalar(mine) or 0


def of(session: Session, user: User) -> Sequence[Notice]:
    """The newest notices of `user`, newest first."""
    mine = select(Notice).where(Notice.user_id == user.id)
    return session.scalars(mine.order_by(Notice.at.desc(), Notice.id.desc()).limit(NEWEST)).all()


def read_all(session: Session, user: User) -> None:
    """Mark every notice of `user` as read."""
    session.execute(
        update(Notice)
        .where(Notice.user_id == user.id, Notice.read_at.is_(None))
        .values(read_at=clock_time.now())
    )


def of_issue(issue_id: int) -> str:
    """What the keys of all notices about an issue begin with."""
    return f"issue:{issue_id}:"


def unread_issues(session: Session, user: User) -> dict[int, int]:
    """Issue id → how many notices about it `user` has not read."""
    issue = func.split_part(Notice.key, ":", 2).cast(BigInteger)
    mine = (Notice.user_id == user.id) & Notice.read_at.is_(None) & Notice.key.like("issue:%")
    found = select(issue, func.count()).where(mine).group_by(issue)
    return {row[0]: row[1] for row in session.execute(found)}


def read_issue(session: Session, user: User, issue_id: int) -> None:
    """Mark what `user` was told of an issue as read."""
    about = Notice.key.startswith(of_issue(issue_id), autoescape=True)
    session.execute(
        update(Notice)
        .where(Notice.user_id == user.id, Notice.read_at.is_(None), about)
        .values(read_at=clock_time.now())
    )
