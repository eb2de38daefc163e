"""Charts of throughput as plain dictionaries in Plotly's form: when it came, and from whom."""

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from dashboards.figures import BLUE, GREY, Figure, every_day

if TYPE_CHECKING:
    from pandas import DataFrame

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# One colour, from pale to full: Plotly's own scales change their hue.
SHADES = ((0, "rgba(0,114,178,0.04)"), (0.5, "rgba(0,114,178,0.5)"), (1, "rgba(0,114,178,1)"))
COLUMNS, PANEL = 4, 92  # small charts beside each other; pixels of each row of them
GAP = 0.03
Layout = dict[str, Any]


def with_total(figure: Figure, totals: list[int], days: list[date], name: str) -> Figure:
    """A stacked chart with the totals of what it is compared with as a line, day by day."""
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": [day.isoformat() for day in days],
        "y": totals,
        "line": {"color": GREY, "width": 2, "dash": "dot"},
        "marker": {"color": GREY, "size": 6, "symbol": "diamond"},
        "hovertemplate": "<b>%{y:,}</b> labels<extra>%{fullData.name}</extra>",
    }
    layout = {**figure["layout"], "showlegend": True}
    return {"data": [*figure["data"], line], "layout": layout}


def hours_of_week(found: "DataFrame", weeks: float) -> Figure:
    """Labels by weekday and hour as a heat map; `weeks` says how many weeks the counts span."""
    counts = np.zeros((7, 24), int)
    counts[found.weekday.to_numpy(int), found.hour.to_numpy(int)] = found.labels.to_numpy(int)
    heat = {
        "type": "heatmap",
        "x": list(range(24)),
        "y": list(WEEKDAYS),
        "z": counts.tolist(),
        "customdata": (counts / max(weeks, 1)).round(1).tolist(),
        "colorscale": [list(step) for step in SHADES],
        "xgap": 2,
        "ygap": 2,
        "showscale": False,
        "hovertemplate": "%{y} %{x}:00: <b>%{z:,}</b> labels, %{customdata:,} a week"
        "<extra></extra>",
    }
    layout = _plain()
    layout["xaxis"] |= {"dtick": 3, "ticksuffix": ":00"}
    layout["yaxis"] |= {"autorange": "reversed"}
    return {"data": [heat], "layout": layout}


def multiples(daily: "DataFrame", since: date, until: date) -> Figure:
    """A small chart for each value of `name`: labels per day, all on one scale, most first.

    `daily` has day, name and labels.
    """
    days = every_day(since, until)
    totals = daily.groupby("name").labels.sum().sort_values(ascending=False)
    most = int(daily.groupby(["name", "day"]).labels.sum().max()) if len(daily) else 1
    rows = -(-len(totals) // COLUMNS)
    layout: Layout = {**_plain(), "showlegend": False, "annotations": []}
    traces = []
    for n, name in enumerate(totals.index):
        axis = "" if n == 0 else str(n + 1)
        traces.append(_panel(daily[daily.name == name], days, str(name), axis))
        x, y = _place(n, rows)
        layout[f"xaxis{axis}"] = {
            "domain": x, "anchor": f"y{axis}", "showgrid": False, "zeroline": False,
            "fixedrange": True, "showticklabels": n // COLUMNS == rows - 1, "nticks": 2,
            "tickformat": "%d %b", "type": "date",
        }  # fmt: skip
        layout[f"yaxis{axis}"] = {
            "domain": y, "anchor": f"x{axis}", "range": [0, most * 1.05], "nticks": 3,
            "fixedrange": True, "zeroline": False, "showticklabels": n % COLUMNS == 0,
        }  # fmt: skip
        layout["annotations"].append(_title(str(name), int(totals[name]), x, y))
    return {"data": traces, "layout": layout}


def tall(n: int) -> int:
    """The height of `multiples` of n values, in px."""
    return PANEL * -(-n // COLUMNS) + 30


def _panel(rows: "DataFrame", days: list[date], name: str, axis: str) -> dict[str, Any]:
    by_day = rows.groupby("day").labels.sum()
    return {
        "type": "bar",
        "name": name,
        "x": [day.isoformat() for day in days],
        "y": [int(by_day.get(day, 0)) for day in days],
        "xaxis": f"x{axis}",
        "yaxis": f"y{axis}",
        "marker": {"color": BLUE},
        "hovertemplate": "%{x|%a %d %b}: <b>%{y:,}</b> labels<extra>%{fullData.name}</extra>",
    }


def _place(n: int, rows: int) -> tuple[list[float], list[float]]:
    """The part of the whole that the nth chart has: from the left, from below."""
    column, row = n % COLUMNS, n // COLUMNS
    width, height = (1 - GAP * (COLUMNS - 1)) / COLUMNS, 1 / rows
    left, top = column * (width + GAP), 1 - row * height
    return [left, left + width], [top - height * 0.72, top - height * 0.14]


def _title(name: str, n: int, x: list[float], y: list[float]) -> dict[str, Any]:
    return {
        "text": f"{name} · {n:,}", "x": x[0], "y": y[1], "xref": "paper", "yref": "paper",
        "xanchor": "left", "yanchor": "bottom", "showarrow": False, "font": {"size": 11},
    }  # fmt: skip


def _plain() -> Layout:
    return {
        "margin": {"l": 40, "r": 12, "t": 8, "b": 28},
        "font": {"family": "inherit", "size": 12},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "xaxis": {"fixedrange": True, "showgrid": False, "zeroline": False},
        "yaxis": {"fixedrange": True, "showgrid": False, "zeroline": False},
        "hovermode": "closest",
    }
