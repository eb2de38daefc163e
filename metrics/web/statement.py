"""A statement as a page and as a file: the same for who pays and for who is paid."""

from collections.abc import Iterable
from decimal import Decimal

from flask import Response, render_template

from metrics.earnings import statements, words
from metrics.earnings.money import Line, together, total
from metrics.models import EarningsStatement
from ops.web.csv_files import csv_file


def statement_page(found: EarningsStatement, back: str, csv: str) -> str:
    """One statement, to read and to print."""
    lines = statements.lines(found)
    return render_template(
        "earnings/statement.html",
        found=found,
        lines=lines,
        groups=together(lines),
        sound=statements.digest(found.user, found) == found.digest,
        back=back,
        csv=csv,
        words=words,
    )


def csv_of(found: Iterable[EarningsStatement], name: str) -> Response:
    """Statements as one table to take away."""
    return csv_file(name, statements.COLUMNS, statements.rows(found))


def by_currency(lines: Iterable[Line]) -> dict[str, Decimal]:
    """What lines come to, by currency."""
    listed = list(lines)
    return {
        currency: total([line for line in listed if line.currency == currency], currency)
        for currency in sorted({line.currency for line in listed})
    }
