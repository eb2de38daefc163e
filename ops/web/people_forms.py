"""What the forms about people say, read and checked at the boundary."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from ops import organisations, scope, staff
from ops.access import WORKERS
from ops.errors import InvalidInput
from ops.models import ROLES, Organisation, Project, Skill, Team, User
from ops.web.fields import day, identity

# A certificate that ends within this time is shown as ending soon.
SOON = timedelta(days=30)
Form = MultiDict[str, str]


@dataclass(frozen=True)
class Search:
    """What the list of people was asked for."""

    text: str
    role: str
    skill_id: int | None
    closed: bool
    page: int


def search(args: Form) -> Search:
    """The query string of the list; what cannot be read counts as not asked."""
    role, page = args.get("role", ""), args.get("page", "1")
    return Search(
        text=args.get("q", "").replace("\0", ""),
        role=role if role in ROLES else "",
        skill_id=identity(args.get("skill", "")),
        closed=args.get("closed") == "1",
        page=max(1, identity(page) or 1),
    )


def invitation(session: Session, form: Form, *, by: User) -> staff.Invitation:
    """One person from the form. Raises InvalidInput naming the field."""
    role = form.get("role", "")
    chosen = _chosen_skills(session, form) if role in WORKERS else []
    return staff.Invitation(
        email=form.get("email", ""),
        name=form.get("name", ""),
        role=role,
        skills=chosen,
        projects=_chosen_projects(session, form, by) if role != "client" else [],
        organisation=form.get("organisation", ""),
        valid_until=end_of_day(form.get("valid_until", "")) if chosen else None,
    )


def _chosen_skills(session: Session, form: Form) -> list[tuple[Skill, int]]:
    # Each skill has a field `level-<id>`: empty is none.
    levels = {s: form.get(f"level-{s.id}", "") for s in session.scalars(select(Skill))}
    return [(skill, _level(text)) for skill, text in levels.items() if text]


def _level(text: str) -> int:
    if text not in {"1", "2", "3", "4", "5"}:
        raise InvalidInput("a level is 1 to 5", field="level")
    return int(text)


def _chosen_projects(session: Session, form: Form, by: User) -> list[Project]:
    wanted = {identity(text) for text in form.getlist("projects")}
    visible = select(Project).where(Project.id.in_(scope.projects(by)), Project.id.in_(wanted))
    found = list(session.scalars(visible))
    if len(found) < len(wanted):
        raise InvalidInput("there is no such project, or you are no member of it", field="projects")
    return found


def certificate(session: Session, form: Form) -> dict[str, Any]:
    """skill, level, valid_until and reason of a certificate. Raises InvalidInput."""
    chosen = identity(form.get("skill", ""))
    skill = session.get(Skill, chosen) if chosen else None
    if skill is None:
        raise InvalidInput("choose a skill", field="skill")
    if not form.get("reason", "").strip():
        raise InvalidInput("say why, for whoever reads this later", field="reason")
    return {
        "skill": skill,
        "level": _level(form.get("level", "")),
        "valid_until": end_of_day(form.get("valid_until", "")),
        "reason": form.get("reason", ""),
    }


def teams_for(session: Session, viewer: User, person: User) -> list[Team]:
    """The teams that `viewer` may put somebody into. Where they do not see the team that somebody
    is in, it is not theirs to change: none."""
    seen = scope.teams(viewer)
    if person.team_id is not None and person.team_id not in set(session.scalars(seen)):
        return []
    return list(session.scalars(select(Team).where(Team.id.in_(seen)).order_by(Team.name)))


def place(session: Session, form: Form, person: User, *, by: User) -> dict[str, Any]:
    """team, organisation, timezone and from_day of a move. Raises InvalidInput naming the field."""
    team: Team | None = person.team
    teams = teams_for(session, by, person)
    if teams and "team" in form:
        wanted = form["team"]
        team = next((t for t in teams if str(t.id) == wanted), None)
        if wanted and team is None:
            raise InvalidInput("there is no such team, or you do not lead it", field="team")
    organisation = person.organisation
    if person.role != "client":
        chosen = identity(form.get("organisation", ""))
        organisation = session.get(Organisation, chosen) if chosen else None
        if chosen and (organisation is None or organisation.kind != "vendor"):
            raise InvalidInput("choose a vendor", field="organisation")
        organisation = _new_vendor(session, form, by) or organisation
    from_day = day(form.get("from_day", ""), "from_day")
    zone = form.get("timezone", "").strip()
    return {
        "team": team, "organisation": organisation, "timezone": zone, "from_day": from_day,
    }  # fmt: skip


def _new_vendor(session: Session, form: Form, by: User) -> Organisation | None:
    """The vendor that is named beside the list; one that there is not yet is made."""
    name = form.get("vendor_name", "").replace("\0", "")
    if not name.strip():
        return None
    found = organisations.named(session, name)
    if found is not None and found.kind != "vendor":
        raise InvalidInput("this is a client, no vendor", field="vendor_name")
    try:
        return found or organisations.create(session, name=name, kind="vendor", by=by)
    except InvalidInput as error:
        raise InvalidInput(error.message, field="vendor_name") from None


def end_of_day(text: str) -> datetime:
    """The last moment of an ISO date in UTC. Raises InvalidInput (field valid_until)."""
    return datetime.combine(day(text, "valid_until"), time.max, UTC)


def text_of(upload: bytes) -> str:
    """An uploaded table as text. Raises InvalidInput when it is not UTF-8."""
    try:
        return upload.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput("the file is not UTF-8; save it as 'CSV UTF-8'", field="csv") from None
