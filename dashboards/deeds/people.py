"""Labellers of a project: paused, let go on, given work, told something."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboards.deeds.deed import Deed, Field, Terms, checked, counted, named
from ops import audit_log, clock_time, mail, notices, projects, scope
from ops.access import WORKERS
from ops.errors import InvalidInput, NotFound
from ops.models import Project, ProjectMember, User
from scheduling import push, selection
from scheduling.rules import firings

MONTH = 720  # hours
HOURS = Field("hours", "Hours", "24", "number", 1, MONTH)
REASON = Field("reason", "Reason, which they are told", needed=True)
TASKS = Field("tasks", "Tasks for each", "20", "number", 1, 500)
RESERVED = Field("hours", "Hours it is kept for them", "24", "number", 1, MONTH)
MESSAGE = Field("message", "Message", kind="lines", needed=True)


def _project(session: Session, by: User, terms: Terms) -> Project:
    if terms.project_id is None:
        raise InvalidInput("choose a project first: this is done in one project", field="project")
    return projects.find(session, by, terms.project_id)


def _members(session: Session, project: Project, ids: Sequence[int]) -> list[User]:
    """The chosen labellers of the project. Raises NotFound when one is not."""
    wanted = checked(ids)
    member = select(ProjectMember.user_id).where(ProjectMember.project_id == project.id)
    found = session.scalars(
        select(User)
        .where(User.id.in_(wanted), User.id.in_(member), User.role.in_(WORKERS))
        .order_by(User.name, User.id)
    ).all()
    if len(found) < len(wanted):
        raise NotFound(f"Not all of these are labellers of {project.name}.")
    return list(found)


def _names(people: Sequence[User]) -> str:
    return named([one.name for one in people])


def _foresee_pause(session: Session, by: User, ids: Sequence[int], terms: Terms) -> str:
    project = _project(session, by, terms)
    people = _members(session, project, ids)
    return (
        f"{counted(len(people), 'labeller')} will get no new work in {project.name}: "
        f"{_names(people)}. What they hold they may still hand in."
    )


def _pause(session: Session, by: User, ids: Sequence[int], terms: Terms) -> str:
    project = _project(session, by, terms)
    people = _members(session, project, ids)
    until = clock_time.now() + timedelta(hours=terms.number(HOURS))
    reason = terms.text("reason", 300)
    for one in people:
        projects.pause_member(session, project, one, until=until, reason=reason, by=by)
    return f"Paused in {project.name} until {until:%Y-%m-%d %H:%M} UTC: {_names(people)}."


def _foresee_resume(session: Session, by: User, ids: Sequence[int], terms: Terms) -> str:
    project = _project(session, by, terms)
    people = _members(session, project, ids)
    return (
        f"{counted(len(people), 'labeller')} will get work in {project.name} again: "
        f"{_names(people)}. Pauses by rules end too."
    )


def _resume(session: Session, by: User, ids: Sequence[int], terms: Terms) -> str:
    project = _project(session, by, terms)
    people = _members(session, project, ids)
    for one in people:
        firings.let_go_on(session, project.id, one, by=by)
        projects.resume_member(session, project, one, by=by)
    return f"They get work in {project.name} again: {_names(people)}."


def _foresee_assign(session: Session, by: User, ids: Sequence[int], terms: Terms) -> str:
    project = _project(session, by, terms)
    people = _members(session, project, ids)
    return (
        f"The next open tasks of {project.name} will be kept for {_names(people)} and come out "
        "first when they ask for work. What one of them may not have is left to others."
    )


def _assign(session: Session, by: User, ids: Sequence[int], terms: Terms) -> str:
    project = _project(session, by, terms)
    people = _members(session, project, ids)
    n, hours = int(terms.number(TASKS)), terms.number(RESERVED)
    said = []
    for one in people:
        chosen = selection.Next(n)
        done = push.reserve(session, project, one, chosen, by=by, hours=hours, tell=True)
        said.append(done.words())
    return " ".join(said)


def _foresee_message(session: Session, by: User, ids: Sequence[int], terms: Terms) -> str:
    people = _members(session, _project(session, by, terms), ids)
    return f"A notice will go to {counted(len(people), 'labeller')}: {_names(people)}."


def _message(session: Session, by: User, ids: Sequence[int], terms: Terms) -> str:
    project = _project(session, by, terms)
    people = _members(session, project, ids)
    return _tell(session, by, project, people, terms.text("message"))


def _team(
    session: Session, by: User, ids: Sequence[int], terms: Terms
) -> tuple[Project, list[User]]:
    """The labellers of these teams in the project. Raises InvalidInput when there is nobody."""
    project = _project(session, by, terms)
    member = select(ProjectMember.user_id).where(
        ProjectMember.project_id == project.id, ProjectMember.project_id.in_(scope.projects(by))
    )
    people = session.scalars(
        select(User)
        .where(User.team_id.in_(checked(ids)), User.id.in_(member), User.role.in_(WORKERS))
        .where(User.active)
        .order_by(User.name, User.id)
    ).all()
    if not people:
        raise InvalidInput(f"nobody of this team works in {project.name}", field="chosen")
    return project, list(people)


def _foresee_team(session: Session, by: User, ids: Sequence[int], terms: Terms) -> str:
    _, people = _team(session, by, ids, terms)
    return f"A notice will go to {counted(len(people), 'labeller')}: {_names(people)}."


def _message_team(session: Session, by: User, ids: Sequence[int], terms: Terms) -> str:
    project, people = _team(session, by, ids, terms)
    return _tell(session, by, project, people, terms.text("message"))


def _tell(session: Session, by: User, project: Project, people: Sequence[User], text: str) -> str:
    """One notice each, by mail too. The text is no part of the audit entry: that stays."""
    entry = audit_log.of_project(
        session,
        project,
        by,
        "labellers.told",
        to=[str(one.pseudonym) for one in people],
    )
    said = f"{project.name}, from {by.name}: {text}"
    for one in people:
        mail.post(session, notices.tell(session, one, key=f"told:{entry}", text=said, url="/desk"))
    return f"Told: {_names(people)}."


PEOPLE = (
    Deed("labeller.pause", "Pause", "labeller", _foresee_pause, _pause, (HOURS, REASON)),
    Deed("labeller.resume", "Let go on", "labeller", _foresee_resume, _resume),
    Deed("labeller.assign", "Assign work", "labeller", _foresee_assign, _assign, (TASKS, RESERVED)),
    Deed("labeller.message", "Message", "labeller", _foresee_message, _message, (MESSAGE,)),
    Deed("team.message", "Message the team", "team", _foresee_team, _message_team, (MESSAGE,)),
)
