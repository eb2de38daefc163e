"""Charts of gold, as plain dictionaries in Plotly's form."""

from typing import TYPE_CHECKING

from dashboards.figures import BLUE, GREEN, GREY, ORANGE, VERMILION, Figure
from dashboards.figures_quality import base_layout

if TYPE_CHECKING:
    from pandas import DataFrame

LEVELS = (
    ("easy", GREEN, ""), ("usual", BLUE, "/"), ("hard", VERMILION, "x"),
    ("not answered yet", GREY, "."),
)  # fmt: skip


def supply(rows: "DataFrame") -> Figure:
    """Gold in work by class, stacked by difficulty: klass, level and active."""
    order = rows.groupby("klass").active.sum().sort_values().index.tolist()
    traces = []
    for level, colour, pattern in LEVELS:
        of = rows[rows.level == level].groupby("klass").active.sum()
        if of.empty:
            continue
        traces.append(
            {"type": "bar", "orientation": "h", "name": level, "y": order,
             "x": [int(of.get(name, 0)) for name in order],
             "marker": {"color": colour, "pattern": {
                 "shape": pattern, "fillmode": "overlay", "fgcolor": "#fff", "fgopacity": 0.7,
                 "size": 6, "solidity": 0.15}},
             "hovertemplate": "%{y}, %{fullData.name}: <b>%{x:,}</b> gold<extra></extra>"}
        )  # fmt: skip
    layout = base_layout("")
    layout["xaxis"] |= {"showgrid": True, "rangemode": "tozero", "tickformat": ",d",
                        "title": {"text": "Gold in work"}}  # fmt: skip
    layout["yaxis"] |= {"type": "category"}
    layout |= {"barmode": "stack", "showlegend": True,
               "legend": {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
               "margin": {"l": 8, "r": 16, "t": 30, "b": 8}}  # fmt: skip
    return {"data": traces, "layout": layout}


def exposures(rows: "DataFrame") -> Figure:
    """How many gold (`n`) were handed out how often (`exposures`)."""
    bars = {
        "type": "bar", "x": rows.exposures.tolist(), "y": rows.n.tolist(),
        "marker": {"color": ORANGE},
        "hovertemplate": "%{y:,} gold were handed out %{x:,} times<extra></extra>",
    }  # fmt: skip
    layout = base_layout("Gold")
    most = int(rows.exposures.max()) if len(rows) else 0
    layout["xaxis"] |= {"title": {"text": "Times handed out"}, "range": [-0.6, max(most, 8) + 0.6],
                        "dtick": 1 if most <= 12 else None}  # fmt: skip
    layout["yaxis"] |= {"rangemode": "tozero", "tickformat": ",d"}
    return {"data": [bars], "layout": layout}
