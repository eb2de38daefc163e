"""Figures in words: a value, its support and interval, and the change against the period before."""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

UNDEFINED = "undefined"
# What would define each figure, where it is undefined.
NEEDS = {
    "labels": "Counted once labels are submitted.",
    "active_hours": "Counted once somebody works at the desk.",
    "efficiency": "Needs labels with active time.",
    "gold": "Needs answers to gold: mark known assets as gold.",
    "agreement": "Needs assets with a consensus: ask for two answers or more.",
    "acceptance": "Needs reviewed labels: draw a review sample of a batch.",
}


# What the n of a figure counts.
OF = {
    "efficiency": "labels",
    "gold": "answers",
    "agreement": "answers",
    "acceptance": "reviews",
    "skip_rate": "decisions",
    "expiry_rate": "leases",
}


@dataclass(frozen=True)
class Change:
    """Words for a change, and whether it is good (1), bad (-1) or neither (0)."""

    text: str
    sense: int


def value(key: str, unit: str, number: float) -> str:
    """A figure as people write it."""
    if math.isnan(number):
        return UNDEFINED
    if unit == "share":
        return percent(number)
    if key == "labels":
        return f"{number:,.0f}"
    if key == "active_hours":
        return hours(number)
    return f"{number:,.0f}" if number >= 100 else f"{number:.1f}"


def percent(number: float | None) -> str:
    """0.9563 → 95.6 %; NaN or None is undefined."""
    return UNDEFINED if _missing(number) else f"{100 * float(number or 0):.1f} %"


def rate(number: float | None, low: Any = None, high: Any = None, n: Any = None) -> str:
    """A share with its 95 % interval and its support: 95.6 % (93.1 – 97.2 %, n = 512)."""
    if _missing(number):
        return UNDEFINED
    within = [] if _missing(low) or _missing(high) else [f"{100 * low:.1f} – {100 * high:.1f} %"]
    within += [] if _missing(n) else [f"n = {n:,.0f}"]
    return percent(number) + (f" ({', '.join(within)})" if within else "")


def hours(number: float) -> str:
    """Hours to a readable precision, minutes below two hours."""
    if number < 2:
        return f"{60 * number:.0f} min"
    return f"{number:,.1f} h" if number < 100 else f"{number:,.0f} h"


def seconds(number: float | None) -> str:
    """Seconds with one digit, minutes from two minutes on."""
    if _missing(number):
        return UNDEFINED
    s = float(number or 0)
    return f"{s:.1f} s" if s < 120 else f"{s / 60:.1f} min"


def interval(row: Any) -> str:
    """The 95 % interval of a row of the overview; empty where there is none."""
    if _missing(row.low) or _missing(row.high):
        return ""
    if row.unit == "share":
        return f"{100 * row.low:.1f} – {100 * row.high:.1f} %"
    return f"{row.low:,.0f} – {row.high:,.0f}"


def support(row: Any) -> str:
    """What a figure rests on."""
    if row.unit in ("labels", "hours"):
        return "a full count, no estimate"
    return "" if _missing(row.n) or row.n == 0 else f"n = {row.n:,.0f} {OF[row.key]}"


def change(row: Any, days: int) -> Change:
    """How a row of the overview moved against the period before it.

    A share moves by percentage points and counts as moved when the 95 % interval of the difference
    leaves 0 out (R. G. Newcombe, Statistics in Medicine 17, 1998, method 10); efficiency likewise,
    from the intervals of both ratios. Counts are counts: every change is one.
    """
    then = f"the {days} days before"
    if _missing(row.now) or _missing(row.before):
        return Change(f"nothing to compare with in {then}", 0)
    step = row.now - row.before
    if row.unit == "share":
        text = f"{100 * step:+.1f} points"
    elif row.before == 0:
        return Change(f"none in {then}", 0)
    else:
        text = f"{100 * step / row.before:+.0f} %"
    text = text.replace("-", "−")
    if not _moved(row, step):
        return Change(f"no clear change ({text})", 0)
    if row.unit in ("labels", "hours") and row.before_days < days / 2:
        # A count over days without work is no yardstick: the change is told, not praised.
        return Change(f"{text} on {then}, with work on {row.before_days:.0f} of them", 0)
    sense = 0 if step == 0 else int(math.copysign(1, step)) * int(row.better)
    return Change(f"{text} on {then}", sense)


def _moved(row: Any, step: float) -> bool:
    if row.unit in ("labels", "hours"):
        return True
    edges = (row.low, row.high, row.before_low, row.before_high)
    if any(_missing(edge) for edge in edges):
        return False
    below = math.hypot(row.now - row.low, row.before_high - row.before)
    above = math.hypot(row.high - row.now, row.before - row.before_low)
    return step - below > 0 or step + above < 0


def is_moment(value: Any) -> bool:
    """Whether it is a moment: pandas counts "no moment" among them, with a year that is none."""
    return isinstance(value, datetime) and not math.isnan(value.year)


def _missing(number: Any) -> bool:
    return number is None or math.isnan(number)


def questions(found: Any) -> str:
    """How many were asked, how many wait, and how long the first answer took."""
    if not found.asked:
        return "Nobody asked anything."
    many = "question was" if found.asked == 1 else "questions were"
    text = f"{found.asked:,} {many} asked, {found.unresolved:,} not resolved. "
    wait = found.first_answer
    if wait.median is None:
        return f"{text}None is answered yet."
    text += f"First answer after {hours(wait.median / 3600)} in the median (n = {wait.n:,}"
    if wait.low is None:
        return f"{text}, too few for an interval)."
    return f"{text}, 95 %: {hours(wait.low / 3600)} – {hours(wait.high / 3600)})."
