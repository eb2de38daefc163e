"""Which projects and teams a person may see: every query about them starts from here."""

from sqlalchemy import ColumnElement, Select, or_, select

from ops import clock_time
from ops.access import OVER_TEAMS
from ops.models import Project, ProjectMember, Team, TeamLead, User


def projects(user: User) -> Select[int]:
    """Ids of the projects `user` may see, for use in `IN (…)`.

    An admin sees all, a client those of their organisation, everybody else those they are a
    member of.
    """
    if user.role == "admin":
        return select(Project.id)
    if user.role == "client":
        return select(Project.id).where(Project.organisation_id == user.organisation_id)
    return select(ProjectMember.project_id).where(ProjectMember.user_id == user.id)


def may_see(user: User, project_id: int) -> Select[int]:
    """A query with one row if `user` may see the project, else none."""
    return select(Project.id).where(Project.id == project_id, Project.id.in_(projects(user)))


def teams(user: User) -> Select[int]:
    """Ids of the teams `user` may see, for use in `IN (…)`.

    An admin and an onboarding manager see all, everybody else those they lead.
    """
    if user.role in OVER_TEAMS:
        return select(Team.id)
    return select(TeamLead.team_id).where(TeamLead.user_id == user.id, TeamLead.until.is_(None))


def at_work() -> ColumnElement[bool]:
    """The condition on a membership that is neither suspended nor paused just now."""
    until = ProjectMember.paused_until
    return ProjectMember.suspended_at.is_(None) & or_(until.is_(None), until <= clock_time.now())
