"""From work and rates to lines: what was earned, and what is new since it was settled."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from sqlalchemy import ColumnElement, Date, Select, cast, exists, func, or_, select
from sqlalchemy.orm import Session

from metrics.earnings.counted import Done, done
from metrics.earnings.money import Key, Line, read
from metrics.models import DailyRollup, EarningsStatement
from ops import pay, pay_book
from ops.models import PayAdjustment, Project

NOTHING = Decimal(0)


def earned(rows: Iterable[Done], book: pay_book.Book, names: Mapping[int, str]) -> dict[Key, Line]:
    """What one person's work comes to: a line for each day, project, stage and rate.

    Work without a rate is not paid and has no line. A team that was left in the middle of a day
    may make two lines of it, each by its own rate.
    """
    found: dict[Key, Line] = {}
    for row in rows:
        rate = book.holds(row.work)
        if rate is None or rate.amount is None:
            continue
        key = Key(row.work.day, row.work.project_id, row.work.stage, rate.id)
        quantity = row.quantity(rate.basis)
        if key in found:
            quantity += found[key].quantity
        name = names.get(row.work.project_id, "")
        found[key] = Line(key, rate.basis, quantity, rate.amount, rate.currency, name)
    return found


def unsettled(
    current: Mapping[Key, Line], settled: Iterable[Line], settled_until: date | None
) -> list[Line]:
    """What of `current` is in no statement, in the order of days.

    Of days that are settled, the difference: more where work came late, less where a review took
    back what was accepted.
    """
    before: dict[Key, Decimal] = defaultdict(Decimal)
    last: dict[Key, Line] = {}
    for line in settled:
        before[line.key] += line.quantity
        last[line.key] = line
    found = []
    for key, line in current.items():
        if settled_until is not None and key.day <= settled_until:
            line = line.less(before.get(key, NOTHING))  # noqa: PLW2901 - the same line, less
        if line.quantity:
            found.append(line)
    for key in before.keys() - current.keys():
        gone = replace(last[key], quantity=NOTHING).less(before[key])
        if gone.quantity:
            found.append(gone)
    return sorted(found, key=lambda line: line.key)


def adjustments(rows: Iterable[PayAdjustment], settled: Collection[Line]) -> list[Line]:
    """The adjustments that no statement has yet, as lines."""
    stated = {line.key.adjustment_id for line in settled}
    return [
        Line(Key(row.day, 0, "", 0, row.id), "", NOTHING, row.amount, row.currency,
             reason=row.reason)
        for row in rows
        if row.id not in stated
    ]  # fmt: skip


class Accounts:
    """What is not settled yet of some people up to a day. Six statements, whoever they are.

    With `back`, differences are looked for in that many days at the end: enough to show, and cheap
    after years. Who settles looks at all days.
    """

    def __init__(
        self,
        session: Session,
        people: Collection[int],
        last: date,
        *,
        back: timedelta | None = None,
    ):
        self._since = date.min if back is None else last - back
        self._book = pay.book(session)
        self._until = _settled_until(session, people)
        self._stated = _by_person(session.scalars(_statements(people, self._since)))
        self._adjusted = _by_person(session.scalars(_adjustments(people, last)))
        self._rows: dict[int, list[Done]] = defaultdict(list)
        for row in done(session, people, last, *_wanted(self._since)):
            self._rows[row.work.user_id].append(row)
        worked_in = {row.work.project_id for rows in self._rows.values() for row in rows}
        listed = select(Project.id, Project.name).where(Project.id.in_(worked_in))
        self._names = {row[0]: row[1] for row in session.execute(listed)}

    def settled_until(self, person: int) -> date | None:
        """The last day that is settled; None before the first statement."""
        return self._until.get(person)

    def lines(self, person: int) -> list[Line]:
        """What this person earned that is in no statement."""
        stated = [read(line, one.currency) for one in self._stated[person] for line in one.lines]
        worked = [
            line for line in stated if not line.key.adjustment_id and line.key.day >= self._since
        ]
        until = self.settled_until(person)
        new = unsettled(earned(self._rows[person], self._book, self._names), worked, until)
        # What was adjusted before the statements at hand were made is in those before them.
        recent = [
            row
            for row in self._adjusted[person]
            if row.at.date() >= self._since or until is None or row.day > until
        ]
        return new + adjustments(recent, stated)


def _settled_until(session: Session, people: Collection[int]) -> dict[int, date]:
    newest = select(EarningsStatement.user_id, func.max(EarningsStatement.last_day))
    of_them = newest.where(EarningsStatement.user_id.in_(people))
    return {row[0]: row[1] for row in session.execute(of_them.group_by(EarningsStatement.user_id))}


def _statements(people: Collection[int], since: date) -> Select[EarningsStatement]:
    settled = cast(EarningsStatement.settled_at, Date)
    recent = or_(EarningsStatement.last_day >= since, settled >= since)
    return select(EarningsStatement).where(EarningsStatement.user_id.in_(people), recent)


def _adjustments(people: Collection[int], last: date) -> Select[PayAdjustment]:
    of_them = PayAdjustment.user_id.in_(people), PayAdjustment.day <= last
    return select(PayAdjustment).where(*of_them).order_by(PayAdjustment.id)


def _wanted(since: date) -> list[ColumnElement[bool]]:
    """Days that are not settled, and the last ones that are."""
    if since == date.min:
        return []
    settled = exists().where(
        EarningsStatement.user_id == DailyRollup.labeller_id,
        EarningsStatement.last_day >= DailyRollup.day,
    )
    return [or_(DailyRollup.day >= since, ~settled)]


Owned = TypeVar("Owned", EarningsStatement, PayAdjustment)


def _by_person(rows: Iterable[Owned]) -> dict[int, list[Owned]]:
    found: dict[int, list[Owned]] = defaultdict(list)
    for row in rows:
        found[row.user_id].append(row)
    return found
