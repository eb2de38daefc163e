"""Charts of labellers and of one of them, as plain dictionaries in Plotly's form."""

from typing import TYPE_CHECKING, Any

import numpy as np

from dashboards.figures import BLUE, GREEN, GREY, ORANGE, VERMILION, Figure
from dashboards.figures_quality import base_layout
from dashboards.rows import each
from metrics.definitions import Learning

if TYPE_CHECKING:
    from pandas import DataFrame

# From the MAD of normal values to the standard error of their median: 1.4826 · sqrt(π / 2).
MEDIAN_ERROR = 1.4826 * np.sqrt(np.pi / 2)
# People whose names are written beside their points: more of them cover one another.
MOST_NAMES = 8
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CORNERS = (
    ("fast and right", 0, 1), ("slow and right", 1, 1),
    ("fast and wrong", 0, 0), ("slow and wrong", 1, 0),
)  # fmt: skip
# Where a logarithmic axis is marked.
ROUND = [k * 10.0**e for e in range(-1, 6) for k in (1, 3)]
HOURS_SCALE = [[0, "rgba(0,114,178,0.08)"], [1, "rgba(0,114,178,0.9)"]]


def log_error(mad_log: Any, n: Any) -> Any:
    """Standard error of a median of log times, from their MAD and how many there are."""
    return MEDIAN_ERROR * np.asarray(mad_log, float) / np.sqrt(np.maximum(n, 1))


def quadrant(people: "DataFrame") -> Figure:
    """Speed against accuracy: a point for each labeller and project, 95 % intervals as whiskers.

    `people` has labeller_id, project_id, labeller, project, median_seconds, mad_log, timed_n,
    standing, standing_low, standing_high and flagged (why, or empty). Named are those who are
    flagged and those who surely lie off both medians; everybody else by pointing.
    """
    found = people.dropna(subset=["median_seconds", "standing"])
    spread = np.exp(1.96 * log_error(found.mad_log, found.timed_n))
    found = found.assign(x_low=found.median_seconds / spread, x_high=found.median_seconds * spread)
    middle = float(found.median_seconds.median()), float(found.standing.median())
    named = _named(found, *middle)
    flagged = found.flagged != ""
    traces = [
        _points(found[~flagged], named, "Labeller", BLUE, "circle"),
        _points(found[flagged], named, "Flagged", VERMILION, "x"),
    ]
    layout = base_layout("Accuracy (standing)")
    layout["xaxis"] |= {"type": "log", "title": {"text": "Median active seconds per label"},
                        "ticksuffix": " s", "nticks": 8}  # fmt: skip
    layout["yaxis"] |= {"tickformat": ".0%"}
    layout |= {"showlegend": True, "legend": {"orientation": "h", "y": -0.2, "x": 0}}
    line = {"color": GREY, "width": 1, "dash": "dash"}
    layout["shapes"] = [
        {"type": "line", "x0": middle[0], "x1": middle[0], "yref": "paper", "y0": 0, "y1": 1,
         "line": line},
        {"type": "line", "y0": middle[1], "y1": middle[1], "xref": "paper", "x0": 0, "x1": 1,
         "line": line},
    ] if len(found) else []  # fmt: skip
    layout["annotations"] = [
        {"text": text, "xref": "paper", "yref": "paper", "x": x, "y": y, "showarrow": False,
         "xanchor": ("left", "right")[x], "yanchor": ("bottom", "top")[y], "opacity": 0.75}
        for text, x, y in CORNERS
    ]  # fmt: skip
    return {"data": [t for t in traces if t["x"]], "layout": layout}


def _named(found: "DataFrame", x: float, y: float) -> set[int]:
    """Positions of whom to name: flagged people first, then those farthest off both medians."""
    off = (found.x_low > x) | (found.x_high < x)
    off &= (found.standing_low > y) | (found.standing_high < y)
    far = np.abs(np.log(found.median_seconds / x)) + 4 * np.abs(found.standing - y)
    order = far.where(off | (found.flagged != ""), -1.0) + 100 * (found.flagged != "")
    chosen = order[order >= 0].sort_values(ascending=False).index[:MOST_NAMES]
    return set(chosen)


def _points(rows: "DataFrame", named: set[int], name: str, colour: str, symbol: str) -> Figure:
    x, y = rows.median_seconds.astype(float), rows.standing.astype(float)
    bar = {"type": "data", "symmetric": False, "thickness": 1, "width": 0,
           "color": _faint(colour, 0.35)}  # fmt: skip
    keep = ["labeller_id", "project_id", "labeller", "project", "timed_n", "standing_low",
            "standing_high", "x_low", "x_high"]  # fmt: skip
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": name,
        "x": x.tolist(),
        "y": y.tolist(),
        "text": [who if i in named else "" for i, who in rows.labeller.items()],
        "textposition": "top center",
        "textfont": {"size": 11},
        "error_x": {**bar, "array": (rows.x_high - x).tolist(),
                    "arrayminus": (x - rows.x_low).tolist()},
        "error_y": {**bar, "array": (rows.standing_high - y).tolist(),
                    "arrayminus": (y - rows.standing_low).tolist()},
        "customdata": rows[keep].astype(object).to_numpy().tolist(),
        "marker": {"color": colour, "size": 9, "symbol": symbol},
        "hovertemplate": "<b>%{customdata[2]}</b> in %{customdata[3]}<br>%{x:.1f} s "
        "(%{customdata[7]:.1f} – %{customdata[8]:.1f} s, n = %{customdata[4]:,})<br>%{y:.1%} "
        "accurate (%{customdata[5]:.1%} – %{customdata[6]:.1%})<extra></extra>",
    }  # fmt: skip


def learning(points: "DataFrame", fit: Learning) -> Figure:
    """Time of a label against experience: a point for each own day, and the fitted curve.

    `points` has before (labels until the middle of the day), median_seconds, mad_log, timed_n and
    day. The band holds the curve at 95 %, through the middle of the points.
    """
    x = points.before.astype(float).to_numpy()
    y = points.median_seconds.astype(float).to_numpy()
    spread = np.exp(1.96 * log_error(points.mad_log, points.timed_n))
    traces: list[Figure] = []
    if fit.per_doubling is not None and fit.low is not None and fit.high is not None:
        weight = points.timed_n.astype(float).to_numpy()
        middle = np.average(np.log2(x), weights=weight)
        level = np.average(np.log2(y), weights=weight)
        at = np.linspace(np.log2(x.min()), np.log2(x.max()), 40)
        lines = [2 ** (level + np.log2(k) * (at - middle)) for k in (fit.low, fit.high)]
        low, high = np.minimum(*lines), np.maximum(*lines)
        shown = (2**at).tolist()
        traces += [
            {"type": "scatter", "mode": "lines", "x": shown + shown[::-1],
             "y": high.tolist() + low.tolist()[::-1], "fill": "toself", "line": {"width": 0},
             "fillcolor": _faint(ORANGE, 0.25), "hoverinfo": "skip", "name": "95 % of the curve"},
            {"type": "scatter", "mode": "lines", "x": shown, "name": "Learning curve",
             "y": (2 ** (level + np.log2(fit.per_doubling) * (at - middle))).tolist(),
             "line": {"color": ORANGE, "width": 2}, "hoverinfo": "skip"},
        ]  # fmt: skip
    traces.append(
        {"type": "scatter", "mode": "markers", "name": "Median of a day", "x": x.tolist(),
         "y": y.tolist(), "marker": {"color": BLUE, "size": 7},
         "error_y": {"type": "data", "symmetric": False, "array": (y * spread - y).tolist(),
                     "arrayminus": (y - y / spread).tolist(), "thickness": 1, "width": 0,
                     "color": _faint(BLUE, 0.3)},
         "customdata": [[day.isoformat(), int(n)] for day, n in
                        zip(points.day, points.timed_n, strict=True)],
         "hovertemplate": "%{customdata[0]}, after %{x:,.0f} labels: <b>%{y:.1f} s</b> "
         "(n = %{customdata[1]:,})<extra></extra>"}
    )  # fmt: skip
    layout = base_layout("Seconds per label")
    layout["xaxis"] |= {"type": "log", "title": {"text": "Labels given so far"}, "tickvals": ROUND}
    layout["yaxis"] |= {"type": "log", "ticksuffix": " s", "tickvals": ROUND, "showgrid": True}
    layout |= {"showlegend": True, "legend": {"orientation": "h", "y": -0.25, "x": 0}}
    return {"data": traces, "layout": layout}


def accuracy(points: "DataFrame") -> Figure:
    """Accuracy against experience: stretches of days, each with its 95 % interval.

    `points` has before, value, low, high, n and by ("gold", "agreement", "acceptance").
    """
    looks = {"gold": ("Gold accuracy", GREEN, "circle"),
             "agreement": ("Agreement", BLUE, "diamond"),
             "acceptance": ("Accepted at first review", ORANGE, "square")}  # fmt: skip
    traces = []
    for by, (name, colour, symbol) in looks.items():
        rows = points[points.by == by]
        if rows.empty:
            continue
        up, down = rows.high - rows.value, rows.value - rows.low
        traces.append(
            {"type": "scatter", "mode": "lines+markers", "name": name, "x": rows.before.tolist(),
             "y": rows.value.tolist(), "line": {"color": colour, "width": 1.5},
             "marker": {"color": colour, "size": 8, "symbol": symbol},
             "error_y": {"type": "data", "symmetric": False, "array": up.tolist(),
                         "arrayminus": down.tolist(), "thickness": 1.2, "width": 3,
                         "color": _faint(colour, 0.5)},
             "customdata": rows[["low", "high", "n"]].astype(float).to_numpy().tolist(),
             "hovertemplate": "after %{x:,.0f} labels: <b>%{y:.1%}</b> (%{customdata[0]:.1%} – "
             "%{customdata[1]:.1%}, n = %{customdata[2]:,.0f})<extra>%{fullData.name}</extra>"}
        )  # fmt: skip
    layout = base_layout("")
    low = float(points.low.min()) if len(points) else 0.0
    layout["xaxis"] |= {"title": {"text": "Labels given so far"}, "rangemode": "tozero"}
    layout["yaxis"] |= {"tickformat": ".0%", "range": [max(0.0, np.floor(low * 10) / 10), 1.01],
                        "showgrid": True}  # fmt: skip
    layout |= {"showlegend": True, "legend": {"orientation": "h", "y": -0.25, "x": 0}}
    return {"data": traces, "layout": layout}


def clock(hours: "DataFrame") -> Figure:
    """Labels by weekday and hour of somebody's own clock: weekday, hour, labels, active_hours,
    days."""
    labels = np.full((7, 24), None, object)
    more: list[list[Any]] = [[[0.0, 0] for _ in range(24)] for _ in range(7)]
    for row in each(hours):
        labels[row.weekday, row.hour] = int(row.labels)
        more[row.weekday][row.hour] = [float(row.active_hours), int(row.days)]
    heat = {
        "type": "heatmap", "x": list(range(24)), "y": list(WEEKDAYS), "z": labels.tolist(),
        "customdata": more, "colorscale": HOURS_SCALE, "zmin": 0, "showscale": False, "xgap": 1,
        "ygap": 1, "hoverongaps": False,
        "hovertemplate": "%{y}, %{x}:00: <b>%{z:,}</b> labels in %{customdata[0]:.1f} h on "
        "%{customdata[1]} days<extra></extra>",
    }  # fmt: skip
    layout = base_layout("")
    layout["xaxis"] |= {"tickvals": list(range(0, 24, 3)), "title": {"text": "Hour of their day"},
                        "ticksuffix": ":00"}  # fmt: skip
    layout["yaxis"] |= {"autorange": "reversed", "type": "category"}
    return {"data": [heat], "layout": layout}


def _faint(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"
