"""Money, exact: lines of what was earned, and the one place where it is rounded.

An amount per active hour of some milliseconds has no finite decimal form, so sums are fractions.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any, NamedTuple

# ISO 4217: the decimals of a currency's smallest coin, where they are not two.
COINS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX",
                     "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}  # fmt: skip
# What a rate counts in.
UNITS = {"hour": "active seconds", "label": "labels", "accepted": "accepted labels", "": ""}
HOUR_SECONDS = 3600
# Decimals of the amount that a line shows; sums do not come from it.
SHOWN = Decimal("0.000001")


class Key(NamedTuple):
    """What two lines about the same work agree on. Adjustments are of no project, stage or rate."""

    day: date
    project_id: int
    stage: str
    rate_id: int
    adjustment_id: int = 0


@dataclass(frozen=True)
class Line:
    """What was earned on one day, in one project and stage, by one rate; or an adjustment.

    `quantity` is in UNITS of the basis; an adjustment has none, and its amount as `rate`. `late`
    lines are differences: what became known of a day after it was settled.
    """

    key: Key
    basis: str
    quantity: Decimal
    rate: Decimal
    currency: str
    project: str = ""
    reason: str = ""
    late: bool = False

    @property
    def amount(self) -> Fraction:
        """What it comes to, exactly."""
        if self.key.adjustment_id:
            return Fraction(self.rate)
        units = Fraction(self.quantity)
        return (units / HOUR_SECONDS if self.basis == "hour" else units) * Fraction(self.rate)

    def less(self, settled: Decimal) -> "Line":
        """The difference to a quantity that was settled."""
        return replace(self, quantity=self.quantity - settled, late=True)

    def written(self) -> dict[str, Any]:
        """As a statement keeps it: JSON, numbers as text."""
        return {
            "day": self.key.day.isoformat(),
            "project_id": self.key.project_id or None,
            "project": self.project,
            "stage": self.key.stage,
            "basis": self.basis or "adjustment",
            "quantity": plain(self.quantity),
            "unit": UNITS[self.basis],
            "rate": plain(self.rate),
            "amount": plain(shown(self.amount)),
            "late": self.late,
            "reason": self.reason,
            "rate_id": self.key.rate_id or None,
            "adjustment_id": self.key.adjustment_id or None,
        }


def read(line: dict[str, Any], currency: str) -> Line:
    """A line as it was written."""
    key = Key(
        date.fromisoformat(line["day"]), line["project_id"] or 0, line["stage"],
        line["rate_id"] or 0, line["adjustment_id"] or 0,
    )  # fmt: skip
    basis = "" if key.adjustment_id else line["basis"]
    return Line(key, basis, Decimal(line["quantity"]), Decimal(line["rate"]), currency,
                line["project"], line["reason"], line["late"])  # fmt: skip


@dataclass(frozen=True)
class Group:
    """Lines of one project, stage and rate together; adjustments one by one."""

    line: Line
    quantity: Decimal
    amount: Fraction
    days: int


def together(lines: Iterable[Line]) -> list[Group]:
    """Lines without their days: by project, stage, rate and whether they were late."""
    found: dict[tuple[Any, ...], list[Line]] = {}
    for line in lines:
        key = (line.currency, line.project, line.key.project_id, line.key.stage, line.key.rate_id,
               line.late, line.key.adjustment_id)  # fmt: skip
        found.setdefault(key, []).append(line)
    return [
        Group(
            some[0],
            sum((line.quantity for line in some), Decimal(0)),
            sum((line.amount for line in some), Fraction()),
            len({line.key.day for line in some}),
        )
        for _, some in sorted(found.items())
    ]


def total(lines: Iterable[Line], currency: str) -> Decimal:
    """The sum of lines of one currency in its smallest coin, half a coin up (away from zero)."""
    return rounded(sum((line.amount for line in lines), Fraction()), currency)


def rounded(amount: Fraction, currency: str) -> Decimal:
    """An exact amount in the smallest coin of its currency, half a coin away from zero."""
    coin = 10 ** COINS.get(currency, 2)
    coins, rest = divmod(abs(amount) * coin, 1)
    whole = int(coins) + (rest >= Fraction(1, 2))
    return Decimal(whole if amount >= 0 else -whole).scaleb(-COINS.get(currency, 2))


def shown(amount: Fraction) -> Decimal:
    """An amount to read, with six decimals."""
    return (Decimal(amount.numerator) / Decimal(amount.denominator)).quantize(SHOWN, ROUND_HALF_UP)


def plain(number: Decimal) -> str:
    """A number as text, without an exponent and without zeros at its end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
