"""Whether a project's gold will last: labellers who have met nearly all of it go unmeasured."""

from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from ops import clock_time, notices
from ops.db import transaction
from ops.models import Project
from ops.projects import settings_of
from quality.gold_choice import ASSISTING, DRAFTED
from quality.models.gold import IN_WORK

# A labeller with fewer gold left to meet is about to go unmeasured.
LOW = 10
# Whoever answered within this time is at work.
AT_WORK = "7 days"

_LEFT = text(
    f"""
    WITH assisting AS MATERIALIZED ({ASSISTING}),
    pool AS (
        SELECT id, asset_id FROM gold
        WHERE project_id = :project AND {IN_WORK} AND {DRAFTED}
          AND NOT EXISTS (SELECT FROM course_step WHERE course_step.gold_id = gold.id)
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

_UNDRAFTED = text(
    f"""
    WITH assisting AS MATERIALIZED ({ASSISTING})
    SELECT count(*) AS gold, count(*) FILTER (WHERE NOT {DRAFTED}) AS left_out
    FROM gold WHERE project_id = :project AND {IN_WORK}
    """
)


def warn(sessions: sessionmaker[Session]) -> int:
    """Tell the leads of running projects whose gold runs low, once for each size of the pool.

    Returns how many projects they were told of.
    """
    with transaction(sessions) as session:
        running = select(Project).where(Project.state == "running").order_by(Project.id)
        return sum(
            _warn(session, project) | _warn_of_undrafted(session, project)
            for project in session.scalars(running)
        )


def left(session: Session, project_id: int) -> tuple[int, dict[int, int]]:
    """(active gold that can be handed out, labeller at work → how many of it they have not met)."""
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


def undrafted(session: Session, project_id: int) -> tuple[int, int]:
    """(active gold for work, how much of it the assisting model says nothing of: it rests)."""
    row = session.execute(_UNDRAFTED, {"project": project_id}).one()
    return row.gold, row.left_out


def _warn_of_undrafted(session: Session, project: Project) -> bool:
    """Gold without a draft would stand out among work that has one, so it is not handed out."""
    gold, left_out = undrafted(session, project.id)
    if not left_out:
        return False
    model = settings_of(project).assist.model
    rests = "1 is" if left_out == 1 else f"{left_out} are"
    message = (
        f"Of {gold} gold of {project.name} {rests} not handed out, because {model} has no "
        "prediction for it. Import predictions for all gold, or accuracy is measured on the rest."
    )
    notices.tell_leads(
        session,
        project.id,
        key=f"gold.undrafted:{project.id}:{gold}:{left_out}",
        text=message,
        url=f"/projects/{project.id}/references",
    )
    return True
