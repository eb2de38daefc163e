"""Charts of the line as plain dictionaries in Plotly's form."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from dashboards.figures import BLUE, GREEN, GREY, ORANGE, PATTERNS, PURPLE, WHITE_MARKS, Figure
from dashboards.figures import _iso as iso
from dashboards.figures import _layout as layout_of
from dashboards.figures import _transparent as transparent

if TYPE_CHECKING:
    from pandas import DataFrame

COLOURS = {"label": BLUE, "review": ORANGE, "rework": PURPLE, "adjudicate": GREEN}
TIME_TICKS = (
    (1, "1 s"), (10, "10 s"), (60, "1 min"), (600, "10 min"), (3600, "1 h"), (36_000, "10 h"),
    (86_400, "1 day"), (604_800, "1 week"), (2_592_000, "1 month"),
)  # fmt: skip


ON_TOP = {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "traceorder": "normal"}
FORTNIGHTS = 45  # days from which a label for every week would not fit


def _daily(days: Sequence[date], y_title: str) -> dict[str, Any]:
    """The layout of charts with a long row of days."""
    layout = layout_of(days, y_title)
    if len(days) > FORTNIGHTS:
        layout["xaxis"] |= {"tickvals": iso(days[::-1][::14])}
    layout["yaxis"] |= {"rangemode": "tozero"}
    layout["legend"] |= {"traceorder": "normal"}
    return layout


def cumulative(days: "DataFrame") -> Figure:
    """Cumulative flow: tasks that came and tasks that left since the first day, one row per day.

    `days` has day, arrived, finished and wip (at its end) of all stages shown. The height between
    the lines is the work in progress, which at the start is what was there already.
    """
    listed = list(days.day)
    left = days.finished.cumsum().astype(int).tolist()
    came = [done + wip for done, wip in zip(left, days.wip.astype(int), strict=True)]
    lower = _steps(listed, left, "Finished", GREEN, "solid") | {
        "hovertemplate": "<b>%{y:,}</b> finished<extra></extra>",
    }
    upper = _steps(listed, came, "Arrived, with what was there", BLUE, "dash") | {
        "fill": "tonexty",
        "fillcolor": transparent(BLUE, 0.16),
        "customdata": days.wip.astype(int).tolist(),
        "hovertemplate": "<b>%{y:,}</b> arrived, %{customdata:,} in progress<extra></extra>",
    }
    layout = _daily(listed, "Tasks since the first day")
    return {"data": [lower, upper], "layout": layout}


def _steps(
    days: Sequence[date], values: Sequence[int], name: str, colour: str, dash: str
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": iso(days),
        "y": list(values),
        "line": {"color": colour, "width": 2, "dash": dash},
    }


def in_progress(days: "DataFrame", stages: Sequence[str]) -> Figure:
    """Tasks in progress at the end of each day, stacked by stage: `days` as `reads.line` has it."""
    listed = sorted(set(days.day))
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "stackgroup": "wip",
            "name": stage.capitalize(),
            "x": iso(listed),
            "y": days[days.stage == stage].sort_values("day").wip.astype(int).tolist(),
            "line": {"color": COLOURS.get(stage, GREY), "width": 1},
            "fillcolor": transparent(COLOURS.get(stage, GREY), 0.55),
            "hovertemplate": "<b>%{y:,}</b><extra>%{fullData.name}</extra>",
        }
        for stage in stages
    ]
    layout = _daily(listed, "Tasks in progress")
    return {"data": traces, "layout": layout}


def ages(found: "DataFrame", order: Sequence[str], stages: Sequence[str]) -> Figure:
    """Tasks in progress by their age, stacked by stage; `found` has stage, age and n."""
    counts = found.set_index(["stage", "age"]).n.to_dict()
    traces = [
        {
            "type": "bar",
            "name": stage.capitalize(),
            "x": list(order),
            "y": [int(counts.get((stage, age), 0)) for age in order],
            "marker": {
                "color": COLOURS.get(stage, GREY),
                "pattern": {"shape": PATTERNS[i % len(PATTERNS)], **WHITE_MARKS},
            },
            "hovertemplate": "<b>%{y:,}</b> %{x}<extra>%{fullData.name}</extra>",
        }
        for i, stage in enumerate(stages)
    ]
    layout = layout_of([], "Tasks in progress")
    layout |= {"barmode": "stack", "hovermode": "x unified", "legend": ON_TOP}
    layout["xaxis"] |= {"type": "category"}
    return {"data": traces, "layout": layout}


def times(stages: Sequence[Any]) -> Figure:
    """Waiting and work of each stage on a logarithmic axis: the median with its 95 % interval as a
    point, the middle half of the tasks as a bar. `stages` as `reads.line` has them."""
    traces: list[dict[str, Any]] = []
    kinds = (("wait", "Waiting", ORANGE, "diamond", 0.12), ("cycle", "Work", BLUE, "circle", -0.12))
    for kind, name, colour, symbol, shift in kinds:
        shown = [
            (place + shift, stage, spread)
            for place, stage in enumerate(reversed(stages))
            if (spread := getattr(stage, kind)).median is not None
        ]
        for at, _, spread in shown:
            traces.append({
                "type": "scatter", "mode": "lines", "x": [spread.quarter, spread.three_quarters],
                "y": [at, at], "line": {"color": transparent(colour, 0.35), "width": 10},
                "hoverinfo": "skip", "showlegend": False, "legendgroup": name,
            })  # fmt: skip
        traces.append({
            "type": "scatter", "mode": "markers", "name": name, "legendgroup": name,
            "x": [s.median for _, _, s in shown], "y": [at for at, _, _ in shown],
            "error_x": {
                "type": "data", "symmetric": False, "color": colour, "thickness": 1.5,
                "array": [(s.high or s.median) - s.median for _, _, s in shown],
                "arrayminus": [s.median - (s.low or s.median) for _, _, s in shown],
            },
            "customdata": [s.n for _, _, s in shown],
            "marker": {"color": colour, "size": 9, "symbol": symbol},
            "hovertemplate": "median of %{customdata:,} tasks<extra>" + name + "</extra>",
        })  # fmt: skip
    layout = layout_of([], "")
    layout["legend"] = ON_TOP
    layout["xaxis"] |= {
        "type": "log", "showgrid": True, "tickvals": [at for at, _ in TIME_TICKS],
        "ticktext": [text for _, text in TIME_TICKS],
    }  # fmt: skip
    layout["yaxis"] |= {
        "tickvals": list(range(len(stages))), "range": [-0.5, len(stages) - 0.5],
        "ticktext": [one.stage.capitalize() for one in reversed(stages)], "title": {"text": ""},
    }  # fmt: skip
    return {"data": traces, "layout": layout}
