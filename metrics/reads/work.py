"""How much was done, how fast and how well: from roll-ups."""

from collections.abc import Collection
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrics import definitions
from metrics.models import DailyRollup, RollupState
from metrics.reads.narrow import EVERYTHING, Narrow
from metrics.reads.sums import Scope, add_costs, bins, frame, of_stages, sums, within
from metrics.rollup import NAME
from ops.models import Project, Team, User
from quality.models import LabellerPace, Standing

if TYPE_CHECKING:
    from pandas import DataFrame


def as_of(session: Session) -> datetime | None:
    """The moment up to which events are in the roll-ups; None before the first. One statement."""
    return session.scalar(select(RollupState.as_of).where(RollupState.name == NAME))


def names(session: Session, scope: Scope) -> "DataFrame":
    """The projects in scope by name, with work or without: project_id, project. One statement."""
    listed = select(Project.id.label("project_id"), Project.name.label("project"))
    return frame(session, listed.where(Project.id.in_(scope)).order_by(Project.name, Project.id))


def days(
    session: Session,
    scope: Scope,
    since: date,
    until: date,
    stages: Collection[str] | None = None,
    narrow: Narrow = EVERYTHING,
) -> "DataFrame":
    """One row per day over all projects in scope, of some stages or all. Two statements."""
    return sums(session, scope, since, until, ["day"], *of_stages(stages), narrow=narrow)


def daily(
    session: Session,
    scope: Scope,
    since: date,
    until: date,
    stages: Collection[str] | None = None,
    narrow: Narrow = EVERYTHING,
) -> "DataFrame":
    """One row per day and project: see `sums` for the columns. Three statements."""
    by = ["day", "project_id"]
    found = sums(session, scope, since, until, by, *of_stages(stages), narrow=narrow)
    add_costs(session, found)
    return found


def projects(
    session: Session, scope: Scope, since: date, until: date, narrow: Narrow = EVERYTHING
) -> "DataFrame":
    """One row per project over the whole period. Three statements."""
    found = sums(session, scope, since, until, ["project_id"], narrow=narrow)
    add_costs(session, found)
    return found


def stages(
    session: Session, scope: Scope, since: date, until: date, narrow: Narrow = EVERYTHING
) -> "DataFrame":
    """One row per project and stage over the whole period. Three statements."""
    found = sums(session, scope, since, until, ["project_id", "stage"], narrow=narrow)
    add_costs(session, found)
    return found


def labellers(
    session: Session,
    scope: Scope,
    since: date,
    until: date,
    stages: Collection[str] | None = None,
    narrow: Narrow = EVERYTHING,
) -> "DataFrame":
    """One row per labeller and project: figures of the period, and what is believed of them now.

    Further columns: labeller (name), team, simulated, pace (median time ÷ that of a typical
    labeller on the same assets), and standing, standing_low, standing_high (posterior accuracy in
    the project's skill, 95 %) with the support standing_gold_n, standing_review_n,
    standing_consensus_n. Four statements.
    """
    by = ["labeller_id", "project_id"]
    found = sums(session, scope, since, until, by, *of_stages(stages), narrow=narrow)
    add_costs(session, found)
    seen = (
        within(select(DailyRollup.labeller_id, DailyRollup.project_id), scope, since, until)
        .where(*narrow.conditions(DailyRollup))
        .distinct()
        .subquery("seen")
    )
    people = (
        select(
            seen.c.labeller_id,
            seen.c.project_id,
            User.name.label("labeller"),
            Team.name.label("team"),
            User.simulated,
            LabellerPace.pace,
            Standing.mean.label("standing"),
            Standing.low.label("standing_low"),
            Standing.high.label("standing_high"),
            Standing.gold_n.label("standing_gold_n"),
            Standing.review_n.label("standing_review_n"),
            Standing.consensus_n.label("standing_consensus_n"),
        )
        .join_from(seen, User, User.id == seen.c.labeller_id)
        .join(Project, Project.id == seen.c.project_id)
        .outerjoin(Team, Team.id == User.team_id)
        .outerjoin(
            Standing, (Standing.labeller_id == User.id) & (Standing.skill_id == Project.skill_id)
        )
        .outerjoin(
            LabellerPace,
            (LabellerPace.labeller_id == User.id) & (LabellerPace.project_id == Project.id),
        )
    )
    return found.merge(frame(session, people), on=["labeller_id", "project_id"], how="left")


def labeller_daily(
    session: Session,
    scope: Scope,
    labeller_id: int,
    since: date,
    until: date,
    narrow: Narrow = EVERYTHING,
) -> "DataFrame":
    """One row per day of one labeller, over the projects in scope. Two statements."""
    mine = DailyRollup.labeller_id == labeller_id
    return sums(session, scope, since, until, ["day"], mine, narrow=narrow)


def times(
    session: Session, scope: Scope, since: date, until: date, narrow: Narrow = EVERYTHING
) -> "DataFrame":
    """Answers by bin of active time: project_id, low_seconds, high_seconds, n. One statement."""
    counted = within(bins([DailyRollup.project_id]), scope, since, until)
    found = frame(session, counted.where(*narrow.conditions(DailyRollup)))
    edges = definitions.time_bin_edges()
    places = found.pop("bin").astype(int).to_numpy()
    found["n"] = found.n.astype(int)
    found["low_seconds"], found["high_seconds"] = edges[places], edges[places + 1]
    return found.sort_values(["project_id", "low_seconds"], ignore_index=True)
