"""People from a table: `email,name,role,skills` and, if wanted, `projects` and `organisation`.

`skills` is `skill:level;skill:level` (a skill without a level has level 1), `projects` is
`name;name`. Every fault of every line is reported; with one fault nobody is created.
"""

import csv
import io
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ops import people, scope, staff
from ops.access import WORKERS
from ops.errors import InvalidInput, TouchstoneError
from ops.models import ROLES, Project, Skill, User

REQUIRED = ("email", "name", "role")
OPTIONAL = ("skills", "projects", "organisation")
MOST_LINES = 5000


@dataclass
class _Known:
    """What lines may refer to, read once."""

    by: User
    skills: dict[str, Skill]
    projects: dict[str, list[Project]]
    taken: set[str]
    seen: dict[str, int] = field(default_factory=dict)


def create_all(session: Session, text: str, *, by: User) -> list[tuple[User, str]]:
    """Invite everybody in the table; returns (user, secret of the link) in its order.

    Raises InvalidInput with one error per fault, as {"line", "field", "message"}.
    """
    rows = _rows(text)
    known = _known(session, by, rows)
    faults: list[dict[str, Any]] = []
    found = [_invitation(line, row, known, faults) for line, row in rows]
    if faults:
        raise InvalidInput(f"{len(faults)} faults in the table", field="csv", errors=faults)
    return [staff.invite(session, who, by=by, source="import") for who in found]


def _rows(text: str) -> list[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff").strip(), newline=""))
    try:
        header = [name.strip().lower() for name in reader.fieldnames or ()]
        _check_header(header)
        reader.fieldnames = header
        # `line_num` is the last line of a record whose fields hold line breaks.
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise InvalidInput(f"this is not CSV: {error}", field="csv") from None
    if not rows:
        raise InvalidInput("the table has a header and no lines", field="csv")
    if len(rows) > MOST_LINES:
        raise InvalidInput(f"at most {MOST_LINES} people at once", field="csv")
    return [(line, _clean(row)) for line, row in rows]


def _check_header(header: list[str]) -> None:
    missing = [name for name in REQUIRED if name not in header]
    unknown = [name for name in header if name not in REQUIRED + OPTIONAL]
    if missing or unknown or len(set(header)) < len(header):
        said = f"missing: {', '.join(missing)}" if missing else "each at most once"
        said = f"unknown: {', '.join(unknown) or 'an empty name'}" if unknown else said
        raise InvalidInput(
            f"the first line names the columns {', '.join(REQUIRED)} and, if wanted, "
            f"{', '.join(OPTIONAL)} ({said})",
            field="csv",
            errors=[{"line": 1, "field": "header", "message": f"{said}; needed: email,name,role"}],
        )


def _clean(row: dict[Any, Any]) -> dict[str, str]:
    # DictReader puts what goes beyond the header under the key None.
    beyond = {"": "more fields than the header names"} if None in row else {}
    return {k: (v or "").strip() for k, v in row.items() if k is not None} | beyond


def _known(session: Session, by: User, rows: list[tuple[int, dict[str, str]]]) -> _Known:
    emails = {row["email"].lower() for _, row in rows}
    taken = session.scalars(
        select(func.lower(User.email)).where(func.lower(User.email).in_(emails))
    )
    visible: dict[str, list[Project]] = {}
    for project in session.scalars(select(Project).where(Project.id.in_(scope.projects(by)))):
        visible.setdefault(project.name.lower(), []).append(project)
    skills = {skill.name.lower(): skill for skill in session.scalars(select(Skill))}
    return _Known(by, skills, visible, {address for address in taken if address})


def _invitation(
    line: int, row: dict[str, str], known: _Known, faults: list[dict[str, Any]]
) -> staff.Invitation:
    def fault(name: str, message: str) -> None:
        faults.append({"line": line, "field": name, "message": message})

    if "" in row:
        fault("line", row[""])
    _check_email(line, row["email"], known, fault)
    if not row["name"]:
        fault("name", "must not be empty")
    _check_role(row, known, fault)
    return staff.Invitation(
        email=row["email"],
        name=row["name"],
        role=row["role"],
        skills=_skills(row, known, fault),
        projects=_projects(row, known, fault),
        organisation=row.get("organisation", ""),
    )


def _check_email(line: int, email: str, known: _Known, fault: Any) -> None:
    try:
        address = people.clean_email(email)
    except TouchstoneError as error:
        fault("email", error.message)
        return
    if address in known.taken:
        fault("email", f"there is an account for {address} already")
    elif address in known.seen:
        fault("email", f"{address} stands on line {known.seen[address]} too")
    known.seen.setdefault(address, line)


def _check_role(row: dict[str, str], known: _Known, fault: Any) -> None:
    role = row["role"]
    if role not in ROLES:
        fault("role", f"{role!r} is no role; one of {', '.join(staff.roles_for(known.by))}")
    elif not staff.may_manage(known.by, role):
        fault("role", f"your role may not make an account of the role {role}")
    elif role == "client" and not row.get("organisation"):
        fault("organisation", "a client belongs to an organisation")


def _skills(row: dict[str, str], known: _Known, fault: Any) -> list[tuple[Skill, int]]:
    found = []
    for part in filter(None, (p.strip() for p in row.get("skills", "").split(";"))):
        name, colon, level = (piece.strip() for piece in part.partition(":"))
        skill = known.skills.get(name.lower())
        if skill is None:
            fault("skills", f"there is no skill called {name!r}")
        elif colon and (len(level) != 1 or level not in "12345"):
            fault("skills", f"the level of {name} is {level!r}; a level is 1 to 5")
        else:
            found.append((skill, int(level or 1)))
    if found and row["role"] not in WORKERS:
        fault("skills", "only labellers, reviewers and experts hold certificates")
    return found


def _projects(row: dict[str, str], known: _Known, fault: Any) -> list[Project]:
    found = []
    for name in filter(None, (p.strip() for p in row.get("projects", "").split(";"))):
        matches = known.projects.get(name.lower(), [])
        if len(matches) == 1:
            found.append(matches[0])
        else:
            said = "there is no project" if not matches else "more than one project is"
            fault("projects", f"{said} called {name!r}")
    if found and row["role"] == "client":
        fault("projects", "a client sees the projects of their organisation")
    return found
