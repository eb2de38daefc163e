"""Charts of efficiency, cost and time as plain dictionaries in Plotly's form."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dashboards.figures import BLUE, GREY, LONGEST, PATTERNS, SKY, WHITE_MARKS, Figure
from dashboards.figures import _layout as layout_of
from dashboards.figures_line import COLOURS, ON_TOP

if TYPE_CHECKING:
    from pandas import DataFrame

USES = (
    ("active", "Active", BLUE, ""),
    ("idle", "Idle", SKY, "/"),
    ("away", "Away", GREY, "."),
)


def per_hour(rows: "DataFrame", unit: str) -> Figure:
    """Labels per active hour with 95 % intervals, one line each, the first on top.

    `rows` has name, efficiency, efficiency_low, efficiency_high, labels and clusters; those whose
    efficiency is not defined have no point.
    """
    found = rows.dropna(subset=["efficiency"]).iloc[::-1]
    value = found.efficiency.astype(float)
    up = (found.efficiency_high - value).fillna(0.0)
    down = (value - found.efficiency_low).fillna(0.0)
    names = _unlike([_short(str(name)) for name in found.name])
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": value.tolist(),
        "y": names,
        "error_x": {"type": "data", "symmetric": False, "array": up.tolist(),
                    "arrayminus": down.tolist(), "thickness": 1.5, "width": 4, "color": GREY},
        "customdata": found[["labels", "clusters"]].to_numpy(float).tolist(),
        "marker": {"color": BLUE, "size": 9},
        "hovertemplate": "<b>%{x:,.1f}</b> an hour, %{customdata[0]:,} labels<extra>%{y}</extra>",
    }  # fmt: skip
    layout = layout_of([], "")
    layout["xaxis"] |= {"title": {"text": unit}, "showgrid": True, "rangemode": "tozero"}
    layout["yaxis"] |= {"type": "category", "title": {"text": ""}}
    return {"data": [points], "layout": layout}


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def _unlike(names: Sequence[str]) -> list[str]:
    """Two of one name would share a line."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found


def made_of(costs: Sequence[tuple[str, "DataFrame"]]) -> Figure:
    """What a label costs, stacked by stage: a bar for each (name, parts), the first on top.

    `parts` has stage and per_label, as `reads.costs` has them.
    """
    names = [name for name, _ in reversed(costs)]
    stages = list(costs[0][1].stage)
    traces: list[dict[str, Any]] = []
    for i, stage in enumerate(stages):
        values = [
            float(parts.loc[parts.stage == stage, "per_label"].iloc[0])
            for _, parts in reversed(costs)
        ]
        traces.append({
            "type": "bar", "orientation": "h", "name": stage.capitalize(), "y": names,
            "x": [None if np.isnan(v) else v for v in values],
            "marker": {"color": COLOURS.get(stage, GREY),
                       "pattern": {"shape": PATTERNS[i % len(PATTERNS)], **WHITE_MARKS}},
            "hovertemplate": "<b>%{x:.4f}</b> a label<extra>%{fullData.name}</extra>",
        })  # fmt: skip
    layout = layout_of([], "")
    layout |= {"barmode": "stack", "bargap": 0.45, "legend": ON_TOP}
    layout["xaxis"] |= {"title": {"text": "Cost per first label"}, "showgrid": True}
    layout["yaxis"] |= {"type": "category", "title": {"text": ""}}
    return {"data": traces, "layout": layout}


def used(stages: "DataFrame") -> Figure:
    """Hours of each stage: active, idle and away, stacked; `stages` as `reads.hours` has them."""
    rows = stages[stages[["active", "idle", "away"]].sum(axis=1) > 0].iloc[::-1]
    traces = [
        {
            "type": "bar", "orientation": "h", "name": name,
            "y": [stage.capitalize() for stage in rows.stage],
            "x": rows[key].astype(float).tolist(),
            "marker": {"color": colour, "pattern": {"shape": shape, **WHITE_MARKS}},
            "hovertemplate": "<b>%{x:,.1f} h</b><extra>%{fullData.name}</extra>",
        }
        for key, name, colour, shape in USES
    ]  # fmt: skip
    layout = layout_of([], "")
    layout |= {"barmode": "stack", "bargap": 0.45, "legend": ON_TOP}
    layout["xaxis"] |= {"title": {"text": "Hours with work on the screen"}, "showgrid": True}
    layout["yaxis"] |= {"type": "category", "title": {"text": ""}}
    return {"data": traces, "layout": layout}
