"""Hours planned and worked as SVG: pure, names escaped, colours for light and for dark."""

import math
from collections.abc import Sequence
from datetime import date
from html import escape

from metrics.svg import text

WIDTH, ROW, LEFT, RIGHT = 640, 24, 170, 110
HEIGHT, TOP, BOTTOM = 170, 12, 26
# Okabe and Ito's blue, a little lighter; what is planned is an outline around it.
WORKED, PLANNED = "#2f86c1", "currentColor"
MISSING = "#d1702b"
SPARE = f'fill="{WORKED}" fill-opacity="0.18" stroke="{WORKED}" stroke-width="1"'
LONGEST = 22


def people(rows: Sequence[tuple[str, float, float, float]]) -> str:
    """A row for each (name, planned, planned up to now, active hours): worked as a bar, planned as
    an outline around it, a mark where the plan stands by now."""
    most = max((max(row[1:]) for row in rows), default=0) or 1
    span = WIDTH - LEFT - RIGHT
    parts = []
    for i, (name, planned, due, active) in enumerate(rows):
        y = i * ROW
        short = name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
        said = f"{name}: planned {planned:.1f} h, {due:.1f} h of it by now; active {active:.1f} h"
        mark = LEFT + span * due / most
        parts += [
            f"<g><title>{escape(said)}</title>",
            text(LEFT - 8, y + 16, short, "end"),
            f'<rect x="{LEFT}" y="{y + 7}" width="{span * active / most:.1f}" height="10" '
            f'fill="{WORKED}"/>',
            f'<rect x="{LEFT}" y="{y + 4}" width="{span * planned / most:.1f}" height="16" rx="2" '
            f'fill="none" stroke="{PLANNED}" stroke-opacity="0.6"/>',
            f'<line x1="{mark:.1f}" y1="{y + 2}" x2="{mark:.1f}" y2="{y + 22}" '
            f'stroke="{PLANNED}" stroke-width="2"/>' if 0 < due < planned else "",
            text(LEFT + span * max(planned, active) / most + 6, y + 16,
                  _of(active, planned), "start"),
            "</g>",
        ]  # fmt: skip
    return _svg(parts, max(len(rows), 1) * ROW, "Hours planned and worked by each person")


def _of(active: float, planned: float) -> str:
    """Active of planned hours, where there are planned ones; of less than one hour two digits."""
    worked = f"{active:.2f}" if 0 < active < 0.95 else f"{active:.1f}"
    return f"{worked} of {planned:.1f} h" if planned else f"{worked} h"


def days(rows: Sequence[tuple[date, float, float, float]]) -> str:
    """A column for each (day, planned, planned up to now, active hours)."""
    most = max((max(row[1:]) for row in rows), default=0) or 1
    step = next(s for s in (1, 2, 4, 8, 16, 32) if most <= 4 * s or s == 32)
    top = step * math.ceil(most / step)
    left, room = 40, HEIGHT - TOP - BOTTOM
    wide = (WIDTH - left) / max(len(rows), 1)
    parts = []
    for tick in range(0, top + 1, step):
        y = HEIGHT - BOTTOM - room * tick / top
        parts.append(
            f'<line x1="{left}" y1="{y:.1f}" x2="{WIDTH}" y2="{y:.1f}" stroke="{PLANNED}" '
            'stroke-opacity="0.18"/>'
        )
        parts.append(text(left - 6, y + 4, f"{tick} h", "end"))
    for i, (day, planned, due, active) in enumerate(rows):
        x = left + i * wide
        said = f"{day:%a %-d %b}: planned {planned:.1f} h, {due:.1f} h of it by now; " \
               f"active {active:.1f} h"  # fmt: skip
        tall, worked = (room * value / top for value in (planned, active))
        base = HEIGHT - BOTTOM
        parts += [
            f"<g><title>{escape(said)}</title>",
            f'<rect x="{x + wide * 0.28:.1f}" y="{base - worked:.1f}" width="{wide * 0.44:.1f}" '
            f'height="{worked:.1f}" fill="{WORKED}"/>',
            f'<rect x="{x + wide * 0.15:.1f}" y="{base - tall:.1f}" width="{wide * 0.7:.1f}" '
            f'height="{tall:.1f}" rx="2" fill="none" stroke="{PLANNED}" stroke-opacity="0.6"/>',
            "</g>",
        ]
        if day.weekday() == 0:
            parts.append(text(x + wide / 2, HEIGHT - 8, f"{day:%-d %b}", "middle"))
    return _svg(parts, HEIGHT, "Hours planned and worked on each day")


def capacity(
    weeks: Sequence[date], skills: Sequence[tuple[str, Sequence[tuple[float, float, float]]]]
) -> str:
    """A row for each skill, a column for each week: (covered, missing, spare) hours, stacked."""
    most = max((sum(cell) for _, cells in skills for cell in cells), default=0) or 1
    tall, head, left = 84, 24, 150
    wide = (WIDTH - left) / max(len(weeks), 1)
    parts = [text(left + (i + 0.5) * wide, 15, f"{week:%-d %b}", "middle")
             for i, week in enumerate(weeks)]  # fmt: skip
    for row, (name, cells) in enumerate(skills):
        base = head + (row + 1) * tall - 14
        short = name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
        parts.append(text(left - 10, base - 2, short, "end"))
        parts.append(f'<line x1="{left}" y1="{base}" x2="{WIDTH}" y2="{base}" stroke="{PLANNED}" '
                     'stroke-opacity="0.3"/>')  # fmt: skip
        for i, (covered, missing, spare) in enumerate(cells):
            x, y = left + (i + 0.5) * wide - 14, float(base)
            said = (f"{name}, week of {weeks[i]:%-d %b}: {covered:.0f} h covered, {missing:.0f} h "
                    f"missing, {spare:.0f} h to spare")  # fmt: skip
            parts.append(f"<g><title>{escape(said)}</title>")
            for hours, look in ((covered, f'fill="{WORKED}"'), (missing, f'fill="{MISSING}"'),
                                (spare, SPARE)):  # fmt: skip
                high = (tall - 30) * hours / most
                y -= high
                if high >= 0.5:
                    parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="28" height="{high:.1f}" '
                                 f"{look}/>")  # fmt: skip
            words = f"−{missing:.0f} h" if missing >= 0.5 else ""
            parts += [text(x + 14, y - 4, words, "middle"), "</g>"]
    return _svg(parts, head + max(len(skills), 1) * tall, "Hours by skill and week")


def _svg(parts: Sequence[str], height: float, title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img" '
        f'class="hours-chart"><title>{escape(title)}</title>{"".join(parts)}</svg>'
    )
