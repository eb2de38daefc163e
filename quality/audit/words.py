"""Numbers in words: every rate with its n and interval, and undefined said to be undefined."""

from html import escape

import numpy as np

UNDEFINED = "undefined"


def percent(value: float) -> str:
    """0.8432 → 84.3 %."""
    return UNDEFINED if np.isnan(value) else f"{100 * value:.1f}\u00a0%"


def number(value: float, digits: int = 2) -> str:
    """A plain number; nan is undefined."""
    return UNDEFINED if np.isnan(value) else f"{value:.{digits}f}"


def share(value: float, low: float, high: float, n: int) -> str:
    """A rate with its 95 % interval and support."""
    if n == 0 or np.isnan(value):
        return f"{UNDEFINED} (n\u00a0=\u00a0{n:,})"
    between = f"{100 * low:.1f} to {percent(high)}"
    return f"{percent(value)} ({between}, n\u00a0=\u00a0{n:,})"


def seconds(value: float) -> str:
    """A duration a person would say."""
    if np.isnan(value):
        return UNDEFINED
    if value < 90:
        return f"{value:.1f} s"
    return f"{value / 60:.1f} min" if value < 5400 else f"{value / 3600:.1f} h"


def count(n: int, one: str, many: str = "") -> str:
    """1 labeller, 20 labellers."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def short(name: str, length: int = 28) -> str:
    """A name cut to a length that fits a plot."""
    return name if len(name) <= length else name[: length - 1] + "…"


def paragraph(text: str, kind: str = "") -> str:
    """Text, escaped, as a paragraph."""
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def table(head: list[str], rows: list[list[str]], numeric: frozenset[int] = frozenset()) -> str:
    """Rows of text as an HTML table; columns in `numeric` stand to the right."""
    kind = ["num" if i in numeric else "why" if h == "why" else "" for i, h in enumerate(head)]
    top = _row(head, kind, 'th scope="col"')
    body = "".join(_row(row, kind, "td") for row in rows)
    return f"<div class=scroll><table><thead>{top}</thead><tbody>{body}</tbody></table></div>"


def _row(cells: list[str], kind: list[str], tag: str) -> str:
    inner = "".join(
        f'<{tag} class="{k}">{escape(cell)}</{tag[:2]}>'
        for cell, k in zip(cells, kind, strict=True)
    )
    return f"<tr>{inner}</tr>"


def section(title: str, body: str) -> str:
    """A headed part of the page; `body` is HTML."""
    return f"<section><h2>{title}</h2>{body}</section>"


def figure(drawing: str, caption: str) -> str:
    """An SVG drawing with its caption, which is escaped."""
    return f"<figure>{drawing}<figcaption>{escape(caption)}</figcaption></figure>"
