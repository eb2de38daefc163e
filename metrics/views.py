"""Saved views: a page of the dashboards with its filters, under a name; of one's own or shared."""

import re
from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from metrics.models import SavedView
from ops import audit_log, clock_time
from ops.access import LEADS
from ops.errors import Conflict, InvalidInput, NotFound
from ops.models import User

LONGEST_NAME, LONGEST_QUERY = 80, 2000
MOST = 100
# A page of the dashboards: no other address may be kept under a name.
_PATH = re.compile(r"/dashboards/[a-z-]*")


def listed(session: Session, user: User) -> Sequence[tuple[SavedView, str]]:
    """The views of `user` and those that other leads share, with whose they are; own ones first."""
    mine = SavedView.user_id == user.id
    found = session.execute(
        select(SavedView, User.name)
        .join(User, User.id == SavedView.user_id)
        .where(or_(mine, SavedView.shared & User.active & User.role.in_(LEADS)))
        .order_by(mine.desc(), SavedView.name, SavedView.id)
        .limit(2 * MOST)
    )
    return [(view, name) for view, name in found]


def save(
    session: Session, user: User, *, name: str, path: str, query: str, shared: bool = False
) -> SavedView:
    """Keep a page under a name; the same name again keeps the newer page. Raises InvalidInput,
    and Conflict where the same name is kept elsewhere at this moment."""
    plain = _name(name)
    if not _PATH.fullmatch(path):
        raise InvalidInput("only a page of the dashboards can be kept", field="path")
    if len(query) > LONGEST_QUERY or "\0" in query:
        raise InvalidInput("the address is too long to be kept", field="query")
    mine = select(SavedView).where(SavedView.user_id == user.id)
    view = session.scalar(mine.where(SavedView.name == plain))
    if view is None:
        if len(session.scalars(mine.limit(MOST)).all()) >= MOST:
            raise InvalidInput(f"keep at most {MOST} views; delete one first", field="name")
        view = SavedView(user_id=user.id, name=plain, created_at=clock_time.now())
    view.path, view.query, view.shared = path, query.lstrip("?"), shared
    try:
        with session.begin_nested():
            session.add(view)
            session.flush()
    except IntegrityError:
        # Pressed twice, or in another window at the same moment.
        raise Conflict(
            f"You have just kept {plain}; look at the page anew.", field="name"
        ) from None
    _record(session, user, "view.saved", view)
    return view


def rename(session: Session, user: User, view_id: int, *, name: str, shared: bool) -> SavedView:
    """Another name, or shared otherwise, for one's own view. Raises NotFound, Conflict."""
    view, plain = _own(session, user, view_id), _name(name)
    try:
        with session.begin_nested():
            view.name, view.shared = plain, shared
            session.flush()
    except IntegrityError:
        raise Conflict(f"You have a view named {plain} already.", field="name") from None
    _record(session, user, "view.changed", view)
    return view


def delete(session: Session, user: User, view_id: int) -> None:
    """Forget one's own view. Raises NotFound."""
    view = _own(session, user, view_id)
    session.delete(view)
    session.flush()
    _record(session, user, "view.deleted", view)


def _record(session: Session, user: User, action: str, view: SavedView) -> None:
    """Without its name, which is whatever the person wrote."""
    audit_log.record(session, user, action, f"view:{view.id}", shared=view.shared)


def _own(session: Session, user: User, view_id: int) -> SavedView:
    view = session.get(SavedView, view_id)
    if view is None or view.user_id != user.id:
        raise NotFound("There is no such view of yours.")
    return view


def _name(name: str) -> str:
    plain = " ".join(name.replace("\0", "").split())
    if not 1 <= len(plain) <= LONGEST_NAME:
        raise InvalidInput(f"give it a name of at most {LONGEST_NAME} characters", field="name")
    return plain
