"""What work is paid: rates from a day on, and adjustments by hand.

`ops.pay_book` says which rate holds; `metrics.earnings` counts the work and adds up what was
earned. Whoever sets a rate goes through the latter, because only it knows what is settled.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ops import affiliations, audit_log, clock_time
from ops.access import WORKERS
from ops.errors import InvalidInput
from ops.local_time import day_in
from ops.models import PAY_BASES, STAGES, Organisation, PayAdjustment, PayRate, Project, Team, User
from ops.pay_book import Book, Scope

# Four decimals: a label may cost a fraction of a cent.
PLACES = 4
MOST = Decimal(10) ** 7
LONGEST_REASON = 500


def book(session: Session) -> Book:
    """All rates there ever were. One statement."""
    return Book(session.scalars(select(PayRate)))


@dataclass(frozen=True)
class Terms:
    """What a rate says. An amount of None ends the rate of the scope from that day on."""

    scope: Scope
    basis: str
    amount: Decimal | None
    currency: str
    valid_from: date
    reason: str = ""


def lock(session: Session) -> None:
    """Wait for whoever sets rates or settles just now: what is settled must not change under it."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("pay", 0))))


def set_rate(session: Session, terms: Terms, *, by: User) -> PayRate:
    """A rate from a day on. Call `metrics.earnings.rates.set_rate`, which minds what is settled.

    A day that is over for anybody whom it is for takes a reason. Raises InvalidInput naming the
    field.
    """
    _check_scope(session, terms.scope)
    check_money(terms.amount, terms.currency)
    if terms.basis not in PAY_BASES:
        raise InvalidInput(f"must be one of {', '.join(PAY_BASES)}", field="basis")
    if terms.amount is not None and terms.amount < 0:
        raise InvalidInput("nobody pays for being allowed to work: give 0 or more", field="amount")
    reason = clean_reason(terms.reason, needed=False)
    if not reason and terms.valid_from < (today := _latest_today(session, terms.scope, by)):
        said = f"this day is over: say why the past is corrected, or begin on {today} or later"
        raise InvalidInput(said, field="reason")
    before = book(session).in_scope(terms.scope, terms.valid_from)
    if terms.amount is None and (before is None or before.amount is None):
        raise InvalidInput("there is no such rate to end on that day", field="valid_from")
    made = PayRate(
        **terms.scope._asdict(),
        basis=terms.basis,
        amount=terms.amount,
        currency=terms.currency,
        valid_from=terms.valid_from,
        reason=reason,
    )
    session.add(made)
    session.flush()
    _record(session, made, by)
    return made


def _latest_today(session: Session, scope: Scope, by: User) -> date:
    """The latest day that it is now anywhere among those whom a rate is for, or where `by` is."""
    whom = {
        User.id: scope.user_id,
        User.team_id: scope.team_id,
        User.organisation_id: scope.vendor_id,
    }
    asked = [column == value for column, value in whom.items() if value is not None]
    zones = select(User.timezone).where(User.role.in_(WORKERS), User.active, *asked).distinct()
    days = [day_in(zone, clock_time.now()) for zone in session.scalars(zones)]
    return max([affiliations.today(by), *days])


def _check_scope(session: Session, scope: Scope) -> None:
    if sum(one is not None for one in scope[:3]) > 1:
        raise InvalidInput("name a person, a team or a vendor, or none of them", field="whom")
    person = session.get(User, scope.user_id) if scope.user_id is not None else None
    if scope.user_id is not None and (person is None or person.role not in WORKERS):
        raise InvalidInput("there is no such labeller", field="whom")
    if scope.team_id is not None and session.get(Team, scope.team_id) is None:
        raise InvalidInput("there is no such team", field="whom")
    vendor = session.get(Organisation, scope.vendor_id) if scope.vendor_id is not None else None
    if scope.vendor_id is not None and (vendor is None or vendor.kind != "vendor"):
        raise InvalidInput("there is no such vendor", field="whom")
    if scope.project_id is not None and session.get(Project, scope.project_id) is None:
        raise InvalidInput("there is no such project", field="project")
    if scope.stage is not None and scope.stage not in STAGES:
        raise InvalidInput(f"must be one of {', '.join(STAGES)}", field="stage")


def check_money(amount: Decimal | None, currency: str) -> None:
    """Raises InvalidInput naming `amount` or `currency`."""
    if not re.fullmatch("[A-Z]{3}", currency):
        raise InvalidInput("three capital letters, such as EUR", field="currency")
    if amount is None:
        return
    if not amount.is_finite() or abs(amount) > MOST:
        raise InvalidInput(f"give an amount of at most {MOST:,}", field="amount")
    if amount != round(amount, PLACES):
        raise InvalidInput(f"at most {PLACES} decimals", field="amount")


def clean_reason(text: str, *, needed: bool) -> str:
    """A reason as it is kept. Raises InvalidInput naming `reason`."""
    text = " ".join(text.split())
    if needed and not text:
        raise InvalidInput("say why", field="reason")
    if len(text) > LONGEST_REASON or "\0" in text:
        raise InvalidInput(f"at most {LONGEST_REASON} characters", field="reason")
    return text


def decimal(text: str) -> Decimal:
    """A number with a decimal point. Raises InvalidInput naming `amount`."""
    if "," in text:  # 1,000 is one to some people and a thousand to others
        raise InvalidInput("write a decimal point and no commas, such as 1200.50", field="amount")
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        raise InvalidInput("give a number, such as 0.12", field="amount") from None


def _record(session: Session, rate: PayRate, by: User) -> None:
    person = session.get(User, rate.user_id) if rate.user_id is not None else None
    audit_log.record(
        session,
        by,
        "pay.rate_set",
        f"pay_rate:{rate.id}",
        user=str(person.pseudonym) if person else None,
        team=rate.team_id,
        vendor=rate.vendor_id,
        project=rate.project_id,
        stage=rate.stage,
        basis=rate.basis,
        amount=None if rate.amount is None else str(rate.amount),
        currency=rate.currency,
        valid_from=rate.valid_from.isoformat(),
    )


def adjust(
    session: Session,
    person: User,
    *,
    day: date,
    amount: Decimal,
    currency: str,
    reason: str,
    by: User,
) -> PayAdjustment:
    """Add an amount to what `person` earned, or take it off; it stands in their next statement.

    Raises InvalidInput naming the field.
    """
    if person.role not in WORKERS:
        raise InvalidInput("there is no such labeller", field="person")
    check_money(amount, currency)
    lock(session)
    if amount == 0:
        raise InvalidInput("an adjustment of nothing adjusts nothing", field="amount")
    if day > affiliations.today(by):
        raise InvalidInput("this day is still to come", field="day")
    made = PayAdjustment(
        user_id=person.id,
        day=day,
        amount=amount,
        currency=currency,
        reason=clean_reason(reason, needed=True),
        by=by.id,
        at=clock_time.now(),
    )
    session.add(made)
    session.flush()
    audit_log.record(
        session,
        by,
        "pay.adjusted",
        f"user:{person.pseudonym}",
        adjustment=made.id,
        amount=str(amount),
        currency=currency,
        day=day.isoformat(),
    )
    return made
