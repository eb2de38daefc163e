"""Questions of a period: how many were asked, how many wait, how long the first answer took."""

from datetime import date
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from metrics.definitions import time_to_answer
from metrics.reads.sums import Scope
from ops.models import Issue
from quality.measures.waiting import Waiting


class Questions(NamedTuple):
    """Asked in the period; of those not yet resolved; and until their first answer, s."""

    asked: int
    unresolved: int
    first_answer: Waiting


def questions(session: Session, scope: Scope, since: date, until: date) -> Questions:
    """The questions asked in `since` ≤ day < `until` (UTC). One statement.

    Those that nobody has answered yet are not among the waits: `first_answer.n` says of how many
    it speaks.
    """
    day = func.date(func.timezone("UTC", Issue.opened_at))
    waited = func.extract("epoch", Issue.answered_at - Issue.opened_at)
    found = session.execute(
        select(Issue.state, waited).where(Issue.project_id.in_(scope), day >= since, day < until)
    ).all()
    seconds = [max(0.0, float(row[1])) for row in found if row[1] is not None]
    unresolved = sum(row[0] != "resolved" for row in found)
    return Questions(len(found), unresolved, time_to_answer(seconds))
