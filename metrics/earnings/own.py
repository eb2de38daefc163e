"""What a labeller sees of what they earn: settled, not settled yet, and what work is paid here.

What is not settled ends with yesterday and is counted at the first look of a day: until tomorrow it
stays as it was, so that nobody can feel what a single label was.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from metrics.earnings.lines import Accounts
from metrics.earnings.money import Line, read
from metrics.models import EarningsShown, EarningsStatement
from ops import affiliations, clock_time, pay, pay_book
from ops.access import STAGE_ROLES
from ops.models import PayRate, Project, ProjectMember, User

# Where labels are made and judged; assessments and courses are not paid.
PAID_STAGES = ("label", "review", "rework", "adjudicate")


@dataclass(frozen=True)
class Offer:
    """What a stage of a project is paid today; a rate of None is no pay."""

    project: str
    stage: str
    rate: PayRate | None


def so_far(session: Session, me: User) -> list[Line]:
    """What is in no statement, up to yesterday, as counted at the first look of today.

    A statement that is settled meanwhile takes what it has.
    """
    shown = session.get(EarningsShown, me.id)
    if shown is None or _over(session, me, shown):
        yesterday = affiliations.today(me) - timedelta(days=1)
        lines = Accounts(session, [me.id], yesterday).lines(me.id)
        _keep(session, me, [{**line.written(), "currency": line.currency} for line in lines])
        return lines
    return [read(line, line["currency"]) for line in shown.lines]


def _over(session: Session, me: User, shown: EarningsShown) -> bool:
    later = (EarningsStatement.user_id == me.id) & (EarningsStatement.settled_at > shown.at)
    if session.scalar(select(EarningsStatement.id).where(later).limit(1)) is not None:
        return True
    return affiliations.day_of(me, shown.at) < affiliations.today(me)


def _keep(session: Session, me: User, lines: list[dict[str, Any]]) -> None:
    row = insert(EarningsShown).values(user_id=me.id, at=clock_time.now(), lines=lines)
    new = {"at": row.excluded.at, "lines": row.excluded.lines}
    session.execute(row.on_conflict_do_update(index_elements=["user_id"], set_=new))


def offers(session: Session, me: User) -> list[Offer]:
    """What each stage of each of one's running projects is paid today, by project."""
    mine = select(Project).join(ProjectMember, ProjectMember.project_id == Project.id)
    mine = mine.where(ProjectMember.user_id == me.id, Project.state.in_(("running", "paused")))
    book, today = pay.book(session), affiliations.today(me)
    team, vendor = affiliations.here(me)
    stages = [stage for stage in PAID_STAGES if me.role in STAGE_ROLES[stage]]
    return [
        Offer(
            project.name,
            stage,
            book.holds(pay_book.Work(me.id, team, vendor, project.id, stage, today)),
        )
        for project in session.scalars(mine.order_by(Project.name, Project.id))
        for stage in stages
    ]
