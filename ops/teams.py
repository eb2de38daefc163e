"""Teams: who belongs to them, who leads them, from one moment to another."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from ops import affiliations, audit_log, clock_time, mail, notices, scope
from ops.access import OVER_TEAMS, WORKERS
from ops.errors import Conflict, InvalidInput, NotFound
from ops.models import Absence, Team, TeamLead, User
from ops.uniqueness import unique

LONGEST_NAME = 80


class Row(NamedTuple):
    """A team in a list: how many belong to it, how many absences wait for an answer, who leads."""

    team: Team
    members: int
    asked: int
    leads: list[User]


def create(session: Session, name: str, *, by: User) -> Team:
    """A new team. Raises InvalidInput naming `name`, Conflict when it is taken."""
    name, taken = _clean(session, name)
    team = Team(name=name, created_at=clock_time.now())
    with unique(session, taken, field="name"):
        session.add(team)
    audit_log.record(session, by, "team.created", f"team:{team.id}")
    return team


def rename(session: Session, team: Team, name: str, *, by: User) -> None:
    """Another name. Raises as `create`."""
    name, taken = _clean(session, name, but=team.id)
    with unique(session, taken, field="name"):
        team.name = name
    audit_log.record(session, by, "team.renamed", f"team:{team.id}")


def _clean(session: Session, name: str, but: int = 0) -> tuple[str, str]:
    name = " ".join(name.replace("\0", "").split())
    if not name or len(name) > LONGEST_NAME:
        raise InvalidInput(f"give a name of 1 to {LONGEST_NAME} characters", field="name")
    taken = f"There is a team called {name} already."
    found = select(Team.id).where(func.lower(Team.name) == name.lower(), Team.id != but)
    if session.scalar(found):
        raise Conflict(taken, field="name")
    return name, taken


def find(session: Session, viewer: User, team_id: int) -> Team:
    """The team, if `viewer` may see it. Raises NotFound."""
    found = select(Team).where(Team.id == team_id, Team.id.in_(scope.teams(viewer)))
    team = session.scalar(found)
    if team is None:
        raise NotFound("There is no such team, or you do not lead it.")
    return team


def listed(session: Session, viewer: User) -> list[Row]:
    """The teams that `viewer` may see, by name."""
    members = (
        select(User.team_id, func.count().label("n"))
        .where(User.active)
        .group_by(User.team_id)
        .subquery()
    )
    asked = (
        select(func.count())
        .select_from(Absence)
        .join(User, User.id == Absence.user_id)
        .where(Absence.state == "asked", User.active, User.team_id == Team.id)
        .correlate(Team)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Team, func.coalesce(members.c.n, 0), asked)
        .outerjoin(members, members.c.team_id == Team.id)
        .where(Team.id.in_(scope.teams(viewer)))
        .order_by(Team.name, Team.id)
    ).all()
    led: dict[int, list[User]] = {}
    for row in session.execute(_leading([row[0].id for row in rows])):
        led.setdefault(row.team_id, []).append(row.User)
    return [Row(team, n, waiting, led.get(team.id, [])) for team, n, waiting in rows]


def _leading(team_ids: Sequence[int]) -> Select[Any, Any, Any]:
    return (
        select(TeamLead.team_id, TeamLead.since, User)
        .join(User, User.id == TeamLead.user_id)
        .where(TeamLead.team_id.in_(team_ids), TeamLead.until.is_(None), User.active)
        .order_by(User.name, User.id)
    )


def leading(session: Session, team: Team) -> list[tuple[User, datetime]]:
    """Who leads a team now, and since when, by name."""
    return [(row.User, row.since) for row in session.execute(_leading([team.id]))]


def leads(session: Session, team: Team) -> list[User]:
    """Who leads a team now, by name."""
    return [lead for lead, _ in leading(session, team)]


def appoint(session: Session, team: Team, lead: User, *, by: User) -> bool:
    """From now on `lead` leads the team; returns whether they did not before.

    Raises InvalidInput naming `lead` for a client or a closed account.
    """
    if lead.role == "client" or not lead.active:
        raise InvalidInput("choose somebody who works here", field="lead")
    if lead.id in {one.id for one in leads(session, team)}:
        return False
    leading = TeamLead(team_id=team.id, user_id=lead.id, since=clock_time.now())
    with unique(session, f"{lead.name} leads the team already.", field="lead"):
        session.add(leading)
    words, url = f"You lead the team {team.name} from now on.", f"/teams/{team.id}"
    mail.post(
        session, notices.tell(session, lead, key=f"team_lead:{leading.id}", text=words, url=url)
    )
    subject = f"user:{lead.pseudonym}"
    audit_log.record(session, by, "team.lead_appointed", subject, team=team.id)
    return True


def dismiss(session: Session, team: Team, user_id: int, *, by: User) -> User:
    """`user_id` leads the team no longer; that they did stays known. Raises NotFound."""
    found = select(TeamLead).where(
        TeamLead.team_id == team.id, TeamLead.user_id == user_id, TeamLead.until.is_(None)
    )
    leading = session.scalar(found.with_for_update())
    if leading is None:
        raise NotFound("They do not lead this team.")
    leading.until = clock_time.now()
    session.flush()
    subject = f"user:{leading.user.pseudonym}"
    audit_log.record(session, by, "team.lead_dismissed", subject, team=team.id)
    return leading.user


def members(session: Session, team: Team) -> list[User]:
    """Who belongs to a team now and has an open account, by name."""
    found = select(User).where(User.team_id == team.id, User.active)
    return list(session.scalars(found.order_by(User.name, User.id)))


def member(session: Session, team: Team, user_id: int) -> User:
    """One of them. Raises NotFound."""
    found = select(User).where(User.id == user_id, User.team_id == team.id, User.active)
    person = session.scalar(found)
    if person is None:
        raise NotFound("Nobody in this team has this number.")
    return person


def join(session: Session, person: User, team: Team | None, *, by: User) -> bool:
    """From now on `person` belongs to the team, or to none; returns whether that is a change.

    Raises InvalidInput naming `member` for whoever does not label.
    """
    if team is not None and (person.role not in WORKERS or not person.active):
        raise InvalidInput("only labellers, reviewers and experts are in teams", field="member")
    return affiliations.move(
        session, person, team=team, organisation=person.organisation, timezone=person.timezone,
        by=by,
    )  # fmt: skip


def who_decides(session: Session, person: User) -> list[User]:
    """Who answers what `person` asks: the leads of their team but themselves; where there is none,
    whoever sees all teams."""
    if person.team is not None:
        found = [lead for lead in leads(session, person.team) if lead.id != person.id]
        if found:
            return found
    over = select(User).where(User.active, User.role.in_(OVER_TEAMS), User.id != person.id)
    return list(session.scalars(over.order_by(User.id)))
