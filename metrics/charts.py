"""Charts of a report as SVG, for the page and for the PDF. What comes from outside is escaped."""

from collections.abc import Sequence
from html import escape
from typing import Any

from metrics.svg import FAMILY, printable, text

WIDTH, ROW, LEFT, RIGHT = 640, 26, 170, 110
BAR, GRID = "#2f6f9f", "#c3cad3"
# Of a whole, told apart with any colour vision (Okabe and Ito).
PARTS = ("#0072b2", "#e69f00", "#8a94a3")
FONT = f'font-family="{FAMILY}" font-size="13"'
LONGEST_NAME = 22
# Of a heat map: room above it for slanted names, and the side of a cell.
TOP, CELL, LONGEST_ABOVE = 96, 36, 16


def in_parts(rows: Sequence[Any], most: int = 24) -> list[Sequence[Any]]:
    """Rows in parts of `most` at most and about one size: no chart is longer than a page."""
    n = -(-len(rows) // most)
    size = -(-len(rows) // n) if n else 1
    return [rows[i : i + size] for i in range(0, len(rows), size)]


def class_balance(classes: Sequence[dict[str, Any]], most: int | None = None) -> str:
    """A bar per class: how many labels it has, and which share; a whole bar is `most` of them."""
    most = most or max((c["n"] for c in classes), default=0) or 1
    parts = []
    for i, c in enumerate(classes):
        y = i * ROW
        width = (WIDTH - LEFT - RIGHT) * c["n"] / most
        share = "" if c["share"] is None else f" ({100 * c['share']:.1f} %)"
        parts += [
            _name(c["name"], y),
            f'<rect x="{LEFT}" y="{y + 5}" width="{width:.1f}" height="16" rx="2" fill="{BAR}"/>',
            _text(LEFT + width + 6, y, f"{c['n']}{share}"),
        ]
    return _svg(len(classes) * ROW, parts, "Labels of each class")


def class_accuracy(classes: Sequence[dict[str, Any]], asked: float) -> str:
    """Accuracy of each class with its interval, on an axis from 0 to 100 %."""
    span, parts = WIDTH - LEFT - RIGHT, []
    bottom = len(classes) * ROW
    for tick in (0, 0.25, 0.5, 0.75, 1):
        x = LEFT + span * tick
        parts.append(
            f'<line x1="{x}" y1="0" x2="{x}" y2="{bottom}" stroke="{GRID}" stroke-width="1"/>'
        )
        parts.append(_text(x, bottom, f"{100 * tick:.0f} %", anchor="middle"))
    x = LEFT + span * asked
    parts.append(
        f'<line x1="{x:.1f}" y1="0" x2="{x:.1f}" y2="{bottom}" stroke="#b3541e" '
        'stroke-width="1.5" stroke-dasharray="4 3"/>'
    )
    for i, c in enumerate(classes):
        parts += [_name(c["name"], i * ROW), *_interval(c, i * ROW, span)]
    return _svg(bottom + ROW, parts, "Accuracy of each class with its interval")


def fates(rows: Sequence[tuple[str, Sequence[float], int]], names: Sequence[str]) -> str:
    """A bar per row (name, shares that add up to 1, n), cut by shares in the order of `names`."""
    span, parts = WIDTH - LEFT - RIGHT, _key(names)
    for i, (name, shares, n) in enumerate(rows, start=1):
        x, y = float(LEFT), i * ROW
        parts.append(_name(name, y))
        for j, part in enumerate(shares):
            said = f"<title>{escape(printable(name))}: {names[j]} {100 * part:.0f} %</title>"
            parts.append(
                f'<rect x="{x:.1f}" y="{y + 5}" width="{span * part:.1f}" height="16" '
                f'fill="{PARTS[j]}">{said}</rect>'
            )
            x += span * part
        parts.append(_text(WIDTH - RIGHT + 8, y, f"n {n}"))
    return _svg((len(rows) + 1) * ROW, parts, f"Drafts by labeller: {', '.join(names)}")


def heat_map(
    names: Sequence[str], values: Sequence[Sequence[float]], shared: Sequence[Sequence[int]]
) -> str:
    """Who agrees with whom: a cell for every two of `names`, the darker the more of what the two
    `shared` they agree on (`values`, 0 to 1). Two who share nothing have an empty cell."""
    side = min(CELL, (WIDTH - LEFT) / max(len(names), 1))
    parts = []
    for i, name in enumerate(names):
        parts.append(_name(name, TOP + i * side + (side - ROW) / 2))
        parts.append(_above(name, LEFT + (i + 0.5) * side))
        for j, other in enumerate(names):
            if i != j:
                at = LEFT + j * side, TOP + i * side
                parts += _cell(*at, side, values[i][j], shared[i][j], f"{name}, {other}")
    return _svg(TOP + len(names) * side, parts, "How far two labellers agree")


def _cell(x: float, y: float, side: float, value: float, n: int, who: str) -> list[str]:
    frame = f'x="{x:.1f}" y="{y:.1f}" width="{side - 2:.1f}" height="{side - 2:.1f}" rx="2"'
    who = escape(printable(who))
    if not n:
        said = f"<title>{who}: no item shared</title>"
        return [f'<rect {frame} fill="none" stroke="{GRID}" stroke-dasharray="3 3">{said}</rect>']
    said = f"<title>{who}: {100 * value:.0f} % of {n} shared items</title>"
    # From chance-like to alike: what is below a half is all light.
    strength = 0.08 + 0.92 * max(0.0, min(1.0, (value - 0.3) / 0.7))
    ink = "#ffffff" if strength > 0.85 else "currentColor"
    return [
        f'<rect {frame} fill="{BAR}" fill-opacity="{strength:.2f}">{said}</rect>',
        f'<text x="{x + side / 2 - 1:.1f}" y="{y + side / 2 + 4:.1f}" text-anchor="middle" '
        f'fill="{ink}" pointer-events="none" {FONT}>{100 * value:.0f}</text>',
    ]


def _above(name: str, x: float) -> str:
    short = name if len(name) <= LONGEST_ABOVE else name[: LONGEST_ABOVE - 1] + "…"
    return (
        f'<text transform="translate({x + 4:.1f} {TOP - 8}) rotate(-45)" fill="currentColor" '
        f"{FONT}>{escape(printable(short))}</text>"
    )


def _key(names: Sequence[str]) -> list[str]:
    parts, x = [], LEFT
    for colour, name in zip(PARTS, names, strict=False):
        parts.append(f'<rect x="{x}" y="7" width="12" height="12" fill="{colour}"/>')
        parts.append(_text(x + 18, 0, name))
        x += 120
    return parts


def _interval(c: dict[str, Any], y: int, span: float) -> list[str]:
    if c["value"] is None:
        return [_text(LEFT + 6, y, "undefined: none reviewed", muted=True)]
    low, high, value = (LEFT + span * c[k] for k in ("low", "high", "value"))
    middle = y + ROW / 2
    return [
        f'<line x1="{low:.1f}" y1="{middle}" x2="{high:.1f}" y2="{middle}" stroke="{BAR}" '
        'stroke-width="3"/>',
        f'<circle cx="{value:.1f}" cy="{middle}" r="5" fill="{BAR}"/>',
        _text(WIDTH - RIGHT + 8, y, f"{100 * c['value']:.1f} %, n {c['n']}"),
    ]


def _name(name: str, y: float) -> str:
    short = name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
    return _text(LEFT - 8, y, short, anchor="end")


def _text(x: float, y: float, words: str, *, anchor: str = "start", muted: bool = False) -> str:
    return text(x, y + 18, words, anchor, size=13, opacity=0.7 if muted else 1)


def _svg(height: float, parts: Sequence[str], title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {max(height, 1):.0f}" '
        f'width="{WIDTH}" height="{max(height, 1):.0f}" role="img"><title>{escape(title)}</title>'
        f"{''.join(parts)}</svg>"
    )
