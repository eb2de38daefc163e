"""Plots as plain SVG text: no script, no library, nothing fetched."""

from html import escape

import numpy as np

from quality.audit.words import short
from quality.measures.arrays import Floats, Ints

BLUE, RED, GREY = "#2f6690", "#c1443c", "#8a94a0"
WIDTH = 720


def bars(heights: Ints, ticks: list[tuple[float, str]], x_label: str, y_label: str) -> str:
    """A histogram. `ticks` are positions from 0 (left edge) to len(heights) with their text."""
    left, bottom, top, height = 64, 44, 26, 190
    tallest = max(int(heights.max(initial=0)), 1)
    step = (WIDTH - left - 30) / max(len(heights), 1)
    parts = _grid(tallest, left, top, height)
    for i, n in enumerate(heights):
        tall = height * n / tallest
        parts.append(
            f'<rect x="{left + i * step + 1:.1f}" y="{top + height - tall:.1f}" '
            f'width="{max(step - 2, 1):.1f}" height="{tall:.1f}" fill="{BLUE}">'
            f"<title>{n:,}</title></rect>"
        )
    for at, text in ticks:
        parts.append(_text(left + at * step, top + height + 16, text, "middle"))
    parts.append(_text(left + (WIDTH - left) / 2, top + height + 36, x_label, "middle"))
    parts.append(_text(4, 12, y_label, "start"))
    return _svg(top + height + bottom, parts, f"{y_label} by {x_label}")


def intervals(
    names: list[str], mean: Floats, low: Floats, high: Floats, red: list[bool], typical: float
) -> str:
    """One line a labeller: a dot with its 95 % interval, flagged ones red, from 0 to 100 %."""
    left, row, top = 210, 20, 26
    x = lambda value: left + (WIDTH - left - 24) * value  # noqa: E731
    bottom = top + row * len(names)
    parts = [_text(x(v), top - 10, f"{v * 100:.0f} %", "middle") for v in (0, 0.25, 0.5, 0.75, 1)]
    parts += [_line(x(v), top - 4, x(v), bottom, "#e3e7eb") for v in (0, 0.25, 0.5, 0.75, 1)]
    if not np.isnan(typical):
        parts.append(_line(x(typical), top - 4, x(typical), bottom, GREY, "4 3"))
    for i, name in enumerate(names):
        y, colour = top + row * (i + 0.5), RED if red[i] else BLUE
        parts.append(_text(left - 10, y + 4, short(name), "end"))
        parts.append(_line(x(low[i]), y, x(high[i]), y, colour, width=2))
        parts.append(f'<circle cx="{x(mean[i]):.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>')
    return _svg(bottom + 8, parts, "Accuracy of labellers with 95 % intervals")


def scatter(
    x: Floats, y: Floats, names: list[str], red: list[bool], x_ticks: list[tuple[float, str]],
    x_label: str, y_label: str,
) -> str:  # fmt: skip
    """Dots of y (0 to 1) over x, flagged ones red; `x_ticks` are values of x with their text."""
    left, top, height = 64, 30, 260
    low = min([v for v, _ in x_ticks] + [float(x.min())])
    high = max([v for v, _ in x_ticks] + [float(x.max())])
    across = lambda v: left + (WIDTH - left - 24) * (v - low) / max(high - low, 1e-9)  # noqa: E731
    parts = []
    for v in (0, 0.25, 0.5, 0.75, 1):
        at = top + height * (1 - v)
        parts += [
            _line(left, at, WIDTH - 16, at, "#e3e7eb"),
            _text(56, at + 4, f"{v * 100:.0f} %", "end"),
        ]
    for v, text in x_ticks:
        parts.append(_line(across(v), top, across(v), top + height, "#e3e7eb"))
        parts.append(_text(across(v), top + height + 16, text, "middle"))
    for i, name in enumerate(names):
        parts.append(
            f'<circle cx="{across(x[i]):.1f}" cy="{top + height * (1 - y[i]):.1f}" r="5" '
            f'fill="{RED if red[i] else BLUE}" fill-opacity=".7"><title>{escape(name)}</title>'
            "</circle>"
        )
    parts.append(_text(left + (WIDTH - left) / 2, top + height + 36, x_label, "middle"))
    parts.append(_text(4, 12, y_label, "start"))
    return _svg(top + height + 44, parts, f"{y_label} by {x_label}")


def heatmap(table: Ints, names: list[str], row_label: str, column_label: str) -> str:
    """Counts as squares shaded by their share of the row."""
    left, top = 190, 36 + 5.5 * max((min(len(name), 14) for name in names), default=0)
    cell = min(56.0, (WIDTH - left - 10) / max(len(names), 1))
    total = table.sum(axis=1)
    parts = [_text(4, top - 8, row_label, "start"), _text(left, 14, column_label, "start")]
    for i, name in enumerate(names):
        middle = top + cell * (i + 0.5)
        parts.append(_text(left - 8, middle + 4, short(name, 24), "end"))
        x = left + cell * (i + 0.5)
        parts.append(
            f'<text x="{x:.1f}" y="{top - 8}" transform="rotate(-40 {x:.1f} {top - 8})">'
            f"{escape(short(name, 14))}</text>"
        )
        for j in range(len(names)):
            part = table[i, j] / total[i] if total[i] else 0.0
            parts.append(_cell(left + cell * j, top + cell * i, cell, part, int(table[i, j])))
    return _svg(top + cell * len(names) + 8, parts, f"{row_label} against {column_label}")


def _cell(x: float, y: float, size: float, part: float, n: int) -> str:
    ink = "#fff" if part > 0.5 else "#1d2733"
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{size - 1:.1f}" height="{size - 1:.1f}" '
        f'fill="{BLUE}" fill-opacity="{0.04 + 0.96 * part:.3f}"><title>{n:,}</title></rect>'
        f'<text x="{x + size / 2:.1f}" y="{y + size / 2 + 4:.1f}" text-anchor="middle" '
        f'style="fill:{ink}">{_brief(n)}</text>'
    )


def _brief(n: int) -> str:
    if n >= 1_000_000:
        return f"{n / 1e6:.1f}M"
    return f"{n / 1e3:.0f}k" if n >= 10_000 else str(n)


def _grid(tallest: int, left: float, top: float, height: float) -> list[str]:
    parts = []
    for part in (0.0, 0.5, 1.0):
        y = top + height * (1 - part)
        parts.append(_line(left, y, WIDTH - 30, y, "#e3e7eb"))
        parts.append(_text(left - 6, y + 4, f"{round(tallest * part):,}", "end"))
    return parts


def _line(
    x1: float, y1: float, x2: float, y2: float, colour: str, dash: str = "", width: float = 1
) -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="{colour}" stroke-width="{width}"{dashes}/>'
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(height: float, parts: list[str], title: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(title)}">'
        + "".join(parts)
        + "</svg>"
    )
