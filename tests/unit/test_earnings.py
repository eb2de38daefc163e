"""Rates and lines against a plain reading of the rules, on random rates and random work."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.earnings import money
from metrics.earnings.counted import Done
from metrics.earnings.lines import earned, unsettled
from metrics.earnings.money import Key, Line
from ops import pay_book
from ops.models import PAY_BASES, PayRate

FIRST = date(2026, 3, 1)
DAYS = 6
WHOM = ((None, None, None), (1, None, None), (None, 1, None), (None, 2, None), (None, None, 1))


def rates(most: int = 12) -> st.SearchStrategy[list[PayRate]]:
    one = st.builds(
        lambda whom, project, stage, basis, amount, day: PayRate(
            user_id=whom[0], team_id=whom[1], vendor_id=whom[2], project_id=project, stage=stage,
            basis=basis, amount=amount, currency="EUR", valid_from=FIRST + timedelta(days=day),
        ),
        st.sampled_from(WHOM), st.sampled_from((None, 1)), st.sampled_from((None, "label")),
        st.sampled_from(PAY_BASES), st.none() | st.decimals(0, 20, places=4),
        st.integers(-2, DAYS),
    )  # fmt: skip
    return st.lists(one, max_size=most).map(_numbered)


def _numbered(found: list[PayRate]) -> list[PayRate]:
    for number, one in enumerate(found, 1):
        one.id = number
    return found


PLACES = list(product((None, 1, 2), (None, 1), (1, 2), ("label", "review"), range(DAYS)))


def works() -> st.SearchStrategy[list[Done]]:
    one = st.builds(
        lambda at, ms, labels, refused: Done(
            pay_book.Work(1, *at[:4], FIRST + timedelta(days=at[4])),
            ms, labels, labels - min(refused, Decimal(labels)),
        ),
        st.sampled_from(PLACES), st.integers(0, 20_000_000), st.integers(0, 300),
        st.decimals(0, 40, places=6),
    )  # fmt: skip
    return st.lists(one, max_size=12, unique_by=lambda row: row.work)


def plainly(rates: list[PayRate], work: pay_book.Work) -> PayRate | None:
    """The rate that holds, by reading the rule one sentence after the other."""
    begun = [r for r in rates if r.valid_from <= work.day]
    in_force = [
        r for r in begun
        if not any(pay_book.scope_of(o) == pay_book.scope_of(r)
                   and (o.valid_from, o.id) > (r.valid_from, r.id) for o in begun)
    ]  # fmt: skip
    fits = [
        r for r in in_force
        if r.amount is not None
        and r.user_id in (None, work.user_id) and r.team_id in (None, work.team_id)
        and r.vendor_id in (None, work.vendor_id) and r.project_id in (None, work.project_id)
        and r.stage in (None, work.stage)
    ]  # fmt: skip
    whom = [lambda r: r.user_id, lambda r: r.team_id, lambda r: r.vendor_id]
    fits.sort(key=lambda r: (*(w(r) is not None for w in whom), r.project_id is not None,
                             r.stage is not None))  # fmt: skip
    return fits[-1] if fits else None


def owed(rates: list[PayRate], rows: list[Done], until: date | None = None) -> Fraction:
    """What the work comes to, added up without lines."""
    sum_ = Fraction()
    for row in rows:
        rate = plainly(rates, row.work)
        if rate is not None and (until is None or row.work.day <= until):
            units = {
                "hour": Fraction(row.active_ms, 3_600_000),
                "label": Fraction(row.labels),
                "accepted": Fraction(row.accepted),
            }
            sum_ += units[rate.basis] * Fraction(rate.amount)
    return sum_


@settings(max_examples=60, deadline=None)
@given(rates(), works())
def test_lines_add_up_to_what_the_rules_say(rates, rows):
    book = pay_book.Book(rates)
    for row in rows:
        assert book.holds(row.work) is plainly(rates, row.work)
    lines = earned(rows, book, {}).values()
    assert sum((line.amount for line in lines), Fraction()) == owed(rates, rows)
    written = [money.read(line.written(), "EUR") for line in lines]
    assert sum((line.amount for line in written), Fraction()) == owed(rates, rows)
    cents = Decimal(owed(rates, rows).numerator * 100) / owed(rates, rows).denominator
    assert money.total(lines, "EUR") == cents.quantize(1, ROUND_HALF_UP) / 100


@settings(max_examples=40, deadline=None)
@given(rates(8), rates(6), works(), st.integers(0, DAYS))
def test_a_rate_from_tomorrow_changes_nothing_of_yesterday(before, later, rows, today):
    last = FIRST + timedelta(days=today)
    for number, rate in enumerate(later, len(before) + 1):
        rate.id, rate.valid_from = number, max(rate.valid_from, last + timedelta(days=1))
    past = [row for row in rows if row.work.day <= last]
    assert earned(past, pay_book.Book(before), {}) == earned(
        past, pay_book.Book(before + later), {}
    )


@settings(max_examples=40, deadline=None)
@given(rates(8), works(), st.data())
def test_statements_add_up_however_late_the_work_becomes_known(rates, rows, data):
    """What is known grows and shrinks between settlements; nothing is lost, nothing paid twice."""
    book, settled, until = pay_book.Book(rates), [], None
    for step in range(0, DAYS, 2):
        until_now = FIRST + timedelta(days=step)
        known = [
            row._replace(labels=data.draw(st.integers(0, row.labels)))
            for row in rows
            if row.work.day <= until_now and data.draw(st.booleans())
        ]
        settled += unsettled(earned(known, book, {}), settled, until)
        until = until_now
        assert sum((line.amount for line in settled), Fraction()) == owed(rates, known)
    settled += unsettled(earned(rows, book, {}), settled, until)
    assert sum((line.amount for line in settled), Fraction()) == owed(rates, rows)
    assert unsettled(earned(rows, book, {}), settled, FIRST + timedelta(days=DAYS)) == []


@pytest.mark.parametrize(
    ("amount", "currency", "total"),
    [
        ("0.005", "EUR", "0.01"),
        ("-0.005", "EUR", "-0.01"),
        ("0.00499", "EUR", "0.00"),
        ("10.5", "JPY", "11"),
        ("1.0005", "KWD", "1.001"),
    ],
)
def test_a_total_is_rounded_to_the_coin_half_a_coin_away_from_zero(amount, currency, total):
    line = Line(Key(FIRST, 0, "", 0, 1), "", Decimal(0), Decimal(amount), currency)
    assert str(money.total([line], currency)) == total


def test_only_the_total_is_rounded():
    """Three times a third of a cent is a cent, not three times nothing."""
    third = Line(Key(FIRST, 1, "label", 1), "hour", Decimal(1), Decimal("12"), "EUR")
    assert money.total([third], "EUR") == 0
    assert money.total([third] * 3, "EUR") == Decimal("0.01")
