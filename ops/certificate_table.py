"""Who holds which certificate, as one table: people × skills, with level and days left."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from ops import certificates
from ops.access import WORKERS
from ops.models import Certificate, Skill, User

# What is shown of a certificate: good, runs out soon, ran out, was taken away.
STATES = ("good", "ending", "over", "revoked")
# What the table may be narrowed to, beside a text, a team and a skill.
NARROWED = ("", "ending", "again", "over", "none")
SOON = timedelta(days=30)
MOST_COLUMNS = 12
PAGE = 200


@dataclass(frozen=True)
class Asked:
    """What the table was asked for; None and "" do not narrow."""

    text: str = ""
    team_id: int | None = None
    skill_id: int | None = None
    state: str = ""
    page: int = 1


@dataclass(frozen=True)
class Cell:
    """The certificate that counts of one person in one skill; `days` left, below 0 since."""

    certificate: Certificate
    state: str
    days: int

    @property
    def again(self) -> bool:
        """Whether it was cut short, so that its holder must qualify again."""
        return self.state in ("good", "ending") and bool(self.certificate.requalify_reason)


@dataclass(frozen=True)
class Row:
    """A person and what they hold: {skill id: cell}."""

    user: User
    cells: dict[int, Cell]


@dataclass(frozen=True)
class Table:
    """The rows that were asked for, the skills that anybody among them has, the most held first,
    and how many people hold one that is in each state, over all that text, team and skill allow."""

    rows: Sequence[Row]
    skills: Sequence[Skill]
    counts: dict[str, int]

    @property
    def pages(self) -> int:
        """How many pages of `PAGE` rows there are."""
        return max(1, -(-len(self.rows) // PAGE))


def read(session: Session, asked: Asked, at: datetime) -> Table:
    """The table at `at`. Two statements."""
    people = session.scalars(_people(asked)).all()
    held: dict[int, dict[int, Cell]] = {}
    for certificate in certificates.history(session, [person.id for person in people]):
        if asked.skill_id in (None, certificate.skill_id):
            mine = held.setdefault(certificate.user_id, {})
            cell = _cell(certificate, at)
            mine[certificate.skill_id] = _better(mine.get(certificate.skill_id), cell)
    rows = [Row(person, held.get(person.id, {})) for person in people]
    counts = {name: sum(_is(row, name) for row in rows) for name in NARROWED}
    chosen = [row for row in rows if _is(row, asked.state)]
    skills = Counter(cell.certificate.skill for row in chosen for cell in row.cells.values())
    return Table(chosen, [skill for skill, _ in skills.most_common()], counts)


def _people(asked: Asked) -> Any:
    found = select(User).options(joinedload(User.team)).where(User.active, User.role.in_(WORKERS))
    if asked.text.strip():
        like = asked.text.strip().lower()
        fields = (func.lower(User.name), func.lower(User.email))
        found = found.where(or_(*(field.contains(like, autoescape=True) for field in fields)))
    if asked.team_id is not None:
        found = found.where(User.team_id == asked.team_id)
    return found.order_by(func.lower(User.name), User.id)


def _cell(certificate: Certificate, at: datetime) -> Cell:
    left = certificate.valid_until - at
    if certificate.revoked_at is not None:
        state = "revoked"
    elif left <= timedelta(0):
        state = "over"
    else:
        state = "ending" if left <= SOON else "good"
    return Cell(certificate, state, left // timedelta(days=1))


def _better(one: Cell | None, other: Cell) -> Cell:
    return max((c for c in (one, other) if c is not None), key=_worth)


def _worth(cell: Cell) -> tuple[Any, ...]:
    """What is in force goes before what is not; then the higher level, and the later end."""
    in_force = cell.state in ("good", "ending")
    level = cell.certificate.level if in_force else 0
    return in_force, level, cell.state == "over", cell.certificate.valid_until


def _is(row: Row, state: str) -> bool:
    cells = row.cells.values()
    if state == "none":
        return not any(cell.state in ("good", "ending") for cell in cells)
    if state == "again":
        return any(cell.again for cell in cells)
    return not state or any(cell.state == state for cell in cells)


def ending(rows: Iterable[Row]) -> list[tuple[User, Cell]]:
    """What runs out soon, the soonest first."""
    found = [(row.user, cell) for row in rows for cell in row.cells.values()]
    soon = [pair for pair in found if pair[1].state == "ending"]
    return sorted(soon, key=lambda pair: pair[1].certificate.valid_until)


COLUMNS = (
    "person", "role", "team", "skill", "level", "state", "granted", "valid_until", "days_left",
    "source", "reason", "requalify",
)  # fmt: skip


def lines(rows: Iterable[Row]) -> Iterator[tuple[Any, ...]]:
    """A line of `COLUMNS` for each certificate; for who holds none, one without."""
    for row in rows:
        who = (row.user.name, row.user.role, row.user.team.name if row.user.team else "")
        cells = sorted(row.cells.values(), key=lambda cell: cell.certificate.skill.name)
        if not cells:
            yield (*who, *("" for _ in COLUMNS[3:]))
        for cell in cells:
            of = cell.certificate
            dates = (f"{of.granted_at:%Y-%m-%d}", f"{of.valid_until:%Y-%m-%d}", cell.days)
            yield (
                *who, of.skill.name, of.level, cell.state, *dates, of.source, of.reason,
                of.requalify_reason,
            )  # fmt: skip
