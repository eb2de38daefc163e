"""The work that is paid, from the roll-ups.

By the labeller's own day, with team and vendor as of then. Gold counts like all other work: nothing
here knows which answers it was. What was handed in is every answer, surplus too. Accepted is what
was handed in less what a review did not let stand: a label counts as soon as it is handed in, at
its day, and stops to when a review says so (in part, where it was right in part); what nobody
reviewed stands. Rework is a second pass that no review counts against.
"""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from metrics.models import DailyRollup
from ops import pay_book


class Done(NamedTuple):
    """One person's work of a day in one project and stage, from one team and vendor."""

    work: pay_book.Work
    active_ms: int
    labels: int
    accepted: Decimal

    def quantity(self, basis: str) -> Decimal:
        """How much of it there is by a basis: active seconds, labels, accepted labels."""
        if basis == "hour":
            return Decimal(self.active_ms).scaleb(-3)
        return Decimal(self.labels) if basis == "label" else self.accepted


_KEY = (
    DailyRollup.labeller_id, DailyRollup.team_id, DailyRollup.vendor_id, DailyRollup.project_id,
    DailyRollup.stage, DailyRollup.day,
)  # fmt: skip


def done(
    session: Session, people: Collection[int], last: date, *conditions: ColumnElement[bool]
) -> list[Done]:
    """All work of these people up to a day, in its order. One statement."""
    handed_in = func.sum(DailyRollup.submitted + DailyRollup.surplus)
    refused = func.sum(DailyRollup.review_n - DailyRollup.review_accepted)
    rows = session.execute(
        select(*_KEY, func.sum(DailyRollup.active_ms), handed_in, handed_in - refused)
        .where(DailyRollup.labeller_id.in_(people), DailyRollup.day <= last, *conditions)
        .group_by(*_KEY)
        .order_by(DailyRollup.day, DailyRollup.project_id, DailyRollup.stage)
    )
    return [_done(*row) for row in rows]


def _done(
    user: int, team: int, vendor: int, project: int, stage: str, day: date, *sums: int | Decimal
) -> Done:
    active_ms, labels, accepted = sums
    work = pay_book.Work(user, team or None, vendor or None, project, stage, day)
    return Done(work, int(active_ms), int(labels), Decimal(accepted))
