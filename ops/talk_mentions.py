"""Who is called in a comment: leads and experts by anyone, members of the project by its leads."""

import re
from collections.abc import Collection
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops.access import ANSWERERS, MANAGERS
from ops.errors import Forbidden, InvalidInput
from ops.models import Assignment, Issue, ProjectMember, Task, User

# An @ within a word is part of an address.
_CALLED = {
    name: re.compile(rf"(?<![\w@])@{name}s?\b", re.IGNORECASE) for name in ("lead", "expert")
}


def calls(whom: Literal["lead", "expert"], body: str) -> bool:
    """Whether a body holds @lead, or @expert."""
    return _CALLED[whom].search(body) is not None


def ids(session: Session, issue: Issue, by: User, mentions: Collection[int]) -> list[int]:
    """The members named. Raises InvalidInput, Forbidden."""
    wanted = sorted(set(mentions))
    if not wanted:
        return []
    if by.role not in MANAGERS:
        raise Forbidden("Write @lead or @expert; only leads may name somebody.")
    members = (
        select(User)
        .join(ProjectMember, ProjectMember.user_id == User.id)
        .where(ProjectMember.project_id == issue.project_id, User.id.in_(wanted), User.active)
    )
    found = session.scalars(members).all()
    if len(found) < len(wanted):
        raise InvalidInput("name members of this project", field="mentions")
    _refuse_influencing(session, issue, [one.id for one in found if one.role not in ANSWERERS])
    return wanted


def _refuse_influencing(session: Session, issue: Issue, workers: list[int]) -> None:
    """Answers stay independent: who may yet be given the asset hears nothing of its questions."""
    told = set(workers) - {issue.opened_by}
    if issue.asset_id is None or not told:
        return
    answered = (
        select(Assignment.labeller_id)
        .join(Task, Task.id == Assignment.task_id)
        .where(
            Task.asset_id == issue.asset_id,
            Assignment.labeller_id.in_(told),
            Assignment.state.in_(("submitted", "skipped")),
        )
    )
    if told - set(session.scalars(answered)):
        raise InvalidInput(
            "may still be given this asset: answers must stay independent", field="mentions"
        )
