"""Whether a project's gold will last: labellers who have met nearly all of it go unmeasured."""

from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from ops import clock_time, notices
from ops.db import transaction
from ops.models import Project

# A labeller with fewer gold left to meet is about to go unmeasured.
LOW = 10
# Whoever answered within this time is at work.
AT_WORK = "7 days"

_LEFT = text(
    """
    WITH pool AS (
        SELECT id, asset_id FROM gold
        WHERE project_id = :project AND state = 'active' AND NOT for_assessment
    ), at_work AS (
        SELECT DISTINCT labeller_id FROM work_event
        WHERE project_id = :project AND kind = 'submitted' AND stage = 'label'
          AND at > CAST(:now AS timestamptz) - CAST(:at_work AS interval)
    ), met AS (
        SELECT assignment.labeller_id, count(DISTINCT pool.id) AS n
        FROM pool JOIN task ON task.asset_id = pool.asset_id
        JOIN assignment ON assignment.task_id = task.id
        GROUP BY 1
    )
    SELECT (SELECT count(*) FROM pool) AS gold,
           at_work.labeller_id, coalesce(met.n, 0) AS met
    FROM at_work LEFT JOIN met USING (labeller_id)
    """
)


def warn(sessions: sessionmaker[Session]) -> int:
    """Tell the leads of running projects whose gold runs low, once for each size of the pool.

    Returns how many projects they were told of.
    """
    with transaction(sessions) as session:
        running = select(Project).where(Project.state == "running").order_by(Project.id)
        return sum(_warn(session, project) for project in session.scalars(running))


def left(session: Session, project_id: int) -> tuple[int, dict[int, int]]:
    """(active gold for work, labeller at work → how many of it they have not met)."""
    values = {"project": project_id, "now": clock_time.now(), "at_work": AT_WORK}
    rows = session.execute(_LEFT, values).all()
    gold = rows[0].gold if rows else 0
    return gold, {row.labeller_id: gold - row.met for row in rows}


def _warn(session: Session, project: Project) -> bool:
    gold, unmet = left(session, project.id)
    short = sum(n < LOW for n in unmet.values())
    if not short:
        return False
    who = "1 labeller has" if short == 1 else f"{short} labellers have"
    message = (
        f"Gold of {project.name} runs low: {who} fewer than {LOW} of {gold} left to meet. "
        "Make more, or their accuracy can no longer be measured."
    )
    notices.tell_leads(
        session,
        project.id,
        key=f"gold.low:{project.id}:{gold}",
        text=message,
        url=f"/projects/{project.id}/gold",
    )
    return True
