"""From work and rates to lines: what was earned, and what is new since it was settled."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrics.earnings.counted import Done, done
from metrics.earnings.money import Key, Line, read
from metrics.models import EarningsStatement
from ops import pay
from ops.models import PayAdjustment, Project

NOTHING = Decimal(0)


def earned(rows: Iterable[Done], book: pay.Book, names: Mapping[int, str]) -> dict[Key, Line]:
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
    """What is not settled yet of some people up to a day. Five statements, whoever they are."""

    def __init__(self, session: Session, people: Collection[int], last: date):
        self.statements: dict[int, list[EarningsStatement]] = defaultdict(list)
        self._rows: dict[int, list[Done]] = defaultdict(list)
        self._adjusted: dict[int, list[PayAdjustment]] = defaultdict(list)
        self._book = pay.book(session)
        for row in done(session, people, last):
            self._rows[row.work.user_id].append(row)
        of_them = EarningsStatement.user_id.in_(people)
        for one in session.scalars(select(EarningsStatement).where(of_them)):
            self.statements[one.user_id].append(one)
        by_hand = select(PayAdjustment).where(
            PayAdjustment.user_id.in_(people), PayAdjustment.day <= last
        )
        for made in session.scalars(by_hand.order_by(PayAdjustment.id)):
            self._adjusted[made.user_id].append(made)
        worked_in = {row.work.project_id for rows in self._rows.values() for row in rows}
        listed = select(Project.id, Project.name).where(Project.id.in_(worked_in))
        self._names = {row[0]: row[1] for row in session.execute(listed)}

    def settled_until(self, person: int) -> date | None:
        """The last day that is settled; None before the first statement."""
        return max((one.last_day for one in self.statements[person]), default=None)

    def lines(self, person: int) -> list[Line]:
        """What this person earned that is in no statement."""
        stated = [read(line, one.currency) for one in self.statements[person] for line in one.lines]
        worked = [line for line in stated if not line.key.adjustment_id]
        current = earned(self._rows[person], self._book, self._names)
        new = unsettled(current, worked, self.settled_until(person))
        return new + adjustments(self._adjusted[person], stated)
