"""Alerts as a page shows them: what stands and what was, with the names of whom it is about."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, and_, case, func, select
from sqlalchemy.orm import Session, aliased

from metrics.models import AlertFiring, AlertRule
from metrics.reads.sums import Scope, frame
from ops.models import Batch, Project, User

if TYPE_CHECKING:
    from pandas import DataFrame


def alerts(
    session: Session,
    scope: Scope,
    *,
    standing: bool = True,
    unseen: bool = False,
    since: datetime | None = None,
    limit: int = 500,
) -> "DataFrame":
    """Alerts, newest first: those that stand (of which `unseen` ones only), or that ended. One
    statement.

    firing_id, project_id, project, kind, subject, labeller_id, batch_id, about (the name of the
    labeller, the batch, or the project), reason, began_at, ended_at, seen_at, seen_by (a name).
    """
    what, number = func.split_part(AlertFiring.subject, ":", 1), func.split_part(
        AlertFiring.subject, ":", 2
    )  # fmt: skip
    numbered = case((AlertFiring.subject.contains(":"), number.cast(BigInteger)))
    labeller, batch, seer = aliased(User), aliased(Batch), aliased(User)
    statement = (
        select(
            AlertFiring.id.label("firing_id"), Project.id.label("project_id"),
            Project.name.label("project"), AlertRule.kind, AlertFiring.subject,
            labeller.id.label("labeller_id"), batch.id.label("batch_id"),
            func.coalesce(labeller.name, batch.name, Project.name).label("about"),
            AlertFiring.reason, AlertFiring.began_at, AlertFiring.ended_at, AlertFiring.seen_at,
            seer.name.label("seen_by"),
        )
        .join(AlertRule, AlertRule.id == AlertFiring.rule_id)
        .join(Project, Project.id == AlertFiring.project_id)
        .outerjoin(labeller, and_(what == "labeller", labeller.id == numbered))
        .outerjoin(batch, and_(what == "batch", batch.id == numbered))
        .outerjoin(seer, seer.id == AlertFiring.seen_by)
        .where(AlertFiring.project_id.in_(scope))
        .where(AlertFiring.ended_at.is_(None) == standing)
        .order_by(AlertFiring.began_at.desc(), AlertFiring.id.desc())
        .limit(limit)
    )  # fmt: skip
    if unseen:
        statement = statement.where(AlertFiring.seen_at.is_(None))
    if since is not None:
        statement = statement.where(AlertFiring.began_at >= since)
    return frame(session, statement)
