"""Pay, for administrators and onboarding managers: rates, what is earned, statements.

Pay is of the whole house: whoever may see it sees all of it, in every project. Leads, labellers and
clients see none of these pages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from apiflask import APIBlueprint
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from metrics.earnings import rates as setting
from metrics.earnings import settling, statements, words
from metrics.earnings.money import together
from metrics.web import pay_forms as forms
from metrics.web.statement import csv_of, statement_page
from ops import affiliations, pay, pay_book
from ops.errors import InvalidInput, NotFound
from ops.models import PayRate, Project, User
from ops.web import fields
from ops.web.identity import db, user

blueprint = APIBlueprint("pay", __name__, enable_openapi=False, template_folder="templates")

# How far back the page looks for what became known late; settling looks at all days.
SHOWN = timedelta(days=92)


@dataclass(frozen=True)
class Row:
    """A rate on the page: `state` is holds, coming or over; it ends before the day `until`."""

    rate: PayRate
    state: str
    until: date | None


@blueprint.get("/pay")
def index() -> ResponseReturnValue:
    """What holds today, what will, what held; and what somebody earns on a day, and why."""
    found = fields.identity(request.args.get("like"))
    rate = db().get(PayRate, found) if found else None
    return _rates_page(values=forms.like(rate) if rate else {})


@blueprint.post("/pay/rates")
def set_rate() -> ResponseReturnValue:
    """A rate from a day on, or the end of one."""
    try:
        with db().begin_nested():
            made = setting.set_rate(db(), forms.terms(request.form), by=user())
    except InvalidInput as error:
        return _rates_page(values=request.form, errors=error.errors), 422
    flash(f"From {made.valid_from}: {words.rate(made)}.", "success")
    return redirect(url_for("pay.index"), 303)


def _rates_page(values: object, errors: object = None) -> str:
    today, book = affiliations.today(user()), pay.book(db())
    names = words.Names(db())
    rows = sorted(
        (_row(book, rate, today) for rate in book),
        key=lambda row: (_width(row.rate), row.rate.valid_from, row.rate.id),
    )
    asked, faults = request.args, None
    answers: list[words.Answer] = []
    if asked.get("of"):
        try:
            answers = _why(names)
        except InvalidInput as error:
            faults = error.errors
    return render_template(
        "pay/rates.html",
        rows={
            state: [r for r in rows if r.state == state] for state in ("holds", "coming", "over")
        },
        names=names,
        scope_of=pay_book.scope_of,
        words=words,
        today=today,
        values=values,
        errors=errors,
        answers=answers,
        asked=asked,
        ask_errors=faults,
        **forms.choices(db()),
    )


def _width(rate: PayRate) -> tuple[int, ...]:
    # Everybody first, people last; every project before one.
    return tuple(
        part or 0 for part in (rate.user_id, rate.team_id, rate.vendor_id, rate.project_id)
    )


def _row(book: pay_book.Book, rate: PayRate, today: date) -> Row:
    until = book.until(rate)
    if rate.valid_from > today:
        return Row(rate, "coming", until)
    over = rate.amount is None or (until is not None and until <= today)
    return Row(rate, "over" if over else "holds", until)


def _why(names: words.Names) -> list[words.Answer]:
    asked = request.args
    person = forms.labeller(db(), asked.get("of", ""), "of")
    project = db().get(Project, forms.chosen(asked.get("in", ""), "in"))
    if project is None:
        raise InvalidInput("there is no such project", field="in")
    stage = asked.get("at", "label")
    if stage not in words.STAGE_WORDS:
        raise InvalidInput("there is no such stage", field="at")
    return words.why(db(), person, project, stage, fields.day(asked.get("on", ""), "on"), names)


@blueprint.get("/pay/statements")
def listed() -> ResponseReturnValue:
    """What is earned and not settled, of all or of one person; statements; adjustments by hand."""
    asked = request.args.get("of", "")
    one = db().get(User, forms.chosen(asked, "of")) if asked else None
    if asked and one is None:
        raise NotFound("There is no such person.")
    values = {"adjusted": one.id, "person": one.id} if one else {}
    return _statements_page(values=values, one=one)


@blueprint.post("/pay/settle")
def settle() -> ResponseReturnValue:
    """Settle what a person, a team or everybody earned up to a day."""
    form = request.form
    try:
        with db().begin_nested():
            person, team = (form.get(name, "") for name in ("person", "team"))
            who = settling.people(
                db(),
                person=forms.chosen(person, "person") if person else None,
                team=forms.chosen(team, "team") if team else None,
            )
            last = fields.day(form.get("last", ""), "last")
            made = settling.settle(db(), who, last, by=user())
    except InvalidInput as error:
        return _statements_page(values=form, settle_errors=error.errors), 422
    settled = f"{len(made)} {'statement' if len(made) == 1 else 'statements'} up to {last}"
    flash(f"{settled}." if made else f"Nothing was left to settle up to {last}.", "success")
    return redirect(url_for("pay.listed"), 303)


@blueprint.post("/pay/adjustments")
def adjust() -> ResponseReturnValue:
    """A bonus or a correction by hand, with its reason."""
    form = request.form
    try:
        with db().begin_nested():
            person = forms.labeller(db(), form.get("adjusted", ""), "adjusted")
            made = pay.adjust(
                db(),
                person,
                day=fields.day(form.get("day", ""), "day"),
                amount=pay.decimal(form.get("amount", "")),
                currency=form.get("currency", "").strip().upper(),
                reason=form.get("reason", ""),
                by=user(),
            )
    except InvalidInput as error:
        return _statements_page(values=form, adjust_errors=error.errors), 422
    flash(f"{words.money(made.amount, made.currency)} for {person.name}: it stands in the next "
          "statement.", "success")  # fmt: skip
    return redirect(url_for("pay.listed"), 303)


def _statements_page(values: object, one: User | None = None, **faults: object) -> str:
    who = settling.people(db(), person=one.id if one else None)
    last = settling.last_whole_day(db(), who)
    accounts = settling.open_accounts(db(), who, last, back=SHOWN) if last else []
    return render_template(
        "pay/statements.html",
        one=one,
        accounts=accounts,
        together=together,
        last=last,
        usual=_usual(last, accounts),
        statements=statements.newest(db(), of=one),
        today=affiliations.today(user()),
        words=words,
        values=values,
        **{"settle_errors": None, "adjust_errors": None, **faults},
        **forms.choices(db()),
    )


def _usual(last: date | None, accounts: Sequence[settling.Open]) -> date | None:
    """The newest end of a month that leaves something to settle, else the last day there is."""
    if last is None or not accounts:
        return last
    month_end = (last + timedelta(days=1)).replace(day=1) - timedelta(days=1)
    return month_end if min(one.first_day for one in accounts) <= month_end else last


@blueprint.get("/pay/statements.csv")
def export() -> ResponseReturnValue:
    """The statements that end on a day, as one table."""
    try:
        last = fields.day(request.args.get("last", ""), "last")
    except InvalidInput as error:
        raise NotFound(error.message) from None
    return csv_of(statements.up_to(db(), last), f"earnings-{last}")


@blueprint.get("/pay/statements/<int:statement_id>")
def statement(statement_id: int) -> ResponseReturnValue:
    """One statement, to read and to print."""
    found = statements.find(db(), statement_id)
    return statement_page(found, url_for("pay.listed"), url_for("pay.statement_csv",
                                                                statement_id=found.id))  # fmt: skip


@blueprint.get("/pay/statements/<int:statement_id>.csv")
def statement_csv(statement_id: int) -> ResponseReturnValue:
    """One statement as a table."""
    found = statements.find(db(), statement_id)
    return csv_of([found], f"earnings-{found.id}")
