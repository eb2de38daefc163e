"""Charts as plain dictionaries in Plotly's form, from frames of `metrics.reads`.

Colours are those of Okabe and Ito (Color Universal Design, 2008), which people with any common
colour blindness can tell apart; every series also differs by dash or marker. Text and grid take
their colours from the page, in the light and in the dark.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pandas import DataFrame, Series

BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, GREY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#8A94A3",
)  # fmt: skip
SERIES = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION)
PATTERNS = ("", "/", ".", "x", "-", "\\")
# More colours than this cannot be told apart: what is left is one series.
MOST_SERIES = len(SERIES)
REST = "Other projects"
WHITE_MARKS = {
    "fillmode": "overlay",
    "fgcolor": "#fff",
    "fgopacity": 0.7,
    "size": 6,
    "solidity": 0.15,
}
LONGEST = 24  # characters of a name in a legend
BAND_OPACITY = 0.18

Figure = dict[str, Any]


def every_day(since: date, until: date) -> list[date]:
    """The days since ≤ day < until."""
    return [since + timedelta(days=i) for i in range((until - since).days)]


def throughput(
    daily: "DataFrame", since: date, until: date, by: str = "project_id", name: str = "project",
    rest: str = REST,
) -> Figure:  # fmt: skip
    """Labels submitted per day, stacked by project: a bar of 0 where nothing was submitted.

    `daily` has day, labels, and the columns `by` and `name` of what is stacked. The largest have a
    colour each, the others share one, called `rest`.
    """
    days = every_day(since, until)
    totals = daily.groupby([by, name]).labels.sum().sort_values(ascending=False)
    named = totals.index if len(totals) <= MOST_SERIES else totals.index[: MOST_SERIES - 1]
    traces = [
        _bars(days, daily[daily[by] == key], str(called), i)
        for i, (key, called) in enumerate(named)
    ]
    others = daily[~daily[by].isin([key for key, _ in named])]
    if len(others):
        traces.append(_bars(days, others, rest, len(traces), GREY))
    layout = _layout(days, "Labels per day")
    layout |= {"barmode": "stack", "showlegend": len(traces) > 1}
    layout["yaxis"] |= {"rangemode": "tozero"}
    return {"data": traces, "layout": layout}


def _bars(
    days: Sequence[date], rows: "DataFrame", name: str, place: int, colour: str | None = None
) -> dict[str, Any]:
    by_day = rows.groupby("day").labels.sum()
    return {
        "type": "bar",
        "name": name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…",
        "x": _iso(days),
        "y": [int(by_day.get(day, 0)) for day in days],
        "marker": {
            "color": colour or SERIES[place % MOST_SERIES],
            "pattern": {"shape": PATTERNS[place % len(PATTERNS)], **WHITE_MARKS},
        },
        "hovertemplate": "%{x|%a %d %b}: <b>%{y:,}</b> labels<extra>%{fullData.name}</extra>",
    }


def pace(days_: "DataFrame", since: date, until: date) -> Figure:
    """Median active seconds per label and day; the band holds the middle half of the answers.

    `days_` has day, median_seconds, mad_log and timed_n, one row per day. The band is
    median × exp(± MAD of log time).
    """
    days = every_day(since, until)
    rows = days_.set_index("day").reindex(days)
    middle = rows.median_seconds.astype(float)
    factor = np.exp(rows.mad_log.astype(float))
    traces = [
        *_band(days, middle / factor, middle * factor, "Middle half of the answers", BLUE),
        _line(days, middle, "Median", BLUE, "solid", "circle", rows.timed_n,
              "median <b>%{y:.1f} s</b> of %{customdata:,} labels"),
    ]  # fmt: skip
    layout = _layout(days, "Active seconds per label")
    layout["yaxis"] |= {"rangemode": "tozero", "ticksuffix": " s"}
    return {"data": traces, "layout": layout}


SHARES = (
    ("gold", "Gold accuracy", GREEN, "solid", "circle"),
    ("agreement", "Agreement with consensus", PURPLE, "dot", "diamond"),
)


def accuracy(days_: "DataFrame", since: date, until: date) -> Figure:
    """Gold accuracy and agreement per day with their 95 % intervals as bands.

    `days_` has, for each of SHARES, its value, `_low`, `_high` and `_n`. A day without support has
    no point.
    """
    days = every_day(since, until)
    rows = days_.set_index("day").reindex(days)
    traces: list[dict[str, Any]] = []
    lows = []
    for key, name, colour, dash, symbol in SHARES:
        low, high, value = rows[f"{key}_low"], rows[f"{key}_high"], rows[key]
        traces += _band(days, low, high, f"{name}, 95 % interval", colour)
        traces.append(
            _line(days, value, name, colour, dash, symbol, rows[f"{key}_n"],
                  "<b>%{y:.1%}</b> of %{customdata:,}")
        )  # fmt: skip
        lows += [v for v in low.astype(float) if not np.isnan(v)]
    layout = _layout(days, "Share of answers")
    floor = max(0.0, np.floor(min(lows) * 10) / 10) if lows else 0.0
    layout["yaxis"] |= {"tickformat": ".0%", "range": [floor, 1.005]}
    return {"data": traces, "layout": layout}


def _band(
    days: Sequence[date], low: "Series[Any]", high: "Series[Any]", name: str, colour: str
) -> list[dict[str, Any]]:
    """A filled band, broken where a day is undefined: Plotly would fill straight across a gap."""
    lower, upper = _numbers(low), _numbers(high)
    traces = []
    for start, stop in _runs([v is not None for v in lower]):
        part = _iso(days[start:stop])
        outline = {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": part + part[::-1],
            "y": upper[start:stop] + lower[start:stop][::-1],
            "fill": "toself",
            "fillcolor": _transparent(colour, BAND_OPACITY),
            "line": {"width": 0},
            "hoverinfo": "skip",
            "legendgroup": name,
            "showlegend": False,
        }
        if stop - start == 1:  # a day alone has no width to fill: a bar of its interval instead
            outline |= {
                "x": part * 2,
                "y": [lower[start], upper[start]],
                "fill": "none",
                "line": {"width": 6, "color": _transparent(colour, 2 * BAND_OPACITY)},
            }
        traces.append(outline)
    return traces


def _line(
    days: Sequence[date],
    values: "Series[Any]",
    name: str,
    colour: str,
    dash: str,
    symbol: str,
    support: "Series[Any]",
    hover: str,
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": _iso(days),
        "y": _numbers(values),
        "customdata": [0 if n is None else int(n) for n in _numbers(support)],
        "line": {"color": colour, "width": 2, "dash": dash},
        "marker": {"color": colour, "size": 7, "symbol": symbol},
        "connectgaps": False,
        "hovertemplate": f"%{{x|%a %d %b}}: {hover}<extra>%{{fullData.name}}</extra>",
    }


def quadrant(labellers: "DataFrame") -> Figure:
    """Speed against accuracy: one point per labeller and project, with 95 % intervals.

    `labellers` has labeller, project, median_seconds, mad_log, timed_n, standing, standing_low,
    standing_high and flagged (a reason or an empty text). The interval of a median is that of
    normal log times with the same MAD (1.4826 × MAD × sqrt(pi/2) / sqrt(n) × 1.96).
    """
    found = labellers.dropna(subset=["median_seconds", "standing"])
    traces = [
        _points(found[found.flagged == ""], "Labeller", BLUE, "circle"),
        _points(found[found.flagged != ""], "Flagged labeller", VERMILION, "x"),
    ]
    layout = _layout([], "Accuracy (standing)")
    layout["xaxis"] |= {"type": "log", "title": {"text": "Median active seconds per label"},
                        "ticksuffix": " s", "nticks": 8}  # fmt: skip
    layout["yaxis"] |= {"tickformat": ".0%"}
    layout["hovermode"] = "closest"
    layout["shapes"] = _crosshair(found)
    layout["annotations"] = [_corner(*corner) for corner in CORNERS]
    return {"data": [t for t in traces if t["x"]], "layout": layout}


CORNERS = (
    ("fast and right", 0, 1), ("slow and right", 1, 1),
    ("fast and wrong", 0, 0), ("slow and wrong", 1, 0),
)  # fmt: skip


def _corner(text: str, x: int, y: int) -> dict[str, Any]:
    return {
        "text": text, "xref": "paper", "yref": "paper", "x": x, "y": y, "showarrow": False,
        "xanchor": ("left", "right")[x], "yanchor": ("bottom", "top")[y], "opacity": 0.7,
    }  # fmt: skip


def _crosshair(found: "DataFrame") -> list[dict[str, Any]]:
    """Lines through the medians, which part the quadrants."""
    if found.empty:
        return []
    line = {"color": GREY, "width": 1, "dash": "dash"}
    x, y = float(found.median_seconds.median()), float(found.standing.median())
    return [
        {"type": "line", "x0": x, "x1": x, "yref": "paper", "y0": 0, "y1": 1, "line": line},
        {"type": "line", "y0": y, "y1": y, "xref": "paper", "x0": 0, "x1": 1, "line": line},
    ]


def _points(rows: "DataFrame", name: str, colour: str, symbol: str) -> dict[str, Any]:
    x = rows.median_seconds.astype(float)
    spread = np.exp(1.96 * 1.4826 * np.sqrt(np.pi / 2) * rows.mad_log / np.sqrt(rows.timed_n))
    y = rows.standing.astype(float)
    bar = {"thickness": 1, "width": 0, "color": _transparent(colour, 0.45)}
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": _numbers(x),
        "y": _numbers(y),
        "error_x": _error(x * spread - x, x - x / spread) | bar,
        "error_y": _error(rows.standing_high - y, y - rows.standing_low) | bar,
        "customdata": rows[["labeller", "project", "timed_n"]].to_numpy().tolist(),
        "marker": {"color": colour, "size": 9, "symbol": symbol},
        "hovertemplate": "<b>%{customdata[0]}</b> in %{customdata[1]}<br>%{x:.1f} s median of "
        "%{customdata[2]:,}<br>%{y:.1%} accurate<extra></extra>",
    }


def _error(plus: "Series[Any]", minus: "Series[Any]") -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": _numbers(plus),
        "arrayminus": _numbers(minus),
    }


def _layout(days: Sequence[date], y_title: str) -> dict[str, Any]:
    """What all charts share; a chart with days marks each week at most twice."""
    xaxis: dict[str, Any] = {"showgrid": False, "fixedrange": True, "automargin": True}
    if days:
        xaxis |= {
            "type": "date",
            "range": [f"{days[0] - timedelta(days=1)}T12:00", f"{days[-1]}T12:00"],
            "tickformat": "%a<br>%d %b" if len(days) <= 7 else "%d %b",
            "ticklabeloverflow": "allow",
            # Counted from the last day, so that it always has its label.
            "tickvals": _iso(days[::-1][:: _step(len(days))]),
        }
    return {
        "xaxis": xaxis,
        "yaxis": {
            "title": {"text": y_title, "standoff": 8},
            "fixedrange": True,
            "automargin": True,
            "zeroline": False,
        },
        "margin": {"l": 8, "r": 22, "t": 8, "b": 8},
        "legend": {"orientation": "h", "y": -0.18, "x": 0, "font": {"size": 12}},
        "font": {"family": "inherit", "size": 12},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hovermode": "x unified" if days else "closest",
    }


def _step(days: int) -> int:
    """Days from one label of the axis to the next: as many as stand side by side."""
    return next(
        step for most, step in ((7, 1), (14, 3), (35, 7), (100, 21), (400, 90)) if days <= most
    )


def _runs(wanted: Sequence[bool]) -> list[tuple[int, int]]:
    """Starts and stops of the stretches that are true."""
    edges = np.flatnonzero(np.diff(np.array([False, *wanted, False], np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _iso(days: Sequence[date]) -> list[str]:
    return [day.isoformat() for day in days]


def _numbers(values: "Series[Any]") -> list[float | None]:
    """Undefined becomes None, which JSON has and Plotly leaves out."""
    return [None if np.isnan(v) else float(v) for v in values.astype(float)]


def _transparent(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"
