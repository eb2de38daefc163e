"""Charts of forecasts as plain dictionaries in Plotly's form."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import numpy as np

from dashboards.figures import BLUE, GREY, ORANGE, VERMILION, Figure, _layout
from quality.measures.arrays import Floats


def fan(
    left: Floats, start: datetime, whole: float, due: datetime | None, what_if: Floats | None = None
) -> Figure:
    """Answers left at the end of each day, of many runs (R × days): the median, and the bands that
    hold half and 80 % of the runs; `whole` is what is left at `start`. `what_if` likewise, as a
    line."""
    days = [start, *(midnight(start, n) for n in range(1, left.shape[1] + 1))]
    low, lower, middle, upper, high = (
        np.concatenate([[whole], np.quantile(left, q, axis=0)]) for q in (0.1, 0.25, 0.5, 0.75, 0.9)
    )
    x = [day.isoformat() for day in days]
    traces = [
        _band(x, low, high, "80 % of the runs", 0.15),
        _band(x, lower, upper, "half of the runs", 0.3),
        _line(x, middle, "Median", BLUE, "solid"),
    ]
    if what_if is not None:
        other = np.concatenate([[whole], np.median(what_if, axis=0)])
        ends = [start, *(midnight(start, n) for n in range(1, what_if.shape[1] + 1))]
        traces.append(_line([d.isoformat() for d in ends], other, "What if", ORANGE, "dash"))
    layout = _layout([], "Answers left")
    layout["yaxis"] |= {"rangemode": "tozero"}
    layout["xaxis"] |= {"type": "date"}
    if due is not None:
        layout |= _due(due)
    return {"data": traces, "layout": layout}


def midnight(start: datetime, days: int) -> datetime:
    """The end of the day `days` - 1 days after `start`."""
    first = start.replace(hour=0, minute=0, second=0, microsecond=0)
    return first + timedelta(days=days)


def moved(
    at: Sequence[datetime],
    middle: Sequence[datetime | None],
    late: Sequence[datetime | None],
    due: datetime | None,
) -> Figure:
    """How the forecast of a batch moved: the finish that was expected, by when it was."""
    x = [moment.isoformat() for moment in at]
    traces = [
        {
            "type": "scatter", "mode": "lines+markers", "name": name, "x": x,
            "y": [m.isoformat() if m is not None else None for m in values],
            "line": {"color": colour, "width": 2, "dash": dash},
            "hovertemplate": "%{y|%a %d %b %H:%M}<extra>" + name + "</extra>",
        }
        for name, values, colour, dash in (
            ("with 50 %", middle, BLUE, "solid"), ("with 90 %", late, ORANGE, "dot"),
        )
    ]  # fmt: skip
    layout = _layout([], "Expected finish")
    layout["xaxis"] |= {"type": "date"}
    layout["yaxis"] |= {"type": "date"}
    if due is not None:
        line = {"color": VERMILION, "width": 1, "dash": "dash"}
        y = due.isoformat()
        layout["shapes"] = [
            {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y, "line": line}
        ]
        layout["annotations"] = [_note("due", {"xref": "paper", "x": 1, "y": y, "yshift": 8})]
    return {"data": traces, "layout": layout}


def days_of(start: date, n: int) -> list[date]:
    """`n` days from `start` on."""
    return [start + timedelta(days=i) for i in range(n)]


def _due(due: datetime) -> Figure:
    line = {"color": VERMILION, "width": 1, "dash": "dash"}
    x = due.isoformat()
    return {
        "shapes": [
            {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": x, "x1": x, "line": line}
        ],
        "annotations": [_note("due", {"yref": "paper", "y": 1, "x": x, "xshift": 14})],
    }


def _note(text: str, where: Figure) -> Figure:
    return {"text": text, "showarrow": False, "font": {"color": VERMILION}, **where}


def _band(x: list[str], low: Floats, high: Floats, name: str, opacity: float) -> Figure:
    return {
        "type": "scatter", "mode": "lines", "name": name, "x": [*x, *x[::-1]],
        "y": [*high.tolist(), *low[::-1].tolist()], "fill": "toself", "hoverinfo": "skip",
        "fillcolor": f"rgba(0,114,178,{opacity:g})", "line": {"width": 0, "color": GREY},
    }  # fmt: skip


def _line(x: list[str], y: Floats, name: str, colour: str, dash: str) -> Figure:
    return {
        "type": "scatter", "mode": "lines", "name": name, "x": x, "y": y.tolist(),
        "line": {"color": colour, "width": 2, "dash": dash},
        "hovertemplate": "%{x|%a %d %b}: <b>%{y:,.0f}</b> left<extra>" + name + "</extra>",
    }  # fmt: skip
