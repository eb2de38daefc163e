"""Work that was counted, and what it is paid: rows of the roll-up written by hand."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from metrics.earnings import rates, settling
from metrics.models import DailyRollup, EarningsStatement, RollupState
from metrics.rollup import NAME
from ops import clock_time, pay, pay_book
from ops.models import PayRate, Project, User

DAY = date(2026, 11, 2)


def at(day: date, hour: int = 12) -> None:
    """From now on it is this hour of that day (UTC), and all is counted until now."""
    moment = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    clock_time.use(moment.timestamp)


def counted(session: Session) -> None:
    """The roll-up has read everything until now."""
    session.merge(RollupState(name=NAME, below_xid=0, as_of=clock_time.now()))
    session.flush()


def work(
    session: Session, user: User, project: Project, day: date = DAY, **more: Any
) -> DailyRollup:
    """One row of the roll-up: ten labels in half an hour, unless told otherwise."""
    values = {
        "submitted": 10, "active_ms": 1_800_000, "stage": "label", "label_class": "a",
        "team_id": user.team_id or 0, "vendor_id": 0, "batch_id": project.id, **more,
    }  # fmt: skip
    row = DailyRollup(labeller_id=user.id, project_id=project.id, day=day, **values)
    session.add(row)
    session.flush()
    return row


def rate(
    session: Session, by: User, amount: str | None = "0.10", *, basis: str = "label",
    since: date = DAY, currency: str = "EUR", reason: str = "", **scope: Any,
) -> PayRate:  # fmt: skip
    """A rate from a day on."""
    money = None if amount is None else Decimal(amount)
    terms = pay.Terms(pay_book.Scope(**scope), basis, money, currency, since, reason)
    return rates.set_rate(session, terms, by=by)


def statement(session: Session, user: User, project: Project, by: User) -> EarningsStatement:
    """What one day's work earned, settled; that day was yesterday."""
    yesterday = clock_time.now().date() - timedelta(days=1)
    rate(session, by, since=yesterday, reason="agreed late", project_id=project.id)
    work(session, user, project, yesterday - timedelta(days=1))
    work(session, user, project, yesterday)
    counted(session)
    return settling.settle(session, [user], yesterday, by=by)[0]
