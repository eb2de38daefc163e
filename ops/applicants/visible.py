"""Who sees which openings and applicants: those of their projects, and those of no project."""

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from ops import scope
from ops.errors import NotFound
from ops.models import Applicant, Opening, User


def openings(user: User) -> Select[int]:
    """Ids of the openings that `user`, a manager, may see; for use in `IN (…)`."""
    mine = Opening.project_id.in_(scope.projects(user))
    return select(Opening.id).where(or_(Opening.project_id.is_(None), mine))


def opening(session: Session, user: User, opening_id: int) -> Opening:
    """One opening. Raises NotFound."""
    query = select(Opening).where(Opening.id == opening_id, Opening.id.in_(openings(user)))
    found = session.scalar(query)
    if found is None:
        raise NotFound("There is no such opening, or it is of a project you are no member of.")
    return found


def applicant(session: Session, user: User, applicant_id: int, *, lock: bool = False) -> Applicant:
    """One applicant; with `lock` as they are now, and nobody changes them meanwhile.

    Raises NotFound.
    """
    mine = Applicant.opening_id.in_(openings(user))
    query = select(Applicant).where(Applicant.id == applicant_id, mine)
    if lock:
        query = query.with_for_update(of=Applicant).execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise NotFound("There is no such applicant, or their opening is not yours to see.")
    return found
