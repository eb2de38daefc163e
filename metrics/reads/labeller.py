"""One labeller as a lead sees them: in the projects that the lead may see, and in no other."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from metrics.models import DailyRollup, HourlyRollup
from metrics.reads.narrow import EVERYTHING, Narrow
from metrics.reads.sums import LABELLING, Scope, frame, of_stages, sums
from ops import clock_time
from ops.access import WORKERS
from ops.models import (
    Asset,
    Certificate,
    Comment,
    Flag,
    Issue,
    Organisation,
    Project,
    ProjectMember,
    Skill,
    Team,
    User,
)
from quality.models import LabellerPace, Standing
from scheduling.models import Rule, RuleFiring

if TYPE_CHECKING:
    from pandas import DataFrame

MOST = 100


@dataclass(frozen=True)
class Person:
    """Who somebody is; days are those of `timezone`."""

    id: int
    name: str
    role: str
    active: bool
    simulated: bool
    timezone: str
    team: str | None
    vendor: str | None
    since: datetime
    last_seen_at: datetime | None


def person(session: Session, scope: Scope, labeller_id: int) -> Person | None:
    """Who works, or has worked, in a project in scope; None for anybody else. One statement."""
    member = exists().where(
        ProjectMember.user_id == User.id, ProjectMember.project_id.in_(scope)
    )  # fmt: skip
    worked = exists().where(DailyRollup.labeller_id == User.id, DailyRollup.project_id.in_(scope))
    found = (
        select(
            User.id, User.name, User.role, User.active, User.simulated, User.timezone,
            Team.name, Organisation.name, User.created_at, User.last_seen_at,
        )
        .outerjoin(Team, Team.id == User.team_id)
        .outerjoin(Organisation, Organisation.id == User.organisation_id)
        .where(User.id == labeller_id, User.role.in_(WORKERS), or_(member, worked))
    )  # fmt: skip
    row = session.execute(found).one_or_none()
    return None if row is None else Person(*tuple(row))


def memberships(session: Session, scope: Scope, labeller_id: int) -> "DataFrame":
    """One row per project in scope they are a member of, by name: what is believed of them there
    and whether they get work. One statement.

    project_id, project, skill, since, paused_until, pause_reason, suspended_at, restricted_at,
    training_since, nesting_since, nests (whether the project does), pace, standing, standing_low,
    standing_high, gold_n, review_n, consensus_n.
    """
    of = ProjectMember
    nests = func.coalesce(Project.settings["nesting"]["on"].as_boolean(), False)
    listed = (
        select(
            Project.id.label("project_id"), Project.name.label("project"),
            Skill.name.label("skill"), of.since, of.paused_until, of.pause_reason, of.suspended_at,
            of.restricted_at, of.training_since, of.nesting_since, nests.label("nests"),
            LabellerPace.pace,
            Standing.mean.label("standing"), Standing.low.label("standing_low"),
            Standing.high.label("standing_high"), Standing.gold_n, Standing.review_n,
            Standing.consensus_n,
        )
        .join(Project, Project.id == of.project_id)
        .outerjoin(Skill, Skill.id == Project.skill_id)
        .outerjoin(
            Standing, (Standing.labeller_id == of.user_id) & (Standing.skill_id == Project.skill_id)
        )
        .outerjoin(
            LabellerPace,
            (LabellerPace.labeller_id == of.user_id) & (LabellerPace.project_id == of.project_id),
        )
        .where(of.user_id == labeller_id, of.project_id.in_(scope))
        .order_by(Project.name, Project.id)
    )  # fmt: skip
    return frame(session, listed)


def person_days(
    session: Session,
    scope: Scope,
    labeller_id: int,
    since: date | None = None,
    until: date | None = None,
    narrow: Narrow = EVERYTHING,
) -> "DataFrame":
    """Labelling and rework, one row per project and own day; see `sums`. Two statements."""
    mine = (DailyRollup.labeller_id == labeller_id, *of_stages(LABELLING))
    return sums(session, scope, since, until, ["project_id", "day"], *mine, narrow=narrow)


def person_hours(
    session: Session,
    scope: Scope,
    labeller_id: int,
    since: date,
    until: date,
    zone: str,
    narrow: Narrow = EVERYTHING,
) -> "DataFrame":
    """weekday (0 is Monday), hour (of their own clock), labels, active_hours, days (on how many
    dates there was work in it). One statement."""
    mine = HourlyRollup.labeller_id == labeller_id
    found = sums(session, scope, since, until, ["hour"], mine, narrow=narrow, medians=False)
    if found.empty:
        return found.assign(weekday=[], days=[])[
            ["weekday", "hour", "labels", "active_hours", "days"]
        ]
    # The hours of the roll-up are whole in UTC; where a zone is half an hour off they are cut.
    local = found.hour.dt.tz_convert(zone)
    found = found.assign(weekday=local.dt.day_of_week, hour=local.dt.hour, date=local.dt.date)
    grouped = found.groupby(["weekday", "hour"])
    summed = grouped[["labels", "active_hours"]].sum()
    return summed.assign(days=grouped.date.nunique()).reset_index()


def person_flags(session: Session, scope: Scope, labeller_id: int) -> "DataFrame":
    """Flags on somebody, open ones first: project, kind, reason, at, resolved_at, resolved_by.
    One statement."""
    settled = aliased(User)
    listed = (
        select(
            Flag.id.label("flag_id"), Project.id.label("project_id"),
            Project.name.label("project"), Flag.kind, Flag.reason, Flag.at, Flag.resolved_at,
            settled.name.label("resolved_by"),
        )
        .join(Project, Project.id == Flag.project_id)
        .outerjoin(settled, settled.id == Flag.resolved_by)
        .where(Flag.labeller_id == labeller_id, Flag.project_id.in_(scope))
        .order_by(Flag.resolved_at.desc().nulls_first(), Flag.at.desc(), Flag.id.desc())
        .limit(MOST)
    )  # fmt: skip
    return frame(session, listed)


def person_firings(session: Session, scope: Scope, labeller_id: int) -> "DataFrame":
    """Rules that fired for somebody, the newest first: firing_id, rule, project, state, reason,
    decided_at. One statement."""
    listed = (
        select(
            RuleFiring.id.label("firing_id"), Rule.name.label("rule"),
            Project.id.label("project_id"), Project.name.label("project"), RuleFiring.state,
            RuleFiring.reason, RuleFiring.decided_at,
        )
        .join(Rule, Rule.id == RuleFiring.rule_id)
        .join(Project, Project.id == RuleFiring.project_id)
        .where(RuleFiring.labeller_id == labeller_id, RuleFiring.project_id.in_(scope))
        .order_by(RuleFiring.id.desc())
        .limit(MOST)
    )  # fmt: skip
    return frame(session, listed)


# The first comment of an issue is the question itself.
_asked = (
    select(func.left(Comment.body, 200))
    .where(Comment.issue_id == Issue.id)
    .order_by(Comment.id)
    .limit(1)
    .scalar_subquery()
)


def person_questions(session: Session, scope: Scope, labeller_id: int) -> "DataFrame":
    """Questions somebody asked, the newest first: issue_id, project_id, project, external_id, text,
    state, opened_at, answered_at. One statement."""
    listed = (
        select(
            Issue.id.label("issue_id"), Project.id.label("project_id"),
            Project.name.label("project"), Asset.external_id, _asked.label("text"),
            Issue.state, Issue.opened_at, Issue.answered_at,
        )
        .join(Project, Project.id == Issue.project_id)
        .outerjoin(Asset, Asset.id == Issue.asset_id)
        .where(Issue.opened_by == labeller_id, Issue.project_id.in_(scope))
        .order_by(Issue.id.desc())
        .limit(MOST)
    )  # fmt: skip
    return frame(session, listed)


def person_certificates(session: Session, scope: Scope, labeller_id: int) -> "DataFrame":
    """Certificates in the skills of projects in scope, the newest first: skill, level, source,
    granted_at, valid_until, revoked_at. One statement."""
    wanted = select(Project.skill_id).where(Project.id.in_(scope))
    of = Certificate
    listed = (
        select(
            of.id.label("certificate_id"), Skill.name.label("skill"), of.level, of.source,
            of.granted_at, of.valid_until, of.revoked_at,
        )
        .join(Skill, Skill.id == of.skill_id)
        .where(of.user_id == labeller_id, of.skill_id.in_(wanted))
        .order_by(of.granted_at.desc(), of.id.desc())
        .limit(MOST)
    )  # fmt: skip
    return frame(session, listed)


def places(session: Session, scope: Scope, labeller_ids: list[int]) -> dict[int, dict[str, Any]]:
    """labeller id → team and vendor now, and whether they are paused in a project in scope. One
    statement."""
    paused = func.bool_or(
        (ProjectMember.paused_until > clock_time.now()) | ProjectMember.suspended_at.is_not(None)
    )
    listed = (
        select(User.id, Team.name.label("team"), Organisation.name.label("vendor"),
               paused.label("paused"))
        .outerjoin(Team, Team.id == User.team_id)
        .outerjoin(Organisation, Organisation.id == User.organisation_id)
        .outerjoin(
            ProjectMember,
            (ProjectMember.user_id == User.id) & ProjectMember.project_id.in_(scope),
        )
        .where(User.id.in_(labeller_ids))
        .group_by(User.id, Team.name, Organisation.name)
    )  # fmt: skip
    return {
        row.id: {"team": row.team, "vendor": row.vendor, "paused": bool(row.paused)}
        for row in session.execute(listed)
    }
