"""How much gold there is, how often it was handed out, and who will have met all of it when."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import case, func, select, text
from sqlalchemy.orm import Session

from metrics.models import DailyRollup
from metrics.reads.sums import Scope, frame, of_stages, sums
from ops import projects
from ops.models import Project, User
from quality.models import Gold, GoldVersion, Standing
from scheduling.policy import gold_rate

if TYPE_CHECKING:
    from pandas import DataFrame

# Gold whose difficulty, in logits, is so far from usual is easy or hard.
FAR = 0.75
# Whoever worked within so many days is at work, and how fast they meet gold is read from as many.
AT_WORK = 14


def gold_projects(session: Session, scope: Scope) -> "DataFrame":
    """The projects with gold, most of it first: project_id, project, label_type, active, retired.
    One statement."""
    active = func.count().filter(Gold.state == "active")
    listed = (
        select(
            Project.id.label("project_id"), Project.name.label("project"), Project.label_type,
            active.label("active"), func.count().filter(Gold.state == "retired").label("retired"),
        )
        .join(Gold, Gold.project_id == Project.id)
        .where(Project.id.in_(scope))
        .group_by(Project.id)
        .order_by(active.desc(), Project.id)
    )  # fmt: skip
    return frame(session, listed)


_level = case(
    (Gold.difficulty.is_(None), "not answered yet"),
    (Gold.difficulty < -FAR, "easy"),
    (Gold.difficulty > FAR, "hard"),
    else_="usual",
)


def gold_supply(session: Session, scope: Scope, project_id: int) -> "DataFrame":
    """Gold of a project in work by class and difficulty: class_key, level, active, retired,
    exposures, most_exposed, answers, oldest, revised (with a second version or more).

    `level` is easy, usual or hard, as the answers tell. Gold for assessments is left out. One
    statement.
    """
    versions = (
        select(GoldVersion.gold_id, func.max(GoldVersion.version).label("version"))
        .join(Gold, Gold.id == GoldVersion.gold_id)
        .where(Gold.project_id == project_id)
        .group_by(GoldVersion.gold_id)
        .subquery("versions")
    )
    active = Gold.state == "active"
    listed = (
        select(
            Gold.class_key, _level.label("level"), func.count().filter(active).label("active"),
            func.count().filter(~active).label("retired"),
            func.coalesce(func.sum(Gold.exposures).filter(active), 0).label("exposures"),
            func.coalesce(func.max(Gold.exposures).filter(active), 0).label("most_exposed"),
            func.coalesce(func.sum(Gold.answers_n).filter(active), 0).label("answers"),
            func.min(Gold.created_at).filter(active).label("oldest"),
            func.count().filter(active & (versions.c.version > 1)).label("revised"),
        )
        .join(versions, versions.c.gold_id == Gold.id)
        .where(Gold.project_id == project_id, Gold.project_id.in_(scope), ~Gold.for_assessment)
        .group_by(Gold.class_key, _level)
        .order_by(Gold.class_key, _level)
    )  # fmt: skip
    found = frame(session, listed)
    return found.astype({"exposures": int, "answers": int})


def exposures(session: Session, scope: Scope, project_id: int) -> "DataFrame":
    """How many gold in work were handed out how often: exposures, n. One statement."""
    listed = (
        select(Gold.exposures, func.count().label("n"))
        .where(
            Gold.project_id == project_id, Gold.project_id.in_(scope), Gold.state == "active",
            ~Gold.for_assessment,
        )
        .group_by(Gold.exposures)
        .order_by(Gold.exposures)
    )  # fmt: skip
    return frame(session, listed)


_MET = text(
    """
    SELECT assignment.labeller_id, count(DISTINCT gold.id) AS met
    FROM gold JOIN task ON task.asset_id = gold.asset_id
    JOIN assignment ON assignment.task_id = task.id
    WHERE gold.project_id = :project AND gold.state = 'active' AND NOT gold.for_assessment
    GROUP BY 1
    """
)


def gold_left(session: Session, scope: Scope, project_id: int, today: date) -> "DataFrame":
    """Who will run out of gold when: one row per labeller at work, the first to run out first.

    labeller_id, labeller, labels and gold_n of the last `AT_WORK` days, share (gold of labels) with
    share_low and share_high, planned (the share the house aims at, by what is believed of them),
    met, left (gold in work never met), a_day (gold answered on a day of the calendar), days (until
    none is left at that pace; NaN: they met none lately) and until. Four statements.
    """
    import pandas as pd

    from metrics.definitions import shares

    since = today - timedelta(days=AT_WORK - 1)
    mine = DailyRollup.project_id == project_id
    worked = sums(
        session, scope, since, today + timedelta(days=1), ["labeller_id"],
        mine, *of_stages(("label",)), medians=False,
    )  # fmt: skip
    worked = worked[worked.labels > 0][["labeller_id", "labels", "gold_n"]]
    pool = session.scalar(
        select(func.count()).where(
            Gold.project_id == project_id, Gold.state == "active", ~Gold.for_assessment,
            Gold.project_id.in_(scope),
        )
    )  # fmt: skip
    met = {row.labeller_id: row.met for row in session.execute(_MET, {"project": project_id})}
    plan = _planned(session, project_id, worked.labeller_id.astype(int).tolist())
    found = worked.assign(
        labeller=[plan[int(i)][0] for i in worked.labeller_id],
        planned=[plan[int(i)][1] for i in worked.labeller_id],
        met=[met.get(int(i), 0) for i in worked.labeller_id],
    )
    found["left"] = np.maximum((pool or 0) - found.met, 0)
    found["share"], found["share_low"], found["share_high"] = shares(
        np.minimum(found.gold_n, found.labels), found.labels
    )
    found["a_day"] = found.gold_n / AT_WORK
    found["days"] = np.where(found.a_day > 0, found.left / found.a_day.replace(0, np.nan), np.nan)
    ends = [None if np.isnan(n) or n > 3650 else today + timedelta(days=int(n)) for n in found.days]
    found["until"] = pd.Series(ends, index=found.index, dtype=object)
    return found.sort_values(["days", "left", "labeller_id"], ignore_index=True)


def _planned(
    session: Session, project_id: int, labellers: list[int]
) -> dict[int, tuple[str, float]]:
    """Name, and the share of gold that is aimed at for each."""
    project = session.get_one(Project, project_id)
    terms: Any = projects.settings_of(project).gold
    listed = (
        select(User.id, User.name, Standing.low, Standing.n.label("n"))
        .outerjoin(
            Standing, (Standing.labeller_id == User.id) & (Standing.skill_id == project.skill_id)
        )
        .where(User.id.in_(labellers))
    )
    return {
        row.id: (row.name, gold_rate(row.low or 0.0, row.n or 0, terms))
        for row in session.execute(listed)
    }
