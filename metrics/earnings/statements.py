"""Statements as they are read, printed and taken away."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager, defer, joinedload

from metrics.earnings.money import Line, read
from metrics.models import EarningsStatement
from ops import canonical
from ops.errors import NotFound
from ops.models import User

COLUMNS = (
    "person", "first_day", "last_day", "day", "project", "stage", "basis", "quantity", "unit",
    "rate", "amount", "currency", "late", "reason",
)  # fmt: skip


def digest(person: User, statement: EarningsStatement) -> str:
    """SHA-256 of everything that a statement says, with its person under their pseudonym."""
    return canonical.digest(
        {
            "person": str(person.pseudonym),
            "currency": statement.currency,
            "first_day": statement.first_day.isoformat(),
            "last_day": statement.last_day.isoformat(),
            "total": f"{Decimal(statement.total):.4f}",
            "lines": statement.lines,
        }
    )


def find(session: Session, statement_id: int, *, of: User | None = None) -> EarningsStatement:
    """That statement; with `of`, only if it is theirs. Raises NotFound."""
    asked = select(EarningsStatement).where(EarningsStatement.id == statement_id)
    if of is not None:
        asked = asked.where(EarningsStatement.user_id == of.id)
    found = session.scalar(asked.options(joinedload(EarningsStatement.user)))
    if found is None:
        raise NotFound("There is no such statement, or it is not yours.")
    return found


def up_to(session: Session, last_day: date) -> Sequence[EarningsStatement]:
    """All statements that end on a day, by the name of their person."""
    asked = select(EarningsStatement).options(contains_eager(EarningsStatement.user))
    asked = asked.join(EarningsStatement.user).where(EarningsStatement.last_day == last_day)
    return session.scalars(asked.order_by(User.name, EarningsStatement.id)).all()


def newest(
    session: Session, *, of: User | None = None, limit: int = 200
) -> Sequence[EarningsStatement]:
    """Statements, those settled last first; with `of`, those of one person."""
    asked = select(EarningsStatement).options(
        joinedload(EarningsStatement.user), defer(EarningsStatement.lines)
    )
    if of is not None:
        asked = asked.where(EarningsStatement.user_id == of.id)
    newest_first = EarningsStatement.settled_at.desc(), EarningsStatement.id.desc()
    return session.scalars(asked.order_by(*newest_first).limit(limit)).all()


def lines(statement: EarningsStatement) -> list[Line]:
    """The lines of a statement."""
    return [read(line, statement.currency) for line in statement.lines]


def rows(statements: Iterable[EarningsStatement]) -> Iterator[list[Any]]:
    """Cells under `COLUMNS`: a row for each day, project, stage and basis, and for each adjustment.

    Quantity and rate are exact; the amount of a line is shown to six decimals, and only the total
    of a statement is rounded, from exact sums.
    """
    for one in statements:
        head = {
            "person": one.user.name,
            "first_day": one.first_day,
            "last_day": one.last_day,
            "currency": one.currency,
        }
        for line in one.lines:
            told = {**line, **head, "late": "yes" if line["late"] else ""}
            yield [told.get(name) for name in COLUMNS]
