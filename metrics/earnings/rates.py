"""Setting a rate, where nothing that is settled would change by it."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from metrics.models import DailyRollup, EarningsStatement
from ops import pay
from ops.errors import InvalidInput
from ops.models import PayRate, User


def set_rate(session: Session, terms: pay.Terms, *, by: User) -> PayRate:
    """A rate from a day on. Raises InvalidInput as `ops.pay.set_rate` does, and naming `valid_from`
    where work that it is for is settled on that day or later."""
    pay.lock(session)
    until = session.scalar(_settled(terms))
    if until is not None:
        said = f"work that this is for is settled up to {until}: begin on "
        said += f"{until + timedelta(days=1)} or later, or adjust by hand"
        raise InvalidInput(said, field="valid_from")
    return pay.set_rate(session, terms, by=by)


def _settled(terms: pay.Terms) -> Any:
    """The last settled day of work that the rate is for, from its first day on."""
    scope = terms.scope
    columns = (
        (DailyRollup.labeller_id, scope.user_id),
        (DailyRollup.team_id, scope.team_id),
        (DailyRollup.vendor_id, scope.vendor_id),
        (DailyRollup.project_id, scope.project_id),
        (DailyRollup.stage, scope.stage),
    )
    asked = [column == value for column, value in columns if value is not None]
    within = DailyRollup.day.between(terms.valid_from, EarningsStatement.last_day)
    return (
        select(func.max(EarningsStatement.last_day))
        .join(DailyRollup, DailyRollup.labeller_id == EarningsStatement.user_id)
        .where(EarningsStatement.last_day >= terms.valid_from, within, *asked)
    )
