"""What labellers are told of calibration: once a day, like everything they see of their standing.

A message right after an answer would betray that the answer was gold.
"""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, sessionmaker

from ops import clock_time, mail, notices
from ops.db import transaction
from ops.models import Project, User
from quality.models import CalibrationMove

# What happened longer ago is told no more.
TELLING = timedelta(days=7)
SAID = {
    "nested": "For a while reviewers look closely at your work in {}, as with all who are new.",
    "promoted": "Your work in {} is no longer looked at as closely as a newcomer's.",
    "demoted": "Reviewers look closely at your work in {} again, for a while.",
}


def tell(sessions: sessionmaker[Session]) -> int:
    """Tell labellers how closely their work is looked at now; returns how many.

    Of several changes since the day before the last one counts.
    """
    moved = CalibrationMove
    last = (
        select(moved, Project.name, User)
        .ext(distinct_on(moved.project_id, moved.user_id))
        .join(Project, Project.id == moved.project_id)
        .join(User, User.id == moved.user_id)
        .where(moved.at > clock_time.now() - TELLING, User.active)
        .order_by(moved.project_id, moved.user_id, moved.at.desc(), moved.id.desc())
    )
    with transaction(sessions) as session:
        told = [_tell(session, *row) for row in session.execute(last).all()]
    return sum(told)


def _tell(session: Session, move: CalibrationMove, project: str, person: User) -> bool:
    text = SAID[move.move].format(project)
    notice = notices.tell(session, person, key=f"calibration:{move.id}", text=text)
    mail.post(session, notice)
    return notice is not None
