"""The charts of My page as SVG: pure, from rows to markup, in colours that do in light and dark."""

from collections.abc import Sequence
from datetime import date
from html import escape
from typing import Protocol

from metrics.svg import text

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 640, 52, 8, 10, 26
# Okabe and Ito's blue, a little lighter: at least 3 to 1 on white and on the dark surface.
BLUE, GRID = "#2f86c1", "currentColor"


class Day(Protocol):
    """What is drawn of a day; see `metrics.reads.own.Day`."""

    @property
    def day(self) -> date: ...
    @property
    def submitted(self) -> int: ...
    @property
    def low_seconds(self) -> float | None: ...
    @property
    def median_seconds(self) -> float | None: ...
    @property
    def high_seconds(self) -> float | None: ...
    @property
    def timed_n(self) -> int: ...


def pace(days: Sequence[Day]) -> str:
    """The median active time of each day as a dot, the middle half of its answers as a line.

    A day without timed answers has neither.
    """
    known = [one for one in days if one.median_seconds is not None]
    top, ticks = _ticks(max((one.high_seconds or 0.0 for one in known), default=0.0))
    height = 190
    parts = _frame(days, ticks, top, height, " s")
    for i, one in enumerate(days):
        if one.median_seconds is None or one.low_seconds is None or one.high_seconds is None:
            continue
        x = _x(i, len(days))
        low, middle, high = (
            _y(v, top, height) for v in (one.low_seconds, one.median_seconds, one.high_seconds)
        )
        said = (
            f"{one.day:%a %d %b}: median {one.median_seconds:.1f} s of {one.timed_n}, half of them "
            f"between {one.low_seconds:.1f} s and {one.high_seconds:.1f} s"
        )
        parts.append(
            f'<g><title>{escape(said)}</title><line x1="{x:.1f}" y1="{low:.1f}" x2="{x:.1f}" '
            f'y2="{high:.1f}" stroke="{BLUE}" stroke-opacity="0.55" stroke-width="5" '
            f'stroke-linecap="round"/><circle cx="{x:.1f}" cy="{middle:.1f}" r="4" fill="{BLUE}"/>'
            "</g>"
        )
    return _svg(parts, height, "Median active time per answer and day, with the middle half")


def labels(days: Sequence[Day]) -> str:
    """How many answers were given on each day, as bars."""
    top, ticks = _ticks(float(max((one.submitted for one in days), default=0)), whole=True)
    height = 120
    parts = _frame(days, ticks, top, height, "")
    wide = 0.6 * (WIDTH - LEFT - RIGHT) / max(len(days), 1)
    for i, one in enumerate(days):
        if not one.submitted:
            continue
        x, y = _x(i, len(days)) - wide / 2, _y(one.submitted, top, height)
        tall = height - BOTTOM - y
        parts.append(
            f"<g><title>{one.day:%a %d %b}: {one.submitted} labels</title>"
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{tall:.1f}" rx="1.5" '
            f'fill="{BLUE}"/></g>'
        )
    return _svg(parts, height, "Labels per day")


def interval(value: float, low: float, high: float) -> str:
    """A share with its interval on a line from 0 to 100 %."""
    wide, middle = 180, 9
    x, a, b = (6 + share * (wide - 12) for share in (value, low, high))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} 18" width="{wide}" '
        f'height="18" aria-hidden="true"><line x1="6" y1="{middle}" x2="{wide - 6}" y2="{middle}" '
        f'stroke="{GRID}" stroke-opacity="0.3"/><line x1="{a:.1f}" y1="{middle}" x2="{b:.1f}" '
        f'y2="{middle}" stroke="{BLUE}" stroke-opacity="0.55" stroke-width="6" '
        f'stroke-linecap="round"/><circle cx="{x:.1f}" cy="{middle}" r="5" fill="{BLUE}"/></svg>'
    )


def _ticks(most: float, whole: bool = False) -> tuple[float, list[float]]:
    """The top of an axis that begins at 0, and two to five even ticks up to it."""
    if most <= 0:
        return 1.0, []
    step = 0.001
    while most / step > 5:
        for factor in (2, 2.5, 2):
            step *= factor
            if most / step <= 5:
                break
    if whole:
        step = max(1.0, float(round(step)))
    n = int(-(-most // step))
    return n * step, [i * step for i in range(n + 1)]


def _x(i: int, n: int) -> float:
    return LEFT + (i + 0.5) * (WIDTH - LEFT - RIGHT) / max(n, 1)


def _y(value: float, top: float, height: int) -> float:
    return height - BOTTOM - value / top * (height - TOP - BOTTOM)


def _frame(
    days: Sequence[Day], ticks: Sequence[float], top: float, height: int, unit: str
) -> list[str]:
    """Lines across with what they stand for, and a date for every seventh day up to the last."""
    parts = []
    for tick in ticks:
        y = _y(tick, top, height)
        parts.append(
            f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="{GRID}" '
            'stroke-opacity="0.18"/>'
        )
        parts.append(text(LEFT - 6, y + 4, f"{tick:g}{unit}", "end"))
    for i, one in enumerate(days):
        if (len(days) - 1 - i) % 7 == 0:
            anchor = "end" if i == len(days) - 1 else "middle"
            x = WIDTH - RIGHT if anchor == "end" else _x(i, len(days))
            parts.append(text(x, height - 8, f"{one.day:%d %b}", anchor))
    return parts


def _svg(parts: Sequence[str], height: int, title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'class="own-chart"><title>{escape(title)}</title>{"".join(parts)}</svg>'
    )
