"""What somebody earns in a project on a day, and why, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrics.earnings.money import COINS, Group, Line, plain, shown
from metrics.rollup.places import EPOCH, SECOND_US, places
from ops import pay, pay_book
from ops.models import Organisation, PayRate, Project, Team, User

UNIT = {"hour": "active hour", "label": "label handed in", "accepted": "accepted label"}
STAGE_WORDS = {
    "label": "labelling",
    "review": "reviews",
    "rework": "rework",
    "adjudicate": "decisions between labels",
    "assessment": "assessments",
    "training": "training",
}


def money(amount: Decimal, currency: str) -> str:
    """An amount with its currency: at least the decimals of its smallest coin, more where it has
    more."""
    least = COINS.get(currency, 2)
    decimals = len(plain(amount).partition(".")[2])
    return f"{amount:,.{max(least, decimals)}f} {currency}".replace("-", "−")


def rate(found: PayRate) -> str:
    """0.12 EUR per label handed in."""
    if found.amount is None:
        return "no rate of its own: the wider one holds"
    return f"{money(found.amount, found.currency)} per {UNIT[found.basis]}"


def quantity(line: Line | Group) -> str:
    """How much of it: 12, 3.5 or, of active time, 1 h 5 min 12 s."""
    basis = line.line.basis if isinstance(line, Group) else line.basis
    if basis != "hour":
        return plain(line.quantity).replace("-", "−")
    sign, seconds = ("−" if line.quantity < 0 else ""), abs(line.quantity)
    minutes, rest = divmod(seconds, 60)
    hours, left = divmod(int(minutes), 60)
    parts = [f"{hours} h"] if hours else []
    parts += [f"{left} min"] if minutes else []
    return sign + " ".join([*parts, f"{plain(rest)} s"])


def amount(line: Line | Group) -> str:
    """What it comes to, to six decimals, with those of the coin at least."""
    currency = line.line.currency if isinstance(line, Group) else line.currency
    return money(shown(line.amount), currency)


class Names:
    """What people, teams, vendors and projects are called. Four statements."""

    def __init__(self, session: Session):
        self.people = _names(session, User)
        self.teams = _names(session, Team)
        self.vendors = _names(session, Organisation)
        self.projects = _names(session, Project)

    def whom(self, scope: pay_book.Scope) -> str:
        """Whose work a rate is for."""
        if scope.user_id is not None:
            return self.people.get(scope.user_id, "somebody")
        if scope.team_id is not None:
            return f"team {self.teams.get(scope.team_id, '')}"
        if scope.vendor_id is not None:
            return f"vendor {self.vendors.get(scope.vendor_id, '')}"
        return "everybody"

    def what(self, scope: pay_book.Scope) -> str:
        """Which work a rate is for."""
        where = "in every project"
        if scope.project_id is not None:
            where = f"in {self.projects.get(scope.project_id, '')}"
        return f"{where}, {STAGE_WORDS[scope.stage] if scope.stage else 'at every stage'}"


def _names(session: Session, kind: type) -> Mapping[int, str]:
    return {row[0]: row[1] for row in session.execute(select(kind.id, kind.name))}  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Answer:
    """What holds for a part of a day (nearly always all of it), and what it goes before."""

    sentence: str
    reason: str
    others: list[str]


def why(
    session: Session, person: User, project: Project, stage: str, day: date, names: Names
) -> list[Answer]:
    """What `person` earns there on that day, and why; one answer for each place they belonged."""
    book = pay.book(session)
    return [
        _answer(list(book.fitting(work)), names, person, project, stage, day)
        for work in _works(session, person, project, stage, day)
    ]


def _works(
    session: Session, person: User, project: Project, stage: str, day: date
) -> list[pay_book.Work]:
    noon = datetime.combine(day, time(12), UTC)
    number = (noon - EPOCH).days
    spans = places(session, noon - timedelta(days=2), noon + timedelta(days=2), [person.id])
    found: dict[pay_book.Work, None] = {}
    for span in spans:
        # The first and the last moment of the day, by the clock of this span.
        first = number * 86_400 * SECOND_US - span.offset_us
        if span.since_us < first + 86_400 * SECOND_US and span.until_us > first:
            team, vendor = span.team_id or None, span.vendor_id or None
            found[pay_book.Work(person.id, team, vendor, project.id, stage, day)] = None
    return list(found)


def _answer(
    fitting: list[PayRate], names: Names, person: User, project: Project, stage: str, day: date
) -> Answer:
    where = f"for {STAGE_WORDS[stage]} in {project.name} on {day}"
    if not fitting:
        none = f"{person.name} earns nothing {where}"
        return Answer(none, "No rate fits: set one for everybody, for the project or for them.", [])
    holds, *others = fitting
    told = f"{person.name} earns {rate(holds)} {where}"
    reason = f"The rate for {_of(holds, names)}, from {holds.valid_from}"
    reason += ", is the narrowest that fits." if others else ", is the only one that fits."
    if holds.reason:
        reason += f" Its reason: {holds.reason.rstrip('.')}."
    return Answer(told, reason, [f"{rate(one)} for {_of(one, names)}, from {one.valid_from}"
                                 for one in others])  # fmt: skip


def _of(found: PayRate, names: Names) -> str:
    scope = pay_book.scope_of(found)
    return f"{names.whom(scope)} {names.what(scope)}"
