"""Curves with bands as SVG: pure, names escaped, colours for light and for dark."""

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from metrics.svg import text

WIDTH, HEIGHT = 480, 260
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 12, 40
# Okabe and Ito, lighter where the dark page asks for it; each line has a dash of its own as well.
COLOURS = ("#2f86c1", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#6f8fa8")
FEW = 3
DASHES = ("", "7 3", "2 3", "9 3 2 3", "4 2", "1 2")


class Mark(NamedTuple):
    """A point of a curve at `x`, its band, what is said of it, and how many people it is of."""

    x: float
    low: float
    middle: float
    high: float
    said: str
    people: int


def share_curves(curves: Sequence[tuple[str, Sequence[Mark]]], most: float, title: str) -> str:
    """Shares over answers done, from where the lowest band begins up to 100 %."""
    lows = [mark.low for _, marks in curves for mark in marks]
    floor = math.floor(10 * min(lows, default=0.5)) / 10
    floor = min(max(floor, 0.0), 0.8)
    steps = 10 if floor >= 0.5 else 20
    ticks = [t / 100 for t in range(round(100 * floor), 101, steps)]
    return _curves(curves, most, title, (floor, 1.0), [(t, f"{100 * t:.0f} %") for t in ticks])


def time_curves(curves: Sequence[tuple[str, Sequence[Mark]]], most: float, title: str) -> str:
    """Seconds over answers done, from 0."""
    highest = max((mark.high for _, marks in curves for mark in marks), default=1.0)
    rounded = (s * 10**e for e in range(-1, 9) for s in (1, 2, 5))
    step = next(one for one in rounded if 6 * one >= highest)
    top = step * math.ceil(highest / step)
    ticks = [(step * i, f"{step * i:g} s") for i in range(round(top / step) + 1)]
    return _curves(curves, most, title, (0.0, top), ticks)


def key(i: int) -> str:
    """The line of the i-th curve, to stand beside its name."""
    return (
        '<svg width="30" height="12" aria-hidden="true" class="curve-key">'
        f'<line x1="1" y1="6" x2="29" y2="6" {_stroke(i)}/>'
        f'<circle cx="15" cy="6" r="3" fill="{COLOURS[i]}"/></svg>'
    )


def _curves(
    curves: Sequence[tuple[str, Sequence[Mark]]],
    most: float,
    title: str,
    span: tuple[float, float],
    ticks: Sequence[tuple[float, str]],
) -> str:
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(value: float) -> float:
        return LEFT + wide * value / most

    def y(value: float) -> float:
        part = (value - span[0]) / (span[1] - span[0])
        return TOP + high * (1 - min(max(part, 0.0), 1.0))

    parts = [_rule(y(value), words) for value, words in ticks]
    for value in range(0, round(most) + 1, _every(most)):
        parts.append(text(x(value), HEIGHT - BOTTOM + 18, f"{value}", "middle"))
    parts.append(text(LEFT + wide / 2, HEIGHT - 4, "answers done", "middle"))
    for i, (_, marks) in enumerate(curves):
        up = [f"{x(m.x):.1f},{y(m.high):.1f}" for m in marks]
        down = [f"{x(m.x):.1f},{y(m.low):.1f}" for m in reversed(marks)]
        band = " ".join(up + down)
        parts.append(f'<polygon points="{band}" fill="{COLOURS[i]}" fill-opacity="0.14"/>')
    for i, (name, marks) in enumerate(curves):
        line = " ".join(f"{x(m.x):.1f},{y(m.middle):.1f}" for m in marks)
        parts.append(f'<polyline points="{line}" fill="none" {_stroke(i)}/>')
        for m in marks:
            said = escape(f"{name}: {m.said}")
            parts.append(
                f'<circle cx="{x(m.x):.1f}" cy="{y(m.middle):.1f}" r="3.5" '
                f'fill="{COLOURS[i]}"{_thin(i) if m.people < FEW else ""}>'
                f"<title>{said}</title></circle>"
            )
        if len(curves) == 1:
            parts += [_number(x(m.x), y(m.middle), m.people) for m in marks]
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}" '
        f'class="curves">{"".join(parts)}</svg>'
    )


def _thin(i: int) -> str:
    """Of a point that stands for few: an outline."""
    return f' fill-opacity="0.2" stroke="{COLOURS[i]}" stroke-width="1.5"'


def _number(x: float, y: float, n: int) -> str:
    # Above the point, and below one at the upper edge.
    return text(x, y - 7 if y > TOP + 14 else y + 16, f"{n}", "middle")


def _every(most: float) -> int:
    return next(s for s in (50, 100, 250, 500, 1000, 10_000) if most <= 6 * s)


def _stroke(i: int) -> str:
    dash = f' stroke-dasharray="{DASHES[i]}"' if DASHES[i] else ""
    return f'stroke="{COLOURS[i]}" stroke-width="2"{dash}'


def _rule(y: float, words: str) -> str:
    line = (
        f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="currentColor" '
        'stroke-opacity="0.18"/>'
    )
    return line + text(LEFT - 6, y + 4, words, "end")
