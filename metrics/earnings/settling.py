"""Settling: what people earned up to a day becomes a statement, for good.

A statement begins on the day after the last one, so no day is left out and none is paid twice. Two
settlements at once are one: whoever sets rates or settles waits for the other.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from metrics.earnings.lines import Accounts
from metrics.earnings.money import Line, total
from metrics.earnings.statements import digest
from metrics.models import DailyRollup, EarningsStatement
from metrics.reads.work import as_of
from ops import affiliations, audit_log, clock_time, pay
from ops.errors import InvalidInput
from ops.models import PayAdjustment, User


@dataclass(frozen=True)
class Open:
    """What one person earned in one currency that is not settled, from its first day on."""

    person: User
    currency: str
    first_day: date
    total: Decimal
    lines: list[Line]


def people(
    session: Session, *, person: int | None = None, team: int | None = None
) -> Sequence[User]:
    """Everybody who ever worked or was adjusted, by name; narrowed to one, or to a team."""
    worked = User.id.in_(select(DailyRollup.labeller_id).distinct())
    adjusted = User.id.in_(select(PayAdjustment.user_id))
    asked = select(User).where(or_(worked, adjusted))
    if person is not None:
        asked = asked.where(User.id == person)
    if team is not None:
        asked = asked.where(User.team_id == team)
    return session.scalars(asked.order_by(User.name, User.id)).all()


def last_whole_day(session: Session, who: Collection[User]) -> date | None:
    """The last day that is over for all of them and counted to its end; None before any."""
    counted = as_of(session)
    if counted is None or not who:
        return None
    return min(affiliations.day_of(one, counted) for one in who) - timedelta(days=1)


def open_accounts(
    session: Session, who: Sequence[User], last: date, *, back: timedelta | None = None
) -> list[Open]:
    """What is not settled of these people up to a day, by person and currency.

    `back` as `Accounts` has it.
    """
    accounts = Accounts(session, [one.id for one in who], last, back=back)
    return [found for one in who for found in _of_person(accounts, one)]


def _of_person(accounts: Accounts, person: User) -> list[Open]:
    by_currency: dict[str, list[Line]] = defaultdict(list)
    for line in accounts.lines(person.id):
        by_currency[line.currency].append(line)
    until = accounts.settled_until(person.id)
    return [
        Open(person, currency, _first(lines, until), total(lines, currency), lines)
        for currency, lines in sorted(by_currency.items())
    ]


def _first(lines: Sequence[Line], settled_until: date | None) -> date:
    if settled_until is not None:
        return settled_until + timedelta(days=1)
    return min(line.key.day for line in lines)


def settle(
    session: Session, who: Sequence[User], last: date, *, by: User
) -> list[EarningsStatement]:
    """Statements of all that these people earned up to a day and that no statement has yet.

    Nobody's days that are settled already are settled again. Raises InvalidInput naming `last`
    where that day is not over for all of them, or not counted yet.
    """
    pay.lock(session)
    possible = last_whole_day(session, who)
    if possible is None:
        raise InvalidInput("there is no work of theirs to settle yet", field="last")
    if last > possible:
        said = f"the last day that is over and counted for all of them is {possible}"
        raise InvalidInput(said, field="last")
    made = [_state(session, one, last, by) for one in open_accounts(session, who, last)]
    return [statement for statement in made if statement is not None]


def _state(session: Session, account: Open, last: date, by: User) -> EarningsStatement | None:
    if account.first_day > last:
        # Only what is late: it waits for the next period, whose days these are not.
        return None
    statement = EarningsStatement(
        user_id=account.person.id,
        currency=account.currency,
        first_day=account.first_day,
        last_day=last,
        total=account.total,
        lines=[line.written() for line in account.lines],
        settled_by=by.id,
        settled_at=clock_time.now(),
    )
    statement.digest = digest(account.person, statement)
    columns = ("user_id", "currency", "first_day", "last_day", "total", "lines", "digest",
               "settled_by", "settled_at")  # fmt: skip
    values = {name: getattr(statement, name) for name in columns}
    written = insert(EarningsStatement).values(**values).on_conflict_do_nothing()
    number = session.scalar(written.returning(EarningsStatement.id))
    if number is None:
        return None
    audit_log.record(
        session,
        by,
        "pay.settled",
        f"user:{account.person.pseudonym}",
        statement=number,
        currency=account.currency,
        first_day=account.first_day.isoformat(),
        last_day=last.isoformat(),
        total=str(account.total),
        digest=statement.digest,
    )
    return session.get_one(EarningsStatement, number)
